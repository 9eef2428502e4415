"""The home page's parts: a card a dataset, a new one, what happened lately."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st

from core.access.permissions import Action
from core.base.errors import FaceAtlasError
from core.jobs.registry import JOBS, submit_job
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.store.job_model import Job, JobKind, JobRequest, JobState
from core.store.values.datasets import Counts, Dataset
from core.store.values.runs import Run
from core.ui import damaged, data, frame, gallery, jobs, menu, state, words
from core.ui.access import offers
from core.ui.home import trail
from core.ui.keeping import photo_choice
from core.ui.labels import corrections
from core.ui.photos.source_titles import say_title
from core.ui.retention import terms_form
from core.vision.models.catalogue import EMBEDDING_MODELS, EmbeddingModel
from core.vision.models.manifest import installed_models
from core.workflows.erasure.erase_dataset import erase_dataset
from core.workflows.erasure.proof import SearchFindings
from core.workflows.photos.requests import ChangeModelRequest, IngestRequest, LookAgainRequest

COVERS, COVER_PX = 5, 52
"""Faces of a dataset's largest people, all in one row of its card."""
CARDS = 6
"""On a page of them."""
RECENT_JOBS = 6


def _is_named(name: str) -> bool:
    """Whether there is a name; said where there is none. A button that stays grey while one types takes no click."""
    if not name.strip():
        st.error(_("It needs a name first."), icon=":material/edit:")
    return bool(name.strip())


def new_dataset() -> None:
    """Ask for a name and a model."""
    st.dialog(_("New dataset"))(_ask_for_new_dataset)()


def _ask_for_new_dataset() -> None:
    name = st.text_input(_("Name"), placeholder=_("Family 1978-1995"), max_chars=80)
    with st.expander(_("Model")):
        models = {model.id: model for model in EMBEDDING_MODELS}
        model = st.selectbox(
            _("How faces are turned into numbers"), list(models), format_func=lambda key: _(models[key].title)
        )
        st.caption(words.plain(_(models[model].description)))
        if model not in {installed.id for installed in _installed_models()}:
            command = words.plain(f"python -m core models install {model}")
            st.caption(_(":material/warning: Not installed here yet. Run this first: {command}", command=command))
    keeps_photos = photo_choice.ask_whether_kept("new_keeps_photos")
    if st.button(_("Make it"), type="primary") and _is_named(name):
        # Refused inside of the dialog, where the name can be changed; the frame would end the page instead.
        try:
            dataset = data.services().store.create_dataset(name, models[model].vectors_id, keeps_photos=keeps_photos)
        except FaceAtlasError as refusal:
            st.error(words.plain(refusal))
        else:
            frame.open_page(menu.INGEST, dataset.id)


def show_datasets(datasets: Sequence[Dataset]) -> None:
    """A card a dataset, the one that was worked on last first: its next step is the way on."""
    worked_on = {job.dataset_id: job.created for job in reversed(data.services().jobs.jobs())}
    by_work = sorted(datasets, key=lambda dataset: max(dataset.created, worked_on.get(dataset.id, 0)), reverse=True)
    for dataset in by_work[gallery.page_slice(len(by_work), CARDS, "datasets")]:
        _show_card(dataset, is_first=dataset is by_work[0])


def _show_card(dataset: Dataset, *, is_first: bool) -> None:
    """One dataset: cover faces, counts, how far it is, the next step, and a menu."""
    counts = data.dataset_counts(dataset.id, dataset.revision)
    runs = data.dataset_runs(dataset)
    run = runs[0] if runs else None
    jobs_of_it = data.services().jobs.jobs(dataset.id, limit=50)
    step = trail.next_dataset_step(counts, run, dataset.revision, jobs_of_it)
    step = trail.find_offered_step(dataset, step, run)
    with st.container(border=True):
        faces, middle, side = st.columns([5, 5, 3], vertical_alignment="center", gap="medium")
        with faces:
            _covers(dataset)
        with middle:
            st.header(words.plain(dataset.name), anchor=False)
            st.markdown(", ".join(_count_contents(counts, run, dataset)))
            _trail(trail.done_steps(counts, run, jobs_of_it))
            damaged.show_damaged_runs(dataset)
        with side:
            st.caption(words.plain(step.why))
            if st.button(
                words.plain(step.label),
                key=f"next_{dataset.id}",
                type="primary" if is_first else "secondary",
                width="stretch",
            ):
                frame.open_page(step.page, dataset.id)
            if offers.may_edit(dataset.id):
                _menu(dataset)


def _count_contents(counts: Counts, run: Run | None, dataset: Dataset) -> Iterator[str]:
    photos = ngettext("{number} photo", "{number} photos", counts.photos)
    yield photos if dataset.keeps_photos else _("{photos} (not kept)", photos=photos)
    yield trail.describe_faces(counts)
    yield words.format_people_count(counts.people)
    if run is not None:
        yield _("{percentage} right on new photos", percentage=words.percent(run.metrics.accuracy))


def _covers(dataset: Dataset) -> None:
    people = data.largest_people(dataset.id, dataset.revision, COVERS)
    tiles = [gallery.Tile(person.cover_crop_id, words.display_name(person.name)) for person in people]
    ingest = None if tiles else data.newest_job(dataset, JobKind.INGEST)
    if ingest is not None:
        faces = data.services().store.recent_faces(dataset.id, ingest.id, COVERS)
        tiles = [gallery.Tile(face.crop_id, "", alt=_("A face without a name")) for face in faces]
    if tiles:
        gallery.show_face_grid(dataset.id, tiles, tile_px=COVER_PX, is_round=True)


def _trail(steps_done: tuple[bool, ...]) -> None:
    # Letters, not icons: a mark stays with its step where the line ends between two.
    marks = ("✓" if is_done else "○" for is_done in steps_done)
    st.caption("  ".join(f"{mark}\u00a0{_(step)}" for mark, step in zip(marks, trail.STEPS, strict=True)))


def _menu(dataset: Dataset) -> None:
    # A popover stays open, and in front of the dialog that a button of it opens; by another key it is another one.
    with st.popover(
        _("More"), width="stretch", key=f"more_{dataset.id}_{st.session_state.get(state.DIALOGS_ASKED, 0)}"
    ):
        name = st.text_input(_("Name"), value=dataset.name, key=f"name_{dataset.id}", max_chars=80)
        if st.button(_("Rename"), key=f"rename_{dataset.id}", disabled=name.strip() in ("", dataset.name)):
            data.services().store.rename_dataset(dataset.id, name)
            frame.queue_toast(_("Renamed to '{name}'.", name=words.plain(name)))
            st.rerun()
        if st.button(_("Add photos"), key=f"add_{dataset.id}", icon=":material/add_photo_alternate:"):
            frame.open_page(menu.INGEST, dataset.id)
        _show_rework_actions(dataset)
        if not offers.may(Action.ERASE, dataset.id):
            return
        photo_choice.offer_discarding(dataset, _close_popover)
        terms_title = _("Consent and retention")
        if st.button(terms_title, key=f"terms_of_{dataset.id}", icon=":material/event_busy:", on_click=_close_popover):
            st.dialog(terms_title)(terms_form.ask_for_dataset_terms)(dataset)
        if st.button(_("Delete"), key=f"delete_{dataset.id}", icon=":material/delete:", on_click=_close_popover):
            st.dialog(_("Delete this dataset?"))(_ask_whether_to_delete)(dataset)


def _close_popover() -> None:
    st.session_state[state.DIALOGS_ASKED] = st.session_state.get(state.DIALOGS_ASKED, 0) + 1


def _show_rework_actions(dataset: Dataset) -> None:
    """Going over the photos that are there once more."""
    if st.button(
        _("Look for faces again"),
        key=f"again_{dataset.id}",
        icon=":material/frame_inspect:",
        disabled=not data.dataset_counts(dataset.id, dataset.revision).photos or not dataset.keeps_photos,
        help=_(
            "Detects the faces of every photo anew and measures how well each shows. Names and corrections stay. "
            "Photos that came in before quality was measured, or before the camera's date was read, get them this way."
        )
        if dataset.keeps_photos
        else photo_choice.explain_absence(),
    ):
        _start(dataset, LookAgainRequest())
    other_models = [model for model in _installed_models() if model.vectors_id != dataset.model_id]
    if other_models and st.button(
        _("Change the model"),
        key=f"model_{dataset.id}",
        icon=":material/model_training:",
        disabled=not dataset.keeps_photos,
        help=None if dataset.keeps_photos else photo_choice.explain_absence(),
        on_click=_close_popover,
    ):
        st.dialog(_("Change the model"))(_ask_for_model)(dataset, other_models)


def _ask_for_model(dataset: Dataset, models: list[EmbeddingModel]) -> None:
    titles = {model.id: _(model.title) for model in models}
    model_id = st.selectbox(_("How faces are turned into numbers"), list(titles), format_func=lambda key: titles[key])
    st.markdown(
        _(
            "Every face is turned into numbers anew; names and corrections stay. "
            "What was trained before cannot name the faces of this dataset any more: train again afterwards."
        )
    )
    if st.button(_("Change it"), type="primary"):
        _start(dataset, ChangeModelRequest(model_id))


def _start(dataset: Dataset, request: JobRequest) -> None:
    job = submit_job(data.services().jobs, dataset.id, request)
    work = words.plain(_(JOBS[job.kind].title))
    frame.queue_toast(_("{work}: it is queued. You can leave this page.", work=work))
    st.rerun()


def _installed_models() -> list[EmbeddingModel]:
    # In the catalogue's order, not the disk's.
    installed_ids = {manifest.model_id for manifest in installed_models(data.services().settings.models_dir)}
    return [model for model in EMBEDDING_MODELS if model.id in installed_ids]


def _ask_whether_to_delete(dataset: Dataset) -> None:
    st.markdown(_describe_deletion(dataset))
    if st.button(_("Erase it"), type="primary"):
        with st.spinner(_("Erasing, and looking for what is left")):
            author = corrections.current_editor().author
            check = erase_dataset(data.services().erase_tools(), dataset.id, by=author).check
        # Or this tab and its address would go on naming a dataset that is gone.
        frame.deselect_dataset(dataset.id)
        frame.queue_toast(
            _(
                "'{dataset}' was erased. {searched}: {traces}.",
                dataset=words.plain(dataset.name),
                **_describe_search(check),
            )
        )
        st.rerun()


def _describe_deletion(dataset: Dataset) -> str:
    counts = data.dataset_counts(dataset.id, dataset.revision)
    photos = ngettext("{number} photo", "{number} photos", counts.photos)
    faces = ngettext("{number} face", "{number} faces", counts.faces)
    size = data.describe_file_size(dataset.id, dataset.revision)
    return _(
        "**{dataset}** holds {photos} and {faces}. "
        "Its photos, faces, runs and maps are erased from {storage} and cannot be brought back. "
        "The files that you gave are not touched.",
        dataset=words.plain(dataset.name),
        photos=photos,
        faces=f"{faces} ({size})" if size else faces,
        storage=words.plain(say_again(data.services().artifacts.describe())) or _("this computer"),
    )


def _describe_search(check: SearchFindings) -> dict[str, str]:
    """How much was searched, and what was found with the first few files in which it is."""
    searched = ngettext("{number} file was searched", "{number} files were searched", check.files)
    if not check.found:
        return {"searched": searched, "traces": _("nothing is left")}
    paths = ", ".join(words.plain(trace.path) for trace in check.left[:3])
    traces = ngettext("{number} trace left in {paths}", "{number} traces left in {paths}", check.found, paths=paths)
    return {"searched": searched, "traces": traces}


def show_recent_jobs(known: list[Dataset]) -> None:
    """The last few things that were done."""
    names = {existing.id: existing.name for existing in known}
    recent = [job for job in data.services().jobs.jobs(limit=RECENT_JOBS) if job.dataset_id in names]
    if not recent:
        return
    st.header(_("What happened lately"), anchor=False)
    for job in recent:
        when = words.ago(job.finished or job.created)
        line = words.titled(names[job.dataset_id], _describe_work(job))
        st.markdown(f"{jobs.SYMBOL[job.state]} {words.plain(line)}, {when}")


def _describe_work(job: Job) -> str:
    """What it did, and how it ended where it is not done."""
    # An ingest says from where it takes photos; every other kind of work has a title that says enough.
    work = _(JOBS[job.kind].title)
    if job.kind is JobKind.INGEST:
        work = _("Taking photos from {archive}", archive=say_title(IngestRequest.of(job).title))
    return work if job.state is JobState.DONE else f"{work} ({_(job.state)})"

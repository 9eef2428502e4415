"""Bringing something in: what was dropped, what is in it, what came of it, and the way back."""

from __future__ import annotations

from pathlib import Path, PurePath

import pandas as pd
import streamlit as st

from core.access.permissions import Action
from core.base.errors import InputRefused, NotFound
from core.base.files.folders import read_state
from core.jobs.registry import submit_job
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext, pgettext
from core.store.job_model import Job, JobKind, JobState
from core.store.values.datasets import Dataset
from core.ui import data, frame, jobs, menu, state, words
from core.ui.access import kept
from core.ui.labels import corrections
from core.ui.photos import import_results, uploads
from core.ui.photos.source_titles import OWN_PHOTOS_TITLE, say_title
from core.ui.photos.uploads import Offer
from core.workflows.exchange import deliveries, imports
from core.workflows.exchange.arrivals import ENDINGS, ArrivalPart, inspect_arrival
from core.workflows.exchange.deliveries import BundleSummary, Delivery, ImportRequest, ImportResult
from core.workflows.exchange.export import ExportKind
from core.workflows.exchange.import_names import SidecarSummary
from core.workflows.exchange.imports import LogSummary

RESULTS_SHOWN = 5
DROP_LABEL = marked("Drop a bundle, a correction log, XMP sidecars, photos that carry names inside, or embeddings")
TITLES = {
    ExportKind.BUNDLE: marked("A recogniser (bundle)"),
    ExportKind.LOG: marked("A correction log"),
    ExportKind.XMP: marked("Names from photo programs (XMP)"),
    ExportKind.EMBEDDINGS: marked("Embeddings"),
}


def show_import_section(dataset: Dataset | None) -> bool:
    """The way in, and what came of it; True while something waits to be started."""
    job = data.newest_job(dataset, JobKind.IMPORT) if dataset else None
    jobs.follow_job(job)
    offer = _choose(dataset) if job is None or not job.state.active else None
    if offer:
        _look_and_start(dataset, offer)
    elif dataset and not (job and job.state.active):
        _offer_own_photos(dataset)
    if dataset:
        _results(dataset)
    return offer is not None


# what is offered


def _choose(dataset: Dataset | None) -> Offer | None:
    """What was dropped, else what was chosen in the inbox."""
    dataset_id = dataset.id if dataset else ""
    files = uploads.drop_files(_(DROP_LABEL))
    if files:
        saved = uploads.save_uploads(files)
        is_single = len(files) == 1
        title = PurePath(files[0].name).name if is_single else ngettext("{number} file", "{number} files", len(files))
        st.session_state[state.ARRIVAL] = (dataset_id, str(saved.paths[0] if is_single else saved.folder), title)
        # The uploader is another one from the next run on: what it held would be copied at every run.
        st.rerun()
    # The inbox is asked in any case: a widget that is not drawn in one run loses its choice.
    waiting = st.session_state.get(state.ARRIVAL)
    offer = _from_inbox()
    if waiting and waiting[0] == dataset_id and Path(waiting[1]).exists():
        return Offer(Path(waiting[1]), waiting[2])
    return offer


def _offer_own_photos(dataset: Dataset) -> None:
    """Photo programs may have written names into the photos that are here."""
    if not data.dataset_counts(dataset.id, dataset.revision).photos or not dataset.keeps_photos:
        return
    st.button(
        _("Read the names inside of these photos"),
        key="names_inside",
        icon=":material/badge:",
        type="tertiary",
        help=_(
            "Some photo programs write the names of faces into the photos. What they say here is read from the files."
        ),
        on_click=_start_own_photos,
        args=(dataset,),
    )


def _start_own_photos(dataset: Dataset) -> None:
    editor = imports.new_import_editor(corrections.current_editor().author)
    request = ImportRequest(
        path="",
        title=OWN_PHOTOS_TITLE,
        what=ExportKind.XMP,
        member="",
        author=editor.author,
        session=editor.session,
    )
    submit_job(data.services().jobs, dataset.id, request)


def _from_inbox() -> Offer | None:
    if not data.access().may(Action.ADMINISTER):
        return None
    inbox = data.services().settings.inbox_dir
    paths = {
        path.name: path
        for path in sorted(inbox.iterdir())
        if path.is_dir() or path.suffix.lower().removeprefix(".") in ENDINGS
    }
    if not paths:
        return None
    name = st.selectbox(
        _("Or from the inbox"), list(paths), index=None, placeholder=_("Choose a file or folder"), key="arrival_inbox"
    )
    return Offer(paths[name], name) if name else None


def _look_and_start(dataset: Dataset | None, offer: Offer) -> None:
    """Say what is in it; the button starts taking it."""
    try:
        # The time it was changed tells two files of one name apart, for the cache.
        state = read_state(offer.path)
        parts = _parts(str(offer.path), state.st_mtime_ns if state else 0, dataset)
    except InputRefused as refusal:
        title, reason = say_title(offer.title), say_again(str(refusal))
        st.error(words.plain(words.titled(title, reason) if title not in reason else reason))
        # What cannot be read will never be: its copy would lie in the data folder without an owner.
        _discard_offer(offer)
        return
    with st.container(border=True):
        st.markdown(f"**{words.plain(say_title(offer.title))}**")
        part = parts[0] if len(parts) == 1 else _choose_part(parts)
        st.markdown(words.plain(describe_arrival(part)))
        if part.objection:
            st.warning(words.plain(say_again(part.objection)), icon=":material/info:")
        name = _name(part) if part.kind is ExportKind.BUNDLE and not part.objection else None
        with st.container(horizontal=True):
            usable = not part.objection and name != ""
            if st.button(_("Bring it in"), type="primary", icon=":material/login:", disabled=not usable):
                _start(dataset, offer, part, name)
            st.button(
                pgettext("photos that wait", "Leave it"), key="leave_arrival", on_click=_discard_offer, args=(offer,)
            )


def _parts(path: str, modified_ns: int, dataset: Dataset | None) -> list[ArrivalPart]:
    return _inspect_parts(path, modified_ns, dataset.id if dataset else None, dataset.revision if dataset else 0)


@kept.cache_data(show_spinner=marked("Looking at what is in it"), max_entries=8)
def _inspect_parts(path: str, modified_ns: int, dataset_id: str | None, revision: int) -> list[ArrivalPart]:
    return inspect_arrival(data.services().arrival_tools(), Path(path), dataset_id)


def _choose_part(parts: list[ArrivalPart]) -> ArrivalPart:
    """A zip may hold several things; one is taken at a time."""
    kinds = [part.kind for part in parts]
    labels = [
        words.titled(_(TITLES[part.kind]), part.member) if kinds.count(part.kind) > 1 else _(TITLES[part.kind])
        for part in parts
    ]
    label = st.radio(
        _("It holds several things. What shall be taken from it?"), labels, format_func=words.plain, key="arrival_part"
    )
    return parts[labels.index(label)]


def describe_arrival(part: ArrivalPart) -> str:
    """What is known of it before it is taken."""
    if part.objection:
        return f"{_(TITLES[part.kind])}."
    return f"{_describe_content(part)} {part.signer.sentence}"


def _describe_content(part: ArrivalPart) -> str:
    match part.kind:
        case ExportKind.BUNDLE:
            recogniser = _(
                "A recogniser of {people}, trained on '{origin}' with {model}. It becomes a dataset of its own, "
                "without photos.",
                people=words.format_people_count(part.count),
                origin=part.origin,
                model=part.model_id,
            )
            evidence = ngettext(
                "{number} face come along as evidence.", "{number} faces come along as evidence.", part.n_mentioned
            )
            return f"{recogniser} {evidence}" if part.n_mentioned else recogniser
        case ExportKind.LOG:
            return ngettext(
                "A log of {corrections}; {number} of the {photos} that it speaks of is in this dataset.",
                "A log of {corrections}; {number} of the {photos} that it speaks of are in this dataset.",
                part.n_present,
                corrections=ngettext("{number} correction", "{number} corrections", part.count),
                photos=ngettext("{number} photo", "{number} photos", part.n_mentioned),
            )
        case ExportKind.XMP:
            return _(
                "{contents}. Faces at the places they tell get the names they tell.", contents=_describe_sidecars(part)
            )
    return ngettext(
        "{number} vector of {model}; {present} of them are of faces in this dataset, and take the place of those "
        "here. This cannot be undone.",
        "{number} vectors of {model}; {present} of them are of faces in this dataset, and take the place of those "
        "here. This cannot be undone.",
        part.count,
        model=part.model_id,
        present=words.count(part.n_present),
    )


def _describe_sidecars(part: ArrivalPart) -> str:
    photos = ngettext("{number} photo with names inside", "{number} photos with names inside", part.photos)
    if not part.count and part.photos:
        return photos
    sidecars = ngettext("{number} XMP sidecar", "{number} XMP sidecars", part.count)
    return _("{one} and {other}", one=sidecars, other=photos) if part.photos else sidecars


def _name(part: ArrivalPart) -> str:
    """Of the dataset that a bundle becomes; empty while it cannot be."""
    used_names = data.services().store.dataset_names()
    free = words.number_name(part.origin, used_names)
    # How many names there are is part of the key: when a dataset is added or goes, another name is proposed.
    name = st.text_input(
        _("Name of the dataset"), free, max_chars=80, key=f"bundle_{part.origin}_{len(used_names)}"
    ).strip()
    if name in used_names:
        st.caption(_("There is a dataset '{name}' already. Choose another name.", name=words.plain(name)))
        return ""
    return name


def _discard_offer(offer: Offer) -> None:
    _stop_offering()
    uploads.discard_copy(offer)


def _stop_offering() -> None:
    st.session_state.pop(state.ARRIVAL, None)
    st.session_state.pop("arrival_inbox", None)


def _start(dataset: Dataset | None, offer: Offer, part: ArrivalPart, name: str | None) -> None:
    """Queue it; a bundle for an installation without a dataset is taken at once, since a job needs one."""
    # A sitting of its own for each import, so that it can be undone as a whole and without what was done by hand since.
    editor = imports.new_import_editor(corrections.current_editor().author)
    if dataset is None:
        delivery = Delivery(offer.path, part.kind, part.member, name)
        result = deliveries.import_delivery(data.services().arrival_tools(), None, delivery, editor)
        _discard_offer(offer)
        frame.queue_toast(words.plain(import_results.describe_import_result(result)))
        if isinstance(result.summary, BundleSummary):
            frame.open_page(menu.IDENTIFY, data.services().runs.run(result.summary.run).dataset_id)
    else:
        request = ImportRequest(
            path=str(offer.path),
            title=offer.title,
            what=part.kind,
            member=part.member,
            author=editor.author,
            session=editor.session,
            name=name,
        )
        submit_job(data.services().jobs, dataset.id, request)
        # The copy stays: the job reads it, and removes it when it is done.
        _stop_offering()
        st.rerun()


# what came of it


def _results(dataset: Dataset) -> None:
    """The last imports: what was taken, what was refused, and the way back."""
    if refusal := st.session_state.pop(state.REFUSED, None):
        st.warning(words.plain(refusal), icon=":material/info:")
    imports = [job for job in data.services().jobs.jobs(dataset.id) if job.kind is JobKind.IMPORT]
    # One that was stopped is listed only while something of it still holds: then there is something to undo.
    ended = [
        job
        for job in imports
        if not job.state.active and (job.state is JobState.DONE or _active_event_count(dataset, job))
    ]
    if ended:
        st.header(_("Brought in"), anchor=False)
    for job in ended[:RESULTS_SHOWN]:
        with st.container(border=True):
            _result(dataset, job)


def _result(dataset: Dataset, job: Job) -> None:
    request = ImportRequest.of(job)
    st.markdown(f"**{words.plain(say_title(request.title))}**, {words.ago(job.finished or job.created)}")
    result = ImportResult.of(job) if job.state is JobState.DONE else None
    if result is not None:
        st.markdown(words.plain(import_results.describe_import_result(result)))
        _show_refused(result)
        if isinstance(result.summary, BundleSummary):
            _offer_recogniser(job, result.summary)
    else:
        st.markdown(_("It stopped before it was done. What it had taken until then holds."))
    if request.what in (ExportKind.LOG, ExportKind.XMP):
        _offer_undo(dataset, job, result)


def _show_refused(result: ImportResult) -> None:
    """What was not taken, each kind in a table with the reasons."""
    for kind in ("conflicts", "refused_regions", "refused"):
        if number := result.list_lengths.get(kind):
            lines = [{_("What"): line.name, _("Why"): say_again(line.reason)} for line in getattr(result.summary, kind)]
            with st.expander(
                words.plain(import_results.count_refused(kind, number, of_log=isinstance(result.summary, LogSummary)))
            ):
                st.dataframe(pd.DataFrame(lines), hide_index=True, alt=_("What was not taken, and why"))


def _offer_recogniser(job: Job, bundle: BundleSummary) -> None:
    """The way to a recogniser that came in, as long as it is there."""
    try:
        run = data.services().runs.run(bundle.run)
    except NotFound:
        st.caption(_("It was deleted since."))
        return
    if st.button(_("Who is this?"), key=f"use_{job.id}", icon=":material/person_search:"):
        frame.open_page(menu.IDENTIFY, run.dataset_id)


def _offer_undo(dataset: Dataset, job: Job, result: ImportResult | None) -> None:
    """The way back, for names and corrections; whether it was gone already."""
    if _active_event_count(dataset, job):
        session = ImportRequest.of(job).session
        st.button(
            _("Undo the import"),
            key=f"undo_{job.id}",
            icon=":material/undo:",
            on_click=corrections.apply_correction,
            args=(dataset, lambda corrector: corrector.undo_session(session)),
        )
        return
    # One that changed nothing was not undone either.
    match result.summary if result else None:
        case LogSummary(events=number) | SidecarSummary(named=number) if number:
            st.caption(_("It was undone."))


def _active_event_count(dataset: Dataset, job: Job) -> int:
    return _count_active_events(dataset.id, dataset.revision, ImportRequest.of(job).session)


@kept.cache_data(show_spinner=False, max_entries=64)
def _count_active_events(dataset_id: str, revision: int, session: str) -> int:
    """How many events of a sitting hold, undoings apart."""
    events = data.services().log.events(dataset_id, session=session)
    # Undoings are events of the sitting too; they have a target, and are nothing to undo.
    return sum(event.active and event.target_id is None for event in events)

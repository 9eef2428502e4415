"""The home page's parts: a card a dataset, the welcome, the sample, what happened lately."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.base.errors import FaceAtlasError
from core.jobs.model import JobKind, JobState
from core.store.protocols import Dataset
from core.ui import damaged, data, frame, gallery, jobs, words
from core.ui.home import trail
from core.ui.photos import uploads
from core.vision.models import install
from core.vision.models.catalogue import DEFAULT_VECTORS_ID, EMBEDDING_MODELS, EmbeddingModel
from core.workflows.erasure.erase_dataset import erase_dataset

COVERS = 6
LATELY = 6


def welcome() -> None:
    """The first visit: the sample and a place for a zip, nothing else."""
    left, right = st.columns(2, gap="large")
    with left, st.container(border=True):
        st.header("Try the sample", anchor=False)
        st.markdown("118 photos of 5 well-known people, about half a minute.")
        if st.button("Use the sample", type="primary", icon=":material/play_arrow:"):
            start_sample()
    with right, st.container(border=True):
        st.header("Use your own photos", anchor=False)
        st.markdown("A zip with one folder a person. Photos stay on this computer.")
        uploads.first_dataset()


def start_sample() -> None:
    """Make the sample dataset and start taking its photos."""
    made = data.services().store.create_dataset(_free_name("Five celebrities"), DEFAULT_VECTORS_ID)
    uploads.start_sample(made)


def _free_name(wanted: str) -> str:
    taken = {dataset.name for dataset in data.services().store.datasets()}
    return next(
        name
        for number in range(1, len(taken) + 2)
        if (name := f"{wanted} {number}" if number > 1 else wanted) not in taken
    )


def sample_offer(known: list[Dataset]) -> None:
    """The sample again, quietly, while nobody has taken it."""
    if any(dataset.name.startswith("Five celebrities") for dataset in known):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("The sample: 118 photos of 5 well-known people, about half a minute.")
        if st.button("Use the sample", type="tertiary"):
            start_sample()


@st.dialog("New dataset")
def new_dataset() -> None:
    """Ask for a name and a model."""
    name = st.text_input("Name", placeholder="Family 1978-1995", max_chars=80)
    with st.expander("Model"):
        models = {model.id: model for model in EMBEDDING_MODELS}
        model = st.selectbox(
            "How faces are turned into numbers", list(models), format_func=lambda key: models[key].title
        )
        st.caption(words.plain(models[model].description))
        if model not in {known.id for known in _installed_models()}:
            command = words.plain(f"python -m core models install {model}")
            st.caption(f":material/warning: Not installed here yet. Run this first: {command}")
    if st.button("Make it", type="primary", disabled=not name.strip()):
        try:
            made = data.services().store.create_dataset(name, models[model].vectors_id)
        except FaceAtlasError as refusal:
            st.error(words.plain(refusal))
        else:
            frame.go(frame.INGEST, made.id)


def dataset(shown: Dataset) -> None:
    """One dataset: cover faces, counts, how far it is, the next step, and a menu."""
    counts = data.counts(shown.id, shown.revision)
    runs = data.runs(shown)
    run = runs[0] if runs else None
    jobs_of_it = data.services().jobs.jobs(shown.id, limit=50)
    step = trail.next_step(counts, run, shown.revision, jobs_of_it)
    with st.container(border=True):
        faces, middle, side = st.columns([4, 5, 2], vertical_alignment="center", gap="medium")
        with faces:
            _covers(shown)
        with middle:
            st.header(words.plain(shown.name), anchor=False)
            people, photos = words.count(counts.people, "person", "people"), words.count(counts.photos, "photo")
            accuracy = f", {words.percent(run.metrics['accuracy'])} right on new photos" if run else ""
            st.markdown(f"{photos}, {words.count(counts.faces, 'face')}, {people}{accuracy}")
            _trail(trail.done_steps(counts, run, jobs_of_it))
            damaged.runs(shown)
        with side:
            st.caption(words.plain(step.why))
            if st.button(words.plain(step.label), key=f"next_{shown.id}", type="primary", width="stretch"):
                frame.go(step.page, shown.id)
            _menu(shown)


def _covers(shown: Dataset) -> None:
    people = sorted(data.people(shown.id, shown.revision), key=lambda person: -person.faces)[:COVERS]
    if people:
        tiles = [gallery.Tile(person.cover_crop_id, words.person(person.name)) for person in people]
        gallery.grid(shown.id, tiles, tile_px=72)


def _trail(done: tuple[bool, ...]) -> None:
    marks = (":material/check_circle:" if is_done else ":material/radio_button_unchecked:" for is_done in done)
    st.caption("  ".join(f"{mark} {step}" for mark, step in zip(marks, trail.STEPS, strict=True)))


def _menu(shown: Dataset) -> None:
    with st.popover("More", width="stretch"):
        name = st.text_input("Name", value=shown.name, key=f"name_{shown.id}", max_chars=80)
        if st.button("Rename", key=f"rename_{shown.id}", disabled=name.strip() in ("", shown.name)):
            data.services().store.rename_dataset(shown.id, name)
            frame.say_next(f"Renamed to '{words.plain(name)}'.")
            st.rerun()
        if st.button("Add photos", key=f"add_{shown.id}", icon=":material/add_photo_alternate:"):
            frame.go(frame.INGEST, shown.id)
        _rework(shown)
        if st.button("Delete", key=f"delete_{shown.id}", icon=":material/delete:"):
            _delete(shown)


def _rework(shown: Dataset) -> None:
    """Going over the photos that are there once more."""
    if st.button(
        "Look for faces again",
        key=f"again_{shown.id}",
        icon=":material/frame_inspect:",
        disabled=not data.counts(shown.id, shown.revision).photos,
        help="Detects the faces of every photo anew and measures how well each shows. Names and corrections stay. "
        "Photos that came in before quality was measured, or before the camera's date was read, get them this way.",
    ):
        _start(shown, JobKind.LOOK_AGAIN, {})
    others = [model for model in _installed_models() if model.vectors_id != shown.model_id]
    if others and st.button("Change the model", key=f"model_{shown.id}", icon=":material/model_training:"):
        _change_model(shown, others)


@st.dialog("Change the model")
def _change_model(shown: Dataset, others: list[EmbeddingModel]) -> None:
    titles = {model.id: model.title for model in others}
    chosen = st.selectbox("How faces are turned into numbers", list(titles), format_func=lambda key: titles[key])
    st.markdown(
        "Every face is turned into numbers anew; names and corrections stay. "
        "What was trained before cannot name the faces of this dataset any more: train again afterwards."
    )
    if st.button("Change it", type="primary"):
        _start(shown, JobKind.CHANGE_MODEL, {"model": chosen})


def _start(shown: Dataset, kind: JobKind, params: dict[str, str]) -> None:
    data.services().jobs.submit(shown.id, kind, params)
    frame.say_next(f"{jobs.TITLE[kind]}: it is queued. You can leave this page.")
    st.rerun()


def _installed_models() -> list[EmbeddingModel]:
    found = {manifest.model_id for manifest in install.installed(data.services().settings.models_dir)}
    return [model for model in EMBEDDING_MODELS if model.id in found]


@st.dialog("Delete this dataset?")
def _delete(shown: Dataset) -> None:
    counts = data.counts(shown.id, shown.revision)
    size = words.size(data.storage_bytes(shown.id, shown.revision))
    photos, faces = words.count(counts.photos, "photo"), words.count(counts.faces, "face")
    st.markdown(
        f"**{words.plain(shown.name)}** holds {photos} and {faces} ({size}). "
        "Its photos, faces, runs and maps are erased from this computer and cannot be brought back. "
        "The files that you gave are not touched."
    )
    if st.button("Erase it", type="primary"):
        with st.spinner("Erasing, and looking for what is left"):
            check = erase_dataset(data.services().erase_tools(), shown.id)["check"]
        searched = f"{words.count(check['files'], 'file')} were searched"
        frame.forget(shown.id)
        frame.say_next(f"'{words.plain(shown.name)}' was erased. {searched}: {_left(check)}.")
        st.rerun()


def _left(check: dict[str, Any]) -> str:
    """What the search found, and the first few files in which it is."""
    paths = ", ".join(words.plain(trace["path"]) for trace in check["left"][:3])
    return f"{words.count(check['found'], 'trace')} left in {paths}" if check["found"] else "nothing is left"


def lately(known: list[Dataset]) -> None:
    """The last few things that were done."""
    names = {dataset.id: dataset.name for dataset in known}
    recent = [job for job in data.services().jobs.jobs(limit=LATELY) if job.dataset_id in names]
    if not recent:
        return
    st.header("What happened lately", anchor=False)
    for job in recent:
        came = "" if job.state is JobState.DONE else f" ({job.state})"
        what = jobs.TITLE[job.kind] if job.kind is not JobKind.INGEST else f"Taking photos from {job.params['title']}"
        when = words.ago(job.finished or job.created)
        st.markdown(
            f"{jobs.SYMBOL[job.state]} {words.plain(names[job.dataset_id])}: {words.plain(what + came)}, {when}"
        )

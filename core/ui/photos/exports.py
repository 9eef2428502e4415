"""Taking something out: what there is to take with you, and the exports that lie ready."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.base.errors import NotFound
from core.jobs.model import Job, JobKind
from core.jobs.transfers import ExportParams
from core.store.protocols import Dataset, PersonCount, Run
from core.ui import data, frame, jobs, words
from core.workflows.exchange.export import What, exported, file_name

LARGEST_DOWNLOAD_BYTES = 200_000_000
"""A download goes through memory; what is larger is fetched from the data folder."""
CHOICES = {
    What.ALL: ("Everything", "All of the following in one zip."),
    What.PHOTOS: ("Photos", "A folder for each person; can be added again elsewhere."),
    What.CROPS: ("Faces", "Only the faces, cut out, in a folder for each person."),
    What.FACES: ("Table of faces", "A line for each face, as CSV and Parquet."),
    What.XMP: ("Names for photo programs (XMP)", "A sidecar for each photo: whose faces, and where."),
    What.EMBEDDINGS: ("Embeddings", "The numbers that tell faces apart, as npz and Parquet."),
    What.BUNDLE: ("The recogniser (bundle)", "Names these people in another Face Atlas. No photos."),
    What.LOG: ("Correction log", "What was put right by hand, for the same photos elsewhere."),
}
"""What can be taken, with what it is called and what it is for."""
NOUNS = {
    "photos": ("photo", "photos"),
    "crops": ("face picture", "face pictures"),
    "faces": ("face in the table", "faces in the table"),
    "sidecars": ("sidecar", "sidecars"),
    "vectors": ("embedding", "embeddings"),
    "bundles": ("recogniser", "recognisers"),
    "people": ("person", "people"),
    "log_lines": ("line of the log", "lines of the log"),
}


@dataclass(frozen=True, slots=True)
class Ready:
    """An export that lies in the data folder."""

    path: Path
    job: Job | None
    """The job that made it, as long as it is remembered."""

    @property
    def what(self) -> What | None:
        return What(self.job.params.get("what", What.ALL)) if self.job else None


def show(dataset: Dataset, *, primary: bool) -> None:
    """What to take, the button, and the exports that were made; nothing to take leads to adding photos.

    The newest export stands above the choice, where it is seen when it is made; ``primary`` fills the button.
    """
    job, runs, made = data.newest_job(dataset, JobKind.EXPORT), data.runs(dataset), _ready(dataset)
    head = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    head.header("Export", anchor=False, width="content")
    if not (data.counts(dataset.id, dataset.revision).photos or runs):
        frame.empty("There is nothing to export yet.", "Add photos", frame.INGEST)
        return
    jobs.follow(job)
    for export in made[:1]:
        _show(dataset, export)
    what = _what(dataset)
    run = _run(runs) if what is What.BUNDLE and runs else None
    missing = what is What.BUNDLE and not runs
    if missing:
        _train_first(dataset)
    if head.button(
        "Export",
        type="primary" if primary else "secondary",
        icon=":material/archive:",
        disabled=missing or (job is not None and job.state.active),
    ):
        start(dataset, ExportParams(what, run.id if run else None))
        st.rerun()
    if made[1:]:
        st.header("Earlier exports", anchor=False)
    for export in made[1:]:
        _show(dataset, export)
    if made:
        st.caption("Exports hold faces and names: keep them as you keep the photos, and delete what you have fetched.")


def _train_first(dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Nothing was trained yet.", width="content")
        if st.button("Train", key="train_first", type="tertiary", icon=":material/school:"):
            frame.go(frame.TRAIN, dataset.id)


def _what(dataset: Dataset) -> What:
    """The choice; a dataset without photos has a recogniser alone."""
    offered = list(CHOICES) if data.counts(dataset.id, dataset.revision).photos else [What.BUNDLE]
    return st.radio(
        "What to take with you",
        offered,
        format_func=lambda what: CHOICES[what][0],
        captions=[CHOICES[what][1] for what in offered],
        key=f"export_what_{dataset.id}",
    )


def _run(runs: list[Run]) -> Run:
    if len(runs) == 1:
        return runs[0]
    told = {run.id: f"{words.percent(run.metrics['accuracy'])} right, {words.ago(run.created)}" for run in runs}
    chosen = st.selectbox("Which training", list(told), format_func=told.__getitem__, key="export_run", width=300)
    return next(run for run in runs if run.id == chosen)


def start(dataset: Dataset, wanted: ExportParams) -> None:
    """Queue an export."""
    data.services().jobs.submit(dataset.id, JobKind.EXPORT, wanted.params())


def of_person(dataset: Dataset, person: PersonCount) -> None:
    """The button that exports one person's photos, and leads to where that is followed."""
    if st.button("Export photos", key="export_person", icon=":material/archive:", help="A zip of this person's photos"):
        start(dataset, ExportParams(What.PHOTOS, person_id=person.id))
        frame.go(frame.EXCHANGE, dataset.id)


# what lies ready


def _ready(dataset: Dataset) -> list[Ready]:
    """The newest first."""
    services = data.services()
    folder = exported(services.settings.exports_dir, dataset.id, "").parent
    files = sorted(folder.glob("*.zip"), key=lambda path: path.stat().st_mtime, reverse=True)
    made = [Ready(path, _job(path.stem)) for path in files]
    return [export for export in made if export.job is None or export.job.kind is JobKind.EXPORT]


def _job(job_id: str) -> Job | None:
    try:
        return data.services().jobs.job(job_id)
    except NotFound:
        return None


def _show(dataset: Dataset, export: Ready) -> None:
    size, key, person = export.path.stat().st_size, export.path.stem, _person(dataset, export)
    with st.container(border=True):
        st.markdown(
            f"**{words.plain(_title(export, person))}**, {words.size(size)}, {words.ago(export.path.stat().st_mtime)}"
        )
        if told := _counts(export):
            st.caption(told)
        if size > LARGEST_DOWNLOAD_BYTES:
            st.caption("It is too large to go through the browser. Copy it from where it lies:")
            st.code(str(export.path), language=None, wrap_lines=True)
        with st.container(horizontal=True):
            if size <= LARGEST_DOWNLOAD_BYTES:
                name = file_name(dataset, export.what or What.ALL, person)
                st.download_button(
                    "Download",
                    export.path.read_bytes,
                    name,
                    "application/zip",
                    key=f"download_{key}",
                    icon=":material/download:",
                    on_click="ignore",
                )
            st.button("Delete", key=f"unexport_{key}", icon=":material/delete:", on_click=_delete, args=(export.path,))


def _person(dataset: Dataset, export: Ready) -> str | None:
    person_id = export.job.params.get("person_id") if export.job else None
    return data.services().store.names(dataset.id).get(person_id) if person_id is not None else None


def _title(export: Ready, person: str | None) -> str:
    title = CHOICES[export.what][0] if export.what else "An export"
    return f"{title} of {words.person(person)}" if person else title


def _counts(export: Ready) -> str:
    came = export.job.result if export.job else {}
    return ", ".join(words.count(came[key], *nouns) for key, nouns in NOUNS.items() if came.get(key))


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)
    frame.say_next("The export was deleted. Export again whenever you need it.")

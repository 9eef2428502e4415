"""Taking something out: what there is to take with you, and the exports that lie ready."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.base.errors import NotFound
from core.base.files.folders import read_state
from core.jobs.registry import submit_job
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.store.job_model import Job, JobKind
from core.store.values.datasets import Dataset, PersonCount
from core.store.values.runs import Run
from core.ui import data, frame, jobs, menu, words
from core.ui.audit import recording
from core.workflows.exchange.export import ExportKind, ExportRequest, ExportSummary, export_file_name, export_path

LARGEST_DOWNLOAD_BYTES = 200_000_000
"""A download goes through memory; what is larger is fetched from the data folder."""
CHOICES = {
    ExportKind.ALL: (marked("Everything"), marked("All of the following in one zip.")),
    ExportKind.PHOTOS: (marked("Photos"), marked("A folder for each person; can be added again elsewhere.")),
    ExportKind.CROPS: (marked("Faces"), marked("Only the faces, cut out, in a folder for each person.")),
    ExportKind.FACES: (marked("Table of faces"), marked("A line for each face, as CSV and Parquet.")),
    ExportKind.XMP: (
        marked("Names for photo programs (XMP)"),
        marked("A sidecar for each photo: whose faces, and where."),
    ),
    ExportKind.EMBEDDINGS: (marked("Embeddings"), marked("The numbers that tell faces apart, as npz and Parquet.")),
    ExportKind.BUNDLE: (
        marked("The recogniser (bundle)"),
        marked("Names these people in another Face Atlas. No photos."),
    ),
    ExportKind.LOG: (marked("Correction log"), marked("What was put right by hand, for the same photos elsewhere.")),
}
"""What can be taken, with what it is called and what it is for."""


@dataclass(frozen=True, slots=True)
class StoredExport:
    """An export that lies in the data folder."""

    path: Path
    state: os.stat_result
    """Its size and time when it was listed."""
    job: Job | None
    """The job that made it, as long as it is remembered."""

    @property
    def what(self) -> ExportKind | None:
        """What was exported; None when its job was forgotten."""
        return ExportRequest.of(self.job).what if self.job else None


def show_exports(dataset: Dataset, *, primary: bool) -> None:
    """What to take, the button, and the exports that were made; nothing to take leads to adding photos.

    The newest export stands above the choice, where it is seen when it is made; ``primary`` fills the button.
    """
    job, runs, exports = data.newest_job(dataset, JobKind.EXPORT), data.dataset_runs(dataset), _list_exports(dataset)
    # The button stands in the head, but what it exports is chosen below it: the head is filled last.
    header = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    header.header(_("Export"), anchor=False, width="content")
    if not (data.dataset_counts(dataset.id, dataset.revision).photos or runs):
        frame.show_empty_state(_("There is nothing to export yet."), _("Add photos"), menu.INGEST)
        return
    jobs.follow_job(job)
    for export in exports[:1]:
        _show(dataset, export)
    kind = _choose_kind(dataset)
    run = _choose_run(runs) if kind is ExportKind.BUNDLE and runs else None
    missing = kind is ExportKind.BUNDLE and not runs
    if missing:
        _train_first(dataset)
    if header.button(
        _("Export"),
        type="primary" if primary else "secondary",
        icon=":material/archive:",
        disabled=missing or (job is not None and job.state.active),
    ):
        submit_export(dataset, ExportRequest(kind, run.id if run else None))
        st.rerun()
    if exports[1:]:
        st.header(_("Earlier exports"), anchor=False)
    for export in exports[1:]:
        _show(dataset, export)
    if exports:
        st.caption(
            _("Exports hold faces and names: keep them as you keep the photos, and delete what you have fetched.")
        )


def _train_first(dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_("Nothing was trained yet."), width="content")
        if st.button(_("Train"), key="train_first", type="tertiary", icon=":material/school:"):
            frame.open_page(menu.TRAIN, dataset.id)


def _choose_kind(dataset: Dataset) -> ExportKind:
    """The choice; a dataset without photos has a recogniser alone, and one that keeps none has all but these."""
    offered = list(CHOICES) if data.dataset_counts(dataset.id, dataset.revision).photos else [ExportKind.BUNDLE]
    if not dataset.keeps_photos:
        offered = [kind for kind in offered if kind is not ExportKind.PHOTOS]
        st.caption(_(":material/no_photography: This dataset keeps no photos, so there are none to export."))
    return st.radio(
        _("What to take with you"),
        offered,
        format_func=lambda kind: _(CHOICES[kind][0]),
        captions=[_(CHOICES[kind][1]) for kind in offered],
        key=f"export_what_{dataset.id}",
    )


def _choose_run(runs: list[Run]) -> Run:
    if len(runs) == 1:
        return runs[0]
    titles = {
        run.id: _(
            "{percentage} right, {ago}", percentage=words.percent(run.metrics.accuracy), ago=words.ago(run.created)
        )
        for run in runs
    }
    run_id = st.selectbox(
        _("Which training"), list(titles), format_func=titles.__getitem__, key="export_run", width=300
    )
    return next(run for run in runs if run.id == run_id)


def submit_export(dataset: Dataset, request: ExportRequest) -> None:
    """Queue an export."""
    recording.record_export(dataset, str(request.what), request.person_id)
    submit_job(data.services().jobs, dataset.id, request)


def offer_person_export(dataset: Dataset, person: PersonCount) -> None:
    """The button that exports one person's photos, or faces where none are kept; leads to where that is followed."""
    kind, label, hint = (
        (ExportKind.PHOTOS, _("Export photos"), _("A zip of this person's photos"))
        if dataset.keeps_photos
        else (ExportKind.CROPS, _("Export faces"), _("A zip of this person's faces; this dataset keeps no photos"))
    )
    if st.button(label, key="export_person", icon=":material/archive:", help=hint):
        submit_export(dataset, ExportRequest(kind, person_id=person.id))
        frame.open_page(menu.EXCHANGE, dataset.id)


# what lies ready


def _list_exports(dataset: Dataset) -> list[StoredExport]:
    """The newest first."""
    services = data.services()
    folder = export_path(services.settings.exports_dir, dataset.id, "").parent
    # The folder is asked, not the jobs: an export outlives the row of its job, and is to be found and deleted then too.
    states = {path: state for path in folder.glob("*.zip") if (state := read_state(path))}
    newest_first = sorted(states, key=lambda path: states[path].st_mtime, reverse=True)
    exports = [StoredExport(path, states[path], _job(path.stem)) for path in newest_first]
    # Photos that were sorted by person lie there as well, and are offered where they were asked for.
    return [export for export in exports if export.job is None or export.job.kind is JobKind.EXPORT]


def _job(job_id: str) -> Job | None:
    try:
        return data.services().jobs.job(job_id)
    except NotFound:
        return None


def _show(dataset: Dataset, export: StoredExport) -> None:
    size, key, person = export.state.st_size, export.path.stem, _person(dataset, export)
    person_id = ExportRequest.of(export.job).person_id if export.job else None
    with st.container(border=True):
        st.markdown(
            f"**{words.plain(_title(export, person))}**, {words.format_size(size)}, {words.ago(export.state.st_mtime)}"
        )
        if counts := _counts(export):
            st.caption(counts)
        if size > LARGEST_DOWNLOAD_BYTES:
            st.caption(_("It is too large to go through the browser. Copy it from where it lies:"))
            st.code(str(export.path), language=None, wrap_lines=True)
        with st.container(horizontal=True):
            if size <= LARGEST_DOWNLOAD_BYTES:
                name = export_file_name(dataset, export.what or ExportKind.ALL, person)
                # A function, so that the file is read at a click and not at every run of the page.
                st.download_button(
                    _("Download"),
                    recording.recorded_download(
                        dataset.id, str(export.what or ExportKind.ALL), export.path.read_bytes, person_id
                    ),
                    name,
                    "application/zip",
                    key=f"download_{key}",
                    icon=":material/download:",
                    on_click="ignore",
                )
            st.button(
                _("Delete"), key=f"unexport_{key}", icon=":material/delete:", on_click=_delete, args=(export.path,)
            )


def _person(dataset: Dataset, export: StoredExport) -> str | None:
    person_id = ExportRequest.of(export.job).person_id if export.job else None
    return data.services().store.names(dataset.id).get(person_id) if person_id is not None else None


def _title(export: StoredExport, person: str | None) -> str:
    title = _(CHOICES[export.what][0]) if export.what else _("An export")
    return _("{title} of {name}", title=title, name=words.display_name(person)) if person else title


def _counts(export: StoredExport) -> str:
    summary = ExportSummary.of(export.job) if export.job else ExportSummary()
    # Of each kind there is a number only where it was exported.
    parts = [
        ngettext("{number} photo", "{number} photos", summary.photos) if summary.photos else "",
        ngettext("{number} face picture", "{number} face pictures", summary.crops) if summary.crops else "",
        ngettext("{number} face in the table", "{number} faces in the table", summary.faces) if summary.faces else "",
        ngettext("{number} sidecar", "{number} sidecars", summary.sidecars) if summary.sidecars else "",
        ngettext("{number} embedding", "{number} embeddings", summary.vectors) if summary.vectors else "",
        ngettext("{number} recogniser", "{number} recognisers", summary.bundles) if summary.bundles else "",
        words.format_people_count(summary.people) if summary.people else "",
        ngettext("{number} line of the log", "{number} lines of the log", summary.log_lines)
        if summary.log_lines
        else "",
    ]
    return ", ".join(part for part in parts if part)


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)
    frame.queue_toast(_("The export was deleted. Export again whenever you need it."))

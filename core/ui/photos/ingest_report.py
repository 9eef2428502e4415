"""What became of every file of an ingest: figures, chips that filter, a table, a CSV."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.store.job_model import Job, JobState
from core.store.values.datasets import Dataset, FileOutcome, FileReport
from core.ui import data, gallery, words
from core.ui.audit import recording
from core.ui.photos import answer_steps
from core.ui.photos.source_titles import say_title
from core.workflows.exchange.csv_tables import FILE_COLUMNS, file_report_csv
from core.workflows.photos.ingest import IngestSummary
from core.workflows.photos.requests import IngestRequest

ROWS_PER_PAGE = 500
STRIP = 12
SENTENCE = {
    FileOutcome.TAKEN: marked("taken"),
    FileOutcome.NO_FACE: marked("without a face"),
    FileOutcome.SEVERAL_FACES: marked("with several faces"),
    FileOutcome.DUPLICATE: marked("already there"),
    FileOutcome.CONFLICT: marked("under two people"),
    FileOutcome.REFUSED: marked("refused"),
}

PROBLEMS = (FileOutcome.NO_FACE, FileOutcome.SEVERAL_FACES, FileOutcome.CONFLICT, FileOutcome.REFUSED)
"""What somebody may want to do something about."""


def show_recent_faces(dataset: Dataset, job: Job) -> None:
    """The latest faces of an ingest, as they come; whoever sees them waits for what they come to."""
    answer_steps.await_answer(dataset)
    faces = data.services().store.recent_faces(dataset.id, job.id, STRIP)
    gallery.show_face_grid(
        dataset.id, [gallery.Tile(face.crop_id, words.display_name(face.person)) for face in faces], tile_px=72
    )


def show_files(ingests: Sequence[Job], anchor: str) -> None:
    """What became of every file of an ingest: of the newest, or of another one."""
    # One that failed before its first file has nothing to tell.
    if not any(data.services().store.outcome_counts(ingest.id) for ingest in ingests):
        return
    st.header(_("Files"), anchor=anchor)
    job = _choose_ingest(ingests)
    if job.state is JobState.DONE:
        _show_summary(job)
    _show_file_table(job)


def _choose_ingest(ingests: Sequence[Job]) -> Job:
    if len(ingests) == 1:
        return ingests[0]
    by_id = {job.id: job for job in ingests}
    chosen_id = st.selectbox(
        _("The report of"),
        list(by_id),
        format_func=lambda job_id: _title(by_id[job_id]),
        # A new ingest is a new chooser, which shows it first.
        key=f"report_of_{ingests[0].id}",
    )
    return by_id[chosen_id]


def _title(ingest: Job) -> str:
    return f"{say_title(IngestRequest.of(ingest).title)}, {words.ago(ingest.created)}"


def _show_summary(job: Job) -> None:
    """The ingest in one sentence a finding."""
    # Counted from the lines of the report, not taken from the job's result: an ingest that was stopped has none.
    counts = data.services().store.outcome_counts(job.id)
    keeps_photos = data.services().store.dataset(job.dataset_id).keeps_photos
    n_faces = data.services().store.reported_faces(job.id)
    n_photos = sum(
        counts.get(kept_outcome, 0)
        for kept_outcome in (FileOutcome.TAKEN, FileOutcome.NO_FACE, FileOutcome.SEVERAL_FACES)
    )
    seconds = IngestSummary.of(job).seconds if job.result else None
    faces = ngettext("{number} face", "{number} faces", n_faces)
    photos = ngettext("{number} new photo", "{number} new photos", n_photos)
    st.markdown(
        _("**{faces} in {photos}**, taken.", faces=faces, photos=photos)
        if seconds is None
        else _(
            "**{faces} in {photos}**, taken in {duration}.",
            faces=faces,
            photos=photos,
            duration=words.format_duration(seconds),
        )
    )
    if remarks := data.services().store.remark_count(job.id):
        remark = ngettext(
            "{number} photo was taken with a remark in the report: other faces, further pages, a preview, perhaps "
            "damage.",
            "{number} photos were taken with a remark in the report: other faces, further pages, a preview, perhaps "
            "damage.",
            remarks,
        )
        st.markdown(f"- {remark}")
    for outcome in FileOutcome:
        if note := _describe_outcome(outcome, counts.get(outcome, 0), keeps_photos):
            st.markdown(f"- {note}")


def _describe_outcome(outcome: FileOutcome, number: int, keeps_photos: bool) -> str:
    """How many files came to something that is worth saying, and what it means; "" where none did."""
    if outcome is FileOutcome.TAKEN or not number:
        return ""
    return {
        FileOutcome.NO_FACE: ngettext(
            "{number} photo has no face that could be found. They are kept and listed in the report.",
            "{number} photos have no face that could be found. They are kept and listed in the report.",
            number,
        )
        if keeps_photos
        else ngettext(
            "{number} photo has no face that could be found; the report lists them.",
            "{number} photos have no face that could be found; the report lists them.",
            number,
        ),
        FileOutcome.SEVERAL_FACES: ngettext(
            "{number} photo shows several faces and gave none, as you asked.",
            "{number} photos show several faces and gave none, as you asked.",
            number,
        ),
        FileOutcome.DUPLICATE: ngettext(
            "{number} photo is in the dataset already; nothing was added.",
            "{number} photos are in the dataset already; nothing was added.",
            number,
        ),
        FileOutcome.CONFLICT: ngettext(
            "{number} photo is there already under another person or on the other side of the split.",
            "{number} photos are there already under another person or on the other side of the split.",
            number,
        ),
        FileOutcome.REFUSED: ngettext(
            "{number} file was not taken; the report says why.",
            "{number} files were not taken; the report says why.",
            number,
        ),
    }[outcome]


def _show_file_table(job: Job) -> None:
    """The files of the outcomes that are chosen, at first those with a problem; a button gives all as CSV."""
    store = data.services().store
    counts = store.outcome_counts(job.id)
    if not counts:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        outcomes_chosen = st.pills(
            _("Show"),
            list(counts),
            selection_mode="multi",
            default=[outcome for outcome in counts if outcome in PROBLEMS],
            format_func=lambda outcome: f"{_(SENTENCE[FileOutcome(outcome)])} {words.count(counts[outcome])}",
            key=f"outcomes_{job.id}",
        )
        # Written when it is asked for. Streamlit's own button would write names that a spreadsheet takes for formulas.
        st.download_button(
            _("Download as CSV"),
            recording.recorded_download(job.dataset_id, "report on photos", partial(_csv, job.id)),
            file_name="report.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
    outcomes = [FileOutcome(outcome) for outcome in outcomes_chosen or []]
    if not outcomes:
        st.caption(_("Press a result above to list its files."))
        return
    total = sum(counts[outcome] for outcome in outcomes)
    # Pages are read from the store one by one: a report has as many lines as an archive has files.
    pages = -(-total // ROWS_PER_PAGE)
    page = st.pagination(pages, key=f"report_page_{job.id}") if pages > 1 else 1
    lines = store.file_reports(job.id, outcomes, (page - 1) * ROWS_PER_PAGE, ROWS_PER_PAGE)
    st.dataframe(
        _frame(lines),
        hide_index=True,
        column_config={
            "faces": st.column_config.NumberColumn(_("Faces"), width="small"),
            "file": st.column_config.TextColumn(_("File"), width="large"),
            "result": _("Result"),
            "person": _("Person"),
            "split": st.column_config.TextColumn(_("Side"), width="small"),
            "reason": st.column_config.TextColumn(_("Why"), width="large"),
        },
        alt=_("The result for every file"),
    )


def _csv(job_id: str) -> bytes:
    return file_report_csv(data.services().store.file_reports(job_id), SENTENCE)


def _frame(lines: list[FileReport]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "file": line.name,
                "result": _(SENTENCE[line.outcome]),
                "faces": line.faces,
                "person": line.person or "",
                "split": line.split or "",
                "reason": say_again(line.reason),
            }
            for line in lines
        ],
        columns=list(FILE_COLUMNS),
    )

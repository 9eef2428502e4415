"""The tab "Report": a run as one HTML file and a PDF, to keep or to pass on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from core.access.permissions import Action
from core.base.errors import NotFound
from core.base.types import Revision
from core.language.texts import current_language
from core.language.texts import gettext as _
from core.store.artifacts import ArtifactKind, content_id
from core.ui import data, state, words
from core.ui.access import offers
from core.ui.audit import recording
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.workflows.evaluation.report import WrittenReport, make_report


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """Everything that a report follows from: as long as it is the same, so is the report."""

    run_id: str
    revision: Revision
    study_id: str
    """The hash of the run's study; empty without one."""
    faces: bool
    language: str
    """The code of that in which it is written."""


def show_report_section(evaluated: EvaluatedRun) -> None:
    """What is in it, whether with faces, the button, and then the files."""
    st.markdown(
        _(
            "**One file to keep or to pass on**: the data, how it was measured, all figures and charts, the worst "
            "errors, what the numbers cannot say, and the hashes by which the same result can be had again. The HTML "
            "file opens in any browser and loads nothing; the PDF says the same on paper."
        )
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        faces = st.checkbox(
            _("With faces"),
            value=True,
            key="report_faces",
            help=_("The pictures beside the worst errors. Leave them out when others will read it; names stay in it."),
        )
        request = ReportRequest(
            run_id=evaluated.run.id,
            revision=evaluated.dataset.revision,
            study_id=_study_id(evaluated),
            faces=faces,
            language=current_language().code,
        )
        if st.button(_("Make the report"), type="primary", icon=":material/description:"):
            st.session_state[state.REPORT] = request
    # A report is offered only for exactly what was asked: one with faces must not go out under a cleared checkbox.
    if st.session_state.get(state.REPORT) == request:
        with st.spinner(_("Writing the report")):
            report = _build_report(request)
        _show_downloads(evaluated.dataset.id, report)
    else:
        # Pictures of people stay in memory no longer than they are asked for.
        _build_report.clear()


def _study_id(evaluated: EvaluatedRun) -> str:
    # By content: a study is written over the one before under the run's id, and the report has its figures.
    try:
        return content_id(data.services().artifacts.read(evaluated.dataset.id, ArtifactKind.STUDY, evaluated.run.id))
    except NotFound:
        return ""


@st.cache_data(show_spinner=False, max_entries=1, scope="session")
def _build_report(request: ReportRequest) -> WrittenReport:
    return make_report(data.services().report_tools(), request.run_id, faces=request.faces)


def _show_downloads(dataset_id: str, report: WrittenReport) -> None:
    if not offers.may(Action.EXPORT, dataset_id):
        st.caption(_("Taking it along is for who may take copies of this dataset."))
        return
    with st.container(horizontal=True):
        for ending, content, mime in (("html", report.html, "text/html"), ("pdf", report.pdf, "application/pdf")):
            st.download_button(
                _("{kind} file, {size}", kind=ending.upper(), size=words.format_size(len(content))),
                recording.recorded_download(dataset_id, "report", partial(bytes, content)),
                file_name=f"{report.name}.{ending}",
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"report_{ending}",
            )
    st.table(
        pd.DataFrame(report.facts).map(words.plain),
        border="horizontal",
        hide_index=True,
        hide_header=True,
    )

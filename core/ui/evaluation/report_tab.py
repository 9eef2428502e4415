"""The tab "Report": a run as one HTML file and a PDF, to keep or to pass on."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.base.errors import NotFound
from core.base.types import Revision
from core.store.artifacts import Kind, content_id
from core.ui import data, state, words
from core.ui.evaluation.evaluation_page import Shown
from core.workflows.evaluation.report import Report, make_report


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything that a report follows from: as long as it is the same, so is the report."""

    run_id: str
    revision: Revision
    study_id: str
    """The hash of the run's study; empty without one."""
    faces: bool


def section(page: Shown) -> None:
    """What is in it, whether with faces, the button, and then the files."""
    st.markdown(
        "**One file to keep or to pass on**: the data, how it was measured, all figures and charts, the worst errors, "
        "what the numbers cannot say, and the hashes by which the same result can be had again. The HTML file opens in "
        "any browser and loads nothing; the PDF says the same on paper."
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        faces = st.checkbox(
            "With faces",
            value=True,
            key="report_faces",
            help="The pictures beside the worst errors. Leave them out when others will read it; names stay in it.",
        )
        wanted = Wanted(page.run.id, page.dataset.revision, _study_id(page), faces)
        if st.button("Make the report", type="primary", icon=":material/description:"):
            st.session_state[state.REPORT] = wanted
    if st.session_state.get(state.REPORT) == wanted:
        _files(_made(wanted))
    else:
        _made.clear()  # pictures of people stay in memory no longer than they are asked for


def _study_id(page: Shown) -> str:
    try:
        return content_id(data.services().artifacts.read(page.dataset.id, Kind.STUDY, page.run.id))
    except NotFound:
        return ""


@st.cache_data(show_spinner="Writing the report", max_entries=1, scope="session")
def _made(wanted: Wanted) -> Report:
    return make_report(data.services().report_tools(), wanted.run_id, faces=wanted.faces)


def _files(made: Report) -> None:
    with st.container(horizontal=True):
        for ending, content, mime in (("html", made.html, "text/html"), ("pdf", made.pdf, "application/pdf")):
            st.download_button(
                f"{ending.upper()} file, {words.size(len(content))}",
                content,
                file_name=f"{made.name}.{ending}",
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"report_{ending}",
            )
    st.table(pd.DataFrame(made.facts).map(words.plain), border="horizontal", hide_index=True, hide_header=True)

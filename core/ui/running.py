"""What runs and what waits, as one line in the frame of every page; it leads to the page of jobs."""

from __future__ import annotations

import streamlit as st

from core.ui import data, jobs, words

POLL = "2s"


def show_running_notice(jobs_page: str) -> None:
    """A line while something runs, which renews itself; nothing otherwise."""
    active = data.services().jobs.active()
    # There even when it is empty: what stands below would be drawn anew if it moved. It renews itself only while there
    # is something to tell: an idle page asks for nothing.
    with st.container():
        st.fragment(_line, run_every=POLL if active else None)(jobs_page)


def _line(jobs_page: str) -> None:
    if line := jobs.running_line(data.services().jobs.active(), jobs.dataset_names()):
        st.page_link(
            jobs_page,
            label=words.plain(line),
            icon=":material/progress_activity:",
            help="Shows everything that runs and waits",
        )

"""The jobs page's parts: live work, and a list of what has ended."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.jobs.registry import JOBS
from core.store.job_model import Job, JobState
from core.ui import jobs, words

STOPPED_SHOWN = 5


def show_active_jobs(running: list[Job]) -> None:
    """Work that runs or waits, live, in the order of the queue."""
    if not running:
        st.markdown("Nothing is running.")
    names = jobs.dataset_names()
    for job in running:
        st.markdown(f"**{words.plain(jobs.dataset_name(job, names))}**")
        jobs.follow_job(job)


def show_ended_jobs(past: list[Job]) -> None:
    """Work that stopped early first, with the way on; then everything as a table."""
    names = jobs.dataset_names()
    stopped = [job for job in past if job.state is not JobState.DONE]
    for job in stopped[:STOPPED_SHOWN]:
        st.markdown(f"**{words.plain(jobs.dataset_name(job, names))}**, {words.ago(job.finished or job.created)}")
        jobs.follow_job(job)
    if past:
        st.header("Ended", anchor=False)
        st.dataframe(_table(past, names), hide_index=True, alt="Jobs that have ended, newest first")


def _table(past: list[Job], names: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Dataset": jobs.dataset_name(job, names),
                "Work": JOBS[job.kind].title,
                "Result": str(job.state),
                "Done": f"{words.count(job.done)} of {words.count(job.total, JOBS[job.kind].unit)}",
                "Ended": words.ago(job.finished or job.created),
                # A job that was cancelled in the queue was never started: it took nothing.
                "Took": words.format_duration((job.finished or 0) - (job.started or job.finished or 0)),
                "By": str(job.owner),
                "Error": job.error,
            }
            for job in past
        ]
    )

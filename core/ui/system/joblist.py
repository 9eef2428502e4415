"""The jobs page's parts: live work, and a list of what has ended."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.jobs.registry import JOBS
from core.store.job_model import Job, JobState
from core.ui import data, jobs, words

STOPPED_SHOWN = 5


def show_active_jobs(running: list[Job]) -> None:
    """Work that runs or waits, live."""
    if not running:
        st.markdown("Nothing is running.")
    for job in sorted(running, key=lambda job: job.created):
        st.markdown(f"**{words.plain(_dataset(job))}**")
        jobs.follow_job(job)


def show_ended_jobs(past: list[Job]) -> None:
    """Work that stopped early first, with the way on; then everything as a table."""
    stopped = [job for job in past if job.state is not JobState.DONE]
    for job in stopped[:STOPPED_SHOWN]:
        st.markdown(f"**{words.plain(_dataset(job))}**, {words.ago(job.finished or job.created)}")
        jobs.follow_job(job)
    if past:
        st.header("Ended", anchor=False)
        st.dataframe(_table(past), hide_index=True, alt="Jobs that have ended, newest first")


def _dataset(job: Job) -> str:
    names = {dataset.id: dataset.name for dataset in data.services().store.datasets()}
    return names.get(job.dataset_id, "a dataset that is gone")


def _table(past: list[Job]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Dataset": _dataset(job),
                "Work": JOBS[job.kind].title,
                "Result": str(job.state),
                "Done": f"{words.count(job.done)} of {words.count(job.total, JOBS[job.kind].unit)}",
                "Ended": words.ago(job.finished or job.created),
                "Took": words.format_duration((job.finished or 0) - (job.started or job.finished or 0)),
                "By": str(job.owner),
                "Error": job.error,
            }
            for job in past
        ]
    )

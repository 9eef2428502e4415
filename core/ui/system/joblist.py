"""The jobs page's parts: live work, and a list of what has ended."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.jobs.registry import JOBS
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import marked, pgettext
from core.store.job_model import Job, JobOwner, JobState
from core.ui import jobs, words

STOPPED_SHOWN = 5
OWNERS = {JobOwner.WORKER: marked("worker"), JobOwner.COMMAND_LINE: marked("command line")}


def show_active_jobs(running: list[Job]) -> None:
    """Work that runs or waits, live, in the order of the queue."""
    if not running:
        st.markdown(_("Nothing is running."))
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
        st.header(_("Ended"), anchor=False)
        st.dataframe(_table(past, names), hide_index=True, alt=_("Jobs that have ended, newest first"))


def _table(past: list[Job], names: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                _("Dataset"): jobs.dataset_name(job, names),
                _("Work"): _(JOBS[job.kind].title),
                _("Result"): _(job.state),
                _("Done"): _(
                    "{done} of {total}",
                    done=words.count(job.done),
                    total=jobs.count_units(job.total, JOBS[job.kind].unit),
                ),
                pgettext("when a job ended", "Ended"): words.ago(job.finished or job.created),
                # A job that was cancelled in the queue was never started: it took nothing.
                _("Took"): words.format_duration((job.finished or 0) - (job.started or job.finished or 0)),
                _("By"): _(OWNERS[job.owner]),
                _("Error"): say_again(job.error),
            }
            for job in past
        ]
    )

"""The thorough measurement of a run, for the tabs that show it: read, asked for, followed while it is made."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.store.job_model import Job, JobKind
from core.ui import data, jobs, words
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.workflows.evaluation import study

Interval = dict[str, float]
"""``mean``, ``low`` and ``high``, as a study keeps them."""


def load_or_offer_study(evaluated: EvaluatedRun, tab_key: str) -> dict[str, Any] | None:
    """The study of the run; without one the way to it is drawn. ``tab_key`` keeps the two tabs' buttons apart."""
    job = _newest_study_job(evaluated)
    study_document = study.load_study(data.services().artifacts, evaluated.run)
    jobs.follow_job(job)
    active = job is not None and job.state.active
    if study_document is None:
        if not active:
            _offer_study(evaluated, tab_key)
        return None
    if study_document["revision"] != evaluated.dataset.revision and not active:
        _offer_new_study(evaluated, tab_key)
    return study_document


def _newest_study_job(evaluated: EvaluatedRun) -> Job | None:
    """The newest study of this run, whatever became of it."""
    dataset_jobs = data.services().jobs.jobs(evaluated.dataset.id)
    return next(
        (job for job in dataset_jobs if job.kind is JobKind.STUDY and job.params["run"] == evaluated.run.id), None
    )


def _offer_study(evaluated: EvaluatedRun, tab_key: str) -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown("## This run was not measured thoroughly yet.", text_alignment="center")
        st.markdown(
            "All photos are tested several times by recognisers that had not seen them: which kind of photo it errs "
            "on, how many photos of a person it takes, and whether another classifier would do better.",
            text_alignment="center",
        )
        _study_button(evaluated, tab_key, "Measure it thoroughly")
        st.caption("Half a minute for a thousand faces. You can leave the page meanwhile.", text_alignment="center")


def _offer_new_study(evaluated: EvaluatedRun, tab_key: str) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(":material/update: Photos or names changed since this was measured.")
        _study_button(evaluated, tab_key, "Measure again")


def _study_button(evaluated: EvaluatedRun, tab_key: str, label: str) -> None:
    if st.button(label, type="primary", icon=":material/biotech:", key=f"study_{tab_key}"):
        data.services().jobs.submit(evaluated.dataset.id, JobKind.STUDY, {"run": evaluated.run.id})
        st.rerun()


def interval_text(share: Interval, digits: int = 1) -> str:
    """The ends of an interval, the sign said once."""
    low, high = (words.percent(share[end], digits) for end in ("low", "high"))
    return f"{low.removesuffix(' %')} to {high}"


def show_study_method(study_document: dict[str, Any]) -> None:
    """How it was measured, in small letters."""
    st.caption(f"{words.plain(study_document['protocol'])} It took {words.format_duration(study_document['seconds'])}.")

"""The thorough measurement of a run, for the tabs that show it: read, asked for, followed while it is made."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.jobs.model import Job, JobKind
from core.ui import data, jobs, words
from core.ui.evaluation.evaluation_page import Shown
from core.workflows.evaluation import study

Interval = dict[str, float]
"""``mean``, ``low`` and ``high``, as a study keeps them."""


def document(page: Shown, place: str) -> dict[str, Any] | None:
    """The study of the run; without one the way to it is drawn. ``place`` keeps the two tabs' buttons apart."""
    job = _job(page)
    made = study.load(data.services().artifacts, page.run)
    jobs.follow(job)
    active = job is not None and job.state.active
    if made is None:
        if not active:
            _empty(page, place)
        return None
    if made["revision"] != page.dataset.revision and not active:
        _earlier(page, place)
    return made


def _job(page: Shown) -> Job | None:
    """The newest study of this run, whatever became of it."""
    known = data.services().jobs.jobs(page.dataset.id)
    return next((job for job in known if job.kind is JobKind.STUDY and job.params["run"] == page.run.id), None)


def _empty(page: Shown, place: str) -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown("## This run was not measured thoroughly yet.", text_alignment="center")
        st.markdown(
            "All photos are tested several times by recognisers that had not seen them: which kind of photo it errs "
            "on, how many photos of a person it takes, and whether another classifier would do better.",
            text_alignment="center",
        )
        _button(page, place, "Measure it thoroughly")
        st.caption("Half a minute for a thousand faces. You can leave the page meanwhile.", text_alignment="center")


def _earlier(page: Shown, place: str) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(":material/update: Photos or names changed since this was measured.")
        _button(page, place, "Measure again")


def _button(page: Shown, place: str, label: str) -> None:
    if st.button(label, type="primary", icon=":material/biotech:", key=f"study_{place}"):
        data.services().jobs.submit(page.dataset.id, JobKind.STUDY, {"run": page.run.id})
        st.rerun()


def interval(share: Interval, digits: int = 1) -> str:
    """The ends of an interval, the sign said once."""
    low, high = (words.percent(share[end], digits) for end in ("low", "high"))
    return f"{low.removesuffix(' %')} to {high}"


def method(made: dict[str, Any]) -> None:
    """How it was measured, in small letters."""
    st.caption(f"{words.plain(made['protocol'])} It took {words.duration(made['seconds'])}.")

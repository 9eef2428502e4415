"""The steps that follow photos by themselves: how each of them stands, and what to do about one that failed."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from core.jobs.registry import JOBS
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.store.job_model import Job, JobKind, JobState
from core.store.values.datasets import Counts, Dataset
from core.ui import data, frame, jobs, menu, state, words

POLL = "1s"
WATCHING_S = 10.0
"""A tab that drew the page so lately is still watching it."""
STEPS = (JobKind.TRAIN, JobKind.CLUSTER, JobKind.SUSPECTS, JobKind.MAP)
"""In their order."""


def list_answer_jobs(dataset: Dataset, since: float) -> list[Job]:
    """The newest job of each step since photos were asked for; one that was repeated by hand stands for the first.

    Parameters
    ----------
    since : seconds since 1970
    """
    newest: dict[JobKind, Job] = {}
    for job in data.services().jobs.jobs(dataset.id):
        if job.kind in STEPS and job.created >= since:
            newest.setdefault(job.kind, job)
    return [newest[kind] for kind in STEPS if kind in newest]


def await_answer(dataset: Dataset) -> None:
    """Note that somebody watches the photos of a dataset on their way in, just now."""
    st.session_state[state.AWAITED] = (dataset.id, time.time())


def open_groups_when_awaited(dataset: Dataset, counts: Counts, steps: Sequence[Job]) -> None:
    """Go on to the groups when nobody has a name, they are there, and this tab waited for them.

    Who comes back later, or opens the page to add more photos, stays on it.
    """
    awaited_id, watched = st.session_state.get(state.AWAITED) or ("", 0.0)
    is_grouped = any(step.kind is JobKind.CLUSTER and step.state is JobState.DONE for step in steps)
    if is_grouped and not counts.people and awaited_id == dataset.id and time.time() - watched < WATCHING_S:
        st.session_state.pop(state.AWAITED)
        frame.open_page(menu.CLUSTERS, dataset.id)


def follow_steps(dataset: Dataset, since: float, steps: Sequence[Job]) -> None:
    """One line on all steps, which renews itself while one of them runs or waits."""
    is_working = any(step.state.active for step in steps)
    # There even when it is empty: what stands below would be drawn anew if it moved.
    with st.container():
        st.fragment(_draw_line, run_every=POLL if is_working else None)(dataset, since, _ended(steps))


def _draw_line(dataset: Dataset, since: float, ended_before: frozenset[str]) -> None:
    steps = list_answer_jobs(dataset, since)
    if any(step.state.active for step in steps):
        await_answer(dataset)
    # The whole page: it shows what came of the step, in the room that it left for it.
    if _ended(steps) != ended_before:
        st.rerun()
    standings = [
        f"{jobs.SYMBOL[step.state]} {words.plain(words.titled(_(JOBS[step.kind].title), _standing(step)))}"
        for step in steps
    ]
    # A line of its own height also when there is nothing to say.
    st.caption("  ·  ".join(standings) if standings else "\u00a0")


def _ended(steps: Sequence[Job]) -> frozenset[str]:
    return frozenset(step.id for step in steps if not step.state.active)


def _standing(step: Job) -> str:
    return _("waits") if step.state is JobState.QUEUED else _(step.state)


def show_failed_steps(dataset: Dataset, steps: Sequence[Job]) -> None:
    """Each step that ended early, with the reason and the way to repeat it by hand."""
    for step in steps:
        if step.state.resumable:
            title = words.plain(words.titled(_(JOBS[step.kind].title), _(step.state)))
            reason = say_again(step.error) if step.error else _("It was stopped.")
            st.markdown(f"{jobs.SYMBOL[step.state]} **{title}.** {words.plain(reason)}")
            menu.link_page(jobs.PAGES[step.kind], _("Do it by hand"), ":material/arrow_forward:", dataset.id)

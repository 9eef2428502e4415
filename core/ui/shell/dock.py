"""The dock at the bottom of every page: what runs and how long yet, what waits, and the way to what has come of it."""

from __future__ import annotations

import time
from collections.abc import Mapping

import streamlit as st

from core.language.texts import gettext as _
from core.store.job_model import Job, JobState
from core.ui import data, jobs, menu, state, words

POLL = "2s"
"""How often it is drawn anew: that takes a browser a tenth of a second, in every tab of everybody."""
UNHURRIED_POLLS = ((300.0, "15s"), (60.0, "5s"))
"""While the work takes longer yet than so many seconds, it is drawn as often as this instead."""
NEWS_S = 20.0
"""How long the dock says that something is done. What failed stays until it is dismissed."""


def show_dock() -> None:
    """Draw the dock, which renews itself while something runs; nothing where nothing runs and nothing has ended."""
    active = data.services().jobs.active()
    followed = st.session_state.setdefault(state.FOLLOWED, [])
    if _is_shown_above(active) or (not active and _last_ended(followed) is None):
        followed += [job.id for job in active if job.id not in followed]
        return
    with st.bottom:
        # It renews itself only while there is something to tell: an idle page asks for nothing.
        st.fragment(_draw, run_every=find_poll_interval(active))()


def find_poll_interval(active: list[Job]) -> str | None:
    """How often something that runs is told; None while nothing does."""
    if not active:
        return None
    seconds_left = jobs.find_foremost_job(active).seconds_left or 0.0
    return next((interval for longer_s, interval in UNHURRIED_POLLS if seconds_left > longer_s), POLL)


def _draw() -> None:
    active = data.services().jobs.active()
    names = jobs.dataset_names()
    followed: list[str] = st.session_state[state.FOLLOWED]
    followed += [job.id for job in active if job.id not in followed]
    if active:
        _show_running(active, names)
    elif ended := _last_ended(followed):
        _show_ended(ended, names)


def _is_shown_above(active: list[Job]) -> bool:
    """Whether the open page itself follows all that runs: it would be said twice, a second apart."""
    opened = (st.session_state.get(state.PAGE), st.session_state.get(state.DATASET))
    return len(active) == 1 and (jobs.PAGES[active[0].kind], active[0].dataset_id) == opened


def _show_running(active: list[Job], names: Mapping[str, str]) -> None:
    first = jobs.find_foremost_job(active)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="dock"):
        st.page_link(
            menu.JOBS,
            label=words.plain(jobs.running_line(active, names)),
            icon=":material/progress_activity:",
            help=_("Shows everything that runs and waits"),
        )
        if first.total:
            st.progress(first.fraction, width=160)


def _last_ended(followed: list[str]) -> Job | None:
    """The newest of the followed jobs, while it is news and the open page does not show itself what came of it."""
    if not followed:
        return None
    # A dataset that was deleted took its jobs with it.
    job = next((job for job in data.services().jobs.jobs() if job.id == followed[-1]), None)
    if job is None or _is_shown_here(job) or _is_old(job):
        _dismiss()
        return None
    return job


def _is_shown_here(job: Job) -> bool:
    return jobs.RESULT_PAGES[job.kind] == st.session_state.get(state.PAGE)


def _is_old(job: Job) -> bool:
    return job.state is JobState.DONE and time.time() - (job.finished or 0.0) > NEWS_S


def _show_ended(job: Job, names: Mapping[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="dock"):
        title = words.plain(jobs.job_title(job, names))
        st.markdown(f"{jobs.SYMBOL[job.state]} {words.titled(title, words.plain(_(job.state)))}", width="content")
        page = jobs.RESULT_PAGES[job.kind] if job.state is JobState.DONE else menu.JOBS
        label = _("See what came of it") if job.state is JobState.DONE else _("See why")
        menu.link_page(page, label, ":material/arrow_forward:", job.dataset_id)
        st.button(_("Dismiss"), key="dismiss_ended_job", type="tertiary", icon=":material/close:", on_click=_dismiss)


def _dismiss() -> None:
    st.session_state[state.FOLLOWED] = []

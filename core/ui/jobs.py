"""Following a job on a page: progress, rate and time left while it runs, what came of it afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.jobs.order import find_pausing_job, list_jobs_before
from core.jobs.registry import JOBS, is_quick
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.store.job_model import Job, JobKind, JobState
from core.ui import data, menu, words
from core.ui.access import offers

POLL = "1s"
SILENT_S = 20.0
"""A running job that has not been heard of for this long is said to be silent."""

SYMBOL = {
    JobState.QUEUED: ":material/schedule:",
    JobState.RUNNING: ":material/progress_activity:",
    JobState.DONE: ":material/check_circle:",
    JobState.FAILED: ":material/error:",
    JobState.CANCELLED: ":material/cancel:",
    JobState.INTERRUPTED: ":material/power_off:",
}

STATES = (
    *(marked("queued"), marked("running"), marked("done")),
    *(marked("failed"), marked("cancelled"), marked("interrupted")),
)
"""The words of ``JobState``, which are translated where one is shown."""

PAGES: Mapping[JobKind, str] = {
    JobKind.INGEST: menu.INGEST,
    JobKind.TRAIN: menu.TRAIN,
    JobKind.MAP: menu.MAP,
    JobKind.CLUSTER: menu.CLUSTERS,
    JobKind.SUSPECTS: menu.SUSPECTS,
    JobKind.EXPORT: menu.EXCHANGE,
    JobKind.IMPORT: menu.EXCHANGE,
    JobKind.ERASE: menu.PEOPLE,
    JobKind.LOOK_AGAIN: menu.JOBS,
    JobKind.CHANGE_MODEL: menu.JOBS,
    JobKind.STUDY: menu.EVALUATE,
    JobKind.LOOKUP: menu.BATCH,
    JobKind.SORT: menu.BATCH,
    JobKind.INDEX: menu.JOBS,
    JobKind.BACKUP: menu.BACKUPS,
    JobKind.RESTORE: menu.BACKUPS,
    JobKind.DISCARD_PHOTOS: menu.HOME,
}
"""Where the work of a job is asked for and followed."""
RESULT_PAGES: Mapping[JobKind, str] = {
    **PAGES,
    JobKind.TRAIN: menu.EVALUATE,
    JobKind.LOOK_AGAIN: menu.REVIEW,
    JobKind.CHANGE_MODEL: menu.TRAIN,
    JobKind.RESTORE: menu.PEOPLE,
    JobKind.DISCARD_PHOTOS: menu.PRIVACY,
}
"""Where what came of it is shown."""


def follow_job(job: Job | None, during: Callable[[Job], None] | None = None) -> None:
    """Show a job: live while it is active; its error and the way on when it stopped; nothing when it is done.

    ``during`` draws more of the running job below its progress.
    """
    # There even when it is empty: what stands below would be made anew if it moved.
    with st.container():
        if job is None or job.state is JobState.DONE:
            return
        if job.state.active:
            st.fragment(_live, run_every=POLL)(job.id, during)
            return
        _show_stopped_job(job)


def _live(job_id: str, during: Callable[[Job], None] | None) -> None:
    job = data.services().jobs.job(job_id)
    # The whole page: it shows what came of the job, and stops this fragment from asking every second.
    if not job.state.active:
        st.rerun()
    with st.container(border=True):
        st.progress(job.fraction, text=words.plain(_sentence(job)))
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.caption(words.plain(_pace(job)))
            if offers.may_steer(job):
                cancel, asked = data.services().jobs.cancel, job.cancel_requested
                st.button(_("Cancel"), key=f"cancel_{job.id}", disabled=asked, on_click=cancel, args=(job.id,))
    if during is not None and job.state is JobState.RUNNING:
        during(job)


def running_line(active: Sequence[Job], names: Mapping[str, str]) -> str:
    """One line on everything that runs and waits; "" when there is nothing.

    Parameters
    ----------
    active : in the order of the queue
    names : of the datasets, by their ids
    """
    if not active:
        return ""
    first = find_foremost_job(active)
    steps = _("{done} of {total}", done=words.count(first.done), total=words.count(first.total)) if first.total else ""
    parts = [part for part in (steps, _time_left(first)) if part]
    title = job_title(first, names)
    line = words.titled(title, ", ".join(parts)) if parts else title
    n_others = len(active) - 1
    if not n_others:
        return line
    return ngettext("{work}; {number} more waits", "{work}; {number} more wait", n_others, work=line)


def find_foremost_job(active: Sequence[Job]) -> Job:
    """Of the jobs that run or wait, in the order of the queue, the one that goes on just now, or goes on next."""
    running = [job for job in active if job.state is JobState.RUNNING]
    # A quick job runs between two steps of a long one, which counts as running too: the quick one is what goes on.
    return next((job for job in running if is_quick(job)), [*running, *active][0])


def job_title(job: Job, names: Mapping[str, str]) -> str:
    """What a job does, and on which dataset."""
    return f"{_(JOBS[job.kind].title)} ({dataset_name(job, names)})"


def count_units(number: int, unit: str) -> str:
    """How many of what the progress of a kind of job counts (``JobSpec.unit``)."""
    if unit == "photo":
        return ngettext("{number} photo", "{number} photos", number)
    if unit == "face":
        return ngettext("{number} face", "{number} faces", number)
    if unit == "file":
        return ngettext("{number} file", "{number} files", number)
    return ngettext("{number} step", "{number} steps", number)


def _time_left(job: Job) -> str:
    if not JOBS[job.kind].is_steady or job.seconds_left is None:
        return ""
    return _("about {duration} left", duration=words.format_duration(job.seconds_left))


def waiting_sentence(job: Job, active: Sequence[Job], names: Mapping[str, str]) -> str:
    """What a job waits for, and about how long.

    Parameters
    ----------
    active : every job that runs or waits, in the order of the queue
    names : of the datasets, by their ids
    """
    before = list_jobs_before(job, active)
    if not before:
        long = next((job_ahead for job_ahead in active if job_ahead.state is JobState.RUNNING), None)
        if long is None:
            return _("begins in a moment")
        return _("begins between two steps of {work}", work=job_title(long, names))
    first, left, n_others = before[0], _time_left(before[0]), len(before) - 1
    work = job_title(first, names) + (f", {left}" if left else "")
    if not n_others:
        return _("waits for {work}", work=work)
    return ngettext(
        "waits for {work} and {number} other job", "waits for {work} and {number} other jobs", n_others, work=work
    )


def dataset_names() -> dict[str, str]:
    """The names of all datasets by their ids."""
    return {dataset.id: dataset.name for dataset in data.services().store.datasets()}


def dataset_name(job: Job, names: Mapping[str, str]) -> str:
    """The name of a job's dataset, among the names of all."""
    # Jobs of a dataset that was deleted stay in the list of what was done.
    return names.get(job.dataset_id, _("a dataset that is gone"))


def _sentence(job: Job) -> str:
    title = _(JOBS[job.kind].title)
    if job.cancel_requested:
        return _("{work}: stopping after this step", work=title)
    active = data.services().jobs.active()
    if job.state is JobState.QUEUED:
        return words.titled(title, waiting_sentence(job, active, dataset_names()))
    if (quick := find_pausing_job(job, active)) is not None:
        return _("{work}: goes on after {other}", work=title, other=job_title(quick, dataset_names()))
    doing = say_again(job.message) or title
    if JOBS[job.kind].counts_photos and job.total:
        photos = ngettext("{number} photo", "{number} photos", job.total)
        return _("{work}: {done} of {photos}", work=doing, done=words.count(job.done), photos=photos)
    return doing


def _pace(job: Job) -> str:
    if job.heartbeat and job.state is JobState.RUNNING and time.time() - job.heartbeat > SILENT_S:
        return _("No sign of life from the worker. If this stays, stop Face Atlas and start it again; nothing is lost.")
    pace = []
    if JOBS[job.kind].counts_photos and job.rate_per_s:
        pace.append(words.format_photo_rate(job.rate_per_s))
    if left := _time_left(job):
        pace.append(left)
    message = ", ".join(pace)
    leave = _("You can leave this page; the work goes on.")
    return f"{message[:1].upper()}{message[1:]}. {leave}" if message else leave


def finished_sentence(job: Job) -> str:
    """How far a job came that ended early: "1 of 12 faces was finished."."""
    done, units = words.count(job.done), count_units(job.total, JOBS[job.kind].unit)
    # "1 of 12 faces was", "0 of 1 face was": the verb goes with either number.
    if 1 in (job.done, job.total):
        return _("{done} of {units} was finished.", done=done, units=units)
    return _("{done} of {units} were finished.", done=done, units=units)


def _show_stopped_job(job: Job) -> None:
    """A job that ended early, with what happened and the way on."""
    title = words.plain(_(JOBS[job.kind].title))
    with st.container(border=True):
        ending = words.titled(title, words.plain(_(job.state)))
        st.markdown(f"{SYMBOL[job.state]} **{ending}.** {words.plain(say_again(job.error))}")
        if job.total:
            st.caption(finished_sentence(job))
        with st.container(horizontal=True):
            if not offers.may_steer(job):
                return
            if st.button(_("Resume"), key=f"resume_{job.id}", type="primary", icon=":material/resume:"):
                data.services().jobs.resume(job.id)
                st.rerun()
            if st.button(_("Leave it"), key=f"forget_{job.id}", help=_("Keep what was finished and forget the rest.")):
                data.services().jobs.forget_job(job.id)
                st.rerun()
        if job.detail:
            with st.expander(_("For whoever mends it")):
                st.code(job.detail, language=None)

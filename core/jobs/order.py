"""In which order the worker does what waits."""

from __future__ import annotations

from collections.abc import Sequence

from core.jobs.model import Job, JobState, Owner


def jobs_before(waiting: Job, active: Sequence[Job]) -> list[Job]:
    """What the worker does before a job that waits: what it does now, then what came earlier.

    A quick job waits for other quick ones only: it is done between two batches of a long one.

    Parameters
    ----------
    active : every job that runs or waits, oldest first
    """
    mine = [job for job in active if job.owner is Owner.WORKER and (job.is_quick or not waiting.is_quick)]
    running = [job for job in mine if job.state is JobState.RUNNING]
    earlier = [job for job in mine if job.state is JobState.QUEUED and job.created < waiting.created]
    return running + earlier


def paused_by(long: Job, active: Sequence[Job]) -> Job | None:
    """The quick job for which a long one stands still just now."""
    if long.is_quick or long.owner is not Owner.WORKER or long.state is not JobState.RUNNING:
        return None
    running = (job for job in active if job.owner is Owner.WORKER and job.state is JobState.RUNNING)
    return next((job for job in running if job.is_quick), None)

"""In which order the worker does what waits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from core.jobs.registry import is_quick
from core.store.job_model import Job, JobOwner, JobState


def may_overtake(job: Job, active: Sequence[Job]) -> bool:
    """Whether a job is done between two batches of a long one.

    It is quick, and nothing long on its own dataset runs or came earlier, for what it would find then is not yet what
    was asked about.

    Parameters
    ----------
    active : every job that runs or waits
    """
    # A training that was asked for behind an ingest of the same dataset means the photos of that ingest: between two of
    # its batches it would learn from half of them.
    long_jobs = (
        candidate for candidate in active if candidate.dataset_id == job.dataset_id and not is_quick(candidate)
    )
    return is_quick(job) and not any(
        # A command works in its own process and at its own pace: it is no reason for the worker to wait.
        long.owner is JobOwner.WORKER and (long.state is JobState.RUNNING or long.created < job.created)
        for long in long_jobs
    )


def list_jobs_before(waiting: Job, active: Sequence[Job]) -> list[Job]:
    """What the worker does before a job that waits: what it does now, then whose turn comes earlier.

    A quick job that goes first waits for other quick ones only.

    Parameters
    ----------
    active : every job that runs or waits, in the order of ``JobStore.active``
    """
    is_first = may_overtake(waiting, active)
    worker_jobs = [
        job for job in active if job.owner is JobOwner.WORKER and (not is_first or may_overtake(job, active))
    ]
    running = [job for job in worker_jobs if job.state is JobState.RUNNING]
    queued = [job for job in worker_jobs if job.state is JobState.QUEUED]
    return running + list(takewhile(lambda job: job.id != waiting.id, queued))


def is_others_turn(job: Job, active: Sequence[Job]) -> bool:
    """Whether somebody else waits for what runs: it makes room then, and goes on when it is its turn again.

    Parameters
    ----------
    active : every job that runs or waits
    """
    return any(
        waiting.asker != job.asker
        # What was asked of the same dataset comes afterwards, whoever asked.
        and waiting.dataset_id != job.dataset_id
        for waiting in active
        if waiting.owner is JobOwner.WORKER and waiting.state is JobState.QUEUED
    )


def find_pausing_job(long: Job, active: Sequence[Job]) -> Job | None:
    """The quick job for which a long one stands still just now."""
    if is_quick(long) or long.owner is not JobOwner.WORKER or long.state is not JobState.RUNNING:
        return None
    running = (job for job in active if job.owner is JobOwner.WORKER and job.state is JobState.RUNNING)
    return next((job for job in running if is_quick(job)), None)

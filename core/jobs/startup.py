"""What a worker does once, before it serves the queue: it clears away and takes up what earlier processes left."""

from __future__ import annotations

import time

from core.jobs.answer import plan_index
from core.jobs.registry import submit_job
from core.services import Services
from core.store.job_model import JobKind, JobState
from core.workflows.photos.requests import LookAgainRequest
from core.workflows.uploads import find_unread_uploads, paths_to_read, remove_uploads

ABANDONED_S = 24 * 3600.0
"""An upload that was not started within a day will not be."""


def queue_turned_photos(services: Services) -> int:
    """Queue a look at photos that were turned by a process that died before it looked; for how many datasets."""
    queued = 0
    for dataset in services.store.datasets():
        waiting = any(job.kind is JobKind.LOOK_AGAIN and job.state.active for job in services.jobs.jobs(dataset.id))
        if services.store.photos_to_look_at(dataset.id) and not waiting:
            submit_job(services.jobs, dataset.id, LookAgainRequest(turned=True))
            queued += 1
    return queued


def queue_indexes(services: Services) -> int:
    """Queue an index of large datasets that have none, as earlier versions made none; for how many datasets."""
    queued = 0
    for dataset in services.store.datasets():
        waiting = any(job.kind is JobKind.INDEX and job.state.active for job in services.jobs.jobs(dataset.id))
        for request in () if waiting else plan_index(services, dataset.id):
            submit_job(services.jobs, dataset.id, request)
            queued += 1
    return queued


def sweep_uploads(services: Services, older_than_s: float = ABANDONED_S) -> int:
    """Remove uploads that no unfinished job will read again; how many there were."""
    jobs = [job for dataset in services.store.datasets() for job in services.jobs.jobs(dataset.id)]
    # Failed and interrupted jobs count too: somebody may resume them tomorrow, and then needs what was dropped.
    needed = paths_to_read((job for job in jobs if job.state is not JobState.DONE), services.settings.data_dir)
    return remove_uploads(find_unread_uploads(services.settings.uploads_dir, needed, time.time() - older_than_s))

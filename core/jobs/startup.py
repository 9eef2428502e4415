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
        if services.store.photos_to_look_at(dataset.id) and not _is_waiting(services, dataset.id, JobKind.LOOK_AGAIN):
            submit_job(services.jobs, dataset.id, LookAgainRequest(turned=True))
            queued += 1
    return queued


def queue_indexes(services: Services) -> int:
    """Queue an index of large datasets that have none, as earlier versions made none; for how many datasets."""
    queued = 0
    for dataset in services.store.datasets():
        is_waiting = _is_waiting(services, dataset.id, JobKind.INDEX)
        for request in () if is_waiting else plan_index(services, dataset.id):
            submit_job(services.jobs, dataset.id, request)
            queued += 1
    return queued


def _is_waiting(services: Services, dataset_id: str, kind: JobKind) -> bool:
    return any((job.dataset_id, job.kind) == (dataset_id, kind) for job in services.jobs.active())


def sweep_uploads(services: Services, older_than_s: float = ABANDONED_S) -> int:
    """Remove uploads that no unfinished job will read again; how many there were."""
    # Failed and interrupted jobs count too: somebody may resume them tomorrow, and then needs what was dropped.
    unfinished = (job for job in services.jobs.jobs(limit=None) if job.state is not JobState.DONE)
    needed = paths_to_read(unfinished, services.settings.data_dir)
    return remove_uploads(find_unread_uploads(services.settings.uploads_dir, needed, time.time() - older_than_s))

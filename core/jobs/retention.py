"""What the worker does about retention: whose day has passed is erased, as if somebody had asked for it.

It looks when it starts and once an hour. A person goes by a job of their own, which proves and signs as any erasing; a
dataset goes at once, as the row of a job would go with it. Backups that held for too long who was erased go too, lines
of the access log that are old, and what was dropped for stopped work where no photos are kept.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import date
from functools import partial

from core.base.errors import FaceAtlasError
from core.jobs.registry import submit_job
from core.jobs.unkept_uploads import settle_stopped
from core.services import Services
from core.store.job_model import Job, JobKind, JobState
from core.workflows.audit.listing import remove_old_lines
from core.workflows.erasure.erase_dataset import erase_dataset
from core.workflows.erasure.erase_person import EraseRequest
from core.workflows.erasure.plan import read_unfinished_plans
from core.workflows.retention.terms import Expiry, list_expired, local_today
from core.workflows.safekeeping.expired_backups import remove_overdue

LOOK_EVERY_S = 3600.0
LOCK = "retention"
"""One process at a time looks, of all that share the data."""
ASKED_BY = "the retention date"
"""Who asked, as the receipt says, with the date behind it."""
log = logging.getLogger("face_atlas.worker")


def watch_retention(services: Services, stop: threading.Event, today: Callable[[], date] = local_today) -> None:
    """Let go whose day has passed and what is old, now and every hour, until ``stop`` is set."""
    while not stop.is_set():
        let_go(services, today())
        stop.wait(LOOK_EVERY_S)


def let_go(services: Services, today: date) -> None:
    """Uploads of stopped work, people, datasets, backups, lines of the access log; each whatever becomes of others."""
    erasing, settling = partial(erase_expired, services, today), partial(settle_stopped, services)
    steps = settling, erasing, partial(_remove_overdue_backups, services), partial(_remove_old_audit_lines, services)
    for step in steps:
        try:
            step()
        except FaceAtlasError as fault:
            # A full disk or a locked database is told and tried again: the day does not pass twice.
            log.warning("retention: %s", fault)


def _remove_old_audit_lines(services: Services) -> None:
    removed = remove_old_lines(services.audit_log, services.settings.audit_days, time.time())
    if removed:
        log.info("retention: removed %d old lines of the access log", removed)


def _remove_overdue_backups(services: Services) -> None:
    """Let the backups go that have held for too long who was erased; one process at a time looks."""
    with services.try_lock_dataset(f"{LOCK}-backups") as is_ours:
        if is_ours:
            days = services.settings.erased_in_backups_days
            removed = remove_overdue(services.backup_tools(), services.retention.receipts(), days, time.time())
            if removed:
                log.info("retention: %d backups that held who was erased were removed", len(removed))


def erase_expired(services: Services, today: date) -> int:
    """Erase datasets whose day has passed, and queue the erasing of people; how many of both."""
    with services.try_lock_dataset(LOCK) as is_ours:
        if not is_ours:
            return 0
        services.erase_tools().receipts.settle(dataset.id for dataset in services.store.datasets())
        _resume_stopped(services)
        return sum(_erase(services, expiry) for expiry in list_expired(services.retention_tools(), today))


def _erase(services: Services, expiry: Expiry) -> bool:
    """Whether it was erased or queued just now; what waits already is not queued again."""
    by = f"{ASKED_BY}, {expiry.until.isoformat()}"
    dataset_id, person_id = expiry.dataset.id, expiry.person_id
    if person_id is None:
        try:
            erase_dataset(services.erase_tools(), dataset_id, by=by)
        except FaceAtlasError as fault:
            log.warning("retention: a dataset could not be erased, and is tried again: %s", fault)
            return False
        log.info("retention: a dataset was erased")
        return True
    erasings = (job for job in services.jobs.active() if _is_erasing(job, dataset_id))
    if any(EraseRequest.of(job).person_id == person_id for job in erasings):
        return False
    with services.reserve.lend():
        submit_job(services.jobs, dataset_id, EraseRequest(person_id, by))
    return True


def _is_erasing(job: Job, dataset_id: str) -> bool:
    return job.kind is JobKind.ERASE and job.dataset_id == dataset_id


def _resume_stopped(services: Services) -> None:
    """Go on with erasings by retention that were killed or failed: nobody sits there who would."""
    for job in services.jobs.jobs(limit=None):
        is_stopped = job.state in (JobState.INTERRUPTED, JobState.FAILED)
        if job.kind is not JobKind.ERASE or not is_stopped or not EraseRequest.of(job).by.startswith(ASKED_BY):
            continue
        # Only while its person is there, or was not proved to be gone: a done one is never done twice.
        person_id, plans = EraseRequest.of(job).person_id, read_unfinished_plans(services.artifacts, job.dataset_id)
        is_begun = any(plan.is_of(person_id) for plan in plans)
        if is_begun or person_id in services.store.names(job.dataset_id):
            services.jobs.resume(job.id)

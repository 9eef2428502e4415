"""Jobs on photos that are not taken in: who is on them, and their copies sorted by person."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from core.base.errors import InputRefused
from core.base.progress import Progress
from core.jobs.handlers.photos import seconds_since
from core.jobs.unkept_uploads import leaving_no_upload
from core.language.texts import marked
from core.services import Services
from core.store.job_model import Job, JobKind
from core.workflows.exchange.export import export_path
from core.workflows.identification.lookups import kept_lookups, lookup, outputs
from core.workflows.identification.lookups.values import LookupCounts, LookupRequest, SortedCounts, SortRequest
from core.workflows.uploads import discard_upload, is_upload


def run_lookup(services: Services, job: Job, request: LookupRequest, progress: Progress) -> LookupCounts:
    """Look who is on photos; the result has the job's id."""
    began, run = time.monotonic(), services.runs.run(request.run)
    # Tidied by whoever looks next: a lookup whose job was forgotten has nobody else to remove its batches and photos.
    jobs = services.jobs.jobs(job.dataset_id, limit=None)
    lookup_ids = {other.id for other in jobs if other.kind is JobKind.LOOKUP}
    kept_lookups.remove_abandoned_lookups(services.artifacts, job.dataset_id, lookup_ids)
    path, is_users_own = _photos_to_look_at(services, job, request)
    # Said before, as the first use in a process takes seconds without a step to count.
    progress.report(0, 0, marked("Loading the networks"))
    task = lookup.LookupTask(job.id, job.dataset_id, run, request.title, str(path) if is_users_own else "")
    try:
        with (
            leaving_no_upload(services, job, progress),
            services.open_source(path, folders_are_people=False, zip_names=request.zip_names) as source,
        ):
            finished = lookup.look_up_photos(services.lookup_tools(), services.identifier(run), source, task, progress)
    finally:
        # A worker is not told whom others erase: it keeps nobody's vectors in memory until the next lookup.
        services.forget_erased_people()
    # Where it was not kept with the result, it is an upload still.
    discard_upload(services.settings.uploads_dir, path)
    return replace(lookup.count_lookup(finished), seconds=seconds_since(began))


def _photos_to_look_at(services: Services, job: Job, request: LookupRequest) -> tuple[Path, bool]:
    """Where the photos are read, and whether that is the user's own place; an upload that is kept moves."""
    kept_path = kept_lookups.kept_photos_path(services.artifacts, job.dataset_id, job.id)
    # A resumed lookup: the upload was moved here by the attempt before, so its first place is empty.
    if kept_path.exists():
        return kept_path, False
    source_path = (services.settings.data_dir / request.path).resolve()
    if not source_path.exists():
        raise InputRefused(marked("'{file}' is not there any more. Give it again.").format(file=request.title))
    if not is_upload(services.settings.uploads_dir, source_path):
        return source_path, True
    if not services.store.dataset(job.dataset_id).keeps_photos:
        return source_path, False
    # Opened once only to be refused: what cannot be opened at all is not moved to where results are kept.
    services.open_source(source_path, zip_names=request.zip_names).close()
    kept_lookups.keep_lookup_photos(services.artifacts, job.dataset_id, job.id, source_path)
    discard_upload(services.settings.uploads_dir, source_path)
    return kept_path, False


def run_sorting(services: Services, job: Job, request: SortRequest, progress: Progress) -> SortedCounts:
    """Write the photos of a lookup, sorted by person, beside the exports."""
    stored = kept_lookups.load_lookup(services.artifacts, job.dataset_id, request.lookup)
    path = export_path(services.settings.exports_dir, job.dataset_id, job.id)
    photos_path = kept_lookups.find_lookup_photos(services.artifacts, stored)
    # The photos are found again by their names, so those have to be read as they were when they were looked at.
    zip_names = kept_lookups.find_zip_names(services.jobs, stored)
    with services.open_source(photos_path, folders_are_people=False, zip_names=zip_names) as source:
        counts = outputs.sort_photos(stored, source, path, request.rate, progress)
    return replace(counts, bytes=path.stat().st_size)

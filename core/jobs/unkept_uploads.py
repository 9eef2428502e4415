"""What was dropped for a dataset that keeps no photos: it goes when the work on it stops, however that ends.

Elsewhere an upload waits until a stopped job is resumed. Here a job that a kill has cut off goes on by itself where it
got further than before; of every other that stopped, the upload goes, and is to be given again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.base.errors import Cancelled, DatabaseGone
from core.base.progress import Progress
from core.services import Services
from core.store.job_model import Job, JobState
from core.workflows.uploads import discard_upload, paths_to_read


@contextmanager
def leaving_no_upload(services: Services, job: Job, progress: Progress) -> Iterator[None]:
    """Do a job's work; where it stops for good, and the dataset keeps no photos, what was dropped for it goes."""
    try:
        yield
    except DatabaseGone:
        raise  # offered again
    except Exception as end:
        is_offered_again = isinstance(end, Cancelled) and progress.token.is_handed_on
        if not is_offered_again and not services.store.dataset(job.dataset_id).keeps_photos:
            _discard(services, job)
        raise


def settle_stopped(services: Services) -> int:
    """Go on with what a kill has cut off, and remove what was dropped for other work that stopped; how many jobs."""
    unkept_ids = {dataset.id for dataset in services.store.datasets() if not dataset.keeps_photos}
    settled = 0
    for job in services.jobs.jobs(limit=None) if unkept_ids else ():
        if job.dataset_id in unkept_ids and job.state.resumable and _has_upload(services, job):
            settled += 1
            # What gets no further may be what ends the process.
            if job.state is JobState.INTERRUPTED and job.done > job.done_at_start:
                services.jobs.resume(job.id)
            else:
                _discard(services, job)
    return settled


def _has_upload(services: Services, job: Job) -> bool:
    uploads_dir = services.settings.uploads_dir.resolve()
    paths = paths_to_read([job], services.settings.data_dir)
    return any(uploads_dir in path.parents and path.exists() for path in paths)


def _discard(services: Services, job: Job) -> None:
    for path in paths_to_read([job], services.settings.data_dir):
        discard_upload(services.settings.uploads_dir, path)

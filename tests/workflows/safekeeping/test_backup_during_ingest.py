"""A backup that is taken while photos come in holds whole batches, and the ingest goes on from it elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from core.base.progress import CancelToken, Progress
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job
from core.services import Services
from core.store.job_model import Job, JobKind, JobState
from core.vision.engine.openvino import OpenVinoEngine
from core.workflows.photos.ingest import IngestTarget, ingest_photos
from core.workflows.safekeeping import doctor
from core.workflows.safekeeping.backup import take_backup
from core.workflows.safekeeping.backup_folder import open_backup_folder
from core.workflows.safekeeping.restore import restore_everything
from tests.conftest import new_data_dir, services_on, write_zip
from tests.jobs.test_worker import require_same, submit_ingest
from tests.workflows.photos.conftest import with_pace

PHOTOS, A_BATCH = 12, 4


def ingest_under_backup(services: Services, job: Job, archive: Path, target: Path) -> None:
    """Take photos in; when the first batch is there a backup is begun, whose files are copied while others come."""
    tools, rows_written = services.backup_tools(), threading.Event()

    def write_rows(database: Path, dataset_id: str | None, progress: Progress) -> None:
        tools.write_rows(database, dataset_id, progress)
        rows_written.set()

    backup = threading.Thread(target=lambda: take_backup(replace(tools, write_rows=write_rows), target))

    def begin(done: int, total: int, message: str) -> None:
        if done >= A_BATCH and not rows_written.is_set():
            backup.start()
            assert rows_written.wait(60.0)

    ingestor = with_pace(services.ingestor(job.dataset_id), A_BATCH)
    with services.open_source(archive) as source:
        ingest_photos(ingestor, source, IngestTarget(job.dataset_id, job.id), Progress(begin))
    backup.join()


def carry_on(services: Services, job_id: str) -> Job:
    claimed = services.jobs.claim()
    assert claimed is not None and claimed.id == job_id
    assert run_job(services.jobs, claimed, job_handlers(services)[JobKind.INGEST], CancelToken()) is JobState.DONE
    return services.jobs.job(job_id)


def test_a_backup_taken_while_photos_come_in_is_whole_and_the_ingest_goes_on_from_it(
    services: Services,
    models_dir: Path,
    engine: OpenVinoEngine,
    sample_files: Mapping[str, bytes],
    tmp_path: Path,
) -> None:
    archive = write_zip(tmp_path / "few.zip", dict(list(sample_files.items())[::10]))
    submitted = submit_ingest(services, archive)
    job = services.jobs.claim()
    assert job is not None
    ingest_under_backup(services, job, archive, tmp_path / "backups")
    everything = services.store.photo_labels(job.dataset_id)
    assert len(everything) == PHOTOS

    folder = open_backup_folder(tmp_path / "backups")
    restored = services_on(new_data_dir(models_dir, tmp_path / "restored"), engine)
    restore_everything(restored.restore_tools(), folder, folder.manifest())
    assert folder.manifest().lacking == 0 and doctor.examine(restored.doctor_tools()).is_well
    there = restored.store.photo_labels(job.dataset_id)
    assert there.items() < everything.items() and len(there) % A_BATCH == 0 and there
    assert len(restored.store.reported(job.id)) == len(there), "each photo has its line in the report"

    assert restored.jobs.job(job.id).state is JobState.INTERRUPTED, "nobody works on it here"
    restored.jobs.resume(job.id)
    resumed = carry_on(restored, job.id)
    undisturbed = services_on(new_data_dir(models_dir, tmp_path / "undisturbed"), engine)
    other = submit_ingest(undisturbed, archive)
    require_same(restored, resumed, undisturbed, carry_on(undisturbed, other.id))
    assert submitted.id == job.id

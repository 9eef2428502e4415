"""Jobs that back up, and bring a dataset back out of a backup."""

from __future__ import annotations

from pathlib import Path

from core.base.progress import Progress
from core.services import Services
from core.store.job_model import Job
from core.workflows.safekeeping.backup import BackupReceipt, BackupRequest, take_backup
from core.workflows.safekeeping.backup_folder import open_backup_folder
from core.workflows.safekeeping.restore import RestoreReceipt, RestoreRequest, fill_dataset


def run_backup(services: Services, job: Job, request: BackupRequest, progress: Progress) -> BackupReceipt:
    """Back up everything, or the dataset. A job that was killed begins anew and copies what is not there yet."""
    dataset_id = None if request.is_whole else job.dataset_id
    return take_backup(services.backup_tools(), Path(request.target), dataset_id, progress)


def run_restore(services: Services, job: Job, request: RestoreRequest, progress: Progress) -> RestoreReceipt:
    """Fill the dataset with one of a backup."""
    folder = open_backup_folder(Path(request.folder))
    return fill_dataset(
        services.restore_tools(sealed_keys=request.sealed_keys), folder, request, job.dataset_id, progress
    )

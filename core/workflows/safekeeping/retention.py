"""How long backups stay: old ones go by number or by age, and those that hold what was erased since are named."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.base.errors import InputRefused
from core.base.json_values import JsonRecord
from core.store.job_model import JobKind, JobState
from core.store.protocols import FaceStore, JobStore
from core.workflows.safekeeping.backup_folder import BackupFolder, BackupManifest, open_backup_folder

DAY_S = 86_400.0
REMEMBERED = "backup-folders"
"""A file of the data folder: the folders that were backed up into, a line each."""


@dataclass(frozen=True, slots=True)
class KeepRule:
    """Which backups stay. The newest always does."""

    count: int | None = None
    days: float | None = None

    def __post_init__(self) -> None:
        if (self.count is not None and self.count < 1) or (self.days is not None and self.days <= 0):
            raise InputRefused("Keep at least one backup, for more than no time: --keep 7, --keep-days 90.")

    def list_expired(self, newest_first: Sequence[BackupManifest], now: float) -> list[BackupManifest]:
        """The backups that go."""
        oldest = float("-inf") if self.days is None else now - self.days * DAY_S
        count = len(newest_first) if self.count is None else self.count
        return [
            manifest
            for number, manifest in enumerate(newest_first)
            if number and (number >= count or manifest.created < oldest)
        ]


@dataclass(frozen=True, slots=True)
class HeldErasure(JsonRecord):
    """A backup that holds what was erased after it was taken."""

    folder: str
    backup: str
    created: float
    datasets: tuple[str, ...]
    """Names of the datasets out of which somebody was erased since, or which are gone as a whole."""


def remove_backups(folder: BackupFolder, manifests: Sequence[BackupManifest]) -> int:
    """Remove backups, and the files that no other one needs; how many files that were."""
    with folder.lock():
        for manifest in manifests:
            folder.remove(manifest)
        return folder.sweep()


def remove_expired(folder: BackupFolder, rule: KeepRule) -> list[str]:
    """Remove the backups that are not to stay; their ids."""
    expired = rule.list_expired(folder.manifests(), time.time())
    if expired:
        remove_backups(folder, expired)
    return [manifest.id for manifest in expired]


def list_erased_since(
    store: FaceStore, jobs: JobStore, folders: Sequence[Path], dataset_id: str | None = None
) -> list[HeldErasure]:
    """The backups of some folders that hold what was erased since, the newest first.

    Parameters
    ----------
    dataset_id : asked for this dataset alone, whether it is there or gone; for all by default
    """
    present_ids = {dataset.id for dataset in store.datasets()}
    erased: dict[str, float] = {}
    for job in jobs.jobs(dataset_id, limit=None):
        if job.kind is JobKind.ERASE and job.state is not JobState.CANCELLED and job.started is not None:
            erased[job.dataset_id] = max(erased.get(job.dataset_id, 0.0), job.finished or job.started)
    held = []
    for path in folders:
        for manifest in open_backup_folder(path).manifests():
            names = tuple(
                dataset.name
                for dataset in manifest.datasets
                if dataset_id in (None, dataset.id)
                and (dataset.id not in present_ids or manifest.created < erased.get(dataset.id, 0.0))
            )
            if names:
                held.append(HeldErasure(str(path), manifest.id, manifest.created, names))
    return held


def remember_folder(data_dir: Path, path: Path) -> None:
    """Write down that backups lie in a folder, so that an erasing can name them."""
    folders = list_remembered(data_dir)
    if path not in folders:
        with (data_dir / REMEMBERED).open("a", encoding="utf-8") as file:
            file.write(f"{path}\n")


def list_remembered(data_dir: Path) -> list[Path]:
    """The folders that were backed up into, in that order."""
    try:
        lines = (data_dir / REMEMBERED).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [Path(line) for line in lines if line]

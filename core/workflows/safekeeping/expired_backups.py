"""How long backups stay: old ones go by number or by age, and so do those that hold somebody who was erased since."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.base.errors import FaceAtlasError, InputRefused
from core.base.words import DAY_S
from core.language.texts import marked
from core.store.retention.model import ReceiptRecord
from core.workflows.safekeeping.backup import BackupTools, take_backup
from core.workflows.safekeeping.backup_folder import BackupFolder, open_backup_folder
from core.workflows.safekeeping.backup_manifest import BackupManifest
from core.workflows.safekeeping.holding_backups import HeldErasure, list_held, list_remembered

log = logging.getLogger("face_atlas.worker")


@dataclass(frozen=True, slots=True)
class KeepRule:
    """Which backups stay. The newest always does."""

    count: int | None = None
    days: float | None = None

    def __post_init__(self) -> None:
        if (self.count is not None and self.count < 1) or (self.days is not None and self.days <= 0):
            raise InputRefused(marked("Keep at least one backup, for more than no time: --keep 7, --keep-days 90."))

    def list_expired(self, newest_first: Sequence[BackupManifest], now: float) -> list[BackupManifest]:
        """The backups that go."""
        oldest = float("-inf") if self.days is None else now - self.days * DAY_S
        count = len(newest_first) if self.count is None else self.count
        return [
            manifest
            for number, manifest in enumerate(newest_first)
            if number and (number >= count or manifest.created < oldest)
        ]


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


def remove_held(folder: BackupFolder, held: Sequence[HeldErasure]) -> list[str]:
    """Remove the backups of a folder that hold somebody who was erased since; their ids."""
    held_ids = {entry.backup for entry in held if entry.folder == str(folder.path)}
    going = [manifest for manifest in folder.manifests() if manifest.id in held_ids]
    if going:
        remove_backups(folder, going)
    return [manifest.id for manifest in going]


def remove_overdue(tools: BackupTools, receipts: Iterable[ReceiptRecord], days: int, now: float) -> list[str]:
    """Remove the backups that have held somebody for too long since they were erased; their ids.

    A backup is taken first where the folder has none of later: what is there now stays backed up. A folder that cannot
    be reached, or of which the new backup lacks files, is left as it is until the next time.

    Parameters
    ----------
    days : so long after an erasing backups may hold who was erased; 0 for ever
    now : seconds since 1970
    """
    removed: list[str] = []
    records = list(receipts) if days else []
    for path in list_remembered(tools.data_dir) if records else ():
        try:
            folder = open_backup_folder(path)
            held = [entry for entry in list_held(records, [folder]) if entry.erased + days * DAY_S < now]
            if held and _is_replaced(tools, folder, max(receipt.created for receipt in records)):
                removed += remove_held(folder, held)
        except FaceAtlasError as fault:
            # Said without the folder, whose name is somebody's own. It is tried again; the page and `backups` name it.
            log.warning("backups that hold who was erased stay for now: %s", type(fault).__name__)
    return removed


def _is_replaced(tools: BackupTools, folder: BackupFolder, erased: float) -> bool:
    """Whether everything of now is in a backup that holds nobody who was erased, which is taken where there is none."""
    if any(entry.is_whole and entry.created > erased and not entry.lacking for entry in folder.manifests()):
        return True
    return not take_backup(tools, folder.path).lacking

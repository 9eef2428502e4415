"""Which backups hold somebody who was erased after they were taken: judged by the signed receipts, named by their age.

A receipt says of which dataset somebody went and when, and no more: every backup of the dataset that is older may hold
them. Of a dataset without a receipt nothing is said, as its backups may be of another installation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.base import words
from core.base.errors import FaceAtlasError
from core.base.json_values import JsonRecord
from core.base.words import DAY_S
from core.store.retention.model import ReceiptRecord
from core.workflows.safekeeping.backup_folder import BackupFolder, open_backup_folder
from core.workflows.safekeeping.backup_manifest import BackupManifest

REMEMBERED = "backup-folders"
"""A file of the data folder: the folders that were backed up into, a line each."""


@dataclass(frozen=True, slots=True)
class HeldErasure(JsonRecord):
    """A backup that holds what was erased after it was taken."""

    folder: str
    backup: str
    created: float
    datasets: tuple[str, ...]
    """Names of the datasets out of which somebody was erased since, or which are gone as a whole."""
    erased: float
    """Of these erasings the first, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class HoldingBackups(JsonRecord):
    """What a receipt says of the backups that were there when somebody was erased."""

    taken: tuple[str, ...] = ()
    """When those were taken that hold them, in UTC, the oldest first."""
    until: str | None = None
    """The day after which the worker removes them; None where somebody has to."""
    out_of_reach: int = 0
    """Folders of backups that could not be looked into: a disk that is elsewhere."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not self.taken and not self.out_of_reach


def list_held(receipts: Iterable[ReceiptRecord], folders: Sequence[BackupFolder]) -> list[HeldErasure]:
    """The backups that hold what was erased since, the newest of each folder first.

    Raises
    ------
    DataFolderFault
        A backup cannot be read.
    """
    erased: defaultdict[str, list[float]] = defaultdict(list)
    for receipt in receipts:
        if receipt.document["is_done"]:
            erased[receipt.dataset_id].append(receipt.created)
    held = []
    for folder in folders:
        for manifest in folder.manifests():
            since = {
                dataset.name: min(times)
                for dataset in manifest.datasets
                if (times := [time for time in erased[dataset.id] if time > manifest.created])
            }
            if since:
                held.append(
                    HeldErasure(
                        folder=str(folder.path),
                        backup=manifest.id,
                        created=manifest.created,
                        datasets=tuple(since),
                        erased=min(since.values()),
                    )
                )
    return held


def find_holding(data_dir: Path, dataset_id: str, erased: float, days: int) -> HoldingBackups:
    """The backups that hold somebody who is erased just now; a folder that cannot be read is counted, and no fault.

    Parameters
    ----------
    erased : when the erasing began, in seconds since 1970
    days : how long afterwards backups may hold them; 0 for ever
    """
    holding: list[BackupManifest] = []
    out_of_reach = 0
    for path in list_remembered(data_dir):
        try:
            manifests = open_backup_folder(path).manifests()
        except FaceAtlasError:
            out_of_reach += 1
            continue
        holding += [manifest for manifest in manifests if manifest.created < erased and manifest.holds(dataset_id)]
    moments = sorted(manifest.created for manifest in holding)
    until = datetime.fromtimestamp(erased + days * DAY_S).astimezone().date().isoformat() if moments and days else None
    return HoldingBackups(tuple(map(words.utc_time, moments)), until, out_of_reach)


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

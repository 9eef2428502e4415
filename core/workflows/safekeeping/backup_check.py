"""Read a backup back: its rows, its list and every file, each held against its hash."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from core.base.errors import DataFolderFault
from core.base.json_values import JsonRecord
from core.base.progress import UNWATCHED, Progress
from core.language.texts import marked
from core.workflows.safekeeping.backup_folder import BackupFolder, hash_file
from core.workflows.safekeeping.backup_manifest import BackupManifest

READ_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class BackupCheck(JsonRecord):
    """What reading a backup back came to."""

    backup: str
    files: int
    """How many were read."""
    damaged: tuple[str, ...]
    """Files that are missing or are not what they were, as "DATASET KIND ID"."""
    is_whole: bool
    """Whether everything can be restored."""


def check_backup(folder: BackupFolder, manifest: BackupManifest, progress: Progress = UNWATCHED) -> BackupCheck:
    """Read everything of a backup.

    Raises
    ------
    DataFolderFault
        Its rows or its list are damaged: nothing of it can be restored.
    Cancelled
        Between two files.
    """
    require_rows(folder, manifest)
    damaged: list[str] = []
    n_read, left = 0, folder.files(manifest)
    with ThreadPoolExecutor(READ_AT_ONCE, "check") as threads:
        while part := list(islice(left, 8 * READ_AT_ONCE)):
            are_whole = threads.map(lambda file: folder.is_whole(file.sha256), part)
            damaged += [" ".join(file.key) for file, is_whole in zip(part, are_whole, strict=True) if not is_whole]
            n_read += len(part)
            progress.step(n_read, manifest.files, marked("Reading the backup back"))
    return BackupCheck(manifest.id, n_read, tuple(damaged), not damaged)


def require_rows(folder: BackupFolder, manifest: BackupManifest) -> None:
    """Raises DataFolderFault where the rows of a backup are missing or are not what they were."""
    if hash_file(folder.database(manifest)) != manifest.database_sha256:
        raise DataFolderFault(
            marked(
                "The rows of the backup '{backup}' are missing or damaged: nothing of it can be restored. Use "
                "another backup of this folder, or another copy of it. Nothing was changed."
            ).format(backup=manifest.id)
        )

"""Restore a backup: everything into an empty data folder, or one dataset beside those that are there.

Files come first and rows last, in one transaction: a dataset is seen whole or not at all, whenever it is killed. The
same call goes on then: files that are there already are compared and not written again.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from core.base.errors import DataFolderFault, InputRefused, NameTaken, data_folder_fault
from core.base.json_values import JsonRecord
from core.base.progress import UNWATCHED, Progress
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.exchange_protocols import TransferStore, WholeStoreCopy
from core.store.protocols import FaceStore
from core.workflows.labels.review_queue import renumber_people
from core.workflows.safekeeping.backup_check import require_rows
from core.workflows.safekeeping.backup_folder import BackupFolder, BackupManifest, ListedFile

ANNOUNCED_EVERY_S = 20.0
"""So often it is said anew that files without rows are being written: a sweep takes them for nobody's after 60 s."""
FILES_AT_ONCE = 64
_NAMING_PEOPLE = ArtifactKind.CLUSTERS
"""Says who is like whom by numbers that people had: faces are grouped anew where they have others."""


@dataclass(frozen=True)
class RestoreTools:
    """What restoring works with."""

    store: FaceStore
    transfer: TransferStore
    artifacts: Artifacts
    """Files as they lie, encrypted where they are."""
    uploads_dir: Path
    """Where what is half done lies, to be swept after a kill."""
    schema: int
    """The version of the tables."""
    copy_rows: Callable[[Path], WholeStoreCopy]
    """Into the database of this installation, out of one that is brought up to date."""


@dataclass(frozen=True, slots=True)
class RestoreReceipt(JsonRecord):
    """What was restored."""

    backup: str
    datasets: tuple[str, ...]
    """Their names."""
    files: int
    lacking: tuple[str, ...] = ()
    """Files that the backup has lost, where the rest was to be restored all the same."""


def restore_everything(
    tools: RestoreTools,
    folder: BackupFolder,
    manifest: BackupManifest,
    progress: Progress = UNWATCHED,
    *,
    without_damaged: bool = False,
) -> RestoreReceipt:
    """Restore all datasets of a backup under their own ids.

    Parameters
    ----------
    without_damaged : whether files that the backup has lost are passed over; else nothing is restored then

    Raises
    ------
    InputRefused
        There are datasets here already.
    DataFolderFault
        The backup is damaged, or of a newer version.
    Cancelled
        Between two files.
    """
    _require_version(tools, manifest)
    if present := tools.store.datasets():
        raise InputRefused(
            f"There is data here already (as the dataset '{present[0].name}'), and nothing is mixed into it. Restore "
            "into an empty data folder by --data, or one dataset by --dataset."
        )
    with _rows_of(tools, folder, manifest) as database:
        files = _Files(
            artifacts=tools.artifacts,
            folder=folder,
            manifest=manifest,
            rename=lambda file: file,
            without_damaged=without_damaged,
        )
        for dataset in manifest.datasets:
            files.announce(dataset.id)
        files.restore(folder.files(manifest), progress)
        tools.copy_rows(database).copy_rows(progress)
        for dataset in manifest.datasets:
            tools.artifacts.withdraw_deletion(dataset.id)
    return RestoreReceipt(manifest.id, tuple(dataset.name for dataset in manifest.datasets), *files.summary)


def restore_dataset(
    tools: RestoreTools,
    folder: BackupFolder,
    manifest: BackupManifest,
    dataset: str,
    name: str | None = None,
    progress: Progress = UNWATCHED,
    *,
    without_damaged: bool = False,
) -> RestoreReceipt:
    """Restore one dataset beside the others, under a new id: nothing that is remembered of another is taken for it.

    Parameters
    ----------
    dataset : its name or id in the backup
    name : what it is to be called here; as it was called by default

    Raises
    ------
    NameTaken
        There is a dataset of that name.
    NotFound
        The backup does not hold it.
    DataFolderFault, Cancelled
        As ``restore_everything``.
    """
    _require_version(tools, manifest)
    wanted = manifest.find_dataset(dataset)
    name = name or wanted.name
    if any(present.name == name for present in tools.store.datasets()):
        raise NameTaken(f"There is a dataset '{name}' already. Give the restored one another name (--as NAME).")
    with _rows_of(tools, folder, manifest) as database:
        snapshot = tools.transfer.read_snapshot(database, wanted.id)

        def rename(file: ListedFile) -> ListedFile:
            return replace(file, dataset_id=snapshot.dataset_id, id=snapshot.new_ids.get(file.id, file.id))

        files = _Files(
            artifacts=tools.artifacts,
            folder=folder,
            manifest=manifest,
            rename=rename,
            without_damaged=without_damaged,
        )
        files.announce(snapshot.dataset_id)
        try:
            own = (file for file in folder.files(manifest) if file.dataset_id == wanted.id)
            files.restore((file for file in own if file.kind != _NAMING_PEOPLE), progress)
            people = tools.transfer.add_snapshot(snapshot, name, keep_times=True)
        except BaseException:
            tools.artifacts.delete_dataset(snapshot.dataset_id)
            raise
        tools.artifacts.withdraw_deletion(snapshot.dataset_id)
        renumber_people(tools.artifacts, snapshot.dataset_id, people)
    return RestoreReceipt(manifest.id, (name,), *files.summary)


def _require_version(tools: RestoreTools, manifest: BackupManifest) -> None:
    if manifest.schema > tools.schema:
        raise DataFolderFault(
            f"The backup '{manifest.id}' was taken by a newer version of Face Atlas (database version "
            f"{manifest.schema}, this one reads {tools.schema}). Use that version. Nothing was changed."
        )


@contextmanager
def _rows_of(tools: RestoreTools, folder: BackupFolder, manifest: BackupManifest) -> Iterator[Path]:
    """A copy of a backup's rows, brought up to date where they are of an earlier version."""
    require_rows(folder, manifest)
    # Not where the backup lies: that is only read. Swept after a kill by its name.
    try:
        with tempfile.TemporaryDirectory(prefix="part-", dir=tools.uploads_dir) as scratch:
            database = Path(scratch) / "atlas.db"
            shutil.copyfile(folder.database(manifest), database)
            tools.copy_rows(database).dataset_ids()  # opens it, by which it is brought up to date
            yield database
    except OSError as fault:
        raise data_folder_fault(fault) from fault


@dataclass
class _Files:
    """Brings the files of a backup back."""

    artifacts: Artifacts
    folder: BackupFolder
    manifest: BackupManifest
    rename: Callable[[ListedFile], ListedFile]
    without_damaged: bool

    def __post_init__(self) -> None:
        self._announced: dict[str, float] = {}
        self._files = 0
        self._lacking: list[str] = []

    @property
    def summary(self) -> tuple[int, tuple[str, ...]]:
        """How many files there were, and which are lacking."""
        return self._files, tuple(self._lacking)

    def announce(self, dataset_id: str) -> None:
        """Say that the files of a dataset may go until its rows are there."""
        if time.monotonic() - self._announced.get(dataset_id, float("-inf")) > ANNOUNCED_EVERY_S:
            self.artifacts.announce_deletion(dataset_id)
            self._announced[dataset_id] = time.monotonic()

    def restore(self, files: Iterator[ListedFile], progress: Progress) -> None:
        while part := list(islice(files, FILES_AT_ONCE)):
            for dataset_id in self._announced:
                self.announce(dataset_id)
            with self.artifacts.together():
                for file in part:
                    self._restore(file)
            progress.step(self._files, self.manifest.files, "Restoring files")

    def _restore(self, file: ListedFile) -> None:
        content = self.folder.read(file.sha256)
        if content is None:
            self._lacking.append(" ".join(file.key))
            if not self.without_damaged:
                raise DataFolderFault(
                    f"A file of the backup '{self.manifest.id}' is missing or damaged ({file.kind} {file.id}). Nothing "
                    "was restored. Use another backup, or restore what is whole by --without-damaged."
                )
            return
        target, kind = self.rename(file), ArtifactKind(file.kind)
        there = self.artifacts.find(target.dataset_id, kind, target.id)
        # A restoring that was killed goes on: what it has written is compared.
        is_there = there is not None and there.size_bytes == len(content)
        if not is_there or self.artifacts.read(target.dataset_id, kind, target.id) != content:
            self.artifacts.replace(target.dataset_id, kind, target.id, content)
        self._files += 1

"""Restore a backup: everything into an empty data folder, or one dataset beside those that are there.

Files come first and rows last, in one transaction: a dataset is seen whole or not at all, whenever it is killed. The
same call goes on then: files that are there already are compared and not written again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from core.base.errors import DataFolderFault, InputRefused, NameTaken, data_folder_fault
from core.base.progress import UNWATCHED, Progress
from core.language.texts import marked
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.encryption.keyring import close_folder
from core.store.exchange_protocols import DatasetSnapshot, TransferStore, WholeStoreCopy
from core.store.job_model import JobRequest, JobResult
from core.store.protocols import FaceStore
from core.workflows.labels.review_queue import renumber_people
from core.workflows.safekeeping.backup import StoredRows
from core.workflows.safekeeping.backup_check import require_rows
from core.workflows.safekeeping.backup_folder import BackupFolder, Unseal
from core.workflows.safekeeping.backup_manifest import BackupManifest, ListedFile
from core.workflows.safekeeping.restored_files import RestoredFiles

_NAMING_PEOPLE = ArtifactKind.CLUSTERS
"""Says who is like whom by numbers that people had: faces are grouped anew where they have others."""


@dataclass(frozen=True)
class RestoreTools:
    """What restoring works with."""

    store: FaceStore
    transfer: TransferStore
    artifacts: Artifacts
    uploads_dir: Path
    """Where what is half done lies, to be swept after a kill."""
    schema: int
    """The version of the tables."""
    copy_rows: Callable[[Path], WholeStoreCopy]
    """Into the database of this installation, out of one that is brought up to date."""
    open_rows: Callable[[Path], AbstractContextManager[StoredRows]]
    unlock: Callable[[Path], Unseal]
    """Opens the rows in a folder with a copy of a key file, and gives what reads the backup's files."""


@dataclass(frozen=True, slots=True)
class RestoreRequest(JobRequest):
    """A dataset of a backup, to be restored into the empty one whose job it is."""

    folder: str
    backup: str
    dataset: str
    """Its id in the backup."""
    sealed_keys: str = ""
    """What opens an encrypted backup that the data folder's own keys do not: sealed with these, and no passphrase."""


@dataclass(frozen=True, slots=True)
class RestoreReceipt(JobResult):
    """What was restored."""

    backup: str = ""
    datasets: tuple[str, ...] = ()
    """Their names."""
    files: int = 0
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
    _require_readable(tools, folder, manifest)
    if present := tools.store.datasets():
        raise InputRefused(
            marked(
                "There is data here already (as the dataset '{dataset}'), and nothing is mixed into it. Restore "
                "into an empty data folder by --data, or one dataset by --dataset."
            ).format(dataset=present[0].name)
        )
    with _rows_of(tools, folder, manifest) as rows:
        files = RestoredFiles(
            artifacts=tools.artifacts,
            folder=folder,
            manifest=manifest,
            unseal=rows.unseal,
            rename=lambda file: file,
            without_damaged=without_damaged,
            total=manifest.files,
        )
        for dataset in manifest.datasets:
            files.announce(dataset.id)
        files.restore(folder.files(manifest), progress)
        tools.copy_rows(rows.database).copy_rows(progress)
        for dataset in manifest.datasets:
            tools.artifacts.withdraw_deletion(dataset.id)
    return RestoreReceipt(manifest.id, tuple(rows.names[dataset.id] for dataset in manifest.datasets), *files.summary)


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
    _require_readable(tools, folder, manifest)
    with _rows_of(tools, folder, manifest) as rows:
        backed_up = manifest.with_names(rows.names).find_dataset(dataset)
        name = name or backed_up.name
        if any(present.name == name for present in tools.store.datasets()):
            raise NameTaken(
                marked("There is a dataset '{name}' already. Give the restored one another name (--as NAME).").format(
                    name=name
                )
            )
        snapshot = tools.transfer.read_snapshot(rows.database, backed_up.id)
        files = _files_of(tools, folder, manifest, snapshot, rows.unseal, without_damaged=without_damaged)
        files.announce(snapshot.dataset_id)
        _restore_snapshot(tools, files, snapshot, name, progress)
        tools.artifacts.withdraw_deletion(snapshot.dataset_id)
    return RestoreReceipt(manifest.id, (name,), *files.summary)


def choose_free_name(name: str, created: float, taken: Collection[str]) -> str:
    """What a dataset of a backup is called here: as it was, or with the backup's time behind it where that is taken."""
    if name not in taken:
        return name
    moment = datetime.fromtimestamp(created).astimezone()
    # The longest name has 80 letters.
    name = name[:55].strip()
    dated = (
        f"{name} ({moment:%Y-%m-%d %H:%M}{again})" for again in ("", *(f", {number}" for number in range(2, 1000)))
    )
    return next(candidate for candidate in dated if candidate not in taken)


def fill_dataset(
    tools: RestoreTools, folder: BackupFolder, request: RestoreRequest, dataset_id: str, progress: Progress = UNWATCHED
) -> RestoreReceipt:
    """Restore one dataset of a backup into an empty one of here, which keeps its id and its name; safe to repeat.

    Raises
    ------
    InputRefused
        Something is in it already.
    NotFound, DataFolderFault, Cancelled
        As ``restore_dataset``; the dataset stays empty.
    """
    manifest = folder.manifest(request.backup)
    _require_readable(tools, folder, manifest)
    source, target = manifest.find_dataset(request.dataset), tools.store.dataset(dataset_id)
    with _rows_of(tools, folder, manifest) as rows:
        snapshot = tools.transfer.read_snapshot(rows.database, source.id, target.id)
        if tools.store.counts(target.id).photos:
            # With its rows it got its time.
            if target.created != snapshot.created:
                raise InputRefused(marked("There are photos in this dataset already, and nothing is mixed into them."))
            # Killed before this was renumbered, or behind that: it is made again.
            for file_id in tools.artifacts.ids(target.id, ArtifactKind.SUSPECTS):
                tools.artifacts.delete(target.id, ArtifactKind.SUSPECTS, file_id)
            return RestoreReceipt(manifest.id, (target.name,), sum(1 for _ in _list_own(folder, manifest, source.id)))
        name = target.name
        if rows.unseal is not None:
            # Who asked could not read it.
            other_names = {dataset.name for dataset in tools.store.datasets() if dataset.id != target.id}
            name = choose_free_name(rows.names[source.id], manifest.created, other_names)
        files = _files_of(tools, folder, manifest, snapshot, rows.unseal)
        _restore_snapshot(tools, files, snapshot, name, progress)
    return RestoreReceipt(manifest.id, (name,), *files.summary)


def _restore_snapshot(
    tools: RestoreTools, files: RestoredFiles, snapshot: DatasetSnapshot, name: str, progress: Progress
) -> None:
    """Files, then rows; where one of them fails, neither."""
    try:
        files.restore(_list_own(files.folder, files.manifest, snapshot.source_id), progress)
        people = tools.transfer.add_snapshot(snapshot, name, keep_times=True)
    except BaseException:
        tools.artifacts.delete_dataset(snapshot.dataset_id)
        raise
    renumber_people(tools.artifacts, snapshot.dataset_id, people)


def _list_own(folder: BackupFolder, manifest: BackupManifest, dataset_id: str) -> Iterator[ListedFile]:
    files = (file for file in folder.files(manifest) if file.dataset_id == dataset_id)
    return (file for file in files if file.kind != _NAMING_PEOPLE)


def _files_of(
    tools: RestoreTools,
    folder: BackupFolder,
    manifest: BackupManifest,
    snapshot: DatasetSnapshot,
    unseal: Unseal | None,
    *,
    without_damaged: bool = False,
) -> RestoredFiles:
    def rename(file: ListedFile) -> ListedFile:
        return replace(file, dataset_id=snapshot.dataset_id, id=snapshot.new_ids.get(file.id, file.id))

    return RestoredFiles(
        artifacts=tools.artifacts,
        folder=folder,
        manifest=manifest,
        unseal=unseal,
        rename=rename,
        without_damaged=without_damaged,
        total=manifest.find_dataset(snapshot.source_id).files,
    )


def _require_readable(tools: RestoreTools, folder: BackupFolder, manifest: BackupManifest) -> None:
    """Before anything is written."""
    if manifest.schema > tools.schema:
        raise DataFolderFault(
            marked(
                "The backup '{backup}' was taken by a newer version of Face Atlas (database version {version}, "
                "this one reads {read_version}). Use that version. Nothing was changed."
            ).format(backup=manifest.id, version=manifest.schema, read_version=tools.schema)
        )
    for _ in folder.files(manifest):
        pass


@dataclass(frozen=True)
class _Rows:
    """The rows of a backup."""

    database: Path
    names: Mapping[str, str]
    """What its datasets are called, by their ids."""
    unseal: Unseal | None


@contextmanager
def _rows_of(tools: RestoreTools, folder: BackupFolder, manifest: BackupManifest) -> Iterator[_Rows]:
    """A copy of a backup's rows, brought up to date where they are of an earlier version."""
    require_rows(folder, manifest)
    # Not where the backup lies: that is only read. Swept after a kill by its name.
    try:
        with tempfile.TemporaryDirectory(prefix="part-", dir=tools.uploads_dir) as scratch:
            database = Path(scratch) / "atlas.db"
            shutil.copyfile(folder.database(manifest), database)
            unseal = _unlock(tools, folder.key_file(manifest), Path(scratch))
            try:
                with tools.open_rows(database) as rows:  # by which it is brought up to date
                    names = {dataset.id: dataset.name for dataset in rows.store.datasets()}
                yield _Rows(database, names, unseal)
            finally:
                # The key of a former day is not to stay in a worker's memory.
                close_folder(Path(scratch))
    except OSError as fault:
        raise data_folder_fault(fault) from fault


def _unlock(tools: RestoreTools, key_file: Path, scratch: Path) -> Unseal | None:
    """What reads the files of an encrypted backup; None where it is not encrypted."""
    if not key_file.is_file():
        return None
    shutil.copyfile(key_file, scratch / key_file.name)
    return tools.unlock(scratch)

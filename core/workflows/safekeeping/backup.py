"""Back up the whole installation or one dataset while everything goes on; what is backed up already is not copied."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from core.base.errors import NotFound
from core.base.progress import UNWATCHED, Progress
from core.language.texts import marked
from core.store.artifacts import ArtifactKind, Artifacts, StoredFile
from core.store.exchange_protocols import EraseStore
from core.store.job_model import JobRequest, JobResult
from core.store.protocols import FaceStore, RunStore
from core.store.values.datasets import Dataset
from core.workflows.photos.orphans import list_known_files
from core.workflows.safekeeping.backup_folder import (
    DATABASE,
    FILE_LIST,
    STREAMED_FROM_BYTES,
    BackupFolder,
    hash_file,
    prepare_backup_folder,
    write_file_list,
)
from core.workflows.safekeeping.backup_manifest import BackedUpDataset, BackupManifest, ListedFile
from core.workflows.safekeeping.holding_backups import remember_folder

COPIED_AT_ONCE = 8
ATTEMPTS = 3
"""How often the rows are read anew because files that they speak of went meanwhile: somebody was erased."""
NOT_BACKED_UP = frozenset(
    {ArtifactKind.FACE_INDEX, ArtifactKind.FACE_TABLE, ArtifactKind.LOOKUP_PART, ArtifactKind.ERASURE}
)
"""What is computed anew, is half done, or says who is being erased."""
NEEDED = (ArtifactKind.PHOTO, ArtifactKind.CROP)
"""Of these every file is there of which a row speaks."""


@dataclass(frozen=True)
class StoredRows:
    """The rows of a database that nobody else uses."""

    store: FaceStore
    runs: RunStore
    eraser: EraseStore


@dataclass(frozen=True)
class BackupTools:
    """What a backup works with."""

    write_rows: Callable[[Path, str | None, Progress], None]
    """Writes all rows as they are now, or those of one dataset, into a new database."""
    open_rows: Callable[[Path], AbstractContextManager[StoredRows]]
    schema: int
    """The version of the tables."""
    artifacts: Artifacts
    """Files as they lie, encrypted where they are; the rows are then encrypted too."""
    data_dir: Path
    names_are_hashes: bool = True
    """Whether photos and crops are called by the hash of what lies there: not where that is encrypted."""


@dataclass(frozen=True, slots=True)
class BackupRequest(JobRequest):
    """A backup of everything, or of the dataset whose job it is."""

    target: str
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class BackupReceipt(JobResult):
    """What was backed up."""

    backup: str = ""
    datasets: int = 0
    files: int = 0
    file_bytes: int = 0
    copied: int = 0
    """Files that no earlier backup had."""
    copied_bytes: int = 0
    lacking: int = 0
    """Files that are missing or damaged in the data folder."""
    first_lacking: tuple[str, ...] = ()
    """Some of them, by their kind and id."""


def take_backup(
    tools: BackupTools, target: Path, dataset_id: str | None = None, progress: Progress = UNWATCHED
) -> BackupReceipt:
    """Back up everything, or one dataset, as it is at one moment. A kill leaves nothing that is listed.

    Raises
    ------
    InputRefused, DataFolderFault
        As ``prepare_backup_folder``; the disk is full, or something reads back differently than it was written.
    Cancelled
        Between two files.
    """
    folder = prepare_backup_folder(target, tools.data_dir)
    # Before anything is in it: who is erased after a kill is to hear of it.
    remember_folder(tools.data_dir, folder.path)
    with folder.lock():
        folder.sweep()
        copying = _Copying(tools, folder, _files_by_other_hashes(folder))
        draft = folder.new_draft(time.time())
        content = _copy_at_one_moment(tools, copying, draft / DATABASE, dataset_id, progress)
        manifest = _describe_backup(draft, content, tools.schema, is_whole=dataset_id is None)
        folder.finish(draft, manifest)
        # Of somebody who was erased while it was copied nothing stays.
        folder.sweep()
    return BackupReceipt(
        backup=manifest.id,
        datasets=len(manifest.datasets),
        files=manifest.files,
        file_bytes=manifest.file_bytes,
        copied=copying.copied,
        copied_bytes=copying.copied_bytes,
        lacking=manifest.lacking,
        first_lacking=tuple(content.lacking[:5]),
    )


@dataclass(frozen=True, slots=True)
class _Content:
    """What the rows of a backup speak of."""

    created: float
    """When the rows were about to be read: who is erased later may be in them."""
    datasets: list[BackedUpDataset]
    files: list[ListedFile]
    lacking: list[str]


def _copy_at_one_moment(
    tools: BackupTools, copying: _Copying, database: Path, dataset_id: str | None, progress: Progress
) -> _Content:
    """Copy the rows and their files; anew where a file went between the two, and with what is lacking in the end."""
    attempts = 0
    while True:
        created = time.time()
        database.unlink(missing_ok=True)
        tools.write_rows(database, dataset_id, progress)
        content = _Content(created, *copying.copy_what_rows_speak_of(database, progress))
        attempts += 1
        if not content.lacking or attempts == ATTEMPTS:
            return content


def _describe_backup(draft: Path, content: _Content, schema: int, *, is_whole: bool) -> BackupManifest:
    """Write the list of files, and say what is in a backup."""
    return BackupManifest(
        id=draft.stem,
        created=content.created,
        schema=schema,
        datasets=tuple(content.datasets),
        is_whole=is_whole,
        database_sha256=hash_file(draft / DATABASE),
        database_bytes=(draft / DATABASE).stat().st_size,
        list_sha256=write_file_list(draft / FILE_LIST, content.files),
        files=len(content.files),
        file_bytes=sum(file.size_bytes for file in content.files),
        lacking=len(content.lacking),
    )


def _files_by_other_hashes(folder: BackupFolder) -> Mapping[tuple[str, str, str], ListedFile]:
    """The files of the newest backups whose names do not tell their hashes: what did not change is not read again."""
    known: dict[tuple[str, str, str], ListedFile] = {}
    for manifest in reversed(folder.manifests()[:2]):
        known |= {file.key: file for file in folder.files(manifest) if file.sha256 != file.id}
    return known


@dataclass
class _Copying:
    """Copies files into a folder of backups."""

    tools: BackupTools
    folder: BackupFolder
    known: Mapping[tuple[str, str, str], ListedFile]
    copied: int = 0
    copied_bytes: int = 0

    def copy_what_rows_speak_of(
        self, database: Path, progress: Progress
    ) -> tuple[list[BackedUpDataset], list[ListedFile], list[str]]:
        """The datasets of a database, their files, and what is lacking of these."""
        datasets: list[BackedUpDataset] = []
        files: list[ListedFile] = []
        lacking: list[str] = []
        with self.tools.open_rows(database) as rows, ThreadPoolExecutor(COPIED_AT_ONCE, "backup") as threads:
            stored_datasets = rows.store.datasets()
            # Photos and crops, which are nearly all of it.
            total = sum(sum(map(len, rows.eraser.kept_files(dataset.id))) for dataset in stored_datasets)
            for dataset in stored_datasets:
                known_ids = list_known_files(rows.eraser, rows.runs, dataset.id)
                stored = self._list_files(dataset.id, known_ids)
                listed: list[ListedFile] = []
                while part := list(islice(stored, 8 * COPIED_AT_ONCE)):
                    copies = threads.map(lambda file, of=dataset.id: self._copy(of, file), part)
                    listed += [copy for copy in copies if copy is not None]
                    progress.step(
                        len(files) + len(listed), max(total, len(files) + len(listed)), marked("Backing up files")
                    )
                files += listed
                # A name that is encrypted in the data folder is read in the rows alone.
                name = dataset.name if self.tools.names_are_hashes else f"encrypted {dataset.id[:8]}"
                datasets.append(_describe_dataset(rows.store, replace(dataset, name=name), listed))
                lacking += _list_lacking(known_ids, listed)
        self.copied = len({file.sha256 for file in files} & self._added)
        self.copied_bytes = sum({file.sha256: file.size_bytes for file in files if file.sha256 in self._added}.values())
        return datasets, files, lacking

    def __post_init__(self) -> None:
        self._added: set[str] = set()

    def _list_files(self, dataset_id: str, known_ids: Mapping[ArtifactKind, set[str]]) -> Iterator[StoredFile]:
        for file in self.tools.artifacts.files(dataset_id):
            # Drafts have a dot in their names, and folders of other versions are of no kind.
            if not file.id.isalnum() or file.kind not in set(ArtifactKind) or file.kind in NOT_BACKED_UP:
                continue
            # Files without rows belong to work under way, or to nobody.
            kind = ArtifactKind(file.kind)
            if kind not in known_ids or file.id in known_ids[kind]:
                yield file

    def _copy(self, dataset_id: str, file: StoredFile) -> ListedFile | None:
        """A file of the data folder in the folder of backups; None where it went meanwhile, or is damaged."""
        kind = ArtifactKind(file.kind)
        is_named_by_hash = self.tools.names_are_hashes and kind in NEEDED
        listed = ListedFile(
            dataset_id=dataset_id,
            kind=file.kind,
            id=file.id,
            sha256=file.id,
            size_bytes=file.size_bytes,
            written=file.written,
        )
        if is_named_by_hash and self.folder.holds(file.id, file.size_bytes):
            return listed
        known = self.known.get(listed.key)
        is_unchanged = known is not None and (known.size_bytes, known.written) == (file.size_bytes, file.written)
        if known is not None and is_unchanged and self.folder.holds(known.sha256, known.size_bytes):
            return known
        try:
            sha256, size_bytes = self._add(dataset_id, kind, file)
        except NotFound:
            return None
        if is_named_by_hash and sha256 != file.id:
            return None  # what was added goes with the sweep: a damaged photo is not to be trusted again
        self._added.add(sha256)
        return replace(listed, sha256=sha256, size_bytes=size_bytes)

    def _add(self, dataset_id: str, kind: ArtifactKind, file: StoredFile) -> tuple[str, int]:
        """The hash and size of a file, which is in the folder of backups from now on. Raises NotFound."""
        if file.size_bytes > STREAMED_FROM_BYTES:
            with self.tools.artifacts.open(dataset_id, kind, file.id) as source:
                return self.folder.add_from(source), source.seek(0, os.SEEK_END)
        content = self.tools.artifacts.read(dataset_id, kind, file.id)
        return self.folder.add(content), len(content)


def _describe_dataset(store: FaceStore, dataset: Dataset, files: Sequence[ListedFile]) -> BackedUpDataset:
    counts = store.counts(dataset.id)
    return BackedUpDataset(
        id=dataset.id,
        name=dataset.name,
        photos=counts.photos,
        faces=counts.faces,
        files=len(files),
        file_bytes=sum(file.size_bytes for file in files),
    )


def _list_lacking(known_ids: Mapping[ArtifactKind, set[str]], listed: list[ListedFile]) -> list[str]:
    listed_keys = {(file.kind, file.id) for file in listed}
    return [
        f"{kind} {file_id}"
        for kind in NEEDED
        for file_id in sorted(known_ids[kind])
        if (kind, file_id) not in listed_keys
    ]

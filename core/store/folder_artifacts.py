"""Artifacts in a folder of this machine, or one that several share."""

from __future__ import annotations

import io
import os
import shutil
import uuid
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, TypeVar

from core.base.errors import data_folder_fault
from core.base.files.folders import read_state
from core.language.texts import marked
from core.store.artifacts import GOING, ArtifactKind, Artifacts, StoredFile, missing_file, require_ids

Place = TypeVar("Place")
DRAFT = ".part"
_COPIED_AT_ONCE_BYTES = 1 << 20


@dataclass(frozen=True)
class FolderArtifacts(Artifacts):
    """The artifacts of all datasets below one folder."""

    root: Path
    is_elsewhere: bool = False
    """Whether it is no part of the data folder."""

    @property
    def is_shared(self) -> bool:
        """See ``Artifacts``."""
        return self.is_elsewhere

    def replace(self, dataset_id: str, kind: ArtifactKind, file_id: str, data: bytes) -> None:
        """See ``Artifacts``."""
        write_or_begin(write_durably, self.path(dataset_id, kind, file_id), data)

    def replace_from(self, dataset_id: str, kind: ArtifactKind, file_id: str, source: IO[bytes]) -> None:
        """See ``Artifacts``."""
        flush_folders(copy_durably(self.path(dataset_id, kind, file_id), source))

    def together(self) -> AbstractContextManager[None]:
        """See ``Artifacts``; waiting for a disk is what takes the time."""
        return writing_together()

    def read(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> bytes:
        """See ``Artifacts``."""
        with self.open(dataset_id, kind, file_id) as file:
            return file.read()

    def open(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> IO[bytes]:
        """See ``Artifacts``."""
        try:
            return self.path(dataset_id, kind, file_id).open("rb")
        except FileNotFoundError as error:
            raise missing_file(kind) from error

    def find(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> StoredFile | None:
        """See ``Artifacts``."""
        state = read_state(self.path(dataset_id, kind, file_id))
        return StoredFile(kind, file_id, state.st_size, state.st_mtime) if state is not None else None

    def path(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> Path:
        """Where a file of any kind lies, whether it exists or not."""
        require_ids(dataset_id, file_id)
        # Two letters of the id between: a folder of a hundred thousand files is slow to list on many file systems.
        return self.root / dataset_id / kind / file_id[:2] / file_id

    def ids(self, dataset_id: str, kind: ArtifactKind) -> list[str]:
        """See ``Artifacts``."""
        # Drafts have a dot in their names.
        return [
            file.name
            for beginning in _scan(self.root / dataset_id / kind)
            for file in _scan(beginning)
            if file.name.isalnum()
        ]

    def dataset_ids(self) -> set[str]:
        """See ``Artifacts``."""
        return {entry.name for entry in _scan(self.root) if entry.is_dir()} - {GOING}

    def files(self, dataset_id: str) -> Iterator[StoredFile]:
        """See ``Artifacts``; drafts too, which take room and hold what they were to become."""
        for kind in _scan(self.root / dataset_id):
            for beginning in _scan(kind):
                for file in _scan(beginning):
                    if state := read_state(file):
                        yield StoredFile(kind.name, file.name, state.st_size, state.st_mtime)

    def going_ids(self, before: float = float("inf")) -> list[str]:
        """See ``Artifacts``."""
        # Drafts have a dot in their names.
        announced = (entry for entry in _scan(self.root / GOING) if entry.name.isalnum())
        states = ((entry.name, read_state(entry)) for entry in announced)
        return [name for name, state in states if state is not None and state.st_mtime < before]

    def delete(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> None:
        """See ``Artifacts``."""
        self.path(dataset_id, kind, file_id).unlink(missing_ok=True)

    def sweep(self, dataset_id: str, ids_to_keep: Mapping[str, Container[str]], before: float) -> int:
        """See ``Artifacts``."""
        loose = self.loose(dataset_id, ids_to_keep, before)
        for file in loose:
            (self.root / dataset_id / file.kind / file.id[:2] / file.id).unlink(missing_ok=True)
        return len(loose)

    def delete_drafts(self, dataset_id: str, before: float = float("inf")) -> int:
        """See ``Artifacts``."""
        drafts = [file for file in self.files(dataset_id) if file.id.endswith(DRAFT) and file.written < before]
        for draft in drafts:
            (self.root / dataset_id / draft.kind / draft.id[:2] / draft.id).unlink(missing_ok=True)
        return len(drafts)

    def announce_deletion(self, dataset_id: str) -> None:
        """See ``Artifacts``."""
        flush_folders(write_durably(self._announcement(dataset_id), b""))

    def withdraw_deletion(self, dataset_id: str) -> None:
        """See ``Artifacts``."""
        self._announcement(dataset_id).unlink(missing_ok=True)
        # What was killed when it announced it.
        for draft in (self.root / GOING).glob(f"{dataset_id}.*{DRAFT}"):
            draft.unlink(missing_ok=True)

    def _announcement(self, dataset_id: str) -> Path:
        require_ids(dataset_id)
        return self.root / GOING / dataset_id

    def delete_dataset(self, dataset_id: str) -> None:
        """See ``Artifacts``."""
        folder = self.root / dataset_id
        if folder.exists():
            shutil.rmtree(folder)
        self.withdraw_deletion(dataset_id)

    def describe(self) -> str:
        """See ``Artifacts``."""
        return marked("the folder {folder}").format(folder=self.root) if self.is_elsewhere else ""


_written_together: ContextVar[list[Future[set[Path]]] | None] = ContextVar("written_together", default=None)
FLUSHED_AT_ONCE = 16
"""A disk writes the requests that it has at once in one go: 64 files took 20 ms so, and 280 ms one by one."""


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(FLUSHED_AT_ONCE, thread_name_prefix="flush")


@contextmanager
def writing_together() -> Iterator[None]:
    """Let what ``write_or_begin`` writes inside be written at once; it is all written when this ends."""
    writing: list[Future[set[Path]]] = []
    before = _written_together.set(writing)
    try:
        yield
    finally:
        # Also after a failure nobody writes any more when this returns: the dataset may be deleted next.
        _written_together.reset(before)
        wait(writing)
    # Raises what a write has raised. A name is on the disk with its folder, so each folder is flushed once.
    folders = set[Path]().union(*(written.result() for written in writing))
    list(_pool().map(_flush, folders))


def write_or_begin(write: Callable[[Place, bytes], set[Path]], place: Place, data: bytes) -> None:
    """Write, or begin to inside of ``writing_together``; ``write`` gives the folders that are to be flushed."""
    writing = _written_together.get()
    if writing is None:
        flush_folders(write(place, data))
    else:
        writing.append(_pool().submit(write, place, data))


def write_durably(path: Path, data: bytes) -> set[Path]:
    """Write a file whole or not at all, on the disk before it gets its name; the folders that changed by it.

    Without that a power cut can leave a name with an empty file, which would be taken for the photo.

    Raises
    ------
    DataFolderFault
        The disk is full, or cannot be written.
    """
    return copy_durably(path, io.BytesIO(data))


def copy_durably(path: Path, source: IO[bytes]) -> set[Path]:
    """Write what can be read of a stream, as ``write_durably``."""
    # A name of its own for each writer: two that write the same photo must not write into one draft.
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}{DRAFT}")
    try:
        changed = {path.parent, *_make_folder(path.parent)}
        with draft.open("wb") as file:
            shutil.copyfileobj(source, file, _COPIED_AT_ONCE_BYTES)
            file.flush()
            os.fsync(file.fileno())
        # Only now it has the name that rows point to.
        draft.replace(path)
    except OSError as fault:
        raise data_folder_fault(fault) from fault
    finally:
        draft.unlink(missing_ok=True)
    return changed


def _make_folder(folder: Path) -> set[Path]:
    """Make a folder with those above it; the folders that got a new one."""
    changed = set()
    above = folder
    while not above.exists():
        above = above.parent
        changed.add(above)
    folder.mkdir(parents=True, exist_ok=True)
    return changed


def flush_folders(folders: Iterable[Path]) -> None:
    """Bring the names of files onto the disk."""
    for folder in folders:
        _flush(folder)


def _flush(folder: Path) -> None:
    # On Windows folders cannot be opened, and names are written with the files.
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _scan(folder: os.PathLike[str]) -> Iterator[os.DirEntry[str]]:
    # Of a folder that is none there is nothing to list.
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        yield from entries

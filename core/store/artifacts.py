"""Files beside the database: photos and crops by their sha256, arrays of runs and maps by their id.

Every dataset has a folder of its own, so that erasing a dataset is removing a folder. Files appear whole or not at
all; a file that is there already is not written again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Container, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from core.base.errors import NotFound, data_folder_fault


class ArtifactKind(StrEnum):
    """The folders of a dataset."""

    PHOTO = "photos"
    CROP = "crops"
    RUN = "runs"
    PREDICTIONS = "predictions"
    STUDY = "studies"
    """A run measured thoroughly."""
    MAP = "maps"
    CLUSTERS = "clusters"
    SUSPECTS = "suspects"
    GALLERY = "galleries"
    """The vectors that an imported run learned from."""
    LOOKUP = "lookups"
    """What was found on photos that were looked at and not taken in."""
    LOOKUP_PART = "lookup-parts"
    """The batches of a lookup that is not done yet."""
    LOOKUP_PHOTOS = "lookup-photos"
    """The zip with a lookup's photos, where it was given to be kept."""
    FACE_INDEX = "indexes"
    """The vectors of a large dataset, by their likeness."""
    ERASURE = "erasures"
    """What an erasing that is not done yet has removed, for the search that ends it."""


def content_id(data: bytes) -> str:
    """The sha256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Artifacts:
    """The artifacts of all datasets below one folder."""

    root: Path

    def put(self, dataset_id: str, kind: ArtifactKind, file_id: str, data: bytes) -> None:
        """Write a file unless it is there, whole."""
        path = self.path(dataset_id, kind, file_id)
        # Files of before they were flushed may have been left empty by a power cut.
        if not path.exists() or path.stat().st_size != len(data):
            self.replace(dataset_id, kind, file_id, data)

    def replace(self, dataset_id: str, kind: ArtifactKind, file_id: str, data: bytes) -> None:
        """Write a file in the place of the one that may be there; whoever reads meanwhile gets either whole.

        It is on the disk when this returns, or at the end of ``together``: a row may point to it then.
        """
        path = self.path(dataset_id, kind, file_id)
        writing = _written_together.get()
        if writing is None:
            flush_folders(write_durably(path, data))
        else:
            writing.append(_pool().submit(write_durably, path, data))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write files at once that are needed at the end only: waiting for a disk takes a tenth of the time then."""
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

    def read(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> bytes:
        """Raises NotFound when the file is gone."""
        try:
            return self.path(dataset_id, kind, file_id).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"A file of this dataset ({kind}) is missing from the data folder.") from error

    def path(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> Path:
        """Where a file lies, whether it exists or not. Ids are hexadecimal; anything else is refused."""
        for part in (dataset_id, file_id):
            if not part.isalnum():
                raise NotFound(f"'{part}' is no id of a stored file.")
        # Two letters of the id between: a folder of a hundred thousand files is slow to list on many file systems.
        return self.root / dataset_id / kind / file_id[:2] / file_id

    def ids(self, dataset_id: str, kind: ArtifactKind) -> list[str]:
        """The ids of all files of a kind, in no order."""
        # Drafts have a dot in their names.
        return [path.name for path in (self.root / dataset_id / kind).glob("*/*") if path.name.isalnum()]

    def delete(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> None:
        """Remove a file; one that is gone already is no fault."""
        self.path(dataset_id, kind, file_id).unlink(missing_ok=True)

    def sweep(self, dataset_id: str, ids_to_keep: Mapping[str, Container[str]], before: float) -> int:
        """Remove every file of a dataset that is not kept and was written before a time; how many there were.

        Parameters
        ----------
        ids_to_keep : the ids to keep by the name of their folder; a folder that is not named goes as a whole
        before : seconds since 1970
        """
        loose = self.loose(dataset_id, ids_to_keep, before)
        for path in loose:
            path.unlink()
        return len(loose)

    def loose(self, dataset_id: str, ids_to_keep: Mapping[str, Container[str]], before: float) -> list[Path]:
        """The files that ``sweep`` would remove."""
        return [
            path
            for path in (self.root / dataset_id).glob("*/*/*")
            if path.name not in ids_to_keep.get(path.parts[-3], ()) and path.stat().st_mtime < before
        ]

    def delete_drafts(self, dataset_id: str) -> None:
        """Remove what a killed process was writing; only where nothing else is writing now."""
        for draft in (self.root / dataset_id).glob("*/*/*.part"):
            draft.unlink()

    def delete_dataset(self, dataset_id: str) -> None:
        """Remove everything of a dataset."""
        folder = self.root / dataset_id
        if folder.exists():
            shutil.rmtree(folder)

    def size_bytes(self, dataset_id: str) -> int:
        """Disk space of a dataset's files."""
        folder = self.root / dataset_id
        return _bytes_below(str(folder)) if folder.is_dir() else 0


_written_together: ContextVar[list[Future[set[Path]]] | None] = ContextVar("written_together", default=None)
FLUSHED_AT_ONCE = 16
"""A disk writes the requests that it has at once in one go: 64 files took 20 ms so, and 280 ms one by one."""


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(FLUSHED_AT_ONCE, thread_name_prefix="flush")


def write_durably(path: Path, data: bytes) -> set[Path]:
    """Write a file whole or not at all, on the disk before it gets its name; the folders that changed by it.

    Without that a power cut can leave a name with an empty file, which would be taken for the photo.

    Raises
    ------
    DataFolderFault
        The disk is full, or cannot be written.
    """
    # A name of its own for each writer: two that write the same photo must not write into one draft.
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        changed = {path.parent, *_make_folder(path.parent)}
        with draft.open("wb") as file:
            file.write(data)
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


def _bytes_below(folder: str) -> int:
    with os.scandir(folder) as entries:
        return sum(_bytes_below(entry.path) if entry.is_dir() else entry.stat().st_size for entry in entries)

"""Artifacts that lie encrypted wherever others lie: a layer before a folder or an object store."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from core.store.artifacts import ArtifactKind, Artifacts, StoredFile
from core.store.encryption.key_file import DataKeys
from core.store.encryption.sealed_stream import SealingReader, content_bytes, open_sealed, seal, seal_stream
from core.store.folder_artifacts import DRAFT, FolderArtifacts, flush_folders

_OPENED_KINDS = frozenset({ArtifactKind.LOOKUP_PHOTOS, ArtifactKind.FACE_INDEX, ArtifactKind.FACE_TABLE})
"""Encrypted on the disk, and in clear in memory once somebody asked for their path."""

_IN_MEMORY = ArtifactKind.LOOKUP_PART
"""Appended to batch by batch; a lookup that was not done when the machine was switched off begins anew."""


@dataclass(frozen=True)
class SealedArtifacts(Artifacts):
    """The artifacts of all datasets, encrypted.

    Files are called as they would be without: whoever has a photo can tell by its hash that it is there.
    """

    inner: Artifacts
    keys: DataKeys
    memory: FolderArtifacts
    """What is opened in place; batches of a lookup lie there alone, and go when the machine is switched off."""

    @property
    def root(self) -> Path:  # type: ignore[override]
        """That of the encrypted files."""
        return self.inner.root

    @property
    def lists_quickly(self) -> bool:  # type: ignore[override]
        """That of the encrypted files."""
        return self.inner.lists_quickly

    def replace(self, dataset_id: str, kind: ArtifactKind, file_id: str, data: bytes) -> None:
        """See ``Artifacts``."""
        if kind is _IN_MEMORY:
            self.memory.replace(dataset_id, kind, file_id, data)
            return
        name = artifact_name(dataset_id, kind, file_id)
        self.inner.replace(dataset_id, kind, file_id, seal(data, self.keys.current_id, self.keys.current, name))
        self.memory.delete(dataset_id, kind, file_id)

    def replace_from(self, dataset_id: str, kind: ArtifactKind, file_id: str, source: IO[bytes]) -> None:
        """See ``Artifacts``."""
        if kind is _IN_MEMORY:
            self.memory.replace_from(dataset_id, kind, file_id, source)
            return
        name = artifact_name(dataset_id, kind, file_id)
        sealing = io.BufferedReader(SealingReader(source, self.keys.current_id, self.keys.current, name))
        self.inner.replace_from(dataset_id, kind, file_id, sealing)
        self.memory.delete(dataset_id, kind, file_id)

    def together(self) -> AbstractContextManager[None]:
        """See ``Artifacts``."""
        return self.inner.together()

    def read(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> bytes:
        """See ``Artifacts``."""
        if kind is _IN_MEMORY:
            return self.memory.read(dataset_id, kind, file_id)
        sealed = io.BytesIO(self.inner.read(dataset_id, kind, file_id))
        with open_sealed(sealed, self.keys.by_id, artifact_name(dataset_id, kind, file_id)) as file:
            return file.read()

    def open(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> IO[bytes]:
        """See ``Artifacts``."""
        if kind is _IN_MEMORY:
            return self.memory.open(dataset_id, kind, file_id)
        sealed = self.inner.open(dataset_id, kind, file_id)
        return open_sealed(sealed, self.keys.by_id, artifact_name(dataset_id, kind, file_id))

    def open_stored(self, path: Path) -> IO[bytes]:
        """See ``Artifacts``."""
        parts = path.relative_to(self.root).parts if path.is_relative_to(self.root) else ()
        is_artifact = len(parts) == 4 and parts[3].isalnum()
        if not is_artifact:
            return path.open("rb")
        return open_sealed(path.open("rb"), self.keys.by_id, artifact_name(parts[0], parts[1], parts[3]))

    def find(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> StoredFile | None:
        """See ``Artifacts``."""
        stored = self.inner.find(dataset_id, kind, file_id)
        if stored is not None:
            return _as_held(stored)
        return self.memory.find(dataset_id, kind, file_id)

    def ids(self, dataset_id: str, kind: ArtifactKind) -> list[str]:
        """See ``Artifacts``."""
        return list({*self.inner.ids(dataset_id, kind), *self.memory.ids(dataset_id, kind)})

    def dataset_ids(self) -> set[str]:
        """See ``Artifacts``."""
        return self.inner.dataset_ids() | self.memory.dataset_ids()

    def files(self, dataset_id: str) -> Iterator[StoredFile]:
        """See ``Artifacts``."""
        yield from map(_as_held, self.inner.files(dataset_id))
        yield from self.memory.files(dataset_id)

    def remote_files(self, dataset_id: str) -> Sequence[StoredFile]:
        """See ``Artifacts``."""
        return [_as_held(file) for file in self.inner.remote_files(dataset_id)]

    def going_ids(self, before: float = float("inf")) -> list[str]:
        """See ``Artifacts``."""
        return self.inner.going_ids(before)

    def delete(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> None:
        """See ``Artifacts``."""
        self.memory.delete(dataset_id, kind, file_id)
        self.inner.delete(dataset_id, kind, file_id)

    def sweep(self, dataset_id: str, ids_to_keep: Mapping[str, Container[str]], before: float) -> int:
        """See ``Artifacts``."""
        in_memory = self.memory.sweep(dataset_id, ids_to_keep, before)
        return in_memory + self.inner.sweep(dataset_id, ids_to_keep, before)

    def delete_drafts(self, dataset_id: str, before: float = float("inf")) -> int:
        """See ``Artifacts``."""
        return self.memory.delete_drafts(dataset_id, before) + self.inner.delete_drafts(dataset_id, before)

    def announce_deletion(self, dataset_id: str) -> None:
        """See ``Artifacts``."""
        self.inner.announce_deletion(dataset_id)

    def withdraw_deletion(self, dataset_id: str) -> None:
        """See ``Artifacts``."""
        self.inner.withdraw_deletion(dataset_id)

    def delete_dataset(self, dataset_id: str) -> None:
        """See ``Artifacts``."""
        self.memory.delete_dataset(dataset_id)
        self.inner.delete_dataset(dataset_id)

    def path(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> Path:
        """See ``Artifacts``; in memory, where what lies encrypted is put in clear by asking."""
        if kind is ArtifactKind.ERASURE:
            return self.inner.path(dataset_id, kind, file_id)
        path = self.memory.path(dataset_id, kind, file_id)
        if kind in _OPENED_KINDS:
            self._bring_to_memory(dataset_id, kind, file_id, path)
        return path

    def keep(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> None:
        """See ``Artifacts``."""
        path, sealed_path = self.memory.path(dataset_id, kind, file_id), self.inner.path(dataset_id, kind, file_id)
        if not path.exists():
            return
        sealed_path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as source:
            name = artifact_name(dataset_id, kind, file_id)
            write_sealed(source, sealed_path, self.keys, name)
        _copy_time(sealed_path, path)

    def describe(self) -> str:
        """See ``Artifacts``."""
        return self.inner.describe()

    def fetch_ahead(self, dataset_id: str, kind: ArtifactKind, file_ids: Collection[str]) -> None:
        """See ``Artifacts``."""
        self.inner.fetch_ahead(dataset_id, kind, file_ids)

    def forget(self) -> None:
        """See ``Artifacts``."""
        self.inner.forget()

    def _bring_to_memory(self, dataset_id: str, kind: ArtifactKind, file_id: str, path: Path) -> None:
        sealed_path = self.inner.path(dataset_id, kind, file_id)
        try:
            state = sealed_path.stat()
        except FileNotFoundError:
            return  # nothing is stored, or it is being written in memory and not kept yet
        if path.exists() and path.stat().st_mtime_ns == state.st_mtime_ns:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with self.open(dataset_id, kind, file_id) as source:
            write_draft(source, path)
        _copy_time(sealed_path, path)


def _as_held(stored: StoredFile) -> StoredFile:
    """With the size of what it holds."""
    return replace(stored, size_bytes=content_bytes(stored.size_bytes))


def artifact_name(dataset_id: str, kind: str, file_id: str) -> str:
    """What a file is encrypted under, so that it is refused in another one's place."""
    return f"{dataset_id}/{kind}/{file_id}"


def write_sealed(source: IO[bytes], path: Path, keys: DataKeys, name: str) -> None:
    """Write a stream encrypted, on the disk before it gets its name."""
    with _drafting(path) as target:
        seal_stream(source, target, keys.current_id, keys.current, name)
    flush_folders([path.parent])


def write_draft(source: IO[bytes], path: Path) -> None:
    """Write a stream as it is, on the disk before it gets its name."""
    with _drafting(path) as target:
        shutil.copyfileobj(source, target, 1 << 20)
    flush_folders([path.parent])


@contextmanager
def _drafting(path: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when it is whole and on the disk."""
    # With the ending of all drafts, so that what a kill leaves is swept with them.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.", suffix=DRAFT, delete=False) as draft:
        try:
            yield draft
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).replace(path)
        finally:
            Path(draft.name).unlink(missing_ok=True)


def _copy_time(source: Path, target: Path) -> None:
    """By its time it is seen whether what is in memory is what lies on the disk."""
    state = source.stat()
    os.utime(target, ns=(state.st_atime_ns, state.st_mtime_ns))

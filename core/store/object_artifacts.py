"""Artifacts in an object store; those in use lie in the data folder, which all machines of a database share."""

from __future__ import annotations

import io
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, ClassVar

from core.base.errors import NotFound
from core.base.files.sized_reader import SizedReader
from core.store.artifacts import GOING, WORKING_KINDS, ArtifactKind, Artifacts, StoredFile, missing_file, require_ids
from core.store.folder_artifacts import FolderArtifacts, write_or_begin, writing_together
from core.store.object_store import ObjectStore, StoredObject

READ_AT_ONCE = 16
BUFFER_BYTES = 1 << 20
"""Read at once of a file of which parts are asked for."""
CROPS_BYTES = 64 << 20
"""Some 6,500 crops in memory, so that a page that is drawn anew fetches none again."""
CROPS_KEPT_S = 600.0
_KINDS = frozenset(ArtifactKind)
_GOING = f"{GOING}/"


@dataclass
class _RecentCrops:
    """Crops that were read a moment ago: in memory and nowhere else, and not for long."""

    _contents: OrderedDict[str, tuple[float, bytes]] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, key: str) -> bytes | None:
        with self._lock:
            self._drop(time.monotonic() - CROPS_KEPT_S)
            return self._contents[key][1] if key in self._contents else None

    def add(self, key: str, content: bytes) -> None:
        with self._lock:
            if key not in self._contents:
                self._contents[key] = (time.monotonic(), content)
                self._bytes += len(content)
            self._drop(time.monotonic() - CROPS_KEPT_S)

    def clear(self) -> None:
        with self._lock:
            self._contents.clear()
            self._bytes = 0

    def _drop(self, oldest: float) -> None:
        # In the order in which they were read, so the first is the oldest.
        while self._contents:
            key, (since, content) = next(iter(self._contents.items()))
            if since >= oldest and self._bytes <= CROPS_BYTES:
                return
            del self._contents[key]
            self._bytes -= len(content)


@dataclass(frozen=True)
class ObjectArtifacts(Artifacts):
    """The artifacts of all datasets in an object store, under the names that they have in a folder."""

    lists_quickly: ClassVar[bool] = False
    objects: ObjectStore
    near: FolderArtifacts
    """Where those of ``WORKING_KINDS`` lie."""
    _recent: _RecentCrops = field(default_factory=_RecentCrops, compare=False, repr=False)

    @property
    def root(self) -> Path:  # type: ignore[override]
        """The folder of those nearby."""
        return self.near.root

    @property
    def is_shared(self) -> bool:
        """See ``Artifacts``."""
        return True

    def __reduce__(self) -> tuple[type[ObjectArtifacts], tuple[ObjectStore, FolderArtifacts]]:
        """Other processes open the store anew, and get no crop that is in memory here."""
        return ObjectArtifacts, (self.objects, self.near)

    def replace(self, dataset_id: str, kind: ArtifactKind, file_id: str, data: bytes) -> None:
        """See ``Artifacts``."""
        if kind in WORKING_KINDS:
            self.near.replace(dataset_id, kind, file_id, data)
        else:
            write_or_begin(self._write, _key(dataset_id, kind, file_id), data)

    def replace_from(self, dataset_id: str, kind: ArtifactKind, file_id: str, source: IO[bytes]) -> None:
        """See ``Artifacts``; what is sent to the store is in memory meanwhile."""
        if kind in WORKING_KINDS:
            self.near.replace_from(dataset_id, kind, file_id, source)
        else:
            super().replace_from(dataset_id, kind, file_id, source)

    def together(self) -> AbstractContextManager[None]:
        """See ``Artifacts``; waiting for the store is what takes the time."""
        return writing_together()

    def read(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> bytes:
        """See ``Artifacts``."""
        if kind in WORKING_KINDS:
            return self.near.read(dataset_id, kind, file_id)
        key = _key(dataset_id, kind, file_id)
        content = self._recent.find(key)
        if content is None:
            content = self.objects.read(key)
            if content is None:
                raise missing_file(kind)
            if kind is ArtifactKind.CROP:
                self._recent.add(key, content)
        return content

    def open(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> IO[bytes]:
        """See ``Artifacts``."""
        if kind in WORKING_KINDS:
            return self.near.open(dataset_id, kind, file_id)
        key = _key(dataset_id, kind, file_id)
        stored = self.objects.find(key)
        if stored is None:
            raise missing_file(kind)
        return io.BufferedReader(_PartReader(self.objects, key, stored.size_bytes, kind), BUFFER_BYTES)

    def find(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> StoredFile | None:
        """See ``Artifacts``."""
        if kind in WORKING_KINDS:
            return self.near.find(dataset_id, kind, file_id)
        stored = self.objects.find(_key(dataset_id, kind, file_id))
        return _file(stored) if stored is not None else None

    def ids(self, dataset_id: str, kind: ArtifactKind) -> list[str]:
        """See ``Artifacts``."""
        require_ids(dataset_id)
        if kind in WORKING_KINDS:
            return self.near.ids(dataset_id, kind)
        return [_file(stored).id for stored in self.objects.list_below(f"{dataset_id}/{kind}/")]

    def dataset_ids(self) -> set[str]:
        """See ``Artifacts``."""
        there = {stored.key.split("/")[0] for stored in self.objects.list_below("")}
        return (there | self.near.dataset_ids()) - {GOING}

    def files(self, dataset_id: str) -> Iterator[StoredFile]:
        """See ``Artifacts``."""
        yield from self.near.files(dataset_id)
        yield from self.remote_files(dataset_id)

    def remote_files(self, dataset_id: str) -> Sequence[StoredFile]:
        """See ``Artifacts``."""
        require_ids(dataset_id)
        files = (_file(stored) for stored in self.objects.list_below(f"{dataset_id}/"))
        return [file for file in files if file.kind in _KINDS]

    def going_ids(self, before: float = float("inf")) -> list[str]:
        """See ``Artifacts``."""
        announced = (stored for stored in self.objects.list_below(_GOING) if stored.written < before)
        return sorted({*self.near.going_ids(before), *(stored.key.removeprefix(_GOING) for stored in announced)})

    def delete(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> None:
        """See ``Artifacts``."""
        if kind in WORKING_KINDS:
            self.near.delete(dataset_id, kind, file_id)
        else:
            self._recent.clear()
            self.objects.remove(_key(dataset_id, kind, file_id))

    def sweep(self, dataset_id: str, ids_to_keep: Mapping[str, Container[str]], before: float) -> int:
        """See ``Artifacts``; earlier versions of what is kept go, too."""
        require_ids(dataset_id)
        self._recent.clear()
        # Files are dated by the store's clock, and ``before`` is by this machine's. Where the two cannot be told apart
        # a file goes: what an erasing leaves would be somebody's face.
        before_there = before + self.objects.clock_ahead_s()

        def is_kept(stored: StoredObject) -> bool:
            file = _file(stored)
            return file.id in ids_to_keep.get(file.kind, ()) or file.written >= before_there

        return self.near.sweep(dataset_id, ids_to_keep, before) + self.objects.remove_below(f"{dataset_id}/", is_kept)

    def delete_drafts(self, dataset_id: str, before: float = float("inf")) -> int:
        """See ``Artifacts``."""
        require_ids(dataset_id)
        return self.near.delete_drafts(dataset_id, before) + self.objects.end_uploads(f"{dataset_id}/", before)

    def announce_deletion(self, dataset_id: str) -> None:
        """See ``Artifacts``."""
        require_ids(dataset_id)
        self.objects.write(f"{_GOING}{dataset_id}", b"")

    def withdraw_deletion(self, dataset_id: str) -> None:
        """See ``Artifacts``."""
        require_ids(dataset_id)
        self.near.withdraw_deletion(dataset_id)
        self.objects.remove(f"{_GOING}{dataset_id}")

    def delete_dataset(self, dataset_id: str) -> None:
        """See ``Artifacts``."""
        require_ids(dataset_id)
        self._recent.clear()
        self.near.delete_dataset(dataset_id)
        self.objects.end_uploads(f"{dataset_id}/", float("inf"))
        self.objects.remove_below(f"{dataset_id}/")
        self.withdraw_deletion(dataset_id)

    def path(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> Path:
        """See ``Artifacts``."""
        assert kind in WORKING_KINDS, f"{kind} lies in no folder"
        return self.near.path(dataset_id, kind, file_id)

    def describe(self) -> str:
        """See ``Artifacts``."""
        return self.objects.url

    def fetch_ahead(self, dataset_id: str, kind: ArtifactKind, file_ids: Collection[str]) -> None:
        """See ``Artifacts``; of crops, which are kept a while."""

        def fetch(file_id: str) -> None:
            with suppress(NotFound):
                self.read(dataset_id, kind, file_id)

        if len(file_ids) > 1:
            with ThreadPoolExecutor(READ_AT_ONCE, thread_name_prefix="fetch") as threads:
                list(threads.map(fetch, dict.fromkeys(file_ids)))

    def forget(self) -> None:
        """See ``Artifacts``."""
        self._recent.clear()

    def _write(self, key: str, data: bytes) -> set[Path]:
        self.objects.write(key, data)
        return set()


class _PartReader(SizedReader):
    """An object as a file of which only what is asked for is read."""

    def __init__(self, objects: ObjectStore, key: str, size_bytes: int, kind: ArtifactKind) -> None:
        super().__init__(size_bytes)
        self._objects, self._key, self._kind = objects, key, kind

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = self._read_next(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def readall(self) -> bytes:
        # In one request; what this would do by itself is a request for some kilobytes, again and again.
        return self._read_next(self._size)

    def _read_next(self, most_bytes: int) -> bytes:
        end = min(self._at + most_bytes, self._size)
        if end <= self._at:
            return b""
        part = self._objects.read(self._key, self._at, end)
        if part is None:
            raise missing_file(self._kind)
        self._at += len(part)
        return part


def _key(dataset_id: str, kind: ArtifactKind, file_id: str) -> str:
    require_ids(dataset_id, file_id)
    # As in a folder, so that either can be copied to the other by any tool.
    return f"{dataset_id}/{kind}/{file_id[:2]}/{file_id}"


def _file(stored: StoredObject) -> StoredFile:
    parts = stored.key.split("/")
    return StoredFile(parts[1], parts[-1], stored.size_bytes, stored.written)

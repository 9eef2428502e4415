"""The photos below a URL: an object store (``s3://``, ``gs://``) or whatever else fsspec reads (``file://``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from core.archives.file_names import ending_objection, leaves_folder, name_objection, printable_name
from core.archives.source import (
    CHANGED,
    NameRules,
    PhotoEntry,
    PhotoSource,
    ReachableFile,
    kind_objection,
    read_bounded,
    require_limits,
    size_objection,
)
from core.archives.system_files import classify_leftover
from core.base.errors import ArchiveRefused, ImageRefused, InputRefused, SourceUnavailable
from core.base.files.file_systems import describe_store_fault, open_file_system
from core.base.settings import ArchiveLimits
from core.base.types import Refusal
from core.imaging import signatures
from core.language.texts import marked

_STAMPS: Final = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "created")
"""What stores say of a file's state, the most exact first."""


HEADS_AT_ONCE: Final = 16
"""First bytes that are asked for at the same time, of files that are not called like photos."""
_HEADS_IN_A_ROUND: Final = 1000

_State = tuple[str, int, str]
"""A file's path, its bytes, and what the store says of its state."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as it was when the folder was listed; a ``ReachableFile``."""

    url: str
    """Of the folder."""
    name: str
    state: _State
    max_bytes: int

    @property
    def size_bytes(self) -> int:
        """What the store says that it holds."""
        return self.state[1]

    def read(self) -> bytes:
        """See ``ReachableFile``; on whatever machine, where the store is opened once for all threads."""
        return self.read_by(_shared_system(self.url))

    def read_by(self, system: Any) -> bytes:
        """The same where the store is open."""
        path, size_bytes, _ = self.state
        with _asking(self.url, self.name):
            try:
                with system.open(path, "rb") as file:
                    content = read_bounded(file, self.name, self.max_bytes)
                # Asked after reading: what was written meanwhile has another stamp then.
                now = _read_state(system.info(path))
            except FileNotFoundError:
                raise ImageRefused(CHANGED) from None
        if len(content) != size_bytes or now != self.state:
            raise ImageRefused(CHANGED)
        return content


class RemoteSource(PhotoSource):
    """Photos below a URL; see ``opening.open_source``."""

    def __init__(self, url: str, limits: ArchiveLimits, rules: NameRules) -> None:
        self._url, self._limits = url, limits
        self._system, root = _open_system(url)
        with _asking(url, url):
            self._files = dict(self._list(root))
        leftovers = {name: why for name in self._files if (why := classify_leftover(name)) is not None}
        names = [name for name in self._files if name not in leftovers]
        heads = dict(self._read_heads([name for name in names if self._is_doubtful(name)]))
        objections = {name: self._objection(name, heads.get(name)) for name in names}
        super().__init__(
            [(name, self._files[name].size_bytes) for name, reason in objections.items() if reason is None],
            [Refusal(printable_name(name), reason) for name, reason in objections.items() if reason is not None],
            list(leftovers.items()),
            rules,
        )

    def read(self, entry: PhotoEntry) -> bytes:
        """Bytes of one photo. Raises ImageRefused for one that changed, SourceUnavailable for a store that is gone."""
        return self._files[entry.name].read_by(self._system)

    def locate(self, entry: PhotoEntry) -> ReachableFile:
        """See ``PhotoSource``."""
        return self._files[entry.name]

    def _list(self, root: str) -> Iterator[tuple[str, RemoteFile]]:
        """Every file below, by its name from there on, in a stable order."""
        total_bytes = 0
        found = self._system.find(root, detail=True)
        for number, path in enumerate(sorted(found), 1):
            name = path[len(root) + 1 :]
            listed = RemoteFile(self._url, name, _read_state(found[path]), self._limits.max_entry_bytes)
            total_bytes += listed.size_bytes
            require_limits(self._url, number, total_bytes, self._limits)
            if path == root:
                raise ArchiveRefused(
                    marked("'{url}' is a file. Give the URL of the folder in which the photos lie.").format(
                        url=self._url
                    )
                )
            # A name that ends with a slash is a folder's own, as consoles write where somebody makes one.
            if not path.endswith("/"):
                yield name, listed

    def _is_doubtful(self, name: str) -> bool:
        """Whether a file's first bytes are asked for; of an empty one a store has none to give, and refuses."""
        is_readable = not leaves_folder(name) and name_objection(name) is None and self._files[name].size_bytes > 0
        return is_readable and ending_objection(name) is not None

    def _read_heads(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The first bytes of files, many at a time: waiting for the store is what takes the time."""

        def read_head(name: str) -> bytes:
            with _asking(self._url, name):
                path, _, _ = self._files[name].state
                head: bytes = self._system.cat_file(path, start=0, end=signatures.HEAD_BYTES)
                return head

        with ThreadPoolExecutor(HEADS_AT_ONCE, thread_name_prefix="heads") as pool:
            for start in range(0, len(names), _HEADS_IN_A_ROUND):
                in_round = names[start : start + _HEADS_IN_A_ROUND]
                yield from zip(in_round, pool.map(read_head, in_round), strict=True)

    def _objection(self, name: str, head: bytes | None) -> str | None:
        if leaves_folder(name):
            return marked("its path leaves the folder; rename it")
        by_kind = kind_objection(name, lambda: head or b"")
        return by_kind or size_objection(self._files[name].size_bytes, self._limits)


def _read_state(info: Mapping[str, Any]) -> _State:
    stamp = next((info[key] for key in _STAMPS if info.get(key) is not None), "")
    # Some listings have seconds where the file itself has a date.
    seconds = stamp.timestamp() if isinstance(stamp, datetime) else stamp
    return str(info["name"]), int(info["size"] or 0), str(seconds)


@contextmanager
def _asking(url: str, what: str) -> Iterator[None]:
    """Raises SourceUnavailable, with the store's own words, for what is no fault of a photo."""
    try:
        yield
    except (ImageRefused, ArchiveRefused):
        raise
    except Exception as fault:  # each store has errors of its own, which share no base
        raise _unavailable(url, what, fault) from fault


def _open_system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the folder in it. Raises ArchiveRefused."""
    try:
        return open_file_system(url)
    except InputRefused as refusal:
        raise ArchiveRefused(str(refusal)) from refusal


@lru_cache(maxsize=8)
def _shared_system(url: str) -> Any:
    # fsspec itself remembers one for each thread, and opening S3 takes longer than reading a photo.
    system, _ = _open_system(url)
    return system


def _unavailable(url: str, what: str, fault: Exception) -> SourceUnavailable:
    return SourceUnavailable(
        marked(
            "'{file}' cannot be read from '{url}': {fault}. What was taken is kept. See that the store answers "
            "and lets you read there, then resume the job or give the URL again."
        ).format(file=what, url=url, fault=describe_store_fault(fault))
    )

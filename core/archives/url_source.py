"""The photos below a URL: an object store (``s3://``, ``gs://``) or whatever else fsspec reads (``file://``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.archives.file_names import leaves_folder, printable_name
from core.archives.source import (
    CHANGED,
    NameRules,
    PhotoEntry,
    PhotoSource,
    kind_objection,
    read_bounded,
    require_limits,
    size_objection,
)
from core.archives.system_files import Leftover, classify_leftover
from core.base.errors import ArchiveRefused, ImageRefused, InputRefused, SourceUnavailable
from core.base.file_systems import describe_store_fault, open_file_system
from core.base.settings import ArchiveLimits
from core.base.types import Refusal
from core.imaging import signatures

_STAMPS: Final = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "created")
"""What stores say of a file's state, the most exact first."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """A file as it was when the folder was listed."""

    path: str
    size_bytes: int
    stamp: str


class RemoteSource(PhotoSource):
    """Photos below a URL; see ``opening.open_source``."""

    def __init__(self, url: str, limits: ArchiveLimits, rules: NameRules) -> None:
        self._url, self._limits = url, limits
        self._system, root = _open_system(url)
        with self._asking(url):
            self._files = dict(self._list(root))
        examined = [(name, classify_leftover(name) or self._objection(name)) for name in self._files]
        super().__init__(
            [(name, self._files[name].size_bytes) for name, verdict in examined if verdict is None],
            [Refusal(printable_name(name), verdict) for name, verdict in examined if isinstance(verdict, str)],
            [(name, verdict) for name, verdict in examined if isinstance(verdict, Leftover)],
            rules,
        )

    def read(self, entry: PhotoEntry) -> bytes:
        """Bytes of one photo. Raises ImageRefused for one that changed, SourceUnavailable for a store that is gone."""
        listed = self._files[entry.name]
        with self._asking(entry.name):
            try:
                with self._system.open(listed.path, "rb") as file:
                    content = read_bounded(file, entry.name, self._limits.max_entry_bytes)
                # Asked after reading: what was written meanwhile has another stamp then.
                now = self._describe(self._system.info(listed.path))
            except FileNotFoundError:
                raise ImageRefused(CHANGED) from None
        if len(content) != listed.size_bytes or now != listed:
            raise ImageRefused(CHANGED)
        return content

    def _list(self, root: str) -> Iterator[tuple[str, _Listed]]:
        """Every file below, by its name from there on, in a stable order."""
        total_bytes = 0
        found = self._system.find(root, detail=True)
        for number, path in enumerate(sorted(found), 1):
            listed = self._describe(found[path])
            total_bytes += listed.size_bytes
            require_limits(self._url, number, total_bytes, self._limits)
            if path == root:
                raise ArchiveRefused(f"'{self._url}' is a file. Give the URL of the folder in which the photos lie.")
            # A name that ends with a slash is a folder's own, as consoles write where somebody makes one.
            if not path.endswith("/"):
                yield path[len(root) + 1 :], listed

    def _describe(self, info: Mapping[str, Any]) -> _Listed:
        stamp = next((info[key] for key in _STAMPS if info.get(key) is not None), "")
        # Some listings have seconds where the file itself has a date.
        seconds = stamp.timestamp() if isinstance(stamp, datetime) else stamp
        return _Listed(str(info["name"]), int(info["size"] or 0), str(seconds))

    def _objection(self, name: str) -> str | None:
        if leaves_folder(name):
            return "its path leaves the folder; rename it"
        listed = self._files[name]

        def read_head() -> bytes:
            # Of an empty file a store has no first bytes to give, and refuses.
            if not listed.size_bytes:
                return b""
            with self._asking(name):
                head: bytes = self._system.cat_file(listed.path, start=0, end=signatures.HEAD_BYTES)
                return head

        return kind_objection(name, read_head) or size_objection(listed.size_bytes, self._limits)

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        """Raises SourceUnavailable, with the store's own words, for what is no fault of a photo."""
        try:
            yield
        except (ImageRefused, ArchiveRefused):
            raise
        except Exception as fault:  # each store has errors of its own, which share no base
            raise _unavailable(self._url, what, fault) from fault


def _open_system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the folder in it. Raises ArchiveRefused."""
    try:
        return open_file_system(url)
    except InputRefused as refusal:
        raise ArchiveRefused(str(refusal)) from refusal


def _unavailable(url: str, what: str, fault: Exception) -> SourceUnavailable:
    return SourceUnavailable(
        f"'{what}' cannot be read from '{url}': {describe_store_fault(fault)}. What was taken is kept. See that "
        "the store answers and lets you read there, then resume the job or give the URL again."
    )

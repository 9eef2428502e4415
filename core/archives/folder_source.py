"""The photos of a folder, with all folders in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.archives.file_names import printable_name
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
from core.base.errors import ArchiveRefused, ImageRefused
from core.base.settings import ArchiveLimits
from core.base.types import Refusal
from core.imaging import signatures
from core.language.texts import marked

_READ_NO_LINK: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""A file that became a link after it was listed is not followed."""
_MOST_LEFTOVERS: Final = 20_000
"""Files looked at in hidden folders and the like: a home folder holds hundreds of thousands of them."""


class FolderSource(PhotoSource):
    """Photos of a folder; see ``opening.open_source``."""

    def __init__(self, path: Path, limits: ArchiveLimits, rules: NameRules) -> None:
        self._root = path.resolve()
        self._limits = limits
        files, leftovers = _list_folder(self._root, limits)
        self._states = {name: state for name, state, _ in files}
        super().__init__(
            [(name, state.size_bytes) for name, state, reason in files if not reason],
            [Refusal(printable_name(name), reason) for name, _, reason in files if reason],
            leftovers,
            rules,
        )

    def read(self, entry: PhotoEntry) -> bytes:
        """Bytes of one photo. Raises ImageRefused for one that cannot be read, or changed since it was listed."""
        try:
            with os.fdopen(os.open(self._root / entry.name, _READ_NO_LINK), "rb") as file:
                content = read_bounded(file, entry.name, self._limits.max_entry_bytes)
                # Asked after reading: what was written meanwhile has another time then.
                state = _FileState.of(os.fstat(file.fileno()))
            if state != self._states[entry.name]:
                raise ImageRefused(CHANGED)
            return content
        except OSError as error:
            raise ImageRefused(
                marked("'{name}' cannot be read: {fault}.").format(name=entry.name, fault=error.strerror)
            ) from error


@dataclass(frozen=True, slots=True, order=True)
class _FileState:
    """What changes when a file is written."""

    size_bytes: int = 0
    written_ns: int = 0

    @classmethod
    def of(cls, status: os.stat_result) -> _FileState:
        return cls(status.st_size, status.st_mtime_ns)


def _list_folder(
    root: Path, limits: ArchiveLimits
) -> tuple[list[tuple[str, _FileState, str]], list[tuple[str, Leftover]]]:
    """What lies below a folder, by name.

    Returns
    -------
    files : relative name, state and objection ("" for none)
    leftovers : relative name, and why it is left out
    """
    files: list[tuple[str, _FileState, str]] = []
    leftovers: list[tuple[str, Leftover]] = []

    def is_to_be_entered(folder: os.DirEntry[str]) -> bool:
        """Not into more hidden folders when so much was left out already; the folder itself gets its line then."""
        # Judged by a file that might lie in it: folders themselves are never left over.
        name = Path(folder.path).relative_to(root).as_posix()
        why = classify_leftover(f"{name}/x") if len(leftovers) >= _MOST_LEFTOVERS else None
        if why is not None:
            leftovers.append((name, why))
        return why is None

    total_bytes = 0
    for item in _walk(str(root), is_to_be_entered):
        name = Path(item.path).relative_to(root).as_posix()
        why = classify_leftover(name)
        if why is not None:
            leftovers.append((name, why))
            continue
        try:
            state = _FileState.of(item.stat(follow_symlinks=False))
            reason = _file_objection(name, item, state.size_bytes, limits)
        except OSError as error:
            state, reason = _FileState(), marked("it cannot be read: {fault}").format(fault=error.strerror)
        total_bytes += state.size_bytes
        files.append((name, state, reason or ""))
        # Asked at every file: a folder of millions is refused long before it is listed to its end.
        require_limits(root.name, len(files), total_bytes, limits)
    # Sorted, as systems list folders in any order: entries keep their numbers when an ingest is resumed.
    return sorted(files), sorted(leftovers, key=lambda left: left[0])


def _file_objection(name: str, item: os.DirEntry[str], size_bytes: int, limits: ArchiveLimits) -> str | None:
    if item.is_dir(follow_symlinks=False):
        return marked("the folder cannot be opened; check its permissions")
    if not item.is_file(follow_symlinks=False):
        return marked("a link or special file is not followed; put the photo itself into the folder")
    return kind_objection(name, lambda: _file_head(item.path)) or size_objection(size_bytes, limits)


def _file_head(path: str) -> bytes:
    with os.fdopen(os.open(path, _READ_NO_LINK), "rb", buffering=0) as file:
        return file.read(signatures.HEAD_BYTES)


def _walk(folder: str, is_to_be_entered: Callable[[os.DirEntry[str]], bool]) -> Iterator[os.DirEntry[str]]:
    """Files and links below a folder, and folders that cannot be opened."""
    # A list and no recursion: folders may lie in each other deeper than Python's stack.
    pending: list[os.DirEntry[str] | str] = [folder]
    while pending:
        current = pending.pop()
        if isinstance(current, os.DirEntry) and not is_to_be_entered(current):
            continue
        try:
            with os.scandir(current) as listing:
                items = list(listing)
        except OSError:
            if isinstance(current, str):
                raise ArchiveRefused(
                    marked("The folder '{name}' cannot be opened; check its permissions.").format(
                        name=Path(folder).name
                    )
                ) from None
            yield current
            continue
        yield from (item for item in items if not item.is_dir(follow_symlinks=False))
        pending += [item for item in items if item.is_dir(follow_symlinks=False)]

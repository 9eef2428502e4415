"""Zips written one file after another, and names under which any system can unpack them."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d|__macosx)(\..*)?")
LONGEST_PART = 120
_FIRST_YEAR, _LAST_YEAR = 1980, 2107
"""Years that the date of an entry can tell."""


def safe_part(name: str) -> str:
    """The name as one part of a path that Windows, macOS and Linux all take, and that is not hidden."""
    # Windows drops dots and spaces at the end of a name, so that two names would meet.
    part = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name))[:LONGEST_PART].rstrip(". ")
    if not part or part.startswith(".") or _RESERVED.fullmatch(part):
        part = f"_{part}"
    return part


class Folders:
    """Gives every name a folder of its own, also where names differ only in case or in what a path cannot hold."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        """``reserved`` folders are given to no name."""
        self._of: dict[str, str] = {}
        self._taken = {folder.casefold() for folder in reserved}

    def folder_of(self, name: str) -> str:
        """The folder of a name; always the same."""
        if name not in self._of:
            self._of[name] = find_free_name(safe_part(name), self._taken)
        return self._of[name]


def find_free_name(name: str, taken: set[str]) -> str:
    """The name, or the name with a number before its ending where it is taken; ``taken`` gets it."""
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (name, "")
    number, free = 1, name
    # Without case, as Windows and macOS do: 'Ann' and 'ANN' would be unpacked into one file.
    while free.casefold() in taken:
        number += 1
        free = f"{stem} ({number}){ending}"
    taken.add(free.casefold())
    return free


@dataclass(frozen=True, slots=True)
class _HashedFile:
    """An entry that is being written, and the hash of what was."""

    file: IO[bytes]
    digest: hashlib._Hash

    def write(self, content: bytes) -> int:
        self.digest.update(content)
        return self.file.write(content)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


class ZipWriter:
    """Files added one by one; nothing but the table of contents is held in memory."""

    def __init__(self, archive: zipfile.ZipFile, folder: Path) -> None:
        self._archive = archive
        self.folder = folder
        """Where the zip is written; room for what must be whole before it is added."""
        self._taken: set[str] = set()
        self._digests: dict[str, hashlib._Hash] = {}
        self._written_at = time.localtime()[:6]

    def free_name(self, name: str) -> str:
        """The name, numbered where it is taken."""
        return find_free_name(name, self._taken)

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as it is: photos do not get smaller."""
        with path.open("rb") as source:
            self.add_stream(name, source)

    def add_stream(self, name: str, source: IO[bytes], taken: float | None = None) -> None:
        """Add what can be read of a stream, as it is.

        Parameters
        ----------
        taken : when the camera says that it was taken, as ``Photo.taken``: the date of the file; else that of the zip
        """
        with self._open(name, zipfile.ZIP_STORED, taken) as target:
            shutil.copyfileobj(source, target, 1 << 20)

    def add_content(self, name: str, content: bytes, taken: float | None = None) -> None:
        """Add bytes as they are; ``taken`` as in ``add_stream``."""
        with self._open(name, zipfile.ZIP_STORED, taken) as target:
            target.write(content)

    def add_parts(self, name: str, parts: Iterable[bytes]) -> None:
        """Add a compressed file, piece by piece."""
        with self._open(name, zipfile.ZIP_DEFLATED) as target:
            for part in parts:
                target.write(part)

    def digests(self) -> dict[str, str]:
        """The sha256 of every file that was added, by its name."""
        return {name: digest.hexdigest() for name, digest in self._digests.items()}

    def _open(self, name: str, method: int, taken: float | None = None) -> _HashedFile:
        info = zipfile.ZipInfo(name, self._entry_date(taken))
        info.compress_type = method
        # How large it gets is not known yet: without it an entry above 2 GiB fails in its middle.
        self._digests[name] = digest = hashlib.sha256()
        return _HashedFile(self._archive.open(info, "w", force_zip64=True), digest)

    def _entry_date(self, taken: float | None) -> tuple[int, int, int, int, int, int]:
        # Both are clocks on a wall, as the dates of a zip are: the camera's, which ``taken`` counts as if it were UTC,
        # and this computer's. A photo of 1975 whose date was set by hand has none that a zip could hold.
        date = self._written_at if taken is None else time.gmtime(taken)[:6]
        return date if _FIRST_YEAR <= date[0] <= _LAST_YEAR else self._written_at


@contextmanager
def writing_zip(path: Path) -> Iterator[ZipWriter]:
    """A new zip at ``path``, which is there when it is whole, and not before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(draft, "w") as archive:
            yield ZipWriter(archive, path.parent)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)

"""A zip file opened only when it is one, whole, bounded, and without entries that share bytes.

References
----------
PKWARE, APPNOTE.TXT 6.3.10: the records at the end (4.3.14 to 4.3.16), divided archives (8).
D. Fifield, "A better zip bomb", WOOT 2019: entries that overlap.
"""

from __future__ import annotations

import os
import re
import struct
import threading
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Self

from core.archives.file_names import leaves_folder, printable_name
from core.archives.source import read_bounded, require_limits, size_objection
from core.archives.zip_names import unmarked_name
from core.base import words
from core.base.errors import ArchiveRefused, ImageRefused
from core.base.settings import ArchiveLimits
from core.imaging import signatures
from core.language.texts import marked

ZIP_ERRORS: Final = (
    zipfile.BadZipFile,  # bad magic numbers, CRC, headers that disagree
    OSError,
    EOFError,  # a cut-off entry
    ValueError,  # negative seek; UnicodeDecodeError of names
    OverflowError,
    RuntimeError,  # a password; NotImplementedError for versions and methods
    struct.error,
    zlib.error,
)
_MOST_DIRECTORY_BYTES: Final = 256 << 20
"""Of a zip's table of contents, which is read whole; half a million photos with long names have 100 MB."""
_RATIO_FROM_BYTES: Final = 1 << 20
"""Small files compress by any factor and do no harm."""
_LOCAL_HEADER_BYTES: Final = 30
_PART_NAME: Final = re.compile(r".*\.(?:z\d\d|\d{3})", re.IGNORECASE | re.DOTALL)
_END: Final = struct.Struct("<4sHHHHLL")
_END_BYTES: Final = 22
_LONGEST_COMMENT: Final = 0xFFFF
_LOCATOR: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4s36xQ")
_MANY: Final = 0xFFFF
_MANY_BYTES: Final = 0xFFFFFFFF
"""The number of a disk, and an offset, that stand in the zip64 record instead."""


class CheckedZip:
    """A zip that was opened and may be read, by several threads at once."""

    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        """Raises ArchiveRefused for what is no zip, damaged, divided or dangerous."""
        self._limits = limits
        self._lock = threading.Lock()
        self._zip = _open_zip(path)
        try:
            self.infos = self._zip.infolist()
            for info in self.infos:
                # zipfile names entries in its errors by their last letter, which one that begins with a null has not.
                info.filename = info.filename or info.orig_filename or "?"
            require_limits(path.name, len(self.infos), sum(info.file_size for info in self.infos), limits)
            _require_separate(self.infos)
        except BaseException:
            self._zip.close()
            raise

    def read(self, info: zipfile.ZipInfo, name: str) -> bytes:
        """All bytes of an entry. Raises one of ``ZIP_ERRORS`` for a damaged one, ImageRefused for one too large."""
        # Decompressed outside the lock: ZipFile counts its open members unguarded, but guards their reads.
        with self._lock:
            stream = self._zip.open(info)
        try:
            return read_bounded(stream, name, self._limits.max_entry_bytes)
        finally:
            with self._lock:
                stream.close()

    def close(self) -> None:
        """Release the file."""
        self._zip.close()


def density_objection(info: zipfile.ZipInfo, limits: ArchiveLimits) -> str | None:
    """Reason not to read an entry that declares to be so many times as large as it is packed."""
    ratio = info.file_size / max(1, info.compress_size)
    if info.file_size <= _RATIO_FROM_BYTES or ratio <= limits.max_ratio:
        return None
    return marked("it expands {ratio}-fold, as a zip bomb does; at most {most}-fold is taken").format(
        ratio=f"{ratio:,.0f}", most=f"{limits.max_ratio:g}"
    )


def _open_zip(path: Path) -> zipfile.ZipFile:
    try:
        end = _ZipEnd.read(path)
        if end.is_divided:
            raise ArchiveRefused(
                marked(
                    "'{name}' is one part of several that a large zip was divided into, or lacks its beginning. "
                    "Put the parts together or unpack them with the program that made them, and give the folder "
                    "or one zip."
                ).format(name=path.name)
            )
        # zipfile reads the table of contents whole, however large its end says that it is.
        if _MOST_DIRECTORY_BYTES < end.directory_bytes != _MANY_BYTES:
            raise ArchiveRefused(
                marked(
                    "The table of contents of '{name}' has {size} bytes; at most {most} are read. Split it into parts."
                ).format(name=path.name, size=words.count(end.directory_bytes), most=words.count(_MOST_DIRECTORY_BYTES))
            )
        return zipfile.ZipFile(path)
    except ZIP_ERRORS as error:
        raise ArchiveRefused(_why_no_zip(path, error)) from error


@dataclass(frozen=True, slots=True)
class _ZipEnd:
    """What the end of a file says of the zip that it is, without reading what lies before."""

    is_divided: bool
    """Whether it is a piece of a zip: by its name, its first bytes, or what its end says of more."""
    directory_bytes: int = 0
    """Of the table of contents; 0 where there is no end, which zipfile refuses."""

    @classmethod
    def read(cls, path: Path) -> _ZipEnd:
        with path.open("rb") as file:
            start = file.read(4)
            length = file.seek(0, os.SEEK_END)
            # The end record is followed by nothing but a comment, so it is the last of its signature in this tail.
            file.seek(max(0, length - _END_BYTES - _LONGEST_COMMENT))
            tail = file.read()
            end = tail.rfind(b"PK\x05\x06")
            if end < 0 or end + _END_BYTES > len(tail):
                # All pieces but the last have no end; the first of them begins with a mark of its own (8.5.3).
                is_piece = start[:2] == b"PK" and _PART_NAME.fullmatch(path.name) is not None
                return cls(start == b"PK\x07\x08" or is_piece)
            _, disk, directory_disk, _, _, directory_bytes, offset = _END.unpack_from(tail, end)
            # What lies before the end must be there: a file that lost its beginning is the last of several pieces.
            begins_before = offset != _MANY_BYTES and directory_bytes + offset > length - len(tail) + end
            is_divided = disk not in (0, _MANY) or directory_disk not in (0, _MANY) or begins_before
            if end >= _LOCATOR.size and tail[end - _LOCATOR.size :].startswith(b"PK\x06\x07"):
                # A zip64 has its numbers in a record of their own, which a locator right before the end points to.
                _, _, record_offset, n_disks = _LOCATOR.unpack_from(tail, end - _LOCATOR.size)
                is_divided = is_divided or (disk == _MANY and n_disks > 1)
                file.seek(min(length, record_offset))
                record = file.read(56)
                if record.startswith(b"PK\x06\x06"):
                    directory_bytes = _END64.unpack_from(record)[1]
            return cls(is_divided, directory_bytes)


def _why_no_zip(path: Path, error: Exception) -> str:
    with path.open("rb") as file:
        start = file.read(signatures.HEAD_BYTES)
    if not start:
        return marked("'{name}' is empty. Give a .zip file or a folder of photos.").format(name=path.name)
    if start[:2] == b"PK":
        return marked("'{name}' is a damaged or cut-off zip ({fault}). Copy or upload it again.").format(
            name=path.name, fault=error
        )
    kind = signatures.describe_file(start)
    if kind:
        return marked("'{name}' is no zip archive but {kind}. Give a .zip file or a folder of photos.").format(
            name=path.name, kind=kind
        )
    return marked("'{name}' is no zip archive. Give a .zip file or a folder of photos.").format(name=path.name)


def _require_separate(infos: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse entries that share bytes: each of them small, together a bomb."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for before, after in pairwise(ordered):
        # The name and the extra field stand there too; without them the test still finds every shared content.
        if before.header_offset + _LOCAL_HEADER_BYTES + before.compress_size > after.header_offset:
            raise ArchiveRefused(
                marked(
                    "Zip entries '{entry}' and '{other_entry}' overlap as in a zip bomb, so the archive was "
                    "refused. Make the zip again."
                ).format(entry=printable_name(before.filename), other_entry=printable_name(after.filename))
            )


class ZipMembers:
    """Files of a zip that are no photos, by their names, within the same limits; use it in a ``with`` statement."""

    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        """Raises ArchiveRefused for a dangerous zip, or what is none."""
        self._name, self._limits = path.name, limits
        self._zip = CheckedZip(path, limits)
        try:
            # Not ``is_dir``: it asks for the last letter of a name, and an entry may have none.
            named = ((unmarked_name(info), info) for info in self._zip.infos)
            self._infos = {name: info for name, info in named if name and not name.endswith("/")}
            for name, info in self._infos.items():
                self._require_safe(name, info)
        except BaseException:
            self._zip.close()
            raise

    def _require_safe(self, name: str, info: zipfile.ZipInfo) -> None:
        if leaves_folder(name):
            raise ArchiveRefused(
                marked("Zip entry '{entry}' leaves the folder, so the archive was refused.").format(
                    entry=printable_name(name)
                )
            )
        reason = size_objection(info.file_size, self._limits) or density_objection(info, self._limits)
        if reason is not None:
            raise ArchiveRefused(
                marked("'{entry}' in '{archive}' was refused: {reason}.").format(
                    entry=printable_name(name), archive=self._name, reason=reason
                )
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Paths of the files, in the order of the zip; folders are left out."""
        return tuple(self._infos)

    def read(self, name: str) -> bytes:
        """Bytes of one file. Raises ArchiveRefused when it is missing or damaged."""
        if name not in self._infos:
            raise ArchiveRefused(
                marked("'{archive}' lacks its part '{name}'. Export or copy it again.").format(
                    archive=self._name, name=name
                )
            )
        try:
            return self._zip.read(self._infos[name], name)
        except (*ZIP_ERRORS, ImageRefused) as error:
            raise ArchiveRefused(
                marked("'{entry}' in '{archive}' is damaged ({fault}).").format(
                    entry=printable_name(name), archive=self._name, fault=error
                )
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

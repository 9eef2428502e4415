"""Photos of a zip or a folder, read one at a time into memory.

Nothing is unpacked to disk. Opening lists what will be read and what is refused, and why; reading gives
one file's bytes, never more than the limits allow, whatever the archive declares. What the bytes hold is not
looked at here: ``images.decode`` does that. Dangerous archives (paths that leave the folder, overlapping
entries, too many entries or bytes) are refused as a whole; single bad entries are reported and the rest
goes on.

References
----------
PKWARE, APPNOTE.TXT 6.3.10: flags (4.4.4), methods (4.4.5), the Unicode path extra field 0x7075 (4.6.9).
D. Fifield, "A better zip bomb", WOOT 2019: entries that overlap.
"""

from __future__ import annotations

import os
import stat
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from core.errors import ArchiveRefused, ImageRefused
from core.layout import Layout, Place, escapes, is_ignored, objection, printable, read_folders
from core.settings import ArchiveLimits
from core.types import Refusal, Split

_CHUNK_BYTES: Final = 1 << 20
_RATIO_FROM_BYTES: Final = 1 << 20
"""Small files compress by any factor and do no harm."""
_ENCRYPTED, _UTF8 = 0x0001, 0x0800
_UNICODE_PATH: Final = 0x7075
_READ_NO_LINK: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""A file that became a link after it was listed is not followed."""
_LOCAL_HEADER_BYTES: Final = 30
_METHODS: Final = {1: "shrink", 6: "implode", 9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz"}

_ZIP_ERRORS: Final = (
    zipfile.BadZipFile,  # bad magic numbers, CRC, headers that disagree
    OSError,
    EOFError,  # a cut-off entry
    ValueError,  # negative seek; UnicodeDecodeError of names
    OverflowError,
    RuntimeError,  # a password; NotImplementedError for versions and methods
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A photo that can be read; ``source.entries[entry.index] is entry``."""

    index: int
    name: str
    """Path in the archive with '/' between the parts; two entries may have the same."""
    person: str | None
    split: Split | None
    size_bytes: int
    """What the zip or the folder says that the file holds."""


class PhotoSource(Protocol):
    """Photos of an archive, opened; use it in a ``with`` statement."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What can be read, in a stable order."""

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """What will not be read, known before reading."""

    @property
    def layout(self) -> Layout:
        """Counts: photos, train, val, unlabelled, and the people's names."""

    def read(self, entry: Entry) -> bytes:
        """Bytes of one photo; safe from several threads. Raises ImageRefused for a damaged one."""

    def close(self) -> None:
        """Release the file; reading ends."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_source(path: Path, limits: ArchiveLimits, *, folders_are_people: bool = True) -> PhotoSource:
    """Open a zip file or a folder of photos.

    Parameters
    ----------
    path : Path
        A .zip file, or a folder that is read with all folders in it; links in it are reported, not followed.
    limits : ArchiveLimits
        What it may hold.
    folders_are_people : bool
        False gives every photo the person None.

    Raises
    ------
    ArchiveRefused
        No zip or folder, a damaged one, or a dangerous one; nothing was read.
    """
    if path.is_dir():
        return _FolderSource(path, limits, folders_are_people=folders_are_people)
    if path.is_file():
        return _ZipSource(path, limits, folders_are_people=folders_are_people)
    raise ArchiveRefused(f"'{path}' is neither a file nor a folder. Give a .zip file or a folder of photos.")


# --- what both kinds share


class _Listed:
    """Entries and refusals of a source; closes nothing by itself."""

    def __init__(
        self, files: Sequence[tuple[str, int]], refused: Sequence[Refusal], *, folders_are_people: bool
    ) -> None:
        """``files`` are names and sizes in bytes."""
        places = read_folders([name for name, _ in files], folders_are_people=folders_are_people)
        self.entries = tuple(_entries(files, places))
        self.refused = tuple(refused)
        self.layout = Layout.of(places)

    def close(self) -> None:
        """Nothing is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _entries(files: Sequence[tuple[str, int]], places: Sequence[Place]) -> Iterator[Entry]:
    for index, ((name, size_bytes), place) in enumerate(zip(files, places, strict=True)):
        yield Entry(index, name, place.person, place.split, size_bytes)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _read_bounded(stream: _Readable, name: str, most_bytes: int) -> bytes:
    """All bytes of a stream; raises ImageRefused as soon as there are too many."""
    chunks = []
    total = 0
    while chunk := stream.read(_CHUNK_BYTES):
        total += len(chunk)
        if total > most_bytes:
            raise ImageRefused(f"'{name}' holds more than the {most_bytes:,} bytes that one photo may have.")
        chunks.append(chunk)
    return b"".join(chunks)


def _require_limits(what: str, n_entries: int, total_bytes: int, limits: ArchiveLimits) -> None:
    if n_entries > limits.max_entries:
        raise ArchiveRefused(
            f"'{what}' holds more than {limits.max_entries:,} entries, so it was refused. Split it into parts."
        )
    if total_bytes > limits.max_total_bytes:
        raise ArchiveRefused(
            f"'{what}' would unpack to {total_bytes:,} bytes; at most {limits.max_total_bytes:,} are taken. "
            "Split it into parts."
        )


def _too_large(size_bytes: int, limits: ArchiveLimits) -> str | None:
    if size_bytes <= limits.max_entry_bytes:
        return None
    return f"it has {size_bytes:,} bytes; one photo may have {limits.max_entry_bytes:,}"


# --- zip


class _ZipSource(_Listed):
    def __init__(self, path: Path, limits: ArchiveLimits, *, folders_are_people: bool) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._zip = _open_zip(path)
        try:
            found = _examine(path.name, self._zip.infolist(), limits)
        except BaseException:
            self._zip.close()
            raise
        self._infos = [info for _, info, reason in found if reason is None]
        super().__init__(
            [(name, info.file_size) for name, info, reason in found if reason is None],
            [Refusal(printable(name), reason) for name, _, reason in found if reason is not None],
            folders_are_people=folders_are_people,
        )

    def read(self, entry: Entry) -> bytes:
        info = self._infos[entry.index]
        try:
            data = self._read(info, entry.name)
        except _ZIP_ERRORS as error:
            raise ImageRefused(
                f"'{entry.name}' is damaged in the zip ({error}). Make the zip again from the original file."
            ) from error
        if len(data) != info.file_size:
            raise ImageRefused(
                f"'{entry.name}' gave {len(data):,} bytes where the zip declares {info.file_size:,}. "
                "Make the zip again from the original file."
            )
        return data

    def _read(self, info: zipfile.ZipInfo, name: str) -> bytes:
        """Decompress outside the lock: ZipFile counts its open members unguarded, but guards their reads."""
        with self._lock:
            stream = self._zip.open(info)
        try:
            return _read_bounded(stream, name, self._limits.max_entry_bytes)
        finally:
            with self._lock:
                stream.close()

    def close(self) -> None:
        self._zip.close()


def _open_zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except _ZIP_ERRORS as error:
        raise ArchiveRefused(_why_no_zip(path, error)) from error


def _why_no_zip(path: Path, error: Exception) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        return f"'{path.name}' is empty. Give a .zip file or a folder of photos."
    if start[:2] == b"PK":
        return f"'{path.name}' is a damaged or cut-off zip ({error}). Copy or upload it again."
    return f"'{path.name}' is no zip archive. Give a .zip file or a folder of photos."


Found = tuple[str, zipfile.ZipInfo, str | None]


def _examine(archive: str, infos: Sequence[zipfile.ZipInfo], limits: ArchiveLimits) -> list[Found]:
    """Name, entry and objection of every file in a zip; raises ArchiveRefused for a dangerous one."""
    _require_limits(archive, len(infos), sum(info.file_size for info in infos), limits)
    _require_separate(infos)
    return list(_found(infos, limits))


def _found(infos: Iterable[zipfile.ZipInfo], limits: ArchiveLimits) -> Iterator[Found]:
    for info in infos:
        raw = _entry_name(info)
        if escapes(raw):
            raise ArchiveRefused(
                f"Zip entry '{printable(raw)}' leaves the folder, so the archive was refused. "
                "Rebuild it without '..' and absolute paths."
            )
        name = raw.replace("\\", "/")
        if not is_ignored(name):
            yield name, info, _zip_objection(name, info, limits)


def _zip_objection(name: str, info: zipfile.ZipInfo, limits: ArchiveLimits) -> str | None:
    """Reason not to read an entry, by its name and what the zip declares about it."""
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "a link or special file is not followed; put the photo itself into the zip"
    if (by_name := objection(name)) is not None:
        return by_name
    if info.flag_bits & _ENCRYPTED:
        return "it is encrypted; make the zip without a password"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
        return f"it is compressed with {method}; make the zip with the ordinary method (deflate)"
    return _too_large(info.file_size, limits) or _too_dense(info, limits)


def _too_dense(info: zipfile.ZipInfo, limits: ArchiveLimits) -> str | None:
    ratio = info.file_size / max(1, info.compress_size)
    if info.file_size <= _RATIO_FROM_BYTES or ratio <= limits.max_ratio:
        return None
    return f"it expands {ratio:,.0f}-fold, as a zip bomb does; at most {limits.max_ratio:g}-fold is taken"


def _require_separate(infos: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse entries that share bytes: each of them small, together a bomb."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for before, after in pairwise(ordered):
        if before.header_offset + _LOCAL_HEADER_BYTES + before.compress_size > after.header_offset:
            raise ArchiveRefused(
                f"Zip entries '{printable(before.filename)}' and '{printable(after.filename)}' overlap as in "
                "a zip bomb, so the archive was refused. Make the zip again."
            )


def _entry_name(info: zipfile.ZipInfo) -> str:
    """Name as its maker meant it.

    Without the UTF-8 flag zipfile reads names as cp437. Many tools write UTF-8 without the flag, or the local
    code page with the real name in an extra field, which wins when its CRC fits.
    """
    if info.flag_bits & _UTF8:
        return info.orig_filename
    try:
        raw = info.orig_filename.encode("cp437")
        return _unicode_path(info.extra, raw) or raw.decode("utf-8")
    except UnicodeError:
        return info.orig_filename


def _unicode_path(extra: bytes, raw_name: bytes) -> str | None:
    """Name in the Info-ZIP Unicode path field: version 1, CRC-32 of the ordinary name, UTF-8."""
    for kind, value in _extra_fields(extra):
        if kind == _UNICODE_PATH and len(value) > 5 and value[0] == 1:
            crc = int.from_bytes(value[1:5], "little")
            return value[5:].decode("utf-8") if crc == zlib.crc32(raw_name) else None
    return None


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, position)
        yield kind, extra[position + 4 : position + 4 + size]
        position += 4 + size


# --- zips of other files


class Members:
    """Files of a zip that are no photos, by their names, within the same limits; use it in a ``with`` statement."""

    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        """Raises ArchiveRefused for a dangerous zip, or what is none."""
        self._name, self._limits = path.name, limits
        self._zip = _open_zip(path)
        try:
            infos = self._zip.infolist()
            _require_limits(path.name, len(infos), sum(info.file_size for info in infos), limits)
            _require_separate(infos)
            self._infos = {_entry_name(info): info for info in infos if not info.is_dir()}
            for name, info in self._infos.items():
                self._require_safe(name, info)
        except BaseException:
            self._zip.close()
            raise

    def _require_safe(self, name: str, info: zipfile.ZipInfo) -> None:
        if escapes(name):
            raise ArchiveRefused(f"Zip entry '{printable(name)}' leaves the folder, so the archive was refused.")
        if (reason := _too_large(info.file_size, self._limits) or _too_dense(info, self._limits)) is not None:
            raise ArchiveRefused(f"'{printable(name)}' in '{self._name}' was refused: {reason}.")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._infos)

    def read(self, name: str) -> bytes:
        """Bytes of one file. Raises ArchiveRefused when it is missing or damaged."""
        if name not in self._infos:
            raise ArchiveRefused(f"'{self._name}' lacks its part '{name}'. Export or copy it again.")
        try:
            with self._zip.open(self._infos[name]) as stream:
                return _read_bounded(stream, name, self._limits.max_entry_bytes)
        except (*_ZIP_ERRORS, ImageRefused) as error:
            raise ArchiveRefused(f"'{printable(name)}' in '{self._name}' is damaged ({error}).") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()


# --- folder


class _FolderSource(_Listed):
    def __init__(self, path: Path, limits: ArchiveLimits, *, folders_are_people: bool) -> None:
        self._root = path.resolve()
        self._limits = limits
        found = sorted(_examine_folder(self._root, limits))
        super().__init__(
            [(name, size_bytes) for name, size_bytes, reason in found if not reason],
            [Refusal(printable(name), reason) for name, _, reason in found if reason],
            folders_are_people=folders_are_people,
        )

    def read(self, entry: Entry) -> bytes:
        path = self._root / entry.name
        try:
            with os.fdopen(os.open(path, _READ_NO_LINK), "rb") as file:
                return _read_bounded(file, entry.name, self._limits.max_entry_bytes)
        except OSError as error:
            raise ImageRefused(f"'{entry.name}' cannot be read: {error.strerror}.") from error


def _examine_folder(root: Path, limits: ArchiveLimits) -> list[tuple[str, int, str]]:
    """Relative name, size in bytes and objection ('' for none) of every file below a folder."""
    found: list[tuple[str, int, str]] = []
    total_bytes = 0
    for n_seen, item in enumerate(_walk(str(root)), start=1):
        name = Path(item.path).relative_to(root).as_posix()
        try:
            size_bytes = item.stat(follow_symlinks=False).st_size
            reason = _file_objection(name, item, size_bytes, limits)
        except OSError as error:
            size_bytes, reason = 0, f"it cannot be read: {error.strerror}"
        total_bytes += size_bytes
        _require_limits(root.name, n_seen, total_bytes, limits)
        found.append((name, size_bytes, reason or ""))
    return found


def _file_objection(name: str, item: os.DirEntry[str], size_bytes: int, limits: ArchiveLimits) -> str | None:
    if item.is_dir(follow_symlinks=False):
        return "the folder cannot be opened; check its permissions"
    if not item.is_file(follow_symlinks=False):
        return "a link or special file is not followed; put the photo itself into the folder"
    return objection(name) or _too_large(size_bytes, limits)


def _walk(folder: str) -> Iterator[os.DirEntry[str]]:
    """Files and links below a folder, and folders that cannot be opened; what is ignored by name left out."""
    pending: list[os.DirEntry[str] | str] = [folder]
    while pending:
        current = pending.pop()
        try:
            with os.scandir(current) as listing:
                items = [item for item in listing if not is_ignored(item.name)]
        except OSError:
            if isinstance(current, str):
                raise ArchiveRefused(
                    f"The folder '{Path(folder).name}' cannot be opened; check its permissions."
                ) from None
            yield current
            continue
        pending += [item for item in items if item.is_dir(follow_symlinks=False)]
        yield from (item for item in items if not item.is_dir(follow_symlinks=False))

"""Photos of a zip or a folder, read one at a time into memory.

Nothing is unpacked to disk. Opening lists what will be read and what is refused, and why; reading gives
one file's bytes, never more than the limits allow, whatever the archive declares. Files that are not called like a
photo are listed by what their first bytes are; what the others hold ``decoding.decode_image`` finds out. Dangerous
archives (paths that leave the folder, overlapping entries, too many entries or bytes) are refused as a whole; single
bad entries are reported and the rest goes on.

References
----------
PKWARE, APPNOTE.TXT 6.3.10: flags (4.4.4), methods (4.4.5), divided archives (8).
D. Fifield, "A better zip bomb", WOOT 2019: entries that overlap.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from core.archives.entry_heads import ZipHeads
from core.archives.folder_layout import (
    AUTO,
    FolderLabel,
    FolderLayout,
    ending_objection,
    is_called_like_a_photo,
    leaves_folder,
    name_objection,
    printable_name,
    understand_folders,
)
from core.archives.system_files import Leftover, classify_leftover, report_leftovers
from core.archives.zip_names import LocalNames, read_names, unmarked_name
from core.base import words
from core.base.errors import ArchiveRefused, ImageRefused
from core.base.settings import ArchiveLimits
from core.base.types import Refusal, Split
from core.imaging import signatures

_CHUNK_BYTES: Final = 1 << 20
_RATIO_FROM_BYTES: Final = 1 << 20
"""Small files compress by any factor and do no harm."""
_ENCRYPTED: Final = 0x0001
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
class PhotoEntry:
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
    def entries(self) -> tuple[PhotoEntry, ...]:
        """What can be read, in a stable order."""

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """What will not be read, known before reading."""

    @property
    def layout(self) -> FolderLayout:
        """Counts: photos, train, val, unlabelled, and the people's names."""

    def read(self, entry: PhotoEntry) -> bytes:
        """Bytes of one photo; safe from several threads. Raises ImageRefused for a damaged one."""

    def close(self) -> None:
        """Release the file; reading ends."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_source(
    path: Path,
    limits: ArchiveLimits,
    *,
    folders_are_people: bool = True,
    folders: str = AUTO,
    zip_names: str = "",
) -> PhotoSource:
    """Open a zip file or a folder of photos.

    Parameters
    ----------
    path : Path
        A .zip file, or a folder that is read with all folders in it; links in it are reported, not followed.
    limits : ArchiveLimits
        What it may hold.
    folders_are_people : bool
        False gives every photo the person None.
    folders : str
        How folders are read, one of ``folder_layout.RULES``.
    zip_names : str
        Code page of names in a zip that do not say theirs; decided by the names when empty.

    Raises
    ------
    ArchiveRefused
        No zip or folder, a damaged one, or a dangerous one; nothing was read.
    InputRefused
        There is no such rule or code page.
    """
    rules = _Rules(folders_are_people, folders, zip_names)
    if path.is_dir():
        return _FolderSource(path, limits, rules)
    if path.is_file():
        return _ZipSource(path, limits, rules)
    raise ArchiveRefused(f"'{path}' is neither a file nor a folder. Give a .zip file or a folder of photos.")


# --- what both kinds share


@dataclass(frozen=True, slots=True)
class _Rules:
    """How names are read; see ``open_source``."""

    folders_are_people: bool
    folders: str
    zip_names: str


class _Listed:
    """Entries and refusals of a source; closes nothing by itself."""

    def __init__(
        self,
        files: Sequence[tuple[str, int]],
        refused: Sequence[Refusal],
        leftovers: Iterable[tuple[str, Leftover]],
        rules: _Rules,
        local_names: LocalNames | None = None,
    ) -> None:
        """``files`` are names and sizes in bytes."""
        left_out = report_leftovers(
            (printable_name(name), why, is_called_like_a_photo(name)) for name, why in leftovers
        )
        names = [name for name, _ in files]
        understood = understand_folders(names, folders_are_people=rules.folders_are_people, rule=rules.folders)
        self.entries = tuple(_entries(files, understood.places))
        self.refused = (*refused, *left_out.refusals)
        self.layout = FolderLayout.of(understood.places, (*understood.notes, *left_out.sentences), local_names)

    def close(self) -> None:
        """Nothing is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _entries(files: Sequence[tuple[str, int]], labels: Sequence[FolderLabel]) -> Iterator[PhotoEntry]:
    for index, ((name, size_bytes), label) in enumerate(zip(files, labels, strict=True)):
        yield PhotoEntry(index=index, name=name, person=label.person, split=label.split, size_bytes=size_bytes)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _read_bounded(stream: _Readable, name: str, max_bytes: int) -> bytes:
    """All bytes of a stream; raises ImageRefused as soon as there are too many."""
    chunks = []
    total = 0
    while chunk := stream.read(_CHUNK_BYTES):
        total += len(chunk)
        if total > max_bytes:
            raise ImageRefused(f"'{name}' holds more than the {words.count(max_bytes)} bytes that one photo may have.")
        chunks.append(chunk)
    return b"".join(chunks)


def _kind_objection(name: str, read_head: Callable[[], bytes | None]) -> str | None:
    """Reason not to take a file: by its name, and where that is no photo's, by its first bytes, which are read then."""
    if (reason := name_objection(name)) is not None:
        return reason
    by_ending = ending_objection(name)
    head = read_head() if by_ending else None
    return by_ending if head is None or by_ending is None else signatures.photo_objection(head, by_ending)


def _require_limits(archive_name: str, n_entries: int, total_bytes: int, limits: ArchiveLimits) -> None:
    if n_entries > limits.max_entries:
        raise ArchiveRefused(
            f"'{archive_name}' holds more than {words.count(limits.max_entries)} entries, so it was refused. Split "
            f"it into parts."
        )
    if total_bytes > limits.max_total_bytes:
        raise ArchiveRefused(
            f"'{archive_name}' would unpack to {words.count(total_bytes)} bytes; at most "
            f"{words.count(limits.max_total_bytes)} are taken. "
            "Split it into parts."
        )


def _too_large(size_bytes: int, limits: ArchiveLimits) -> str | None:
    if size_bytes <= limits.max_entry_bytes:
        return None
    return f"it has {words.count(size_bytes)} bytes; one photo may have {words.count(limits.max_entry_bytes)}"


# --- zip


class _ZipSource(_Listed):
    def __init__(self, path: Path, limits: ArchiveLimits, rules: _Rules) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._zip = _open_zip(path)
        try:
            infos = self._zip.infolist()
            _require_limits(path.name, len(infos), sum(info.file_size for info in infos), limits)
            _require_separate(infos)
            raw_names, local_names = read_names(infos, rules.zip_names)
            with ZipHeads(path, signatures.HEAD_BYTES) as heads:
                examined = [*_examine(raw_names, infos, limits, heads)]
        except BaseException:
            self._zip.close()
            raise
        self._infos = [info for _, info, verdict in examined if verdict is None]
        super().__init__(
            [(name, info.file_size) for name, info, verdict in examined if verdict is None],
            [Refusal(printable_name(name), verdict) for name, _, verdict in examined if isinstance(verdict, str)],
            [(name, verdict) for name, _, verdict in examined if isinstance(verdict, Leftover)],
            rules,
            local_names,
        )

    def read(self, entry: PhotoEntry) -> bytes:
        info = self._infos[entry.index]
        try:
            data = self._read(info, entry.name)
        except _ZIP_ERRORS as error:
            raise ImageRefused(
                f"'{entry.name}' is damaged in the zip ({error}). Make the zip again from the original file."
            ) from error
        if len(data) != info.file_size:
            raise ImageRefused(
                f"'{entry.name}' gave {words.count(len(data))} bytes where the zip declares "
                f"{words.count(info.file_size)}. "
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
        if _is_one_of_several(path):
            raise ArchiveRefused(
                f"'{path.name}' is one part of several that a large zip was divided into, or lacks its beginning. "
                "Put the parts together or unpack them with the program that made them, and give the folder or one zip."
            )
        _require_bounded_directory(path)
        return zipfile.ZipFile(path)
    except _ZIP_ERRORS as error:
        raise ArchiveRefused(_why_no_zip(path, error)) from error


_PART_NAME: Final = re.compile(r".*\.(?:z\d\d|\d{3})", re.IGNORECASE | re.DOTALL)
_END_BYTES: Final = 22 + (1 << 16)
_MANY: Final = 0xFFFF
_MANY_BYTES: Final = 0xFFFFFFFF
"""The number of a disk, and an offset, that stand in the zip64 record instead."""


def _is_one_of_several(path: Path) -> bool:
    """Whether a file is a piece of a divided zip (APPNOTE 8): by its name, its bytes, or what its end says of more."""
    with path.open("rb") as file:
        start = file.read(4)
        length = file.seek(0, os.SEEK_END)
        file.seek(max(0, length - _END_BYTES))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or end + 22 > len(tail):
        return start == b"PK\x07\x08" or (start[:2] == b"PK" and _PART_NAME.fullmatch(path.name) is not None)
    disk, disk_of_directory, _, _, directory_bytes, offset = struct.unpack_from("<HHHHLL", tail, end + 4)
    if disk not in (0, _MANY) or disk_of_directory not in (0, _MANY):
        return True
    if offset != _MANY_BYTES and directory_bytes + offset > length - len(tail) + end:
        return True
    locator = end - 20
    return (
        disk == _MANY
        and locator >= 0
        and tail[locator : locator + 4] == b"PK\x06\x07"
        and struct.unpack_from("<L", tail, locator + 16)[0] > 1
    )


_MOST_DIRECTORY_BYTES: Final = 256 << 20
"""Of a zip's table of contents, which is read whole; half a million photos with long names have 100 MB."""


def _require_bounded_directory(path: Path) -> None:
    """Refuse a zip whose table of contents is too large to be read, by what its end says (APPNOTE 4.3.14, 4.3.16)."""
    with path.open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(0, length - _END_BYTES))
        tail = file.read()
        end = tail.rfind(b"PK\x05\x06")
        if end < 0 or end + 22 > len(tail):
            return  # no zip, which zipfile says
        (size,) = struct.unpack_from("<L", tail, end + 12)
        if tail[max(0, end - 20) : end].startswith(b"PK\x06\x07"):
            file.seek(min(length, struct.unpack_from("<Q", tail, end - 12)[0]))
            record = file.read(56)
            size = struct.unpack_from("<Q", record, 40)[0] if record[:4] == b"PK\x06\x06" else size
    if _MOST_DIRECTORY_BYTES < size != _MANY_BYTES:
        raise ArchiveRefused(
            f"The table of contents of '{path.name}' has {words.count(size)} bytes; at most "
            f"{words.count(_MOST_DIRECTORY_BYTES)} are read. "
            "Split it into parts."
        )


def _why_no_zip(path: Path, error: Exception) -> str:
    with path.open("rb") as file:
        start = file.read(signatures.HEAD_BYTES)
    if not start:
        return f"'{path.name}' is empty. Give a .zip file or a folder of photos."
    if start[:2] == b"PK":
        return f"'{path.name}' is a damaged or cut-off zip ({error}). Copy or upload it again."
    kind = signatures.describe_file(start)
    return f"'{path.name}' is no zip archive{f' but {kind}' if kind else ''}. Give a .zip file or a folder of photos."


Examined = tuple[str, zipfile.ZipInfo, str | Leftover | None]


def _examine(
    raw_names: Sequence[str], infos: Sequence[zipfile.ZipInfo], limits: ArchiveLimits, heads: ZipHeads
) -> Iterator[Examined]:
    """Name and entry of every file in a zip, with why it is not taken; ArchiveRefused for a path that leaves it."""
    for raw, info in zip(raw_names, infos, strict=True):
        if leaves_folder(raw):
            raise ArchiveRefused(
                f"Zip entry '{printable_name(raw)}' leaves the folder, so the archive was refused. "
                "Rebuild it without '..' and absolute paths."
            )
        name = raw.replace("\\", "/")
        if name.rpartition("/")[2] not in ("", "."):
            yield name, info, classify_leftover(name) or _zip_objection(name, info, limits, heads)


def _zip_objection(name: str, info: zipfile.ZipInfo, limits: ArchiveLimits, heads: ZipHeads) -> str | None:
    """Reason not to read an entry, by its name, its first bytes, and what the zip declares about it."""
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "a link or special file is not followed; put the photo itself into the zip"
    if (reason := _kind_objection(name, lambda: heads.read(info))) is not None:
        return reason
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
                f"Zip entries '{printable_name(before.filename)}' and '{printable_name(after.filename)}' overlap as in "
                "a zip bomb, so the archive was refused. Make the zip again."
            )


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
            self._infos = {unmarked_name(info): info for info in infos if not info.is_dir()}
            for name, info in self._infos.items():
                self._require_safe(name, info)
        except BaseException:
            self._zip.close()
            raise

    def _require_safe(self, name: str, info: zipfile.ZipInfo) -> None:
        if leaves_folder(name):
            raise ArchiveRefused(f"Zip entry '{printable_name(name)}' leaves the folder, so the archive was refused.")
        if (reason := _too_large(info.file_size, self._limits) or _too_dense(info, self._limits)) is not None:
            raise ArchiveRefused(f"'{printable_name(name)}' in '{self._name}' was refused: {reason}.")

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
            raise ArchiveRefused(f"'{printable_name(name)}' in '{self._name}' is damaged ({error}).") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()


# --- folder


class _FolderSource(_Listed):
    def __init__(self, path: Path, limits: ArchiveLimits, rules: _Rules) -> None:
        self._root = path.resolve()
        self._limits = limits
        listing = _Listing(self._root, limits)
        files = sorted(listing.files)
        super().__init__(
            [(name, size_bytes) for name, size_bytes, reason in files if not reason],
            [Refusal(printable_name(name), reason) for name, _, reason in files if reason],
            sorted(listing.leftovers, key=lambda left: left[0]),
            rules,
        )

    def read(self, entry: PhotoEntry) -> bytes:
        path = self._root / entry.name
        try:
            with os.fdopen(os.open(path, _READ_NO_LINK), "rb") as file:
                return _read_bounded(file, entry.name, self._limits.max_entry_bytes)
        except OSError as error:
            raise ImageRefused(f"'{entry.name}' cannot be read: {error.strerror}.") from error


_MOST_LEFTOVERS: Final = 20_000
"""Files looked at in hidden folders and the like: a home folder holds hundreds of thousands of them."""


class _Listing:
    """What lies below a folder."""

    def __init__(self, root: Path, limits: ArchiveLimits) -> None:
        self._root, self._limits = root, limits
        self.files: list[tuple[str, int, str]] = []
        """Relative name, size in bytes and objection ('' for none)."""
        self.leftovers: list[tuple[str, Leftover]] = []
        total_bytes = 0
        for item in _walk(str(root), self._is_to_be_entered):
            name = Path(item.path).relative_to(root).as_posix()
            why = classify_leftover(name)
            if why is not None:
                self.leftovers.append((name, why))
                continue
            try:
                size_bytes = item.stat(follow_symlinks=False).st_size
                reason = _file_objection(name, item, size_bytes, limits)
            except OSError as error:
                size_bytes, reason = 0, f"it cannot be read: {error.strerror}"
            total_bytes += size_bytes
            self.files.append((name, size_bytes, reason or ""))
            _require_limits(root.name, len(self.files), total_bytes, limits)

    def _is_to_be_entered(self, folder: os.DirEntry[str]) -> bool:
        """Not into more hidden folders when so much was left out already; the folder itself gets its line then."""
        if len(self.leftovers) < _MOST_LEFTOVERS:
            return True
        name = Path(folder.path).relative_to(self._root).as_posix()
        why = classify_leftover(f"{name}/x")
        if why is None:
            return True
        self.leftovers.append((name, why))
        return False


def _file_objection(name: str, item: os.DirEntry[str], size_bytes: int, limits: ArchiveLimits) -> str | None:
    if item.is_dir(follow_symlinks=False):
        return "the folder cannot be opened; check its permissions"
    if not item.is_file(follow_symlinks=False):
        return "a link or special file is not followed; put the photo itself into the folder"
    return _kind_objection(name, lambda: _file_head(item.path)) or _too_large(size_bytes, limits)


def _file_head(path: str) -> bytes:
    with os.fdopen(os.open(path, _READ_NO_LINK), "rb", buffering=0) as file:
        return file.read(signatures.HEAD_BYTES)


def _walk(folder: str, is_to_be_entered: Callable[[os.DirEntry[str]], bool]) -> Iterator[os.DirEntry[str]]:
    """Files and links below a folder, and folders that cannot be opened."""
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
                    f"The folder '{Path(folder).name}' cannot be opened; check its permissions."
                ) from None
            yield current
            continue
        yield from (item for item in items if not item.is_dir(follow_symlinks=False))
        pending += [item for item in items if item.is_dir(follow_symlinks=False)]

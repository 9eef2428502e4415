"""The photos of a zip.

References
----------
PKWARE, APPNOTE.TXT 6.3.10: flags (4.4.4), methods (4.4.5).
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from core.archives.entry_heads import ENCRYPTED, ZipHeads
from core.archives.file_names import leaves_folder, printable_name
from core.archives.source import NameRules, PhotoEntry, PhotoSource, kind_objection, size_objection
from core.archives.system_files import Leftover, classify_leftover
from core.archives.zip_file import ZIP_ERRORS, CheckedZip, density_objection
from core.archives.zip_names import read_names
from core.base import words
from core.base.errors import ArchiveRefused, ImageRefused
from core.base.settings import ArchiveLimits
from core.base.types import Refusal
from core.imaging import signatures
from core.language.texts import marked

_METHODS: Final = {1: "shrink", 6: "implode", 9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz"}


class ZipSource(PhotoSource):
    """Photos of a zip; see ``opening.open_source``."""

    def __init__(self, path: Path, limits: ArchiveLimits, rules: NameRules) -> None:
        self._zip = CheckedZip(path, limits)
        try:
            raw_names, local_names = read_names(self._zip.infos, rules.zip_names)
            with ZipHeads(path, signatures.HEAD_BYTES) as heads:
                examined = [*_examine(raw_names, self._zip.infos, limits, heads)]
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
        """Bytes of one photo. Raises ImageRefused for a damaged one."""
        info = self._infos[entry.index]
        try:
            data = self._zip.read(info, entry.name)
        except ZIP_ERRORS as error:
            raise ImageRefused(
                marked("'{name}' is damaged in the zip ({fault}). Make the zip again from the original file.").format(
                    name=entry.name, fault=error
                )
            ) from error
        # zipfile checks the sum of what it unpacked, not that this is all that was declared.
        if len(data) != info.file_size:
            raise ImageRefused(
                marked(
                    "'{name}' gave {size} bytes where the zip declares {declared}. Make the zip again from the "
                    "original file."
                ).format(name=entry.name, size=words.count(len(data)), declared=words.count(info.file_size))
            )
        return data

    def close(self) -> None:
        """Release the file."""
        self._zip.close()


_Examined = tuple[str, zipfile.ZipInfo, str | Leftover | None]


def _examine(
    raw_names: Sequence[str], infos: Sequence[zipfile.ZipInfo], limits: ArchiveLimits, heads: ZipHeads
) -> Iterator[_Examined]:
    """Name and entry of every file in a zip, with why it is not taken; ArchiveRefused for a path that leaves it."""
    for raw, info in zip(raw_names, infos, strict=True):
        if leaves_folder(raw):
            raise ArchiveRefused(
                marked(
                    "Zip entry '{entry}' leaves the folder, so the archive was refused. Rebuild it without '..' "
                    "and absolute paths."
                ).format(entry=printable_name(raw))
            )
        # Only now, in the decoded name: in Shift-JIS and GBK the byte of a backslash is half of many a letter.
        name = raw.replace("\\", "/")
        if name.rpartition("/")[2] not in ("", "."):
            yield name, info, classify_leftover(name) or _entry_objection(name, info, limits, heads)


def _entry_objection(name: str, info: zipfile.ZipInfo, limits: ArchiveLimits, heads: ZipHeads) -> str | None:
    """Reason not to read an entry, by its name, its first bytes, and what the zip declares about it."""
    # The upper half of the attributes is the Unix mode; 0 is what other systems write there.
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return marked("a link or special file is not followed; put the photo itself into the zip")
    # What it is before how it is packed: an encrypted PDF is no photo, with or without its password.
    if (reason := kind_objection(name, lambda: heads.read(info))) is not None:
        return reason
    if info.flag_bits & ENCRYPTED:
        return marked("it is encrypted; make the zip without a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
        return marked("it is compressed with {method}; make the zip with the ordinary method (deflate)").format(
            method=method
        )
    return size_objection(info.file_size, limits) or density_objection(info, limits)

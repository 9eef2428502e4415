"""Names of a zip's entries as their maker meant them.

An entry says that its name is UTF-8 (a flag), or brings the UTF-8 name in an extra field, or holds bytes in the code
page of the computer that made the zip, which it does not say. That code page is decided by all such names together.
Backslashes are looked at by the caller, after decoding: in Shift-JIS, GBK and Big5 their byte is the second half of
many characters.

References
----------
PKWARE, APPNOTE.TXT 6.3.10: flags (4.4.4), the Unicode path field 0x7075 (4.6.9), names without the flag (appendix D).
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from core.archives.spelling import code_pages
from core.archives.spelling.code_pages import CODE_PAGES, CodePage, CodePageReading
from core.base.errors import InputRefused
from core.language.texts import marked

_UTF8_FLAG: Final = 0x0800
_UNICODE_PATH: Final = 0x7075
_UTF8_PAGE: Final = CodePage(code_pages.UTF8, "UTF-8")
_UTF8_BONUS: Final = 8.0
"""Log odds of UTF-8 where bytes happen to be valid UTF-8: few names in a code page are."""
_DECIDING_PARTS: Final = 200
_SAMPLE_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class CodePageChoice:
    """A code page that names without a mark may be in, and how the first of them read in it."""

    codec: str
    title: str
    sample: str


@dataclass(frozen=True, slots=True)
class ZipNameDecoding:
    """How names in a local code page were read."""

    codec: str
    title: str
    asked_for: bool
    """Somebody said so; else it was decided by the names."""
    choices: tuple[CodePageChoice, ...]
    """What else they could be in, the most probable first; what was used is among them."""


def read_names(infos: Sequence[zipfile.ZipInfo], code_page: str = "") -> tuple[list[str], ZipNameDecoding | None]:
    """The name of every entry, and what was decided about those in a local code page; None where there are none.

    Parameters
    ----------
    code_page : str
        The code page of names without a mark, instead of a decision.

    Returns
    -------
    names : list of str
        As stored: parts may be separated by either slash. Bytes that the code page does not know become lone
        surrogates.

    Raises
    ------
    InputRefused
        There is no code page of the name ``code_page``.
    """
    page = _page_named(code_page) if code_page else None
    marked = [_marked_name(info) for info in infos]
    raw_names = [_raw(info) if name is None else b"" for info, name in zip(infos, marked, strict=True)]
    parts = _parts(raw_names)
    if not parts:
        return [name or "" for name in marked], None
    readings = code_pages.rank_code_pages(parts[:_DECIDING_PARTS])
    local, utf8_too = (page, page.codec == code_pages.UTF8) if page else _decide(parts[:_DECIDING_PARTS], readings)
    names = [
        _decode(raw, local, utf8_too=utf8_too) if name is None else name
        for raw, name in zip(raw_names, marked, strict=True)
    ]
    return names, ZipNameDecoding(local.codec, local.title, page is not None, tuple(_choices(parts, local, readings)))


def _page_named(code_page: str) -> CodePage:
    try:
        return code_pages.find_code_page(code_page)
    except LookupError as error:
        examples = ", ".join(page.codec for page in CODE_PAGES[:8])
        raise InputRefused(
            marked(
                "There is no code page '{code_page}' for the names in a zip. Give one such as {examples}, or utf-8."
            ).format(code_page=code_page, examples=examples)
        ) from error


def unmarked_name(info: zipfile.ZipInfo) -> str:
    """Name of one entry by itself: as marked, else UTF-8 where its bytes are that, else code page 437."""
    name = _marked_name(info)
    if name is not None:
        return name
    try:
        return _raw(info).decode(code_pages.UTF8)
    except UnicodeDecodeError:
        return info.orig_filename


# --- what an entry says itself


def _raw(info: zipfile.ZipInfo) -> bytes:
    """Bytes of a name without the flag: zipfile decoded them as code page 437, in which every byte is a character."""
    return info.orig_filename.encode("cp437")


def _marked_name(info: zipfile.ZipInfo) -> str | None:
    """Name of an entry that says how it is written, or is ASCII; None for bytes in a code page that is not told."""
    if info.flag_bits & _UTF8_FLAG:
        return info.orig_filename
    raw = _raw(info)
    by_field = _unicode_path(info.extra, raw)
    if by_field is not None:
        return by_field
    return raw.decode("ascii") if raw.isascii() else None


def _unicode_path(extra: bytes, raw_name: bytes) -> str | None:
    """Name in the Info-ZIP Unicode path field: version 1, CRC-32 of the ordinary name, UTF-8."""
    for kind, value in _extra_fields(extra):
        if kind == _UNICODE_PATH and len(value) > 5 and value[0] == 1:
            crc = int.from_bytes(value[1:5], "little")
            # The entry was renamed by a tool that knows no such field: then its ordinary name is the newer one.
            if crc != zlib.crc32(raw_name):
                return None
            try:
                return value[5:].decode(code_pages.UTF8)
            except UnicodeDecodeError:
                return None
    return None


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, position)
        yield kind, extra[position + 4 : position + 4 + size]
        position += 4 + size


# --- what all of them say together


def _parts(raw_names: Iterable[bytes]) -> list[bytes]:
    """Folders, then files, whose names are not ASCII, each once: the people's names decide before the photos'.

    The byte of '/' is no part of a character in any code page, that of a backslash is.
    """
    folders: dict[bytes, None] = {}
    files: dict[bytes, None] = {}
    for raw in raw_names:
        if not raw.isascii():
            *above, last = raw.split(b"/")
            folders.update((part, None) for part in above if not part.isascii())
            if not last.isascii():
                files[last] = None
    return [*folders, *(part for part in files if part not in folders)]


def _decide(parts: Sequence[bytes], readings: Sequence[CodePageReading]) -> tuple[CodePage, bool]:
    """The code page, and whether names that are valid UTF-8 are read as that beside it.

    Tools that write UTF-8 without saying so may have added to a zip of another computer.
    """
    # Judged together: a single short name may be valid UTF-8 by chance, a whole archive of them hardly.
    as_utf8 = {part: code_pages.log_prob_as_utf8(part) for part in parts}
    valid = [part for part in parts if as_utf8[part] > float("-inf")]
    not_utf8 = [part for part in parts if as_utf8[part] == float("-inf")]
    # Names that are valid UTF-8 say nothing of the code page of the others: it is ranked without them.
    if not_utf8 and valid:
        readings = code_pages.rank_code_pages(not_utf8)
    page = readings[0].page
    if not valid:
        return page, False
    is_utf8 = sum(as_utf8[part] for part in valid) + _UTF8_BONUS >= code_pages.log_prob_in(valid, page)
    return (page, is_utf8) if not_utf8 or not is_utf8 else (_UTF8_PAGE, True)


def _decode(raw: bytes, page: CodePage, *, utf8_too: bool) -> str:
    if utf8_too:
        try:
            return raw.decode(code_pages.UTF8)
        except UnicodeDecodeError:
            pass
    return raw.decode(page.codec, "surrogateescape")


def _choices(parts: Sequence[bytes], used: CodePage, readings: Sequence[CodePageReading]) -> Iterator[CodePageChoice]:
    ranked = dict.fromkeys([used, *(reading.page for reading in readings), _UTF8_PAGE, *CODE_PAGES])
    for page in ranked:
        sample = ", ".join(part.decode(page.codec, "replace") for part in parts[:_SAMPLE_PARTS])
        if "\ufffd" not in sample or page == used:
            yield CodePageChoice(page.codec, page.title, sample)

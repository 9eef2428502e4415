"""The directories of a TIFF, BigTIFF, or RAW file built like one: their tags, without any pixel.

Bounded by what is really there: no more directories, entries or numbers than the file has room for, and no loops. What
is damaged counts as not there.

References
----------
Adobe, TIFF 6.0 (1992); TIFF Technical Note 1 (1995): SubIFDs; the BigTIFF proposal of libtiff.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_MOST_DIRECTORIES: Final = 10_000
_MOST_ENTRIES: Final = 4096
_MOST_NUMBERS: Final = 65_536
_SUB_DIRECTORIES: Final = 330
_MOST_SUB_DIRECTORIES: Final = 64
_MAGIC: Final = {b"II*\0": "<", b"MM\0*": ">", b"IIRO": "<", b"IIRS": "<", b"MMOR": ">", b"IIU\0": "<"}
"""TIFF, and what Olympus and Panasonic write instead of its number."""
_BIG_MAGIC: Final = {b"II+\0": "<", b"MM\0+": ">"}
_NUMBER_FORMATS: Final = {1: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q", 18: "Q"}
"""Field types that are whole numbers; 7 is bytes of no kind."""


@dataclass(frozen=True, slots=True)
class Directory:
    """One image file directory."""

    data: bytes = field(repr=False)
    byte_order: str
    """As ``struct`` has it: "<" or ">"."""
    is_big: bool
    entries: dict[int, tuple[int, int, int]]
    """Tag to field type, number of values, and where they lie in the file."""

    def numbers(self, tag: int) -> tuple[int, ...]:
        """The whole numbers of a tag; empty where it is absent, of another kind, or beyond the end of the file."""
        kind, count, position = self.entries.get(tag, (0, 0, 0))
        if kind not in _NUMBER_FORMATS or not 0 < count <= _MOST_NUMBERS:
            return ()
        try:
            return struct.unpack_from(f"{self.byte_order}{count}{_NUMBER_FORMATS[kind]}", self.data, position)
        except struct.error:
            return ()

    def number(self, tag: int, default: int = 0) -> int:
        """The first number of a tag."""
        return next(iter(self.numbers(tag)), default)

    def content(self, tag: int) -> bytes:
        """The bytes of a tag of bytes."""
        kind, count, position = self.entries.get(tag, (0, 0, 0))
        return self.data[position : position + count] if kind in (1, 2, 7) else b""


def read_directories(data: bytes) -> Iterator[Directory]:
    """The chain of directories, one a page, in order; nothing for what is no TIFF."""
    byte_order, is_big = _MAGIC.get(data[:4]), False
    if byte_order is None:
        byte_order, is_big = _BIG_MAGIC.get(data[:4]), True
    if byte_order is None:
        return
    visited: set[int] = set()
    position = _pointer(data, 8 if is_big else 4, byte_order, is_big=is_big)
    while 0 < position < len(data) and position not in visited and len(visited) < _MOST_DIRECTORIES:
        visited.add(position)
        directory, position = _directory(data, position, byte_order, is_big=is_big)
        yield directory


def sub_directories(directory: Directory, tag: int = _SUB_DIRECTORIES) -> Iterator[Directory]:
    """The directories that one points to by a tag, as RAW files do for their previews."""
    for position in directory.numbers(tag)[:_MOST_SUB_DIRECTORIES]:
        if 0 < position < len(directory.data):
            yield _directory(directory.data, position, directory.byte_order, is_big=directory.is_big)[0]


def _pointer(data: bytes, position: int, byte_order: str, *, is_big: bool) -> int:
    width = 8 if is_big else 4
    return int.from_bytes(data[position : position + width], "little" if byte_order == "<" else "big")


def _directory(data: bytes, position: int, byte_order: str, *, is_big: bool) -> tuple[Directory, int]:
    """The directory at a position, and where the next one lies (0: nowhere)."""
    count_format, entry_format, inline = ("Q", "HHQ8x", 8) if is_big else ("H", "HHI4x", 4)
    start = position + struct.calcsize(f"={count_format}")
    try:
        (count,) = struct.unpack_from(byte_order + count_format, data, position)
    except struct.error:
        return Directory(data, byte_order, is_big, {}), 0
    layout = struct.Struct(byte_order + entry_format)
    entries: dict[int, tuple[int, int, int]] = {}
    # A damaged count must not cost more than the file has bytes.
    for number in range(min(count, _MOST_ENTRIES, (len(data) - start) // layout.size)):
        at = start + number * layout.size
        tag, kind, values = layout.unpack_from(data, at)
        # Values that fit stand in the entry itself; else their place stands there.
        width = struct.calcsize(f"={_NUMBER_FORMATS[kind]}") if kind in _NUMBER_FORMATS else 1
        value_position = at + layout.size - inline
        is_inline = width * values <= inline
        entries[tag] = (
            kind,
            values,
            value_position if is_inline else _pointer(data, value_position, byte_order, is_big=is_big),
        )
    return Directory(data, byte_order, is_big, entries), _pointer(
        data, start + count * layout.size, byte_order, is_big=is_big
    )

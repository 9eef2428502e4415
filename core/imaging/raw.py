"""RAW files of cameras: the JPEG preview that every camera puts into them, and how it is turned.

Sensor data are not developed. A preview is a JPEG somewhere in the container, mostly of the photo's full size.
Containers differ from maker to maker, JPEGs do not: so all JPEGs in the file are looked at by their headers, those that
the directories call sensor data are left out, and the largest is taken, never a thumbnail where there is more.

References
----------
Adobe, Digital Negative 1.7 (2023): previews in SubIFDs, photometric interpretation 32803 and 34892, NewSubFileType.
ExifTool, tag names of Canon, Nikon, Sony, Olympus, Panasonic, Fujifilm, Pentax: where previews lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from core.base import words
from core.base.errors import ImageRefused
from core.imaging.isobmff import read_brands
from core.imaging.signatures import CANON_RAW_BRAND, HEAD_BYTES, is_raw
from core.imaging.tiff import Directory, read_directories, sub_directories
from core.language.texts import marked

MIN_LONG_SIDE_PX: Final = 320
"""A smaller preview is a thumbnail, in which hardly a face is large enough."""
SMALL_LONG_SIDE_PX: Final = 1200

_WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC = 256, 257, 259, 262
_STRIPS, _TILES, _ORIENTATION = 273, 324, 274
_DNG_VERSION = 50706
_DATE_TIME, _DATE_TIME_ORIGINAL, _EXIF = 306, 36867, 34665
_CANON_TIFF: Final = b"CMT1"
"""The box of a CR3 that holds what other RAW files have in their first directory; CMT2 holds their EXIF."""
_CANON_EXIF: Final = b"CMT2"
_CANON_HEAD_BYTES: Final = 1 << 18
_SENSOR: Final = frozenset((32803, 34892))
"""Photometric interpretations: a colour filter array, and linear sensor data."""
_SENSOR_COMPRESSIONS: Final = frozenset((32767, 32769, 32770, 34713, 34316, 65535, 65000))
"""Of Sony, Epson, Samsung, Nikon, Panasonic, Pentax and Kodak."""
_CANON_MARK: Final = b"CR"
_MOST_DIRECTORIES: Final = 64
_MOST_CANDIDATES: Final = 4096

_JPEG_HEAD: Final = re.compile(rb"\xff\xd8\xff[\xc0-\xcf\xdb\xdd\xe0-\xef\xfe]")
_FRAMES: Final = (0xC0, 0xC1, 0xC2)
"""Baseline, extended and progressive; sensor data are compressed with others."""
_MOST_SEGMENTS: Final = 64
_START, _SCAN = 0xD8, 0xDA


@dataclass(frozen=True, slots=True)
class RawPreview:
    """A JPEG in a RAW file."""

    content: bytes
    """From its start marker on; what follows it in the file may follow here too."""
    width_px: int
    """As stored."""
    height_px: int
    orientation: int
    """What the RAW file says of it, 1 to 8."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What to tell of the photo: that its preview was read, and whether that is small."""
        size = marked("{width} x {height} pixels").format(
            width=words.count(self.width_px), height=words.count(self.height_px)
        )
        if max(self.width_px, self.height_px) >= SMALL_LONG_SIDE_PX:
            return (marked("A RAW file: its preview of {size} was looked at.").format(size=size),)
        return (
            marked(
                "A RAW file: only a small preview of {size} is in it, and small faces are missed. Export the "
                "photo as JPEG from your camera's program, and add that."
            ).format(size=size),
        )


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the directories of a RAW file say, as far as there are any."""

    directories: tuple[Directory, ...]

    @property
    def orientation(self) -> int:
        """Of the first that says it."""
        orientations = (directory.number(_ORIENTATION) for directory in self.directories)
        return next((orientation for orientation in orientations if 1 <= orientation <= 8), 1)

    @property
    def sensor_starts(self) -> frozenset[int]:
        """Where sensor data lie, which may be compressed as JPEGs and are no pictures."""
        sensor = [directory for directory in self.directories if _is_sensor(directory)]
        return frozenset(start for directory in sensor for tag in (_STRIPS, _TILES) for start in directory.numbers(tag))

    @property
    def sensor_is_wide(self) -> bool | None:
        """Whether the sensor's picture is wider than high; None where nothing says so."""
        sizes = [(d.number(_WIDTH), d.number(_HEIGHT)) for d in self.directories if _is_sensor(d)]
        width, height = max(sizes, default=(0, 0))
        return width > height if width and height and width != height else None


def is_raw_file(data: bytes) -> bool:
    """Whether a file is a camera's RAW: by its beginning, or by what its TIFF directories say."""
    if is_raw(data[:HEAD_BYTES]):
        return True
    layout = _read_layout(data)
    if not layout.directories:
        return False
    is_canon = data[:4] == b"II*\0" and data[8:10] == _CANON_MARK
    is_dng = any(_DNG_VERSION in directory.entries for directory in layout.directories)
    return is_canon or is_dng or any(_is_sensor(directory) for directory in layout.directories)


def extract_preview(data: bytes) -> RawPreview:
    """The largest whole preview in a RAW file.

    Raises
    ------
    ImageRefused
        There is none but a thumbnail.
    """
    layout = _read_layout(data)
    # Makers put a thumbnail, a screen-sized and a full picture in, in any order: the largest shows the smallest faces.
    candidates = sorted(_candidates(data, layout), key=lambda candidate: candidate[1] * candidate[2], reverse=True)
    best = next(iter(candidates), None)
    if best is None or max(best[1], best[2]) < MIN_LONG_SIDE_PX:
        size = (
            marked("no preview but one of {width} x {height} pixels").format(width=best[1], height=best[2])
            if best
            else marked("no preview")
        )
        raise ImageRefused(
            marked(
                "It is a RAW file that holds {preview}. Export the photo as JPEG from your camera's program, "
                "Lightroom or darktable, and add that."
            ).format(preview=size)
        )
    start, width, height = best
    return RawPreview(data[start:], width, height, _orientation(layout, width, height))


def _orientation(layout: _Layout, width_px: int, height_px: int) -> int:
    """The container's word; none where the preview stands upright already while the sensor lies on its side."""
    # Some cameras turn the preview and leave the tag as the sensor lay: to follow it would turn the preview twice.
    orientation = layout.orientation
    is_turned = layout.sensor_is_wide is not None and (width_px > height_px) != layout.sensor_is_wide
    return 1 if orientation > 4 and is_turned and width_px != height_px else orientation


def read_time_stamps(data: bytes) -> tuple[str, str]:
    """EXIF's DateTimeOriginal and DateTime, as they stand in the file; "" where they do not."""
    layout = _read_layout(data)
    exif = [sub for directory in layout.directories for sub in sub_directories(directory, _EXIF)]
    exif += read_directories(_canon_box(data, _CANON_EXIF))
    return _first_text(exif, _DATE_TIME_ORIGINAL), _first_text(layout.directories, _DATE_TIME)


def _first_text(sources: Iterable[Directory], tag: int) -> str:
    texts = (directory.content(tag).decode("ascii", "replace") for directory in sources)
    return next(filter(None, texts), "")


def _read_layout(data: bytes) -> _Layout:
    main = list(islice(read_directories(data), _MOST_DIRECTORIES))
    main += islice(read_directories(_canon_box(data, _CANON_TIFF)), _MOST_DIRECTORIES)
    inner = [sub for directory in main for sub in islice(sub_directories(directory), _MOST_DIRECTORIES)]
    return _Layout(tuple(main + inner))


def _canon_box(data: bytes, kind: bytes) -> bytes:
    """Content of one of Canon's own boxes; they lie at the head of a CR3."""
    if CANON_RAW_BRAND not in read_brands(data[:HEAD_BYTES]):
        return b""
    # Searched by its name and not walked to: it lies within a box of Canon's own, whose form is not published.
    at = data.find(kind, 0, _CANON_HEAD_BYTES)
    return data[at + 4 : at - 4 + int.from_bytes(data[at - 4 : at], "big")] if at >= 4 else b""


def _is_sensor(directory: Directory) -> bool:
    return directory.number(_PHOTOMETRIC) in _SENSOR or directory.number(_COMPRESSION) in _SENSOR_COMPRESSIONS


def _candidates(data: bytes, layout: _Layout) -> Iterator[tuple[int, int, int]]:
    """Start, width and height of every JPEG in the file that is a picture."""
    sensor = layout.sensor_starts
    # Bounded, as every "ff d8 ff" in noise begins a walk of its own.
    for head_match in islice(_JPEG_HEAD.finditer(data), _MOST_CANDIDATES):
        if head_match.start() not in sensor and (size := _size(data, head_match.start())) is not None:
            yield head_match.start(), *size


def _size(data: bytes, start: int) -> tuple[int, int] | None:
    """Width and height in the frame header of a JPEG of 8 bits, walking its segments; None for what is none."""
    position = start + 2
    for _ in range(_MOST_SEGMENTS):
        while data[position : position + 2] == b"\xff\xff":
            position += 1
        if len(data) < position + 9 or data[position] != 0xFF or data[position + 1] in (_START, _SCAN):
            return None
        code, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4], "big")
        # The frame header comes before any data, so a preview is measured by a few segments, never decoded.
        if code in _FRAMES:
            bits, components = data[position + 4], data[position + 9]
            height, width = (int.from_bytes(data[at : at + 2], "big") for at in (position + 5, position + 7))
            return (width, height) if bits == 8 and components in (1, 3) and width and height else None
        if 0xC0 <= code < 0xD0 and code not in (0xC4, 0xC8, 0xCC):
            return None
        position += 2 + length
    return None

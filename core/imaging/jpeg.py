"""JPEGs: where the first picture of a file ends, and whether all of it is there.

Telephones append films, gain maps, second pictures and blocks of their own to a JPEG, some programs leave out its end
marker, and a copy may stop anywhere. So neither the last bytes of a file nor its size tell a whole photo from a cut-off
one; only decoding does. ``extract_first_picture`` walks the segments and gives the primary picture as a file of its
own; ``decode_jpeg`` lets libjpeg-turbo, through simplejpeg, decode it and listens to its warnings, in one pass.

What it does not see: damage inside the data after which the rest still makes sense to a decoder, which for a JPEG is
any other number of the right length.

References
----------
ITU T.81, annex B (markers), F and G (scans); libjpeg-turbo, ``jerror.h``: the warnings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from typing import Final

import numpy as np
import simplejpeg

from core.base.errors import ImageRefused
from core.base.types import RgbImage
from core.language.texts import marked

SCALES: Final = (1, 2, 4, 8)
"""What a JPEG can be divided by while its blocks are decoded."""
_MAX_SCANS: Final = 64
"""A progressive JPEG has about 10; thousands of scans over one picture keep a decoder busy for hours."""

_MARKER: Final = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])", re.DOTALL)
"""Anything but a stuffed zero, filling and a restart."""
_START, _END, _START_OF_SCAN, _NO_SEGMENT = 0xD8, 0xD9, 0xDA, 0x01
_FRAMES: Final = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
_PROGRESSIVE: Final = frozenset((0xC2, 0xC6, 0xCA, 0xCE))
_BETWEEN_SCANS: Final = frozenset((0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)))
_LAST_COEFFICIENT: Final = 63
_GREY: Final = 128
_RESTART_INTERVAL: Final = 0xDD
_RESTART: Final = re.compile(rb"\xff([\xd0-\xd7])")

_ZEROS_OF_NO_PICTURE: Final = 16
"""A copy that stopped in a file made long before it was filled ends in zeros; no Huffman code of a photo does."""
_TRAILER: Final = re.compile(
    rb"(ftyp)(?:mp4|isom|qt  |avc1|M4V|MSNV|3gp|iso[2-9]|hvc1)|"  # a film: ISO/IEC 14496-12
    rb"Image_UTC_Data|MotionPhoto_Data|SEFH|MCC_Data|Camera_Capture_Mode_Info"  # Samsung's blocks
)
"""What telephones append; it is looked for only behind a picture without its end."""
_BEFORE_FILM, _BEFORE_BLOCK = 4, 8
"""Bytes in front of these words that belong to them."""

_CUT_OFF: Final = marked(
    "The JPEG is cut off: a part of the picture is missing. Copy the file again from where it came."
)
_NO_END: Final = marked("The JPEG is cut off: its end is missing. Copy the file again from where it came.")
_DAMAGED: Final = marked(
    "The JPEG is damaged: from some place on its data are not those of a picture. Copy the file again from "
    "where it came."
)
_MAY_BE_DAMAGED: Final = marked(
    "The file may be damaged: it holds more data than its picture needs. Look at the photo."
)

_MISSING_WORDS: Final = ("premature end",)
_DAMAGE_WORDS: Final = ("bad huffman code", "bad arithmetic code", "found marker", "inconsistent progression")
_SURPLUS: Final = re.compile(r"(\d+) extraneous bytes before marker 0xd9")


@dataclass(frozen=True, slots=True)
class Jpeg:
    """The primary picture of a file."""

    content: bytes
    """From the start marker to an end marker, which is added where it was missing; what follows is left out."""


@dataclass(frozen=True, slots=True, eq=False)
class DecodedJpeg:
    """Pixels as stored, not turned."""

    pixels: RgbImage
    notes: tuple[str, ...] = ()
    """What its owner should know of it, as sentences."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the frame header says of the picture."""

    progressive: bool = False
    width_px: int = 0
    height_px: int = 0
    sampling: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Horizontal and vertical factor of each component."""

    @classmethod
    def of(cls, code: int, content: bytes) -> _Frame:
        sampling = {content[at]: (content[at + 1] >> 4, content[at + 1] & 15) for at in range(6, len(content) - 2, 3)}
        height, width = int.from_bytes(content[1:3], "big"), int.from_bytes(content[3:5], "big")
        return cls(code in _PROGRESSIVE, width, height, sampling)

    def mcus(self, components: bytes) -> int:
        """How many minimum coded units a scan of these components has (A.2.3 and A.2.4); 0 if that cannot be told."""
        factors = [self.sampling.get(component, (0, 0)) for component in components]
        if not factors or any(0 in pair for pair in self.sampling.values()) or (0, 0) in factors:
            return 0
        most_h, most_v = (max(pair[axis] for pair in self.sampling.values()) for axis in (0, 1))
        if len(factors) > 1:
            return ceil(self.width_px / (8 * most_h)) * ceil(self.height_px / (8 * most_v))
        (h, v) = factors[0]
        return ceil(ceil(self.width_px * h / most_h) / 8) * ceil(ceil(self.height_px * v / most_v) / 8)


@dataclass
class _Walk:
    """What the segments so far have said, and which parts of the picture their scans have given."""

    data: bytes
    frame: _Frame = field(default_factory=_Frame)
    restart_interval: int = 0
    scans: int = 0
    scan_start: int = 0
    """Where the data of the last scan begin."""
    restarts: int = 0
    """How many restart markers the last scan needs."""
    bits_left: dict[tuple[int, int], int] = field(default_factory=dict)
    """Bits of a component's coefficient that are still to come; what has not come at all is not in it."""

    @property
    def complete(self) -> bool:
        """Whether all scans have begun that the picture needs."""
        whole = len(self.frame.sampling) * (_LAST_COEFFICIENT + 1)
        return len(self.bits_left) >= whole > 0 and not any(self.bits_left.values())

    def read_segment(self, code: int, start: int, end: int) -> None:
        """Take in one segment by its content."""
        content = self.data[start:end]
        if code == _START_OF_SCAN:
            self._begin_scan(content, end)
        elif code == _RESTART_INTERVAL:
            self.restart_interval = int.from_bytes(content[:2], "big")
        elif code in _FRAMES and not self.scans:
            self.frame = _Frame.of(code, content)

    def _begin_scan(self, header: bytes, data_start: int) -> None:
        self.scans += 1
        if self.scans > _MAX_SCANS:
            raise ImageRefused(
                marked("The JPEG has more than {most} scans; no camera writes such a file.").format(most=_MAX_SCANS)
            )
        number = header[0] if header else 0
        if len(header) < 4 + 2 * number:
            return
        components = header[1 : 1 + 2 * number : 2]
        first, last, bits = header[1 + 2 * number : 4 + 2 * number]
        # A sequential scan brings every coefficient with all its bits, whatever its header says of them.
        if not self.frame.progressive:
            first, last, bits = 0, _LAST_COEFFICIENT, 0
        for component in components:
            for coefficient in range(first, min(last, _LAST_COEFFICIENT) + 1):
                self.bits_left[component, coefficient] = bits & 15
        self.scan_start = data_start
        # A restart marker stands behind every interval but the last, so their number is known before they are read.
        interval = self.restart_interval
        self.restarts = max(0, -(-self.frame.mcus(components) // interval) - 1) if interval else 0

    def end_scan(self, end: int) -> None:
        """Raise ImageRefused unless the restart markers of the last scan are all there, in their order (B.2.1)."""
        if not self.restarts:
            return
        needed, self.restarts = self.restarts, 0
        numbers = b"".join(_RESTART.findall(self.data, self.scan_start, end))[:needed]
        if numbers != (bytes(range(0xD0, 0xD8)) * (len(numbers) // 8 + 1))[: len(numbers)]:
            raise ImageRefused(_DAMAGED)
        if len(numbers) < needed:
            raise ImageRefused(_CUT_OFF)


def extract_first_picture(data: bytes) -> Jpeg:
    """The picture that a JPEG file begins with, without what programs append to it.

    Raises
    ------
    ImageRefused
        It ends before all its scans have begun, lacks restart markers, or has a bomb's number of scans. Whether what is
        between the markers is whole, only decoding tells.
    """
    walk = _Walk(data)
    position = 2
    # A segment is left by its length, and from there the next marker is searched: the data of a scan have no length,
    # and some writers leave bytes behind a segment. Within data 0xff is stuffed, so nothing is taken for a marker.
    while (marker := _MARKER.search(data, position)) is not None:
        code = marker[1][0]
        walk.end_scan(marker.start())
        if code == _END:
            return Jpeg(data if marker.end() == len(data) else data[: marker.end()])
        # With all scans begun, or at what cannot follow a scan, the picture is over though its end marker is missing:
        # what a telephone appended must not be read as more of it.
        if walk.scans and (walk.complete or not _continues(data, marker)):
            return _closed(walk, marker.start())
        position = marker.end()
        if code not in (_START, _NO_SEGMENT):
            length = int.from_bytes(data[position : position + 2], "big")
            walk.read_segment(code, position + 2, position + length)
            position += length
    walk.end_scan(len(data))
    return _closed(walk, len(data))


def _continues(data: bytes, marker: re.Match[bytes]) -> bool:
    """Whether the marker after a scan belongs to the same picture: a table or another scan that fits into the file."""
    if marker[1][0] not in _BETWEEN_SCANS and marker[1][0] != _START_OF_SCAN:
        return False
    length = int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return 2 <= length <= len(data) - marker.end()


def _closed(walk: _Walk, end: int) -> Jpeg:
    """A picture whose end marker is missing: what belongs to something else must not pass for its data."""
    if not walk.complete:
        raise ImageRefused(_NO_END)
    content = walk.data[: _trailer_start(walk.data, walk.scan_start, end)]
    without_zeros = content.rstrip(b"\0")
    if len(content) - len(without_zeros) >= _ZEROS_OF_NO_PICTURE:
        content = without_zeros + b"\0"  # perhaps the one that is stuffed behind a last 0xff
    return Jpeg(content + b"\xff\xd9")


def _trailer_start(data: bytes, start: int, end: int) -> int:
    """Where what a telephone appended begins, between two positions; the second if there is no such thing."""
    words = _TRAILER.search(data, start, end)
    if words is None:
        return end
    return words.start() - (_BEFORE_FILM if words[1] else _BEFORE_BLOCK)


# --- decoding


def decode_jpeg(jpeg: Jpeg, size_wh: tuple[int, int], scale: int) -> DecodedJpeg | None:
    """Pixels of an RGB or grey JPEG at one of ``SCALES``, or None for a kind that this decoder does not read.

    Parameters
    ----------
    size_wh : of the whole picture, pixels

    Raises
    ------
    ImageRefused
        A part of the picture is missing, or its data are damaged.
    """
    decode_once = partial(_decode_once, smallest_wh=(ceil(size_wh[0] / scale), ceil(size_wh[1] / scale)))
    # Strict first: a sound picture is decoded once, and only one with a warning twice, to see what it is worth.
    try:
        return DecodedJpeg(decode_once(jpeg.content, strict=True))
    except ValueError as error:
        warning = str(error)
    _refuse_by(warning)
    try:
        pixels = decode_once(jpeg.content, strict=False)
    except ValueError:
        return None
    if (surplus := _SURPLUS.search(warning)) is not None:
        return DecodedJpeg(pixels, _notes_of_surplus(jpeg.content, int(surplus[1])))
    require_no_grey_tail(jpeg, pixels, scale, partial(decode_once, strict=False))
    return DecodedJpeg(pixels)


def _decode_once(content: bytes, *, smallest_wh: tuple[int, int], strict: bool) -> RgbImage:
    """Raises ValueError with libjpeg's words: for its first warning too, where it is to be strict."""
    width, height = smallest_wh
    pixels: RgbImage = simplejpeg.decode_jpeg(content, "RGB", min_height=height, min_width=width, strict=strict)
    return pixels


def require_whole(jpeg: Jpeg) -> None:
    """Raise ImageRefused where libjpeg finds a CMYK picture incomplete; it is decoded for that alone."""
    try:
        simplejpeg.decode_jpeg(jpeg.content, "CMYK", strict=True)
    except ValueError as error:
        _refuse_by(str(error))


def _refuse_by(warning: str) -> None:
    """Raise ImageRefused for the first warning of libjpeg that says so; those that only wonder pass."""
    lower = warning.casefold()
    if any(words in lower for words in _MISSING_WORDS):
        raise ImageRefused(_CUT_OFF)
    if any(words in lower for words in _DAMAGE_WORDS):
        raise ImageRefused(_DAMAGED)


def _notes_of_surplus(content: bytes, count: int) -> tuple[str, ...]:
    """Filling up to the end is nothing to speak of; data that no pixel needed may be those of a damaged picture."""
    surplus = content[max(0, len(content) - 2 - count) : -2]
    return () if len(set(surplus)) <= 1 else (_MAY_BE_DAMAGED,)


def require_no_grey_tail(
    jpeg: Jpeg, pixels: RgbImage, scale: int, decode_again: Callable[[bytes], RgbImage | None]
) -> None:
    """Refuse a cut-off JPEG where the decoder does not say so, by what it shows of one.

    libjpeg fills what is missing with the grey of zero coefficients. A photo that ends in just that grey is decoded
    once more with filler bytes before the end marker: a whole photo ignores them, a cut-off one shows them.
    """
    corner = max(1, 4 // scale)
    if not (pixels[-corner:, -corner:] == _GREY).all():
        return
    filler = bytes(range(1, 255)) * 16
    probe = decode_again(jpeg.content[:-2] + filler + jpeg.content[-2:])
    if probe is None or not np.array_equal(probe, pixels):
        raise ImageRefused(_CUT_OFF)

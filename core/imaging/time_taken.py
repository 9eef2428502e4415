"""When a photo was taken, by its header; no pixel is decoded."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Final

import pillow_heif
from PIL import ExifTags, Image

from core.imaging import raw
from core.imaging.isobmff import is_heif
from core.imaging.refusals import DECODER_ERRORS, PILLOW_FORMATS


def parse_time_taken(data: bytes) -> float | None:
    """When the camera says that a photo was taken, read from its header; no pixel is decoded.

    Returns
    -------
    Seconds since 1970 by the camera's own clock, of EXIF's DateTimeOriginal, else of its DateTime. None where there is
    neither, or none that can be read: a damaged header says nothing of the picture.
    """
    try:
        stamps = _stamps(data)
    except DECODER_ERRORS:
        return None
    return next((moment for stamp in stamps if (moment := _moment(stamp)) is not None), None)


def _stamps(data: bytes) -> tuple[object, object]:
    """EXIF's DateTimeOriginal and DateTime, as they stand in the file."""
    if is_heif(data):
        exif = Image.Exif()
        exif.load(pillow_heif.open_heif(data).info.get("exif") or b"")
        return _stamps_of(exif)
    if raw.is_raw_file(data):
        return raw.read_time_stamps(data)
    with Image.open(io.BytesIO(data), formats=PILLOW_FORMATS) as photo:
        # The base class's getexif: that of a PNG decodes the picture in search of more.
        return _stamps_of(Image.Image.getexif(photo))


def _stamps_of(exif: Image.Exif) -> tuple[object, object]:
    original = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
    return original, exif.get(ExifTags.Base.DateTime)


_STAMP: Final = re.compile(r"(\d{4})[:.-](\d\d)[:.-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_FIRST_PHOTO_YEAR: Final = 1826
"""What claims to be older was written by a program that did not know the moment."""


def _moment(stamp: object) -> float | None:
    """Seconds since 1970 of "2009:06:30 14:05:00"; None for what is no such moment."""
    match = _STAMP.match(stamp) if isinstance(stamp, str) else None
    if match is None or int(match[1]) < _FIRST_PHOTO_YEAR:
        return None
    try:
        # As if it were UTC: in which time zone the camera was, the stamp does not say.
        return datetime.strptime("".join(match.groups()), "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None

"""How a stored picture is turned to be seen upright: the eight orientations of EXIF, whoever says them.

EXIF's word counts first, then XMP's ``tiff:Orientation`` (as digiKam and Pillow read it). In HEIF and AVIF the
container's own turn (``irot``, ``imir``) counts alone where there is one, as the standard asks; cameras repeat it in
EXIF. Some programs write a HEIF that says it in EXIF only: then EXIF counts there too.

References
----------
CIPA DC-008 (EXIF 2.32), 4.6.4: Orientation. ISO/IEC 23008-12, 6.5.10 and 6.5.12.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from core.base.types import RgbImage
from core.imaging.isobmff import Turn, is_avif, is_heif, read_primary_picture
from core.imaging.refusals import DECODER_ERRORS, PILLOW_FORMATS

_TURNS: Final[dict[int, Callable[[Any], npt.NDArray[Any]]]] = {
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: lambda pixels: cv2.transpose(pixels),
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.flip(cv2.transpose(pixels), -1),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
_CORNERS: Final = np.arange(4, dtype=np.uint8).reshape(2, 2)


def apply_orientation(pixels: RgbImage, orientation: int) -> RgbImage:
    """The stored picture upright; another size where ``geometry.stored_size`` says so."""
    turn = _TURNS.get(orientation)
    return pixels if turn is None else np.asarray(turn(pixels), dtype=np.uint8)


def orientation_of_photo(photo: Image.Image) -> int:
    """EXIF orientation of what Pillow opened, 1 to 8; 1 where none can be read.

    A PNG may say it after its pixels; asking such a photo decodes them.
    """
    return find_orientation(photo) or 1


def find_orientation(photo: Image.Image) -> int | None:
    """As ``orientation_of_photo``, but None where the photo does not say it."""
    try:
        value = photo.getexif().get(ExifTags.Base.Orientation)
    except DECODER_ERRORS:
        return None
    return None if value is None else _valid(value)


def orientation_of_header(data: bytes) -> int:
    """How the stored picture of a file is turned, 1 to 8; of a PNG with words behind its pixels these are decoded."""
    if is_heif(data) or is_avif(data):
        return orientation_of_container(data)
    try:
        with Image.open(io.BytesIO(data), formats=PILLOW_FORMATS) as photo:
            # Pillow's own getexif of a PNG decodes the picture in search of more; it is asked only where there is more.
            asks_pixels = photo.format == "PNG" and _says_more_at_the_end(data)
            exif = photo.getexif() if asks_pixels else Image.Image.getexif(photo)
            return _valid(exif.get(ExifTags.Base.Orientation, 1))
    except DECODER_ERRORS:
        return 1


def orientation_of_container(data: bytes) -> int:
    """What a HEIF or AVIF says of its primary picture: by its own turn, else by EXIF."""
    primary = read_primary_picture(data)
    return _same_as(primary.turns) if primary.turns else _orientation_of_exif(primary.exif)


def orientation_left_to_exif(data: bytes) -> int:
    """The turn of a HEIF that its decoder does not make: EXIF's, where the container itself says nothing."""
    primary = read_primary_picture(data)
    return 1 if primary.turns else _orientation_of_exif(primary.exif)


def _orientation_of_exif(block: bytes) -> int:
    if not block:
        return 1
    try:
        exif = Image.Exif()
        exif.load(block)
        return _valid(exif.get(ExifTags.Base.Orientation, 1))
    except DECODER_ERRORS:
        return 1


_PNG_HEAD_BYTES: Final = 8
_PNG_WORDS: Final = (b"eXIf", b"iTXt", b"tEXt", b"zTXt")


def _says_more_at_the_end(png: bytes) -> bool:
    """Whether a PNG has metadata behind its pixels, where Pillow finds it only after them."""
    position, behind_pixels = _PNG_HEAD_BYTES, False
    while position + 8 <= len(png):
        kind = png[position + 4 : position + 8]
        if behind_pixels and kind in _PNG_WORDS:
            return True
        behind_pixels = behind_pixels or kind == b"IDAT"
        position += 12 + int.from_bytes(png[position : position + 4], "big")
    return False


def _valid(value: object) -> int:
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _same_as(turns: Iterable[Turn]) -> int:
    """The EXIF orientation that does the same as these turns, one after another: tried on a picture of four pixels."""
    # Four pixels tell all eight orientations apart; rules for composing turns would be easy to get wrong.
    corners: npt.NDArray[Any] = _CORNERS
    for turn in turns:
        corners = np.rot90(corners, turn.value) if turn.kind == b"irot" else np.flip(corners, axis=turn.value)
    return next((number for number, same in _TURNS.items() if np.array_equal(same(_CORNERS), corners)), 1)

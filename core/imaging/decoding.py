"""Bytes of a photo to upright RGB.

What it reads is decided by content, never by a name: JPEG (and MPO), PNG, WebP, BMP, TIFF, GIF, AVIF, HEIC/HEIF and the
PPM family, and of the RAW files of cameras the preview (``core.imaging.raw``); of an animation or a stack, the first
picture. Everything else, and everything that is broken, too large or too small, raises ``ImageRefused``; no other
exception leaves ``decode_image``.

What it does not do: colour profiles are not applied, and of the metadata only the turn is read. JPEGs that are cut off
or damaged are refused, by what decodes of their first picture (``core.imaging.jpeg``).

Pillow reads every header and decodes by default. An 8-bit RGB or grey JPEG goes to simplejpeg, a still WebP to OpenCV,
which are about twice as fast (libjpeg-turbo and libwebp like Pillow, the same pixels); what they reject goes to
Pillow, whose reason is reported. libheif turns a HEIF upright where its container says how, Pillow a TIFF; all others
are turned here (``core.imaging.orientation``).
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import pillow_heif
from PIL import Image, ImageFile

from core.base import words
from core.base.errors import ImageRefused
from core.base.settings import ImageLimits
from core.base.types import RgbImage
from core.imaging import jpeg, raw
from core.imaging.extra_frames import note_further_frames, note_further_pages, note_further_pictures
from core.imaging.geometry import stored_size, turn_size
from core.imaging.isobmff import is_heif
from core.imaging.orientation import (
    apply_orientation,
    find_orientation,
    orientation_left_to_exif,
    orientation_of_container,
    orientation_of_header,
    orientation_of_photo,
)
from core.imaging.pixels import turn_pixels
from core.imaging.refusals import DECODER_ERRORS, PILLOW_FORMATS, refuse_undecodable
from core.imaging.rgb import bands_to_rgb, read_rgb, scale_grey
from core.language.texts import marked

MIN_SIDE_PX: Final = 20
"""The smallest face that MTCNN looks for."""
MEMORY_BUDGET_BYTES: Final = 900_000_000
"""What file, decoder and result of one photo may take together."""

_BYTES_PER_PIXEL: Final = {"WEBP": 17, "AVIF": 16, "TIFF": 12, "HEIF": 12}
"""Measured peak of decoder and result on 30 megapixels, rounded up; the others need 4 + 3."""

# Pillow warns, a line a tag, about broken metadata, and about sizes that are checked here by ImageLimits.
warnings.filterwarnings("ignore", module=r"PIL\.")


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPicture:
    """A photo's pixels, perhaps fewer than it has, and how many it has."""

    pixels: RgbImage
    """(height, width, 3) as ``decode_image`` gives them, or a half, a quarter or an eighth of that."""
    width_px: int
    """Of the whole photo, upright and turned."""
    height_px: int
    notes: tuple[str, ...] = ()
    """What its owner should know of the file though it was taken: sentences, for the report."""
    turn: int = 0
    """Quarters clockwise by which it was turned after it was decoded."""

    @classmethod
    def whole(cls, pixels: RgbImage) -> DecodedPicture:
        """A photo with all its pixels."""
        return cls(pixels, pixels.shape[1], pixels.shape[0])

    def turned(self, quarters: int) -> DecodedPicture:
        """The picture turned further, clockwise."""
        if quarters % 4 == 0:
            return self
        width_px, height_px = turn_size(self.width_px, self.height_px, quarters)
        return replace(
            self,
            pixels=turn_pixels(self.pixels, quarters),
            width_px=width_px,
            height_px=height_px,
            turn=(self.turn + quarters) % 4,
        )

    @property
    def scale_xy(self) -> tuple[float, float]:
        """Pixels of this picture for one of the photo, across and down: 1 or less, and exact to one of its pixels."""
        height, width = self.pixels.shape[:2]
        return width / self.width_px, height / self.height_px


def decode_image(data: bytes, limits: ImageLimits) -> RgbImage:
    """Photo as it is meant to be seen.

    Parameters
    ----------
    data : bytes
        A whole image file of any supported format.
    limits : ImageLimits
        Checked on the header, before pixels are decoded.

    Returns
    -------
    RgbImage
        (height, width, 3) uint8, RGB, upright, C-contiguous and writable. Transparency is laid on white;
        grey and colour of 10 to 32 bits are scaled to 8 by the range of their format.

    Raises
    ------
    ImageRefused
        Not a photo, damaged, too large or too small.
    """
    return decode_reduced(data, limits, None).pixels


def decode_reduced(data: bytes, limits: ImageLimits, enough_px: int | None) -> DecodedPicture:
    """Photo with no more pixels than are asked for, where leaving them out saves work; with None, all of them.

    A JPEG is decoded at a half, a quarter or an eighth of its size as long as its longer side keeps ``enough_px``:
    in 12 megapixels that takes a fifth of the time and a quarter of the memory. Everything else comes whole.

    Raises
    ------
    ImageRefused
        As ``decode_image``.
    """
    _require_file(data, limits)
    with refuse_undecodable(data):
        # HEIF and RAW first: to Pillow a RAW file is a TIFF, of which it would show the thumbnail.
        if is_heif(data):
            return _decode_heif(data, limits)
        if raw.is_raw_file(data):
            return _decode_raw(data, limits, enough_px)
        return _decode_pillow(data, limits, enough_px)


def decoding_bytes(data: bytes, limits: ImageLimits) -> int:
    """Most memory that decoding takes, the file and the whole photo included; only the header is read.

    Raises
    ------
    ImageRefused
        What the header already rules out.
    """
    _require_file(data, limits)
    with refuse_undecodable(data):
        if is_heif(data):
            return _cost(pillow_heif.open_heif(data, convert_hdr_to_8bit=True).size, data, _BYTES_PER_PIXEL["HEIF"])
        if raw.is_raw_file(data):
            return _raw_cost(data, raw.extract_preview(data))
        with Image.open(io.BytesIO(data), formats=PILLOW_FORMATS) as photo:
            _require_size(photo.size, len(data), _bytes_per_pixel(photo), limits)
            return _cost(photo.size, data, _bytes_per_pixel(photo))


def stored_orientation(data: bytes) -> int:
    """How the pixels of a file are stored, as EXIF's orientation: what ``decode_image``, or its decoder, turns them by.

    For whoever reads coordinates that refer to the stored picture, as XMP regions do. Only the header is read.

    Returns
    -------
    1 to 8; 1 is upright, and of 5 to 8 the stored width is the upright height. 1 too for what says nothing.
    """
    if raw.is_raw_file(data):
        return _raw_orientation(data)
    return orientation_of_header(data)


def _cost(size_wh: tuple[int, int], data: bytes, bytes_per_pixel: int) -> int:
    return len(data) + size_wh[0] * size_wh[1] * bytes_per_pixel


def _require_file(data: bytes, limits: ImageLimits) -> None:
    if not data:
        raise ImageRefused(marked("The file is empty."))
    if len(data) > limits.max_file_bytes:
        raise ImageRefused(
            marked("The file has {size} bytes; at most {most} are read. Save it smaller.").format(
                size=words.count(len(data)), most=words.count(limits.max_file_bytes)
            )
        )


# --- sizes


def _require_size(size_wh: tuple[int, int], file_bytes: int, bytes_per_pixel: int, limits: ImageLimits) -> None:
    """Raise ImageRefused for a size that holds no face, or that would cost too much to decode."""
    width, height = size_wh
    if min(size_wh) < MIN_SIDE_PX:
        raise ImageRefused(
            marked(
                "The picture has {width} x {height} pixels: too small to hold a face; at least {least} x {least} "
                "are needed."
            ).format(width=width, height=height, least=MIN_SIDE_PX)
        )
    affordable = max(0, MEMORY_BUDGET_BYTES - file_bytes) // bytes_per_pixel
    most = min(limits.max_pixels, affordable)
    if width * height > most:
        raise ImageRefused(
            marked(
                "The picture has {width} x {height} = {pixels} pixels; at most {most} are read from such a file. "
                "Save it smaller."
            ).format(width=width, height=height, pixels=words.count(width * height), most=words.count(most))
        )


# --- Pillow and OpenCV


def _decode_pillow(data: bytes, limits: ImageLimits, enough_px: int | None) -> DecodedPicture:
    # Two steps, so that Pillow's own copy of the pixels is gone before the turned one is allocated.
    stored, orientation = _stored(data, limits, enough_px)
    return _upright(stored, orientation)


def _upright(stored: DecodedPicture, orientation: int) -> DecodedPicture:
    width_px, height_px = stored_size((stored.width_px, stored.height_px), orientation)
    pixels = np.ascontiguousarray(apply_orientation(stored.pixels, orientation))
    return DecodedPicture(pixels, width_px, height_px, stored.notes)


def _stored(data: bytes, limits: ImageLimits, enough_px: int | None) -> tuple[DecodedPicture, int]:
    """The photo as stored, and the EXIF orientation it still has to be turned by."""
    with Image.open(io.BytesIO(data), formats=PILLOW_FORMATS) as photo:
        _require_size(photo.size, len(data), _bytes_per_pixel(photo), limits)
        if photo.format in ("JPEG", "MPO"):
            stored = _stored_jpeg(photo, jpeg.extract_first_picture(data), enough_px)
            stored = replace(stored, notes=stored.notes + note_further_frames(photo))
            return stored, orientation_of_photo(photo)
        pixels = _decode_webp(data) if _suits_opencv(photo) else None
        if pixels is None:
            photo.load()
            # Asked again: some formats tell their real size only while they are decoded.
            _require_size(photo.size, len(data), _bytes_per_pixel(photo), limits)
            pixels = read_rgb(photo)
        # What Pillow says of an AVIF's EXIF is its own summary, and it has already turned a TIFF.
        orientation = orientation_of_container(data) if photo.format == "AVIF" else orientation_of_photo(photo)
        notes = note_further_pages(data) if photo.format == "TIFF" else note_further_frames(photo)
        return DecodedPicture(pixels, *photo.size, notes), orientation


def _stored_jpeg(photo: ImageFile.ImageFile, primary: jpeg.Jpeg, enough_px: int | None) -> DecodedPicture:
    """A JPEG as stored: RGB and grey by libjpeg-turbo itself, which says what is missing; the rest by Pillow."""
    scale = _scale(photo.size, enough_px) if enough_px else 1
    decoded = jpeg.decode_jpeg(primary, photo.size, scale) if photo.mode in ("RGB", "L") else None
    if decoded is not None:
        return DecodedPicture(decoded.pixels, *photo.size, decoded.notes)
    pixels = _decode_pillow_jpeg(primary.content)
    # Pillow fills what is missing with grey and keeps silent, so whether the picture is whole is asked by itself.
    if photo.mode == "CMYK":
        jpeg.require_whole(primary)
    else:
        jpeg.require_no_grey_tail(primary, pixels, 1, _decode_pillow_jpeg)
    return DecodedPicture(pixels, *photo.size)


def _decode_pillow_jpeg(content: bytes) -> RgbImage:
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as photo:
        photo.load()
        return read_rgb(photo)


def _scale(size_wh: tuple[int, int], enough_px: int) -> int:
    """The largest divisor that leaves the longer side ``enough_px``; 1 if none does."""
    return max(scale for scale in jpeg.SCALES if scale == 1 or max(size_wh) >= scale * enough_px)


def _bytes_per_pixel(photo: ImageFile.ImageFile) -> int:
    """Most memory that decoding takes per pixel; a progressive JPEG holds all its 16-bit coefficients."""
    # All coefficients, two bytes each, are held until the last scan has come.
    if "progressive" in photo.info:
        return 4 + max(3, 2 * len(photo.getbands()))
    return _BYTES_PER_PIXEL.get(photo.format or "", 7)


def _suits_opencv(photo: ImageFile.ImageFile) -> bool:
    # Transparency, which OpenCV drops, has to be laid on white; and of an animation Pillow takes the first picture.
    return photo.format == "WEBP" and photo.mode == "RGB" and not getattr(photo, "is_animated", False)


def _decode_webp(data: bytes) -> RgbImage | None:
    """Pixels as stored (not turned), or None when OpenCV cannot read them."""
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return None if pixels is None else np.asarray(pixels, dtype=np.uint8)


# --- RAW


def _decode_raw(data: bytes, limits: ImageLimits, enough_px: int | None) -> DecodedPicture:
    """The preview of a RAW file, upright."""
    preview = raw.extract_preview(data)
    with Image.open(io.BytesIO(preview.content), formats=("JPEG",)) as photo:
        # Twice the file: the preview is a copy of the rest of it, from its own start on.
        _require_size(photo.size, 2 * len(data), _bytes_per_pixel(photo), limits)
        stored = _stored_jpeg(photo, jpeg.extract_first_picture(preview.content), enough_px)
        stored = replace(stored, notes=stored.notes + preview.notes)
        return _upright(stored, find_orientation(photo) or preview.orientation)


def _raw_orientation(data: bytes) -> int:
    """As ``_decode_raw`` turns it: by the preview's own EXIF, else by what the RAW file says."""
    try:
        preview = raw.extract_preview(data)
        with Image.open(io.BytesIO(preview.content), formats=("JPEG",)) as photo:
            return find_orientation(photo) or preview.orientation
    except (ImageRefused, *DECODER_ERRORS):
        return 1


def _raw_cost(data: bytes, preview: raw.RawPreview) -> int:
    with Image.open(io.BytesIO(preview.content), formats=("JPEG",)) as photo:
        return 2 * len(data) + _cost(photo.size, b"", _bytes_per_pixel(photo))


# --- HEIF


def _decode_heif(data: bytes, limits: ImageLimits) -> DecodedPicture:
    """Primary picture, upright: turned by libheif, or by EXIF where that alone says how."""
    photo = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
    _require_size(photo.size, len(data), _BYTES_PER_PIXEL["HEIF"], limits)
    pixels = np.asarray(photo)
    # What was decoded may have another size than the header said.
    _require_size(pixels.shape[1::-1], len(data), _BYTES_PER_PIXEL["HEIF"], limits)
    if pixels.dtype != np.uint8:
        pixels = scale_grey(pixels, 65535.0)
    rgb = bands_to_rgb(pixels if pixels.ndim == 3 else pixels[..., None])
    upright = np.ascontiguousarray(apply_orientation(rgb, orientation_left_to_exif(data)))
    return DecodedPicture(upright, upright.shape[1], upright.shape[0], note_further_pictures(data, len(photo)))

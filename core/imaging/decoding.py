"""Bytes of a photo to upright RGB, and what is done to whole photos: JPEG, shrinking, a perceptual hash.

What it reads is decided by content, never by a name: JPEG (and MPO), PNG, WebP, BMP, TIFF, GIF, AVIF,
HEIC/HEIF and the PPM family, and of the RAW files of cameras the preview (``core.imaging.raw``); of an animation or a
stack, the first picture. Everything else, and everything
that is broken, too large or too small, raises ``ImageRefused``; no other exception leaves ``decode_image``.

What it does not do: colour profiles are not applied, and of the metadata only the moment of taking and the turn are
read. JPEGs that are cut off or damaged are refused, by what decodes of their first picture (``core.imaging.jpeg``).

Pillow reads every header and decodes by default. An 8-bit RGB or grey JPEG goes to simplejpeg, a still WebP to OpenCV,
which are about twice as fast (libjpeg-turbo and libwebp like Pillow, the same pixels); what they reject goes to
Pillow, whose reason is reported. libheif turns a HEIF upright where its container says how, Pillow a
TIFF; all others are turned here (``core.imaging.orientation``).
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import pillow_heif
from PIL import ExifTags, Image, ImageFile

from core.base import words
from core.base.errors import ImageRefused
from core.base.settings import ImageLimits
from core.base.types import RgbImage
from core.imaging import jpeg, raw
from core.imaging.extra_frames import notes_of_frames, notes_of_heif, notes_of_tiff
from core.imaging.geometry import turn_size, turned_orientation
from core.imaging.isobmff import is_heif
from core.imaging.orientation import (
    ON_THEIR_SIDE,
    apply_orientation,
    orientation_left_to_exif,
    orientation_of_container,
    orientation_of_header,
    orientation_of_photo,
    orientation_said_by,
)
from core.imaging.refusals import DECODER_ERRORS, PILLOW_FORMATS, refuse_undecodable

MIN_SIDE_PX: Final = 20
"""The smallest face that MTCNN looks for."""
MEMORY_BUDGET_BYTES: Final = 900_000_000
"""What file, decoder and result of one photo may take together."""

_STRIP_PX: Final = 1 << 19
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
    return _picture(data, limits, None).pixels


def decode_reduced(data: bytes, limits: ImageLimits, enough_px: int) -> DecodedPicture:
    """Photo with no more pixels than are asked for, where leaving them out saves work.

    A JPEG is decoded at a half, a quarter or an eighth of its size as long as its longer side keeps ``enough_px``:
    in 12 megapixels that takes a fifth of the time and a quarter of the memory. Everything else comes whole.

    Raises
    ------
    ImageRefused
        As ``decode_image``.
    """
    return _picture(data, limits, enough_px)


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


def _stamps(data: bytes) -> tuple[object, object]:
    """EXIF's DateTimeOriginal and DateTime, as they stand in the file."""
    if is_heif(data):
        exif = Image.Exif()
        exif.load(pillow_heif.open_heif(data).info.get("exif") or b"")
        return _stamps_of(exif)
    if raw.is_raw_file(data):
        return raw.read_time_stamps(data)
    with Image.open(io.BytesIO(data), formats=PILLOW_FORMATS) as photo:
        return _stamps_of(Image.Image.getexif(photo))  # a PNG's own would decode the picture in search of one


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
        return datetime.strptime("".join(match.groups()), "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _cost(size_wh: tuple[int, int], data: bytes, bytes_per_pixel: int) -> int:
    return len(data) + size_wh[0] * size_wh[1] * bytes_per_pixel


def _picture(data: bytes, limits: ImageLimits, enough_px: int | None) -> DecodedPicture:
    _require_file(data, limits)
    with refuse_undecodable(data):
        if is_heif(data):
            return _decode_heif(data, limits)
        if raw.is_raw_file(data):
            return _decode_raw(data, limits, enough_px)
        return _decode_pillow(data, limits, enough_px)


def _require_file(data: bytes, limits: ImageLimits) -> None:
    if not data:
        raise ImageRefused("The file is empty.")
    if len(data) > limits.max_file_bytes:
        raise ImageRefused(
            f"The file has {words.count(len(data))} bytes; at most {words.count(limits.max_file_bytes)} are "
            f"read. Save it smaller."
        )


def encode_jpeg(image: RgbImage, quality: int = 90) -> bytes:
    """JPEG file of an RGB image.

    Parameters
    ----------
    image : RgbImage
        (height, width, 3) uint8, RGB.
    quality : int
        1 to 100.
    """
    image_bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return encoded.tobytes()


def turn_pixels(image: RgbImage, quarters: int) -> RgbImage:
    """Image turned by quarters clockwise, C-contiguous; itself where that is a whole turn."""
    return apply_orientation(image, turned_orientation(1, quarters))


def shrink_image(image: RgbImage, long_side_px: int) -> RgbImage:
    """Image with a longer side of at most ``long_side_px``, by area averaging; a smaller one as it is.

    It is halved as often as possible first: averaging two by two is ten times faster than any other ratio.
    """
    while max(image.shape[:2]) >= 2 * long_side_px and min(image.shape[:2]) >= 2:
        image = halve_image(image)
    height, width = image.shape[:2]
    scale = long_side_px / max(height, width)
    if scale >= 1:
        return image
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _as_rgb(cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA))


def halve_image(image: RgbImage) -> RgbImage:
    """Image of half the size, each pixel the mean of two by two; an odd last row or column is left out."""
    height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
    return _as_rgb(cv2.resize(image[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA))


def perceptual_hash(image: RgbImage) -> int:
    """64-bit pHash: near-duplicate shots differ in few bits, whatever their size and compression.

    Grey, 32x32 by area, DCT-II; the 8x8 lowest frequencies without the zeroth row and column, each bit
    telling whether the coefficient is above their median. Unsigned, most significant bit first.

    References
    ----------
    C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010: the DCT hash of
    phash.org, there after a 7x7 mean filter, whose place area averaging takes.
    """
    grey = cv2.cvtColor(shrink_image(image, 128), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[1:9, 1:9].ravel()
    bits = np.packbits(low > np.median(low))
    return int.from_bytes(bits.tobytes(), "big")


def hash_distance(a: int, b: int) -> int:
    """Number of differing bits, 0 to 64; below about 8 two photos are the same shot."""
    return (a ^ b).bit_count()


# --- sizes


def _require_size(size_wh: tuple[int, int], file_bytes: int, bytes_per_pixel: int, limits: ImageLimits) -> None:
    """Raise ImageRefused for a size that holds no face, or that would cost too much to decode."""
    width, height = size_wh
    if min(size_wh) < MIN_SIDE_PX:
        raise ImageRefused(
            f"The picture has {width} x {height} pixels: too small to hold a face; "
            f"at least {MIN_SIDE_PX} x {MIN_SIDE_PX} are needed."
        )
    affordable = max(0, MEMORY_BUDGET_BYTES - file_bytes) // bytes_per_pixel
    most = min(limits.max_pixels, affordable)
    if width * height > most:
        raise ImageRefused(
            f"The picture has {width} x {height} = {words.count(width * height)} pixels; at most "
            f"{words.count(most)} are read from "
            "such a file. Save it smaller."
        )


# --- Pillow and OpenCV


def _decode_pillow(data: bytes, limits: ImageLimits, enough_px: int | None) -> DecodedPicture:
    stored, orientation = _stored(data, limits, enough_px)  # Pillow's own copy is gone before the turned one is made
    return _upright(stored, orientation)


def _upright(stored: DecodedPicture, orientation: int) -> DecodedPicture:
    width, height = stored.width_px, stored.height_px
    if orientation in ON_THEIR_SIDE:
        width, height = height, width
    return DecodedPicture(
        np.ascontiguousarray(apply_orientation(stored.pixels, orientation)), width, height, stored.notes
    )


def _stored(data: bytes, limits: ImageLimits, enough_px: int | None) -> tuple[DecodedPicture, int]:
    """The photo as stored, and the EXIF orientation it still has to be turned by."""
    with Image.open(io.BytesIO(data), formats=PILLOW_FORMATS) as photo:
        _require_size(photo.size, len(data), _bytes_per_pixel(photo), limits)
        if photo.format in ("JPEG", "MPO"):
            stored = _stored_jpeg(photo, jpeg.first_picture(data), enough_px)
            stored = replace(stored, notes=stored.notes + notes_of_frames(photo))
            return stored, orientation_of_photo(photo)
        pixels = _decode_webp(data) if _suits_opencv(photo) else None
        if pixels is None:
            photo.load()
            _require_size(photo.size, len(data), _bytes_per_pixel(photo), limits)
            pixels = _rgb_of(photo)
        # what Pillow says of an AVIF's EXIF is its own summary, and it has already turned a TIFF
        orientation = orientation_of_container(data) if photo.format == "AVIF" else orientation_of_photo(photo)
        notes = notes_of_tiff(data) if photo.format == "TIFF" else notes_of_frames(photo)
        return DecodedPicture(pixels, *photo.size, notes), orientation


def _stored_jpeg(photo: ImageFile.ImageFile, primary: jpeg.Jpeg, enough_px: int | None) -> DecodedPicture:
    """A JPEG as stored: RGB and grey by libjpeg-turbo itself, which says what is missing; the rest by Pillow."""
    scale = _scale(photo.size, enough_px) if enough_px else 1
    decoded = jpeg.decode_jpeg(primary, photo.size, scale) if photo.mode in ("RGB", "L") else None
    if decoded is not None:
        return DecodedPicture(decoded.pixels, *photo.size, decoded.notes)
    pixels = _decode_pillow_jpeg(primary.content)
    if photo.mode == "CMYK":
        jpeg.require_whole(primary)
    else:
        jpeg.require_no_grey_tail(primary, pixels, 1, _decode_pillow_jpeg)
    return DecodedPicture(pixels, *photo.size)


def _decode_pillow_jpeg(content: bytes) -> RgbImage:
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as photo:
        photo.load()
        return _rgb_of(photo)


def _scale(size_wh: tuple[int, int], enough_px: int) -> int:
    """The largest divisor that leaves the longer side ``enough_px``; 1 if none does."""
    return max(scale for scale in jpeg.SCALES if scale == 1 or max(size_wh) >= scale * enough_px)


def _bytes_per_pixel(photo: ImageFile.ImageFile) -> int:
    """Most memory that decoding takes per pixel; a progressive JPEG holds all its 16-bit coefficients."""
    if "progressive" in photo.info:
        return 4 + max(3, 2 * len(photo.getbands()))
    return _BYTES_PER_PIXEL.get(photo.format or "", 7)


def _suits_opencv(photo: ImageFile.ImageFile) -> bool:
    return photo.format == "WEBP" and photo.mode == "RGB" and not getattr(photo, "is_animated", False)


def _decode_webp(data: bytes) -> RgbImage | None:
    """Pixels as stored (not turned), or None when OpenCV cannot read them."""
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return None if pixels is None else _as_rgb(pixels)


# --- any Pillow mode to RGB, a strip at a time so that no second copy of a large photo is needed


def _rgb_of(photo: ImageFile.ImageFile) -> RgbImage:
    """(height, width, 3) of a loaded photo, not turned."""
    convert = _converter(photo)
    width, height = photo.size
    rgb = np.empty((height, width, 3), dtype=np.uint8)
    rows = max(1, _STRIP_PX // width)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        rgb[top:bottom] = convert(photo.crop((0, top, width, bottom)))
    return rgb


Strip = npt.NDArray[Any]


def _converter(photo: ImageFile.ImageFile) -> Callable[[Image.Image], Strip]:
    """How a strip of this photo becomes something that broadcasts to (rows, width, 3) uint8."""
    if photo.mode.startswith("I") or photo.mode == "F":
        white = _white_level(photo)
        inverted = photo.format == "TIFF" and _tiff_number(photo, _TIFF_PHOTOMETRIC) == _WHITE_IS_ZERO
        return lambda strip: _scaled_grey(np.asarray(strip), white, inverted=inverted)[..., None]
    if photo.has_transparency_data or photo.mode in ("La", "RGBa"):
        return lambda strip: _on_white(np.asarray(strip.convert("RGBA")))
    return lambda strip: np.asarray(strip.convert("RGB"))


_TIFF_BITS, _TIFF_PHOTOMETRIC, _TIFF_SAMPLE_FORMAT = 258, 262, 339
_WHITE_IS_ZERO: Final = 0
_SIGNED: Final = 2


def _tiff_number(photo: ImageFile.ImageFile, tag: int) -> int:
    """First number of a TIFF tag, -1 when it is absent."""
    value = getattr(photo, "tag_v2", {}).get(tag, -1)
    return int(value[0] if isinstance(value, tuple) else value)


def _white_level(photo: ImageFile.ImageFile) -> float:
    """Value that stands for white in a grey photo of more than 8 bits.

    The declared depth decides. 32-bit integers and floats declare no range that is used in full, so theirs
    is the smallest customary one that holds the brightest pixel.
    """
    bits = _tiff_number(photo, _TIFF_BITS) if photo.format == "TIFF" else 16
    if photo.mode != "F" and 0 < bits <= 16:
        return float((1 << bits) - 1 if _tiff_number(photo, _TIFF_SAMPLE_FORMAT) != _SIGNED else (1 << (bits - 1)) - 1)
    brightest = float(photo.getextrema()[1])  # type: ignore[arg-type]
    if not math.isfinite(brightest):
        raise ImageRefused("The picture holds values that are no numbers. Save it as 8-bit and try again.")
    customary = (1.0, 255.0, 65535.0) if photo.mode == "F" else (255.0, 65535.0)
    return next((white for white in customary if brightest <= white), brightest)


def _scaled_grey(values: Strip, white: float, *, inverted: bool = False) -> npt.NDArray[np.uint8]:
    """Grey of any numeric type to uint8, 0 staying black and ``white`` becoming 255."""
    share = np.clip(np.nan_to_num(values.astype(np.float32)) * np.float32(255 / white), 0, 255)
    grey: npt.NDArray[np.uint8] = np.rint(255 - share if inverted else share).astype(np.uint8)
    return grey


def _on_white(rgba: Strip) -> Strip:
    """(h, w, 4) uint8 with straight alpha, laid on white: (h, w, 3) uint8."""
    alpha = rgba[..., 3:].astype(np.uint16)
    blended = rgba[..., :3] * alpha + 255 * (255 - alpha)
    return ((blended + 127) // 255).astype(np.uint8)


# --- RAW


def _decode_raw(data: bytes, limits: ImageLimits, enough_px: int | None) -> DecodedPicture:
    """The preview of a RAW file, upright."""
    preview = raw.extract_preview(data)
    with Image.open(io.BytesIO(preview.content), formats=("JPEG",)) as photo:
        _require_size(photo.size, 2 * len(data), _bytes_per_pixel(photo), limits)
        stored = _stored_jpeg(photo, jpeg.first_picture(preview.content), enough_px)
        stored = replace(stored, notes=stored.notes + preview.notes)
        return _upright(stored, orientation_said_by(photo) or preview.orientation)


def _raw_orientation(data: bytes) -> int:
    """As ``_decode_raw`` turns it: by the preview's own EXIF, else by what the RAW file says."""
    try:
        preview = raw.extract_preview(data)
        with Image.open(io.BytesIO(preview.content), formats=("JPEG",)) as photo:
            return orientation_said_by(photo) or preview.orientation
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
    _require_size(pixels.shape[1::-1], len(data), _BYTES_PER_PIXEL["HEIF"], limits)
    if pixels.dtype != np.uint8:
        pixels = _scaled_grey(pixels, 65535.0)
    rgb = _rgb_of_bands(pixels if pixels.ndim == 3 else pixels[..., None])
    upright = np.ascontiguousarray(apply_orientation(rgb, orientation_left_to_exif(data)))
    return DecodedPicture(upright, upright.shape[1], upright.shape[0], notes_of_heif(data, len(photo)))


def _rgb_of_bands(pixels: Strip) -> RgbImage:
    """(h, w, 1 to 4) uint8 to RGB: grey, grey and alpha, RGB, RGBA; always a new array."""
    height, width, bands = pixels.shape
    rgb = np.empty((height, width, 3), dtype=np.uint8)
    rows = max(1, _STRIP_PX // width)
    for top in range(0, height, rows):
        strip = pixels[top : top + rows]
        if bands == 2:
            strip = strip[..., [0, 0, 0, 1]]
        rgb[top : top + rows] = _on_white(strip) if bands in (2, 4) else strip
    return rgb


def _as_rgb(pixels: Strip) -> RgbImage:
    """Tell the type checker what OpenCV's stubs leave open; fails when OpenCV gave something else."""
    return np.asarray(pixels, dtype=np.uint8)

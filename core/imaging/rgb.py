"""Whatever a decoder gives, as 8-bit RGB: grey, palettes, 10 to 32 bits, transparency on white.

A strip is converted at a time, so that no second copy of a large photo is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from core.base.errors import ImageRefused
from core.base.types import RgbImage
from core.language.texts import marked

_STRIP_PX: Final = 1 << 19
Strip = npt.NDArray[Any]


def read_rgb(photo: ImageFile.ImageFile) -> RgbImage:
    """(height, width, 3) of a loaded photo, not turned."""
    convert = _converter(photo)
    width, height = photo.size
    rgb = np.empty((height, width, 3), dtype=np.uint8)
    rows = max(1, _STRIP_PX // width)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        rgb[top:bottom] = convert(photo.crop((0, top, width, bottom)))
    return rgb


def _converter(photo: ImageFile.ImageFile) -> Callable[[Image.Image], Strip]:
    """How a strip of this photo becomes something that broadcasts to (rows, width, 3) uint8."""
    if photo.mode.startswith("I") or photo.mode == "F":
        white = _white_level(photo)
        inverted = photo.format == "TIFF" and _tiff_number(photo, _TIFF_PHOTOMETRIC) == _WHITE_IS_ZERO
        return lambda strip: scale_grey(np.asarray(strip), white, inverted=inverted)[..., None]
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
        raise ImageRefused(marked("The picture holds values that are no numbers. Save it as 8-bit and try again."))
    customary = (1.0, 255.0, 65535.0) if photo.mode == "F" else (255.0, 65535.0)
    return next((white for white in customary if brightest <= white), brightest)


def scale_grey(values: Strip, white: float, *, inverted: bool = False) -> npt.NDArray[np.uint8]:
    """Grey of any numeric type to uint8, 0 staying black and ``white`` becoming 255."""
    # What is no number becomes black before it is scaled: a cast would make anything of it.
    share = np.clip(np.nan_to_num(values.astype(np.float32)) * np.float32(255 / white), 0, 255)
    grey: npt.NDArray[np.uint8] = np.rint(255 - share if inverted else share).astype(np.uint8)
    return grey


def _on_white(rgba: Strip) -> Strip:
    """(h, w, 4) uint8 with straight alpha, laid on white: (h, w, 3) uint8."""
    # 16 bits hold 255 * 255; adding 127 before the division rounds instead of cutting off.
    alpha = rgba[..., 3:].astype(np.uint16)
    blended = rgba[..., :3] * alpha + 255 * (255 - alpha)
    return ((blended + 127) // 255).astype(np.uint8)


def bands_to_rgb(pixels: Strip) -> RgbImage:
    """(h, w, 1 to 4) uint8 to RGB: grey, grey and alpha, RGB, RGBA; always a new array."""
    height, width, bands = pixels.shape
    rgb = np.empty((height, width, 3), dtype=np.uint8)
    rows = max(1, _STRIP_PX // width)
    for top in range(0, height, rows):
        strip = pixels[top : top + rows]
        # Grey with alpha: the grey stands for all three colours.
        if bands == 2:
            strip = strip[..., [0, 0, 0, 1]]
        rgb[top : top + rows] = _on_white(strip) if bands in (2, 4) else strip
    return rgb

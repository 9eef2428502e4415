"""What is done to the pixels of whole pictures: JPEG, turning, shrinking, a perceptual hash."""

from __future__ import annotations

import cv2
import numpy as np

from core.base.types import RgbImage
from core.imaging.geometry import turned_orientation
from core.imaging.orientation import apply_orientation


def encode_jpeg(image: RgbImage, quality: int = 90) -> bytes:
    """JPEG file of an RGB image.

    Parameters
    ----------
    image : RgbImage
        (height, width, 3) uint8, RGB.
    quality : int
        1 to 100.
    """
    # OpenCV's encoder takes blue first; nothing outside of this function sees such an array.
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
    image = halve_repeatedly(image, long_side_px)
    height, width = image.shape[:2]
    scale = long_side_px / max(height, width)
    if scale >= 1:
        return image
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def halve_repeatedly(image: RgbImage, long_side_px: int) -> RgbImage:
    """Image halved until its longer side is below twice ``long_side_px``."""
    while max(image.shape[:2]) >= 2 * long_side_px and min(image.shape[:2]) >= 2:
        image = halve_image(image)
    return image


def halve_image(image: RgbImage) -> RgbImage:
    """Image of half the size, each pixel the mean of two by two; an odd last row or column is left out."""
    height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
    halved = cv2.resize(image[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(halved, dtype=np.uint8)


def perceptual_hash(image: RgbImage) -> int:
    """64-bit pHash: near-duplicate shots differ in few bits, whatever their size and compression.

    Grey, 32x32 by area, DCT-II; the 8x8 lowest frequencies without the zeroth row and column, each bit
    telling whether the coefficient is above their median. Unsigned, most significant bit first.

    References
    ----------
    C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010: the DCT hash of
    phash.org, there after a 7x7 mean filter, whose place area averaging takes.
    """
    # Shrunk first: of 12 megapixels only a few thousand pixels have to become grey then.
    grey = cv2.cvtColor(shrink_image(image, 128), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    # Without the zeroth row and column: they hold the mean brightness and flat gradients, which light alone changes.
    low = cv2.dct(small)[1:9, 1:9].ravel()
    bits = np.packbits(low > np.median(low))
    return int.from_bytes(bits.tobytes(), "big")

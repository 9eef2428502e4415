"""Square patches of photos at the sizes that the second and third network of the cascade take."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from core.base.types import Doubles, Floats, Ints, RgbImage

PATCHES_AT_ONCE = 256
OUTSIDE = 127
"""Grey: what the networks see beyond the photo's edge is their standardised zero."""


def sample_patches(images: list[RgbImage], squares: Doubles, photos: Ints, side_px: int) -> npt.NDArray[np.uint8]:
    """(n, side, side, 3) bilinear samples of squares, from first corner to last; beyond the photo they are grey.

    Parameters
    ----------
    photos : (n,) which photo each square is of, in rising order
    """
    patches = np.empty((len(squares), side_px, side_px, 3), dtype=np.uint8)
    spread = squares[:, :2, None] + (squares[:, 2:] - squares[:, :2])[:, :, None] * np.linspace(0, 1, side_px)
    # The reference divides boxes by the photo's size, and TensorFlow's crop_and_resize takes 1 to be the last pixel.
    sizes = np.array([(image.shape[1], image.shape[0]) for image in images])[photos]
    spread = (spread * ((sizes - 1) / sizes)[:, :, None]).astype(np.float32)
    # Many squares share one remapping, as every call has a cost of its own; not all, as coordinates take memory.
    ends = [*(np.flatnonzero(np.diff(photos)) + 1).tolist(), len(photos)]
    for first, end in zip([0, *ends], ends, strict=False):
        for start in range(first, end, PATCHES_AT_ONCE):
            part = slice(start, min(start + PATCHES_AT_ONCE, end))
            _sample(images[photos[start]], spread[part], patches[part])
    return patches


def _sample(image: RgbImage, spread: Floats, patches: npt.NDArray[np.uint8]) -> None:
    """Fill the patches of one photo in one remapping, from the coordinates (n, 2, side) of their columns and rows."""
    count, side_px = patches.shape[:2]
    # One tall picture of all squares below each other: remap takes maps of two dimensions only.
    tall = (count * side_px, side_px)
    cv2.remap(
        image,
        np.broadcast_to(spread[:, 0, None, :], patches.shape[:3]).reshape(tall),
        np.broadcast_to(spread[:, 1, :, None], patches.shape[:3]).reshape(tall),
        cv2.INTER_LINEAR,
        dst=patches.reshape(*tall, 3),
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(OUTSIDE, OUTSIDE, OUTSIDE),
    )

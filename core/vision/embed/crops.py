"""Crops of faces: the square, levelled one that the network sees, and the upright one that people see."""

from __future__ import annotations

import cv2
import numpy as np

from core.base.types import Box, Doubles, RgbImage
from core.imaging.geometry import portrait_square
from core.imaging.pixels import halve_image

DISPLAY_PX = 192


def crop_face(image: RgbImage, transform: Doubles, size_px: int) -> RgbImage:
    """The face as a (size, size, 3) square, by the (2, 3) matrix from photo to crop.

    Large faces are first halved as often as they are twice too large, so that no detail aliases.
    """
    region, corner = _region(image, transform, size_px)
    scale, zoom = 1, _zoom(transform)
    while zoom >= 2 * scale and min(region.shape[:2]) >= 2:
        region, scale = halve_image(region), scale * 2
    # A pixel p of the averaged region has its centre at (p + 0.5) * scale - 0.5 of the region.
    local = transform.copy()
    local[:, 2] += transform[:, :2] @ (corner + (scale - 1) / 2)
    local[:, :2] *= scale
    # Replicated, not black: a hard edge beside the face would be a feature to the network.
    crop = cv2.warpAffine(region, local, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, dtype=np.uint8)


def _zoom(transform: Doubles) -> float:
    """Photo pixels per crop pixel."""
    return 1 / float(np.hypot(*transform[0, :2]))


def _region(image: RgbImage, transform: Doubles, size_px: int) -> tuple[RgbImage, Doubles]:
    """The part of the photo that the crop touches, with one crop pixel to spare, and its corner."""
    # Only this part is halved and warped: of a photo of 100 megapixels a face is a small piece.
    back = np.asarray(cv2.invertAffineTransform(transform))
    edge = float(size_px)
    corners = np.array([[-1.0, -1.0], [edge, -1.0], [-1.0, edge], [edge, edge]]) @ back[:, :2].T + back[:, 2]
    height, width = image.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, [width - 1, height - 1])
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, [left + 1, top + 1], [width, height])
    return image[top:bottom, left:right], np.array([left, top], dtype=np.float64)


def crop_portrait(image: RgbImage, box: Box) -> RgbImage:
    """An upright square about the face for people to look at, at most 192 pixels wide, all of it inside the photo."""
    left, top, side = portrait_square(box, image.shape[1], image.shape[0])
    part = image[top : top + side, left : left + side]
    if side <= DISPLAY_PX:
        return np.ascontiguousarray(part)
    return np.asarray(cv2.resize(part, (DISPLAY_PX, DISPLAY_PX), interpolation=cv2.INTER_AREA), dtype=np.uint8)

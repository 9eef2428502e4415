"""A face alone, cut out of its stored crop: for a question of who it is, where somebody beside it could be meant."""

from __future__ import annotations

import numpy as np

from core.base.types import Box, RgbImage
from core.imaging.geometry import portrait_square
from core.store.artifacts import Artifacts
from core.store.protocols import FaceStore
from core.workflows.labels.stored_crops import decode_crop

CLOSE_MARGIN = 0.12
"""Around the box of the face, in shares of its longer side: a circle in the square holds brow and chin."""


def cut_close_up(store: FaceStore, artifacts: Artifacts, dataset_id: str, face_id: str) -> RgbImage:
    """The face, (side, side, 3) uint8 RGB, in the middle of the picture. Raises NotFound."""
    (face,) = store.faces(dataset_id, [face_id])
    photo, _ = store.photo(dataset_id, face.photo_id)
    crop = decode_crop(artifacts, dataset_id, face.crop_id)
    left, top, side = close_up_square(face.box, photo.width_px, photo.height_px, min(crop.shape[:2]))
    return np.ascontiguousarray(crop[top : top + side, left : left + side])


def close_up_square(box: Box, width_px: int, height_px: int, crop_px: int) -> tuple[int, int, int]:
    """Where the face lies in its crop of ``crop_px``: left, top and side of a square about it, in pixels of the crop.

    Parameters
    ----------
    box : of the face on its photo, which is ``width_px`` by ``height_px``
    """
    left, top, portrait_side = portrait_square(box, width_px, height_px)
    scale = crop_px / max(1, portrait_side)
    side = min(crop_px, max(1, round(max(box.width, box.height) * (1 + CLOSE_MARGIN) * scale)))
    # At the edge of a photo the face is not in the middle of its crop.
    corner = [round((middle - start) * scale - side / 2) for middle, start in zip(box.centre, (left, top), strict=True)]
    left, top = (min(max(0, start), crop_px - side) for start in corner)
    return left, top, side

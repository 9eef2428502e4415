"""What can be shown of a photo that is not kept: the crops of its faces, each where it was, on grey."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.errors import NotFound
from core.base.types import Box, Face, Photo, RgbImage
from core.imaging.geometry import portrait_square
from core.imaging.pixels import shrink_image
from core.store.artifacts import Artifacts
from core.workflows.labels.stored_crops import decode_crop

LONG_SIDE_PX = 1200
GREY_LEVEL = 200


def draw_faces_in_place(
    artifacts: Artifacts, dataset_id: str, photo: Photo, faces: Sequence[Face]
) -> tuple[RgbImage, float]:
    """The picture, (height, width, 3) uint8 RGB, and its scale: pixels of it for one of the photo.

    It is as large as the crops allow without being enlarged. A face whose crop is missing stays grey.
    """
    crops = {face.id: crop for face in faces if (crop := _read_crop(artifacts, dataset_id, face)) is not None}
    squares = {face.id: portrait_square(face.box, photo.width_px, photo.height_px) for face in faces}
    scales = [min(crop.shape[:2]) / max(1, squares[face_id][2]) for face_id, crop in crops.items()]
    scale = min(1.0, LONG_SIDE_PX / max(photo.width_px, photo.height_px), *scales)
    size_wh = (max(1, round(photo.width_px * scale)), max(1, round(photo.height_px * scale)))
    picture = np.full((size_wh[1], size_wh[0], 3), GREY_LEVEL, dtype=np.uint8)
    # The largest last: a face that looks over somebody's shoulder is small.
    for face_id, crop in sorted(crops.items(), key=lambda entry: squares[entry[0]][2]):
        left, top, side = (round(length * scale) for length in squares[face_id])
        _paste(picture, shrink_image(crop, max(1, side)), left, top)
    return picture, scale


def scale_box(box: Box, scale: float) -> Box:
    """A box in pixels of a picture that has ``scale`` pixels for one."""
    left, top, right, bottom = (side * scale for side in box.as_tuple())
    return Box(left, top, right, bottom)


def _read_crop(artifacts: Artifacts, dataset_id: str, face: Face) -> RgbImage | None:
    try:
        return decode_crop(artifacts, dataset_id, face.crop_id)
    except NotFound:
        return None


def _paste(picture: RgbImage, crop: RgbImage, left: int, top: int) -> None:
    """Put a crop into a picture, as far as it reaches into it."""
    target = picture[top : top + crop.shape[0], left : left + crop.shape[1]]
    target[:] = crop[: target.shape[0], : target.shape[1]]

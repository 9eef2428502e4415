"""The stored crops of faces as pixels."""

from __future__ import annotations

from functools import lru_cache

from core.base.face_table import FaceTable
from core.base.settings import ImageLimits
from core.base.types import RgbImage
from core.imaging.decoding import decode_image
from core.learn.label_errors.duplicate_images import CropReader
from core.store.artifacts import ArtifactKind as FileKind
from core.store.artifacts import Artifacts

CROPS_IN_MEMORY = 2048


def make_crop_reader(artifacts: Artifacts, dataset_id: str, table: FaceTable) -> CropReader:
    """Give a reader of crops by row of the table, which keeps the last ones in memory."""

    # Pairs of look-alikes are compared one after another, and a picture is in several of them.
    @lru_cache(CROPS_IN_MEMORY)
    def read(crop_id: str) -> RgbImage:
        return decode_crop(artifacts, dataset_id, crop_id)

    return lambda row: read(table.crop_ids[row])


def decode_crop(artifacts: Artifacts, dataset_id: str, crop_id: str) -> RgbImage:
    """A stored crop, (height, width, 3) uint8 RGB. Raises NotFound."""
    return decode_image(artifacts.read(dataset_id, FileKind.CROP, crop_id), ImageLimits())

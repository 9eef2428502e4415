"""A photo gives the same face however the camera was held: EXIF orientations 1 to 8.

Required: the same box within 3 pixels and embeddings with a cosine of at least 0.98.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import pytest
from PIL import Image

from core.base.settings import ImageLimits
from core.base.types import Detection, RgbImage, Vectors
from core.imaging.decoding import decode_image
from core.vision.detect.mtcnn import Detector
from core.vision.embed.embedder import Embedder
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.models import catalogue
from tests.conftest import MODEL_ID

ORIENTATION_TAG = 0x0112
HOW_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,  # shown turned clockwise, so stored turned back
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How the pixels of an upright photo lie in the file, by the EXIF orientation that undoes it."""


@pytest.fixture(scope="module")
def upright(sample_images: Mapping[str, RgbImage], sample_faces: Mapping[str, list[Detection]]) -> RgbImage:
    """A photo of one person that is not square."""
    return next(
        image
        for name, image in sample_images.items()
        if len(sample_faces[name]) == 1 and abs(image.shape[0] - image.shape[1]) > 40
    )


def stored(upright: RgbImage, orientation: int) -> bytes:
    """The photo as a camera held in that way writes it."""
    image = Image.fromarray(upright)
    how = HOW_STORED[orientation]
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    out = io.BytesIO()
    (image if how is None else image.transpose(how)).save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def face_of(engine: OpenVinoEngine, data: bytes) -> tuple[RgbImage, Detection, Vectors]:
    image = decode_image(data, ImageLimits())
    (face,) = Detector(engine).detect([image])[0]
    vectors = Embedder(engine, catalogue.find_embedding_model(MODEL_ID)).embed([(image, face)])
    return image, face, vectors[0]


@pytest.mark.parametrize("orientation", HOW_STORED)
def test_orientation_changes_neither_box_nor_vector(
    engine: OpenVinoEngine, upright: RgbImage, orientation: int
) -> None:
    _, expected, expected_vector = face_of(engine, stored(upright, 1))
    image, face, vector = face_of(engine, stored(upright, orientation))
    assert image.shape == upright.shape
    assert np.abs(np.subtract(face.box.as_tuple(), expected.box.as_tuple())).max() <= 3
    assert np.abs(face.landmarks - expected.landmarks).max() <= 3
    assert float(vector @ expected_vector) >= 0.98

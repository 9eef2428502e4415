"""The check of the crops: quiet on right ones, loud on wrong ones made on purpose from real photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from core.base.settings import ImageLimits, Settings
from core.base.types import Detection, RgbImage
from core.imaging.decoding import decode_image
from core.learn.labelled_faces import LabelledFaces
from core.learn.metrics.crop_check import MEASURED, CropCheck, check_crops, middle_colour
from core.learn.verification.pair_rule import score_pairs
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.vision.embed.embedder import Embedder
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.models import catalogue
from core.workflows.verification import verify

MODEL = catalogue.find_vectors_model(catalogue.DEFAULT_VECTORS_ID)


@pytest.fixture(scope="module")
def crops(
    engine: OpenVinoEngine, sample_images: Mapping[str, RgbImage], sample_faces: Mapping[str, list[Detection]]
) -> tuple[list[RgbImage], np.ndarray]:
    """Crops of the sample's main faces, as they should be, and whom they show."""
    embedder = Embedder(engine, MODEL)
    found = [(name, max(faces, key=lambda face: face.box.area)) for name, faces in sample_faces.items() if faces]
    people = np.unique([name.split("/")[1] for name, _ in found], return_inverse=True)[1]
    return [embedder.crop(sample_images[name], face) for name, face in found], people


@dataclass(frozen=True, eq=False)
class Measured:
    """What is known of crops, whoever they are said to show."""

    vectors: np.ndarray
    steadiness: np.ndarray
    colours: np.ndarray

    def check(self, people: np.ndarray) -> CropCheck:
        pairs = score_pairs(LabelledFaces(self.vectors, people, np.arange(len(people))))
        return check_crops(MODEL.vectors_id, pairs, self.steadiness, self.colours)


def measure(engine: OpenVinoEngine, crops: Sequence[RgbImage]) -> Measured:
    embedder = Embedder(engine, MODEL)
    batches = [crops[start : start + 32] for start in range(0, len(crops), 32)]
    parts = [embedder.embed_steadily(batch, np.ones(len(batch), dtype=np.bool_)) for batch in batches]
    vectors, steadiness = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Measured(vectors, steadiness, np.array([middle_colour(crop) for crop in crops]))


@pytest.fixture(scope="module")
def right_crops(engine: OpenVinoEngine, crops: tuple[list[RgbImage], np.ndarray]) -> Measured:
    return measure(engine, crops[0])


def tilted(crop: RgbImage, degrees: float) -> RgbImage:
    middle = (crop.shape[1] / 2, crop.shape[0] / 2)
    turn = cv2.getRotationMatrix2D(middle, degrees, 1)
    return cv2.warpAffine(crop, turn, crop.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)


def beside(crop: RgbImage) -> RgbImage:
    return cv2.warpAffine(crop, np.float32([[1, 0, 48], [0, 1, 0]]), crop.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)


def test_right_crops_of_the_sample_look_right(right_crops, crops):
    found = right_crops.check(crops[1])
    assert found.ok is True and "look right" in found.sentence


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda crop, at: np.ascontiguousarray(crop[:, :, [2, 1, 0]]), "colours of skin"),
        (lambda crop, at: np.ascontiguousarray(crop[:, :, [1, 2, 0]]), "colours of skin"),
        (lambda crop, at: np.ascontiguousarray(crop[:, :, [0, 2, 1]]), "colours of skin"),
        (lambda crop, at: crop[::-1], "upside down"),
        (lambda crop, at: np.rot90(crop).copy(), "upside down"),
        (lambda crop, at: tilted(crop, (at % 9 - 4) * 10), "levelled"),
        (lambda crop, at: beside(crop), "levelled"),
    ],
    ids=[
        "red for blue",
        "channels turned round",
        "green for blue",
        "upside down",
        "on their side",
        "not levelled",
        "beside the middle",
    ],
)
def test_wrong_crops_are_noticed_and_the_way_on_is_said(engine, crops, wrong, said):
    faces, people = crops[0][::3], crops[1][::3]  # a third of them tells it too
    found = measure(engine, [wrong(crop, at) for at, crop in enumerate(faces)]).check(people)
    assert found.ok is False and said in found.sentence and "again" in found.sentence


def test_wrong_names_are_noticed_and_not_blamed_on_the_crops_alone(right_crops, crops):
    found = right_crops.check(np.random.default_rng(0).permutation(crops[1]))
    assert found.ok is False and "suspects" in found.sentence


def test_lfw_looks_right_and_is_what_was_measured(lfw_dir):
    services = Services(Settings(lfw_dir))
    store = services.store
    dataset = store.dataset("lfw-dev")
    table, qualities = store.face_table(dataset.id), store.qualities(dataset.id)
    own = verify.select_named_faces(table, store.embeddings(dataset.id))
    steadiness = np.array([qualities[face_id].steadiness for face_id in own.face_ids], dtype=np.float64)
    assert 15 < np.count_nonzero(~np.isnan(steadiness)) < 65  # one in thirty-two
    crops = [
        decode_image(services.artifacts.read(dataset.id, ArtifactKind.CROP, one), ImageLimits())
        for one in table.crop_ids[::10]
    ]
    colours = np.array([middle_colour(crop) for crop in crops])
    found = check_crops(dataset.model_id, own.pairs(), steadiness, colours)
    assert found.coloured > 90 and found.skin > 0.9
    assert found.ok is True
    reference = MEASURED[dataset.model_id]
    for name in ("genuine", "impostor", "steadiness"):
        assert np.allclose(getattr(found, name), getattr(reference, name), atol=0.02), name


def test_a_model_that_was_not_measured_is_not_judged():
    vectors = np.eye(4, dtype=np.float32)
    found = check_crops(
        "another",
        score_pairs(LabelledFaces(vectors, np.array([0, 0, 1, 1]), np.arange(4))),
        np.full(4, np.nan),
        np.zeros((0, 3)),
    )
    assert found.ok is None and found.reference is None and found.steadiness == ()
    assert found.reference is None

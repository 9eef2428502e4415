"""Faces embedded as an earlier version prepared them: never mixed with newer ones, usable, and embedded again."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import ModelMismatch, NotFound
from core.base.types import Box, Detection
from core.imaging.geometry import LANDMARK_TEMPLATE, crop_transform, landmark_transform
from core.services import Services
from core.store.job_model import JobKind
from core.vision.embed.crops import crop_face
from core.vision.models import catalogue
from core.vision.pipeline import DecodedPhoto
from core.workflows import datasets
from core.workflows.photos.requests import IngestRequest
from tests.conftest import write_zip
from tests.pages.conftest import work

TWICE, EARLIER = catalogue.EARLIER
NOW = catalogue.find_embedding_model(EARLIER.id)


N_PHOTOS_EACH = 10


@pytest.fixture
def earlier(services: Services, sample_files: Mapping[str, bytes], tmp_path: Path) -> str:
    """A dataset with photos of the sample's people as an earlier version left them, and a run on it."""
    names = sorted(sample_files, key=lambda name: name.split("/")[1])
    of_each = [list(of)[:N_PHOTOS_EACH] for _, of in groupby(names, key=lambda name: name.split("/")[1])]
    archive = write_zip(tmp_path / "stars.zip", {name: sample_files[name] for of in of_each for name in of})
    dataset = services.store.create_dataset("Stars", EARLIER.vectors_id)
    services.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest(str(archive), "stars.zip").to_json())
    services.jobs.submit(dataset.id, JobKind.TRAIN, {})
    assert all(job.error == "" for job in work(services))
    return dataset.id


def test_every_preparation_has_a_name_of_its_own() -> None:
    names = [model.vectors_id for model in (*catalogue.EMBEDDING_MODELS, *catalogue.EARLIER)]
    assert len(set(names)) == len(names)
    assert catalogue.is_outdated(EARLIER.vectors_id) and not catalogue.is_outdated(NOW.vectors_id)
    # Looked at twice, which tells people apart as well.
    assert not catalogue.is_outdated(TWICE.vectors_id) and not catalogue.is_outdated("of another program")
    assert [catalogue.find_vectors_model(name).vectors_id for name in names] == names
    with pytest.raises(NotFound):
        catalogue.find_vectors_model("facenet-128@99")


def test_an_earlier_dataset_goes_on_as_it_was_and_is_embedded_again(
    services: Services, earlier: str, sample_images
) -> None:
    store, run = services.store, services.runs.runs(earlier)[0]
    before, labels = store.embeddings(earlier), store.face_table(earlier).labels
    photo = next(image for name, image in sample_images.items() if name.startswith("val/madonna/"))
    named = services.identifier(run).identify_photo(DecodedPhoto.whole(photo)).faces
    assert named[0].candidates[0].person == "madonna"
    services.jobs.submit(earlier, JobKind.CHANGE_MODEL, {"model": EARLIER.id})
    assert [job.error for job in work(services)] == [""]
    after = store.embeddings(earlier)
    assert (before.model_id, after.model_id) == (EARLIER.vectors_id, NOW.vectors_id)
    assert after.face_ids == before.face_ids and np.array_equal(store.face_table(earlier).labels, labels)
    together = np.einsum("ij,ij->i", before.vectors, after.vectors)
    assert 0.8 < np.median(together) < 0.999  # the same faces, seen differently
    with pytest.raises(ModelMismatch, match="train again"):
        after.require_model(run.model_id)


def test_photos_are_not_added_with_another_preparation(services: Services) -> None:
    earlier = services.store.create_dataset("Stars", EARLIER.vectors_id).id
    with pytest.raises(ModelMismatch, match="change-model"):
        datasets.find_or_create_dataset(services.store, "Stars", NOW.vectors_id, catalogue.DEFAULT_VECTORS_ID)
    assert datasets.find_or_create_dataset(services.store, "Stars", None, catalogue.DEFAULT_VECTORS_ID).id == earlier
    assert services.ingestor(earlier).pipeline.model is EARLIER


# the transforms


def detection(turn_deg: float = 0.0, scale: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> Detection:
    """A face whose eyes and mouth lie as an average face's do, then turned, scaled and moved."""
    points = np.vstack([LANDMARK_TEMPLATE[:2], [[0.5, 0.58]], LANDMARK_TEMPLATE[2:]]) * 100.0
    angle = np.deg2rad(turn_deg)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return Detection(Box(0, 0, 100, 100), (points @ turn.T + shift).astype(np.float32), 0.99)


@pytest.mark.parametrize(
    ("case", "turn_deg", "scale", "shift"),
    [
        ("as it is", 0, 1, (0, 0)),
        ("turned", 25, 1, (3, 9)),
        ("larger", 0, 4.2, (50, 20)),
        ("head down", 180, 0.4, (9, 9)),
    ],
)
def test_eyes_and_mouth_come_to_their_places(case: str, turn_deg: float, scale: float, shift) -> None:
    face = detection(turn_deg, scale, shift)
    transform = landmark_transform(face.landmarks, 160, 0.0)
    placed = face.landmarks[[0, 1, 3, 4]] @ transform[:, :2].T + transform[:, 2]
    np.testing.assert_allclose(placed, LANDMARK_TEMPLATE * 159, atol=0.01)
    np.testing.assert_allclose(transform[:, :2] @ transform[:, :2].T, np.eye(2) * (159 / 100 / scale) ** 2, atol=1e-5)


def test_a_margin_draws_the_places_together_about_the_middle() -> None:
    transform = landmark_transform(detection().landmarks, 160, 0.25)
    placed = detection().landmarks[0] @ transform[:, :2].T + transform[:, 2]
    np.testing.assert_allclose(placed, (0.5 + (LANDMARK_TEMPLATE[0] - 0.5) / 1.25) * 159, atol=0.01)


def test_landmarks_that_do_not_fit_exactly_are_met_on_average_and_never_sheared() -> None:
    face = detection(10)
    bent = face.landmarks + np.array([[2, 0], [-1, 1], [9, 9], [0, -2], [1, 0]], dtype=np.float32)
    transform = landmark_transform(bent, 160, 0.0)
    placed = bent[[0, 1, 3, 4]] @ transform[:, :2].T + transform[:, 2]
    np.testing.assert_allclose(placed.mean(axis=0), (LANDMARK_TEMPLATE * 159).mean(axis=0), atol=0.01)
    assert transform[0, 0] == pytest.approx(transform[1, 1]) and transform[0, 1] == pytest.approx(-transform[1, 0])


def test_both_transforms_agree_on_an_average_face() -> None:
    """On the level box of an average face, eyes and mouth say the same as the box, but for half a pixel."""
    face = detection()
    image = np.random.default_rng(0).integers(0, 255, (100, 100, 3), dtype=np.uint8)
    by_box = crop_face(image, crop_transform(face.box, face.landmarks, 160, 0.0), 160)
    by_landmarks = crop_face(image, landmark_transform(face.landmarks, 160, 0.0), 160)
    assert np.corrcoef(by_box.ravel(), by_landmarks.ravel())[0, 1] > 0.9

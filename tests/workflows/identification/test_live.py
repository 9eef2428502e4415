"""Faces in front of a camera, with the real networks on moving pictures of the sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.base.types import RgbImage
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.pipeline import DecodedPhoto
from core.workflows.identification.identify import Identifier
from core.workflows.identification.live import LOST_AFTER_S, FaceTracker
from tests.conftest import services_on

FRAME_S = 0.1


@pytest.fixture(scope="module")
def identifier(sample_dir: Path, engine: OpenVinoEngine) -> Identifier:
    services = services_on(sample_dir, engine)
    (dataset,) = services.store.datasets()
    return services.identifier(services.runs.runs(dataset.id)[0])


def picture(sample_images: Mapping[str, RgbImage], person: str, side_px: int = 300) -> RgbImage:
    """A photo of a person from the test side, sized for a frame."""
    image = next(image for name, image in sample_images.items() if name.startswith(f"val/{person}/"))
    scale = side_px / max(image.shape[:2])
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def frame(*placed: tuple[RgbImage, int, int]) -> RgbImage:
    """A 640 x 480 frame with pictures at (left, top)."""
    made = np.full((480, 640, 3), 100, np.uint8)
    for image, left, top in placed:
        height, width = image.shape[:2]
        made[top : top + height, left : left + width] = image
    return made


def watched(watch: FaceTracker, frames: Iterator[RgbImage] | list[RgbImage], start_s: float = 0.0):
    threshold = watch.identifier.threshold()
    return [watch.track_frame(each, threshold, start_s + FRAME_S * number) for number, each in enumerate(frames)]


def test_a_name_comes_when_it_has_settled_and_stays_with_the_face(identifier, sample_images) -> None:
    madonna = picture(sample_images, "madonna")
    seen = watched(FaceTracker(identifier), [frame((madonna, 20 + 6 * step, 60)) for step in range(8)])
    assert [[face.name for face in faces] for faces in seen] == [[None], *[["madonna"]] * 7]
    assert [faces[0].settled for faces in seen[:2]] == [False, True]
    assert {faces[0].number for faces in seen} == {1}


def test_one_frame_that_says_otherwise_changes_nothing(identifier, sample_images) -> None:
    madonna, other = picture(sample_images, "madonna"), picture(sample_images, "jerry_seinfeld")
    usual = frame((madonna, 100, 60))
    seen = watched(FaceTracker(identifier), [usual, usual, usual, frame((other, 100, 60)), usual, usual])
    assert all(face.name == "madonna" for faces in seen[1:] for face in faces if face.number == 1)


def test_two_faces_keep_their_own_names(identifier, sample_images) -> None:
    madonna, jerry = picture(sample_images, "madonna", 260), picture(sample_images, "jerry_seinfeld", 260)
    seen = watched(
        FaceTracker(identifier), [frame((madonna, 10 + 5 * step, 20), (jerry, 340, 100)) for step in range(5)]
    )
    assert [sorted(str(face.name) for face in faces) for faces in seen[2:]] == [["jerry_seinfeld", "madonna"]] * 3


def test_a_face_that_jumps_is_known_again_at_once(identifier, sample_images) -> None:
    madonna = picture(sample_images, "madonna", 260)
    here, there = frame((madonna, 10, 60)), frame((madonna, 370, 180))
    seen = watched(FaceTracker(identifier), [here, here, here, there])
    assert [(face.number, face.name) for face in seen[-1]] == [(1, "madonna")]


def test_who_has_left_is_forgotten(identifier, sample_images) -> None:
    madonna = picture(sample_images, "madonna")
    watch = FaceTracker(identifier)
    shown, empty = frame((madonna, 100, 60)), frame()
    watched(watch, [shown, shown])
    assert watch.track_frame(empty, identifier.threshold(), 0.15)[0].name == "madonna", (
        "one frame without it is nothing"
    )
    assert watch.track_frame(empty, identifier.threshold(), 0.2 + LOST_AFTER_S / 2) == []
    (back,) = watch.track_frame(shown, identifier.threshold(), 5.0)
    assert (back.number, back.name, back.settled) == (2, None, False)


def test_somebody_unknown_is_called_so(identifier, sample_images) -> None:
    jerry = picture(sample_images, "jerry_seinfeld")
    stretched = cv2.GaussianBlur(jerry[:, ::-1], (0, 0), 6)
    seen = watched(FaceTracker(identifier), [frame((np.asarray(stretched, dtype=np.uint8), 100, 60))] * 3)
    assert all(face.name is None for faces in seen for face in faces)
    assert seen[-1] and seen[-1][0].settled


def blurred(image: RgbImage) -> RgbImage:
    """As a hand that shakes shows it: found and like somebody, but with too little quality to tell people apart."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 4), dtype=np.uint8)


def test_a_face_that_is_never_seen_well_gets_no_name(identifier, sample_images) -> None:
    poor = frame((blurred(picture(sample_images, "elton_john")), 100, 60))
    (face,) = identifier.pipeline.find_faces([DecodedPhoto.whole(poor)])[0].faces
    ((name, _),) = identifier.name_vectors(face.vector[None], identifier.threshold())
    assert name == "elton_john" and face.doubt, "nothing but its quality is against it"
    seen = watched(FaceTracker(identifier), [poor] * 4)
    assert [[(face.name, face.settled) for face in faces] for faces in seen[-2:]] == [[(None, True)]] * 2


def test_a_blurred_look_takes_no_name_away(identifier, sample_images) -> None:
    elton = picture(sample_images, "elton_john")
    clear, poor = frame((elton, 100, 60)), frame((blurred(elton), 100, 60))
    seen = watched(FaceTracker(identifier), [clear, clear, *[poor] * 12, clear])
    assert all(face.name == "elton_john" for faces in seen[1:] for face in faces)

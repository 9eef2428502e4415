"""The whole detector against the ``mtcnn`` package, and what must hold whichever photos are looked at together.

Required: every face that the package finds with a confidence of 0.99 or more is found, median IoU 0.92 or more,
landmarks within 2 pixels at the median, and no face without a person in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from core.base.types import Detection, Doubles, Floats, RgbImage
from core.imaging.geometry import pairwise_overlaps
from core.vision.detect.mtcnn import Detector, DetectorSettings
from core.vision.engine.base import PROCESSOR_LOAD, Batch, DeviceLoad, Network
from core.vision.engine.keras import KerasEngine
from core.vision.engine.openvino import OpenVinoEngine

LANDMARKS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
SURE = 0.99
FOUND_IOU = 0.5
LOWEST = {"threshold_pnet": 0.3, "threshold_rnet": 0.3, "threshold_onet": 0.3}

Reference = list[dict[str, Any]]
REFERENCE = Path(__file__).parents[1] / "fixtures" / "mtcnn_1_0_0_on_the_sample.json"


@pytest.fixture(scope="module")
def package(keras_engine: KerasEngine) -> Any:
    """The ``mtcnn`` package; the engine before it has silenced TensorFlow."""
    keras_engine.network("mtcnn", "onet")
    from mtcnn import MTCNN

    return MTCNN()


@pytest.fixture(scope="module")
def reference() -> dict[str, Reference]:
    """What the package finds in each photo of the sample."""
    return dict(json.loads(REFERENCE.read_text("utf-8")))


@pytest.fixture(scope="module")
def pairs(
    reference: Mapping[str, Reference], sample_faces: Mapping[str, list[Detection]]
) -> list[tuple[str, dict[str, Any], Detection | None]]:
    """Every sure face of the package with the face of ours that overlaps it most."""
    return [
        (name, face, nearest(face, sample_faces[name]))
        for name, faces in reference.items()
        for face in faces
        if face["confidence"] >= SURE
    ]


@pytest.fixture(scope="module")
def detector(engine: OpenVinoEngine) -> Detector:
    return Detector(engine)


def boxes_of(faces: list[Detection]) -> Doubles:
    return np.array([face.box.as_tuple() for face in faces], dtype=np.float64).reshape(-1, 4)


def box_of(face: dict[str, Any]) -> Doubles:
    return np.array([face["box"]], dtype=np.float64)


def nearest(face: dict[str, Any], faces: list[Detection]) -> Detection | None:
    if not faces:
        return None
    shared = pairwise_overlaps(box_of(face), boxes_of(faces))[0]
    return faces[int(shared.argmax())] if shared.max() >= FOUND_IOU else None


def test_what_is_noted_of_the_package_is_what_it_finds(
    package: Any, reference: Mapping[str, Reference], sample_images: Mapping[str, RgbImage]
) -> None:
    """Written down for all photos, as it takes long to look at them; some are looked at."""
    assert list(reference) == list(sample_images)
    for name in list(sample_images)[::30]:
        found = package.detect_faces(sample_images[name], box_format="xyxy")
        assert len(found) == len(reference[name])
        for face, noted in zip(found, reference[name], strict=True):
            assert np.abs(box_of(face) - box_of(noted)).max() <= 1
            assert face["confidence"] == pytest.approx(noted["confidence"], abs=1e-3)
            points = (np.array([of["keypoints"][point] for point in LANDMARKS]) for of in (face, noted))
            assert np.abs(np.subtract(*points)).max() <= 1


def test_every_sure_face_of_the_package_is_found(pairs: list[tuple[str, dict[str, Any], Detection | None]]) -> None:
    assert len(pairs) > 80
    missed = [(name, face["box"]) for name, face, ours in pairs if ours is None]
    assert missed == []


def test_boxes_and_landmarks_lie_where_the_package_puts_them(
    pairs: list[tuple[str, dict[str, Any], Detection | None]],
) -> None:
    matched = [(face, ours) for _, face, ours in pairs if ours is not None]
    shared = [pairwise_overlaps(box_of(face), boxes_of([ours]))[0, 0] for face, ours in matched]
    theirs = np.array([[face["keypoints"][name] for name in LANDMARKS] for face, _ in matched])
    apart_px = np.linalg.norm(np.array([ours.landmarks for _, ours in matched]) - theirs, axis=2)
    assert np.median(shared) >= 0.92
    assert (np.median(apart_px, axis=0) <= 2).all()


def test_no_face_is_found_where_the_package_sees_none(
    package: Any,
    reference: Mapping[str, Reference],
    sample_images: Mapping[str, RgbImage],
    sample_faces: Mapping[str, list[Detection]],
) -> None:
    unmatched = []
    for name, faces in sample_faces.items():
        lone = [face for face in faces if not matches(face, reference[name])]
        if lone:
            weakest = package.detect_faces(sample_images[name], box_format="xyxy", **LOWEST)
            unmatched += [(name, face.prob, face.box) for face in lone if not matches(face, weakest)]
    assert unmatched == []


def matches(face: Detection, reference: Reference) -> bool:
    boxes = np.concatenate([np.empty((0, 4)), *(box_of(found) for found in reference)])
    return bool(pairwise_overlaps(boxes_of([face]), boxes).max(initial=0) >= FOUND_IOU)


@pytest.mark.parametrize(
    ("part_of_name", "left", "top", "what"),
    [
        ("EntireSitersxEltonJohnJRjpg", 22, 6, "a sleeve"),
        ("thumbaaMadonnaatthepremiere", 104, 215, "the pattern of a dress"),
    ],
)
def test_no_face_is_found_where_a_person_looking_sees_none(
    sample_faces: Mapping[str, list[Detection]], part_of_name: str, left: int, top: int, what: str
) -> None:
    """Both look like faces to the package's networks, 0.90 and 0.92, but their mirror images do not."""
    (faces,) = [faces for name, faces in sample_faces.items() if part_of_name in name]
    assert not [face for face in faces if abs(face.box.left - left) < 10 and abs(face.box.top - top) < 10], what


def test_both_engines_give_the_same_faces(
    keras_engine: KerasEngine, sample_images: Mapping[str, RgbImage], sample_faces: Mapping[str, list[Detection]]
) -> None:
    names = list(sample_images)[::12]
    assert len(names) == 10
    found = Detector(keras_engine).detect([sample_images[name] for name in names])
    for name, faces in zip(names, found, strict=True):
        require_same(sample_faces[name], faces)


def require_same(faces: list[Detection], others: list[Detection], within_px: float = 0.5) -> None:
    assert len(faces) == len(others)
    assert np.abs(boxes_of(faces) - boxes_of(others)).max(initial=0) <= within_px
    for face, other in zip(faces, others, strict=True):
        assert np.abs(face.landmarks - other.landmarks).max() <= within_px
        assert face.prob == pytest.approx(other.prob, abs=0.01)


def test_a_photo_gives_the_same_faces_alone_and_among_others(
    detector: Detector, sample_images: Mapping[str, RgbImage]
) -> None:
    photos = list(sample_images.values())[::24]
    wide = np.hstack([photos[0], np.zeros_like(photos[0]), photos[0]])
    large = np.tile(photos[1], (3, 3, 1))
    tiny = np.zeros((16, 16, 3), dtype=np.uint8)
    mixed = [photos[0], large, photos[1], tiny, *photos[2:], wide]
    together = detector.detect(mixed)
    assert sum(map(len, together)) >= len(photos) + 9
    for photo, faces in zip(mixed, together, strict=True):
        require_same(faces, detector.detect([photo])[0])


def test_the_order_of_photos_does_not_matter(detector: Detector, sample_images: Mapping[str, RgbImage]) -> None:
    photos = list(sample_images.values())[5:60:9]
    backwards = detector.detect(photos[::-1])[::-1]
    for faces, others in zip(detector.detect(photos), backwards, strict=True):
        require_same(faces, others)


def test_no_photos_give_no_faces(detector: Detector) -> None:
    assert detector.detect([]) == []


NOISE = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "photo",
    [
        pytest.param(NOISE, id="noise"),
        pytest.param(np.zeros((16, 16, 3), dtype=np.uint8), id="smaller than any face"),
        pytest.param(np.full((1, 1, 3), 200, dtype=np.uint8), id="one pixel"),
        pytest.param(np.tile(NOISE[:50], (1, 10, 1)), id="a strip of 4000x50"),
        pytest.param(np.tile(NOISE[:, :50], (10, 1, 1)), id="a strip of 50x3000"),
        pytest.param(np.full((200, 200, 3), 255, dtype=np.uint8), id="white"),
    ],
)
def test_a_photo_of_nothing_gives_no_face(detector: Detector, photo: RgbImage) -> None:
    assert detector.detect([photo]) == [[]]


def test_boxes_of_a_shrunken_photo_are_in_its_own_pixels(
    detector: Detector, sample_images: Mapping[str, RgbImage], sample_faces: Mapping[str, list[Detection]]
) -> None:
    name = next(name for name, faces in sample_faces.items() if len(faces) == 1)
    photo = sample_images[name]
    large = photo.repeat(9, axis=0).repeat(9, axis=1)  # well past the longest side that is looked at
    assert max(large.shape) > 1280
    (found,) = detector.detect([large])
    shared = pairwise_overlaps(boxes_of(found) / 9, boxes_of(sample_faces[name]))
    assert shared.max() >= 0.8


def test_boxes_stay_inside_the_photo_and_faces_are_ordered(
    sample_images: Mapping[str, RgbImage], sample_faces: Mapping[str, list[Detection]]
) -> None:
    for name, faces in sample_faces.items():
        height, width = sample_images[name].shape[:2]
        boxes = boxes_of(faces)
        assert (boxes >= 0).all()
        assert (boxes <= [width, height, width, height]).all()
        assert [face.prob for face in faces] == sorted((face.prob for face in faces), reverse=True)


def test_a_small_face_in_a_large_photo_is_found_at_the_second_look(
    detector: Detector, sample_images: Mapping[str, RgbImage], sample_faces: Mapping[str, list[Detection]]
) -> None:
    """Faces about 32 pixels wide in 1,280: at the first look they are below the 20 pixels that can be found."""
    clear = [name for name, faces in sample_faces.items() if len(faces) == 1 and faces[0].prob > 0.999][:10]
    found = 0
    for name in clear:
        photo, (face,) = sample_images[name], sample_faces[name]
        scale = 32 / face.box.width
        small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        scene = np.full((960, 1280, 3), 110, dtype=np.uint8)
        scene[400 : 400 + small.shape[0], 700 : 700 + small.shape[1]] = small
        expected = np.array([face.box.as_tuple()]) * scale + [700, 400, 700, 400]
        boxes = boxes_of(detector.detect([scene])[0])
        found += bool(len(boxes) and pairwise_overlaps(boxes, expected).max() >= 0.5)
    assert found >= 9


def test_a_second_look_finds_more_and_never_loses_a_face(
    engine: OpenVinoEngine, sample_images: Mapping[str, RgbImage]
) -> None:
    photos = list(sample_images.values())[::10]
    coarse = DetectorSettings(coarse_long_side_px=50)
    only_first = Detector(engine, replace(coarse, fine_long_side_px=50)).detect(photos)
    both = Detector(engine, coarse).detect(photos)
    assert all(len(more) >= len(fewer) for more, fewer in zip(both, only_first, strict=True))
    assert sum(map(len, both)) > sum(map(len, only_first))


@dataclass
class CountingEngine:
    """Counts the pixels that the first network looks at."""

    engine: OpenVinoEngine
    name: str = "counting"
    precision: str = "f32"
    load: DeviceLoad = PROCESSOR_LOAD
    looked_at_px: int = 0

    def network(self, model_id: str, network: str) -> Network:
        run = self.engine.network(model_id, network)

        def counted(batch: Batch) -> tuple[Floats, ...]:
            self.looked_at_px += len(batch) * batch.shape[1] * batch.shape[2] if network == "pnet" else 0
            return run(batch)

        return counted


AT_ONCE = DetectorSettings(fine_scale=1.0)
"""All levels of a pyramid, whatever the small ones show."""


def test_small_levels_first_show_the_faces_of_all_levels_at_once(
    engine: OpenVinoEngine, sample_images: Mapping[str, RgbImage], sample_faces: Mapping[str, list[Detection]]
) -> None:
    names = list(sample_images)[::4]
    first, at_once = CountingEngine(engine), CountingEngine(engine)
    found = Detector(first).detect([sample_images[name] for name in names])
    expected = Detector(at_once, AT_ONCE).detect([sample_images[name] for name in names])
    for faces, others in zip(found, expected, strict=True):
        assert len(faces) == len(others)
        assert pairwise_overlaps(boxes_of(faces), boxes_of(others)).max(axis=1, initial=0).min(initial=1) > 0.9
    assert first.looked_at_px < 0.7 * at_once.looked_at_px


@pytest.mark.parametrize(("beside_a_large_one", "width_px"), [(False, 15), (True, 22)])
def test_small_faces_are_found_alone_and_beside_a_large_one(
    engine: OpenVinoEngine,
    sample_images: Mapping[str, RgbImage],
    sample_faces: Mapping[str, list[Detection]],
    beside_a_large_one: bool,
    width_px: int,
) -> None:
    """Alone they show on the large levels only, which are looked at where the small ones show nothing."""
    clear = [name for name, faces in sample_faces.items() if len(faces) == 1 and faces[0].prob > 0.999][:10]
    large = sample_images[clear[0]]
    scenes = []
    for name in clear[1:]:
        scale = width_px / sample_faces[name][0].box.width
        small = cv2.resize(sample_images[name], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        empty = np.full((large.shape[0], small.shape[1], 3), 110, dtype=np.uint8)
        empty[: small.shape[0]] = small[: large.shape[0]]
        scenes.append(np.hstack([large, empty] if beside_a_large_one else [empty, np.full_like(large, 110)]))
    found = Detector(engine).detect(scenes)
    assert sum(len(faces) == 1 + beside_a_large_one for faces in found) >= 8

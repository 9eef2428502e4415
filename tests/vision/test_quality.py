"""The measures move the way that their names say, on a real face made worse on purpose."""

from __future__ import annotations

from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest

from core.base.types import TRUSTED_GRADE, Box, Detection, Quality, RgbImage
from core.vision import quality

EYES_LEVEL = np.array([[30, 40], [70, 40], [50, 61], [35, 80], [65, 80]], dtype=np.float32)


@pytest.fixture(scope="module")
def portrait(sample_files: dict[str, bytes], engine) -> tuple[RgbImage, Detection]:
    from core.base.settings import ImageLimits
    from core.imaging.decoding import decode_image
    from core.vision.detect.mtcnn import Detector

    name = next(name for name in sorted(sample_files) if name.startswith("train/ben_afflek/"))
    image = decode_image(sample_files[name], ImageLimits())
    return image, Detector(engine).detect([image])[0][0]


def of(image: RgbImage, face: Detection) -> dict[str, float]:
    return asdict(quality.measure_quality(image, face).quality(0.98))


def test_a_smeared_face_is_less_sharp_and_graded_lower(portrait: tuple[RgbImage, Detection]) -> None:
    image, face = portrait
    smeared = cv2.GaussianBlur(image, (0, 0), face.box.width * 0.05)
    assert of(smeared, face)["sharpness"] < 0.5 * of(image, face)["sharpness"]
    assert of(smeared, face)["grade"] < of(image, face)["grade"]


def test_a_dark_face_is_told_by_its_brightness_and_contrast(portrait: tuple[RgbImage, Detection]) -> None:
    image, face = portrait
    dark = (image * 0.2).astype(np.uint8)
    assert of(dark, face)["brightness"] == pytest.approx(0.2 * of(image, face)["brightness"], abs=0.01)
    assert of(dark, face)["contrast"] < 0.3 * of(image, face)["contrast"]


def test_the_grade_is_a_chance_and_falls_with_every_measure_that_it_is_made_of() -> None:
    good = quality.PixelMeasures(160.0, 0.8, 0.5, 0.25, quality.Pose(0, 0, 0), 0.0, 0.9999)
    best = quality.grade_face(good)
    worse = [
        quality.grade_face(replace(good, size_px=16.0)),
        quality.grade_face(replace(good, sharpness=0.1)),
        quality.grade_face(replace(good, contrast=0.02)),
        quality.grade_face(replace(good, prob=0.81)),
    ]
    assert 0.9 < best < 1
    assert all(0 < grade < best for grade in worse)


def test_a_face_has_the_size_that_it_has_in_the_whole_photo(portrait: tuple[RgbImage, Detection]) -> None:
    image, face = portrait
    assert quality.measure_quality(image, face, photo_scale=4.0).size_px == pytest.approx(
        4 * quality.measure_quality(image, face).size_px
    )


@pytest.mark.parametrize(
    ("moved", "sign"), [pytest.param(8.0, 1, id="to the right"), pytest.param(-8.0, -1, id="to the left")]
)
def test_a_head_turns_to_where_the_nose_goes(moved: float, sign: int) -> None:
    turned = EYES_LEVEL.copy()
    turned[2, 0] += moved
    assert quality.estimate_pose(EYES_LEVEL).yaw_deg == pytest.approx(0, abs=1e-6)
    assert sign * quality.estimate_pose(turned).yaw_deg == pytest.approx(18, abs=3)


def test_a_lifted_head_has_its_nose_nearer_to_the_eyes() -> None:
    lifted = EYES_LEVEL.copy()
    lifted[2, 1] -= 8
    assert quality.estimate_pose(lifted).pitch_deg > quality.estimate_pose(EYES_LEVEL).pitch_deg + 10


@pytest.mark.parametrize("angle", [-30.0, 15.0])
def test_roll_is_the_angle_of_the_eyes_and_changes_neither_yaw_nor_pitch(angle: float) -> None:
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turned = ((EYES_LEVEL - 50) @ np.array([[cosine, sine], [-sine, cosine]]) + 50).astype(np.float32)
    straight, found = quality.estimate_pose(EYES_LEVEL), quality.estimate_pose(turned)
    assert found.roll_deg == pytest.approx(angle, abs=0.1)
    assert found.yaw_deg == pytest.approx(straight.yaw_deg, abs=0.1)
    assert found.pitch_deg == pytest.approx(straight.pitch_deg, abs=0.1)


def test_a_face_at_the_edge_is_cut_by_what_is_missing_of_its_square() -> None:
    whole, half = Box(100, 100, 180, 200), Box(0, 100, 50, 200)
    assert quality.measure_cut_frac(whole, 400, 400) == 0
    assert quality.measure_cut_frac(half, 400, 400) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("worse", "why"),
    [
        ({}, ""),
        ({"grade": TRUSTED_GRADE}, ""),
        ({"grade": 0.3, "size_px": 14.0}, "too small"),
        ({"grade": 0.3, "sharpness": 0.03}, "too blurred"),
        ({"grade": 0.3, "contrast": 0.02}, "too dark or pale"),
    ],
)
def test_what_a_face_lacks_most_is_why_nobody_can_tell_who_it_is(worse: dict[str, float], why: str) -> None:
    usual = Quality(
        size_px=90.0,
        sharpness=0.45,
        brightness=0.5,
        contrast=0.16,
        yaw_deg=0.0,
        pitch_deg=0.0,
        roll_deg=0.0,
        cut_frac=0.0,
        steadiness=0.98,
        grade=0.95,
    )
    assert quality.explain_low_grade(replace(usual, **worse)) == why

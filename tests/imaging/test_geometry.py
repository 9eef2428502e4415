"""Turning pictures: boxes, points and orientations follow the pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.base.types import Box
from core.imaging.geometry import turn_box, turn_points, turn_size, turned_orientation
from core.imaging.orientation import apply_orientation as oriented

TURNS = [0, 1, 2, 3, -1, 5]


@pytest.mark.parametrize("turn", TURNS)
def test_a_turned_box_holds_the_pixels_that_it_held(turn: int) -> None:
    picture = np.arange(5 * 7).reshape(5, 7)  # 7 wide, 5 high
    turned = np.rot90(picture, -turn)
    left, top, right, bottom = (int(side) for side in turn_box(Box(1, 2, 4, 4), 7, 5, turn).as_tuple())
    assert set(turned[top:bottom, left:right].ravel()) == set(picture[2:4, 1:4].ravel())
    assert turned.shape[::-1] == turn_size(7, 5, turn)


@pytest.mark.parametrize("turn", TURNS)
def test_points_turn_with_their_box_and_back_again(turn: int) -> None:
    points = np.array([[1, 2], [4, 4]], dtype=np.float32)
    turned = turn_points(points, 7, 5, turn)
    left, top, right, bottom = turn_box(Box(1, 2, 4, 4), 7, 5, turn).as_tuple()
    assert {tuple(point) for point in turned.tolist()} <= {(x, y) for x in (left, right) for y in (top, bottom)}
    np.testing.assert_array_equal(turn_points(turned, *turn_size(7, 5, turn), -turn), points)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("turn", TURNS)
def test_the_orientation_of_a_turned_picture_shows_the_stored_one_so(orientation: int, turn: int) -> None:
    stored = np.random.default_rng(0).integers(0, 255, (5, 7, 3), dtype=np.uint8)
    wanted = np.rot90(oriented(stored, orientation), -turn)
    np.testing.assert_array_equal(oriented(stored, turned_orientation(orientation, turn)), wanted)


def test_a_quarter_is_clockwise() -> None:
    picture = np.array([[1, 2], [3, 4]], dtype=np.uint8)
    np.testing.assert_array_equal(np.rot90(picture, -1), cv2.rotate(picture, cv2.ROTATE_90_CLOCKWISE))

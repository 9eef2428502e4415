"""Boxes that overlap; pictures that are turned: boxes, points and orientations follow the pixels."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
import pytest

from core.base.types import Box
from core.imaging.geometry import (
    pairwise_overlaps,
    suppress_overlapping,
    turn_box,
    turn_points,
    turn_size,
    turned_orientation,
)
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


@pytest.mark.parametrize("over", ["union", "min"])
@pytest.mark.parametrize("count", [0, 1, 60])
def test_a_box_is_suppressed_by_every_stronger_one_of_its_group(over: Literal["union", "min"], count: int) -> None:
    random = np.random.default_rng(count)
    corners = random.uniform(0, 40, (count, 2))
    boxes = np.hstack([corners, corners + random.uniform(5, 30, (count, 2))])
    probs, groups = random.uniform(size=count), random.integers(0, 4, count)
    overlaps = pairwise_overlaps(boxes, boxes, over)
    expected = [
        row
        for row in np.lexsort((-probs, groups))
        if not any(
            groups[other] == groups[row] and probs[other] > probs[row] and overlaps[row, other] > 0.3
            for other in range(count)
        )
    ]
    assert suppress_overlapping(boxes, probs, groups, 0.3, over).tolist() == expected
    assert count < 2 or 4 < len(expected) < count


def test_overlaps_are_shares_of_the_union_or_of_the_smaller_box() -> None:
    large, small = np.array([[0.0, 0, 10, 10]]), np.array([[5.0, 0, 15, 5], [20, 20, 30, 30], [2, 2, 2, 2]])
    assert pairwise_overlaps(large, small).tolist() == [[25 / 125, 0, 0]]
    assert pairwise_overlaps(large, small, over="min").tolist() == [[25 / 50, 0, 0]]

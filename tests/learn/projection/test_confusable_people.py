"""Who looks like whom: distances of centres, overlaps both ways, the order, and what is left out of many people."""

from __future__ import annotations

import numpy as np
import pytest

from core.learn.projection import confusable_people as module
from core.learn.projection.confusable_people import find_lookalikes


def at(*degrees: float) -> np.ndarray:
    """Faces on a circle: the angle between two is all there is to know."""
    angle = np.radians(degrees)
    return np.pad(np.stack([np.cos(angle), np.sin(angle)], axis=1), ((0, 0), (0, 2))).astype(np.float32)


def test_distances_are_of_centres_and_overlaps_go_both_ways():
    # Ann 0, 10, 40; Ben 44, 60: Ann's last face is 4 from Ben and 30 from Ann; Ben's first 4 from Ann, 16 from Ben.
    found = find_lookalikes(at(0, 10, 40, 44, 60, 99), np.array([0, 0, 0, 1, 1, -1]))
    assert found.people.tolist() == [0, 1]
    middle_of_ann = np.degrees(np.arctan2(*at(0, 10, 40)[:, 1::-1].sum(axis=0)))
    between = np.radians(52 - middle_of_ann)
    assert found.distances[0, 1] == pytest.approx(2 * np.sin(between / 2), abs=1e-4)
    assert found.overlaps == pytest.approx(np.array([[0, 1 / 3], [1 / 2, 0]]))
    (pair,) = found.pairs
    assert (pair.first_face, pair.second_face) == (2, 3)
    assert found.everybody and not found.sampled


def test_a_person_with_one_face_has_no_overlap_of_their_own():
    found = find_lookalikes(at(0, 10, 90), np.array([0, 0, 3]))
    row = found.people.tolist().index(3)
    assert np.isnan(found.overlaps[row, 1 - row]) and found.overlaps[1 - row, row] == 0


def test_those_who_are_alike_stand_side_by_side_and_the_most_alike_pair_comes_first():
    degrees = [0, 80, 3, 160, 83]  # people 0 and 2 are alike, 1 and 4 a little less
    found = find_lookalikes(at(*degrees, *(place + 0.5 for place in degrees)), np.tile(np.arange(5), 2))
    order = found.people.tolist()
    assert abs(order.index(0) - order.index(2)) == 1 and abs(order.index(1) - order.index(4)) == 1
    names = [{order[pair.first], order[pair.second]} for pair in found.pairs]
    assert names[:2] in ([{0, 2}, {1, 4}], [{1, 4}, {0, 2}]) and len(names) == 10


def test_of_many_people_only_those_of_the_most_alike_pairs_are_compared(monkeypatch):
    monkeypatch.setattr(module, "EVERYBODY_MOST", 20)
    monkeypatch.setattr(module, "BUSY_MOST", 4)
    rows = np.random.default_rng(0).normal(size=(30, 16)).astype(np.float32)
    rows[7] = rows[3] + 0.01
    rows[21] = rows[11] + 0.02
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = find_lookalikes(rows, np.arange(30))
    assert sorted(found.people.tolist()) == [3, 7, 11, 21] and not found.everybody


def test_of_a_person_with_many_faces_a_sample_is_compared(monkeypatch):
    monkeypatch.setattr(module, "FACES_MOST", 5)
    found = find_lookalikes(at(*range(20), *range(30, 34)), np.repeat([0, 1], [20, 4]))
    assert found.sampled and found.overlaps[0, 1] == 0


@pytest.mark.parametrize("labels", [[], [-1, -1], [2, 2]], ids=["nobody", "no names", "one person"])
def test_without_two_people_there_are_no_pairs(labels):
    found = find_lookalikes(at(*range(len(labels))), np.array(labels, dtype=np.int64))
    assert found.pairs == () and found.distances.shape == (len(set(labels) - {-1}),) * 2

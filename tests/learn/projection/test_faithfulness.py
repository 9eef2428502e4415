"""What a map keeps of true neighbours, and where newcomers are placed."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from core.learn.projection.faithfulness import find_nearest_people, measure_faithfulness, place_newcomers


def on_a_circle(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Faces whose likeness is their place on a circle, and that circle as a map."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    return np.pad(points, ((0, 0), (0, 6))), points


def test_a_true_map_keeps_all_neighbours_and_a_shuffled_one_hardly_any():
    vectors, points = on_a_circle(201)
    true = measure_faithfulness(vectors, points)
    assert true is not None and true.kept > 0.93  # ties at the farthest neighbour are told apart by roundings
    assert true.chance == pytest.approx(15 / 200)
    shuffled = measure_faithfulness(vectors, points[np.random.default_rng(0).permutation(201)])
    assert shuffled is not None and shuffled.kept < 0.15
    assert true.trustworthiness > 0.999 and shuffled.trustworthiness == pytest.approx(0.5, abs=0.1)


def test_trustworthiness_is_scikit_learns():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(90, 12)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = measure_faithfulness(vectors, vectors[:, :2])
    assert found is not None
    assert found.trustworthiness == pytest.approx(trustworthiness(vectors, vectors[:, :2], n_neighbors=15), abs=1e-4)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_few_faces_have_no_neighbours_to_keep(n):
    assert measure_faithfulness(*on_a_circle(n)) is None


def test_copies_of_one_face_are_nobodys_trouble():
    found = measure_faithfulness(np.ones((40, 8), np.float32) / np.sqrt(8), np.zeros((40, 2), np.float32))
    assert found is not None and 0 <= found.kept <= 1


def test_a_newcomer_comes_to_lie_among_those_most_like_it():
    vectors, points = on_a_circle(60)
    placed = place_newcomers(vectors[7:9], np.delete(vectors, [7, 8], axis=0), np.delete(points, [7, 8], axis=0))
    assert placed.shape == (2, 2) and placed.dtype == np.float32
    assert np.linalg.norm(placed - points[7:9], axis=1).max() < 0.25


def test_a_newcomer_is_not_placed_between_two_groups():
    vectors = np.repeat(np.eye(8, dtype=np.float32)[:2], [3, 2], axis=0)
    points = np.array([[0, 0], [0, 1], [1, 0], [90, 90], [91, 90]], dtype=np.float32)
    new = (vectors[:1] + 0.3 * vectors[-1:]) / np.sqrt(1.09)
    assert np.abs(place_newcomers(new, vectors, points)).max() < 2


def test_the_nearest_people_are_those_of_the_nearest_faces():
    vectors, _ = on_a_circle(36)  # ten degrees apart
    who = np.repeat([4, 2, 9], 12)
    rows, distances = find_nearest_people(vectors[[13]], np.delete(vectors, 13, axis=0), np.delete(who, 13), 2)
    second, first = np.delete(np.arange(36), 13)[rows][0, ::-1]
    assert first in (12, 14) and second == 11
    assert distances == pytest.approx(2 * np.sin(np.radians([[5, 10]])), abs=1e-4)
    assert find_nearest_people(vectors[:3], vectors, who, 5)[0].shape == (3, 3)

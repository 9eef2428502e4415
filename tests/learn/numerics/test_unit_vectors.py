"""Cosines, distances and directions."""

import numpy as np
import pytest

from core.learn.numerics.unit_vectors import (
    cosine_to_distance,
    cosines_to_distances,
    distance_to_cosine,
    mean_direction,
)
from tests.learn.model_selection.test_splits import at_degrees


def test_a_distance_is_that_of_unit_vectors():
    assert [cosine_to_distance(cosine) for cosine in (1.0, 0.0, -1.0)] == [0.0, pytest.approx(np.sqrt(2)), 2.0]
    assert (cosine_to_distance(1.0 + 1e-6), cosine_to_distance(-1.0 - 1e-6)) == (0.0, 2.0), "rounding leaves the range"
    turned = at_degrees(0, 50)
    assert cosine_to_distance(float(turned[0] @ turned[1])) == pytest.approx(np.linalg.norm(turned[0] - turned[1]))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_distances_are_as_precise_as_their_cosines(kind):
    assert cosines_to_distances(np.array([0.5], dtype=kind)).dtype == kind


def test_a_distance_and_its_cosine_lead_back_to_each_other():
    assert distance_to_cosine(cosine_to_distance(0.25)) == pytest.approx(0.25)


def test_the_mean_direction_lies_between():
    assert np.allclose(mean_direction(at_degrees(10, 50)), at_degrees(30)[0])

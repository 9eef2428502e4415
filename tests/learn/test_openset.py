"""Distances to people, the rejection threshold, and the evidence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.learn.openset import (
    centroids,
    default_threshold,
    genuine_distances,
    impostor_distances,
    nearest_training,
    prior_threshold,
)
from tests.learn.test_classify import clusters
from tests.learn.test_split import at_degrees, ints


def chord(degrees: float) -> float:
    """Distance of two unit vectors that far apart."""
    return 2 * np.sin(np.radians(degrees) / 2)


def test_a_centroid_is_the_unit_mean_direction():
    assert np.allclose(centroids(at_degrees(0, 20, 90), ints(0, 0, 1), 2), at_degrees(10, 90), atol=1e-6)


def test_a_genuine_distance_leaves_the_faces_own_shot_out_of_the_centroid():
    vectors = at_degrees(0, 20, 20, 90)
    together = genuine_distances(vectors, ints(0, 0, 0, 1), ints(0, 1, 1, 2))
    assert together == pytest.approx([chord(20), chord(20), chord(20)]), "and the person with one shot has none"
    apart = genuine_distances(vectors, ints(0, 0, 0, 1), ints(0, 1, 2, 3))
    assert apart == pytest.approx([chord(20), chord(10), chord(10)], abs=1e-6)


def test_an_impostor_is_compared_with_the_nearest_other_person():
    found = impostor_distances(at_degrees(0, 50, 90), ints(0, 1, 2), 3)
    assert found == pytest.approx([chord(50), chord(40), chord(40)], abs=1e-6)
    assert len(impostor_distances(at_degrees(0, 1), ints(0, 0), 1)) == 0


def test_the_threshold_of_a_large_dataset_lets_one_percent_of_its_impostors_through():
    vectors, labels = clusters(120, 10, spread=0.5)
    found = default_threshold(vectors, labels, np.arange(1200))
    assert not found.from_prior
    assert found.n_impostors == 1200
    assert found.impostors_named == pytest.approx(0.01)
    assert found.impostors_named == np.mean(impostor_distances(vectors, labels, 120) <= found.distance)


def test_a_small_dataset_takes_the_models_prior_and_says_so():
    vectors, labels = clusters(5, 10)
    found = default_threshold(vectors, labels, np.arange(50))
    assert found.from_prior
    assert found.distance == prior_threshold(5) == pytest.approx(0.987)
    assert default_threshold(vectors, labels, np.arange(50), prior=0.7).distance == 0.7


def test_a_middling_dataset_never_goes_beyond_the_prior():
    vectors, labels = clusters(30, 12, spread=0.2)
    assert default_threshold(vectors, labels, np.arange(360), prior=0.1).distance == 0.1
    own = default_threshold(vectors, labels, np.arange(360), prior=2.0)
    assert not own.from_prior and own.distance < 2.0


def test_the_prior_is_stricter_the_more_people_and_the_fewer_strangers_may_pass():
    assert prior_threshold(2) > prior_threshold(20) > prior_threshold(100)
    assert prior_threshold(5, 0.001) < prior_threshold(5, 0.01)


def test_photos_without_a_second_shot_have_no_genuine_share():
    found = default_threshold(at_degrees(0, 90), ints(0, 1), ints(0, 1))
    assert found.n_genuine == 0 and np.isnan(found.genuine_kept)


def test_the_nearest_training_faces_come_in_order_with_their_distances():
    rows, distances = nearest_training(at_degrees(10), at_degrees(90, 0, 15, 180), 2)
    assert rows.tolist() == [[2, 1]]
    assert distances[0] == pytest.approx([chord(5), chord(10)], abs=1e-4)


def test_a_single_vector_more_neighbours_than_faces_and_an_empty_gallery_are_fine():
    assert nearest_training(at_degrees(10)[0], at_degrees(0, 20), 9)[0].shape == (1, 2)
    assert nearest_training(at_degrees(10), np.zeros((0, 2), np.float32), 3)[0].shape == (1, 0)


@given(st.integers(1, 40), st.integers(1, 8), st.integers(0, 50))
@settings(deadline=None)
def test_the_nearest_are_those_of_a_full_sort(n_gallery, k, seed):
    rng = np.random.default_rng(seed)
    everything = rng.normal(size=(n_gallery + 3, 6))
    everything = (everything / np.linalg.norm(everything, axis=1, keepdims=True)).astype(np.float32)
    probes, gallery = everything[:3], everything[3:]
    full = np.linalg.norm(probes[:, None] - gallery, axis=2)
    _, distances = nearest_training(probes, gallery, k)
    assert np.allclose(distances, np.sort(full, axis=1)[:, :k], atol=1e-3)  # the cosine loses digits near zero

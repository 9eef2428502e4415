"""Nearest neighbours against a full sort."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.learn.numerics import neighbours
from core.learn.numerics.neighbours import nearest_in_gallery, nearest_neighbours
from tests.learn.faces import people
from tests.learn.model_selection.test_splits import at_degrees


def chord(degrees: float) -> float:
    """Distance of two unit vectors that far apart."""
    return 2 * np.sin(np.radians(degrees) / 2)


def test_the_nearest_faces_come_in_order_with_their_distances():
    rows, distances = nearest_in_gallery(at_degrees(10), at_degrees(90, 0, 15, 180), 2)
    assert rows.tolist() == [[2, 1]]
    assert distances[0] == pytest.approx([chord(5), chord(10)], abs=1e-4)


def test_a_single_vector_more_neighbours_than_faces_and_an_empty_gallery_are_fine():
    assert nearest_in_gallery(at_degrees(10)[0], at_degrees(0, 20), 9)[0].shape == (1, 2)
    assert nearest_in_gallery(at_degrees(10), np.zeros((0, 2), np.float32), 3)[0].shape == (1, 0)


@given(st.integers(1, 40), st.integers(1, 8), st.integers(0, 50))
@settings(deadline=None)
def test_the_nearest_are_those_of_a_full_sort(n_gallery, k, seed):
    rng = np.random.default_rng(seed)
    everything = rng.normal(size=(n_gallery + 3, 6))
    everything = (everything / np.linalg.norm(everything, axis=1, keepdims=True)).astype(np.float32)
    probes, gallery = everything[:3], everything[3:]
    full = np.linalg.norm(probes[:, None] - gallery, axis=2)
    _, distances = nearest_in_gallery(probes, gallery, k)
    assert np.allclose(distances, np.sort(full, axis=1)[:, :k], atol=1e-3)  # the cosine loses digits near zero


def test_a_large_gallery_takes_no_more_memory_than_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = people([1500], noise=1.2, dimension=16, seed=1).vectors
    expected = nearest_in_gallery(vectors[:300], vectors, 6)
    monkeypatch.setattr(neighbours, "EXACT_GALLERY", 1000)
    monkeypatch.setattr(neighbours, "_PRODUCT_BYTES", 1 << 16)
    tracemalloc.start()
    rows, distances = nearest_in_gallery(vectors[:300], vectors, 6)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # All at once, cosines, their negatives and their order are 300 x 1,500 x 16 bytes.
    assert peak < 2_000_000
    np.testing.assert_array_equal(rows, expected[0])
    np.testing.assert_allclose(distances, expected[1], atol=1e-3)


@pytest.mark.parametrize("n", [2, 17, 18, 500, 3001])
def test_neighbours_are_those_of_a_full_sort(n: int) -> None:
    vectors = people([n], noise=1.2, dimension=128, seed=n).vectors
    found = nearest_neighbours(vectors, 16)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    k = min(16, n - 1)
    assert found.shape == (n, k)
    wanted = np.sort(cosines, axis=1)[:, -k:]
    np.testing.assert_allclose(np.sort(np.take_along_axis(cosines, found, axis=1), axis=1), wanted, atol=1e-6)

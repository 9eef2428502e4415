"""The neighbours of every row by an index, against all products."""

from __future__ import annotations

import numpy as np
import pytest

from core.base.errors import Cancelled
from core.base.types import Bools, Floats, Ints, Vectors
from core.learn.numerics import neighbours
from core.learn.numerics.neighbour_graph import find_similar_pairs, neighbour_graph
from core.learn.numerics.neighbour_index import NeighbourIndex, build_neighbour_index
from tests.benchmarks.synthetic import vectors_of
from tests.learn.faces import people
from tests.shares import hear_shares


def nearest_by_all_products(vectors: Vectors, k: int) -> Ints:
    products = vectors @ vectors.T
    np.fill_diagonal(products, -np.inf)
    return np.argsort(-products, axis=1)[:, :k]


def share_of(found: Ints, wanted: Ints) -> float:
    return float(np.mean([np.isin(row, other).mean() for row, other in zip(wanted, found, strict=True)]))


def test_nearly_all_neighbours_are_found_each_once_and_nobody_is_their_own() -> None:
    vectors = people([20] * 200, noise=0.9, dimension=32, seed=1).vectors
    graph = neighbour_graph(build_neighbour_index(vectors), 16)
    assert graph.shape == (4000, 16)
    assert all(len(set(row)) == 16 for row in graph.tolist())
    assert not (graph == np.arange(4000)[:, None]).any()
    assert share_of(graph, nearest_by_all_products(vectors, 16)) > 0.97


def test_in_the_cells_that_are_looked_into_none_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all cells looked into, in blocks of a few rows, the answer is the exact one."""
    monkeypatch.setattr("core.learn.numerics.neighbour_graph.PROBED_CELLS", 10_000)
    monkeypatch.setattr("core.learn.numerics.neighbour_graph._ROWS_AT_ONCE", 70)
    monkeypatch.setattr("core.learn.numerics.neighbour_graph._PRODUCT_BYTES", 4000)
    vectors = people([5] * 60, noise=0.8, dimension=16, seed=2).vectors
    graph = neighbour_graph(build_neighbour_index(vectors), 9)
    np.testing.assert_array_equal(np.sort(graph), np.sort(nearest_by_all_products(vectors, 9)))


def test_rows_in_a_far_and_empty_region_get_their_neighbours_from_all_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.learn.numerics.neighbour_graph.PROBED_CELLS", 1)
    vectors = people([40, 2], noise=0.3, dimension=16, seed=3).vectors
    centres = np.stack([vectors[:40].mean(axis=0), vectors[40:].mean(axis=0)])
    index = NeighbourIndex(centres=centres, starts=np.array([0, 40, 42]), vectors=vectors, rows=np.arange(42))
    graph = neighbour_graph(index, 5)
    np.testing.assert_array_equal(np.sort(graph[40:]), np.sort(nearest_by_all_products(vectors, 5)[40:]))


def test_many_copies_of_one_face_are_each_others_neighbours() -> None:
    copies = np.repeat(people([1], dimension=16, seed=4).vectors, 300, axis=0)
    graph = neighbour_graph(build_neighbour_index(copies), 4)
    assert all(len(set(row) - {number}) == 4 for number, row in enumerate(graph.tolist()))


def test_many_rows_are_searched_by_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = people([10] * 100, noise=0.6, dimension=32, seed=5).vectors
    exact = neighbours.nearest_neighbours(vectors, 8)
    monkeypatch.setattr(neighbours, "EXACT_ROWS", 500)
    shares: list[float] = []
    by_index = neighbours.nearest_neighbours(vectors, 8, hear_shares(shares.append))
    assert share_of(by_index, exact) > 0.95 and shares == sorted(shares) and shares[-1] == 1.0


def even_sums(left: Ints, right: Ints, products: Floats) -> Bools:
    """Keeps half of all pairs."""
    return np.asarray((left + right) % 2 == 0)


def pairs_by_all_products(vectors: Vectors, least: float) -> set[tuple[int, int]]:
    left, right = np.nonzero(np.triu(vectors @ vectors.T, 1) >= least)
    kept = even_sums(left, right, np.empty(0, np.float32))
    return set(zip(left[kept].tolist(), right[kept].tolist(), strict=True))


def test_nearly_all_pairs_that_are_alike_are_found_each_once() -> None:
    vectors = vectors_of(np.arange(6000, dtype=np.int64) % 300, 300)
    left, right, products = find_similar_pairs(build_neighbour_index(vectors), 0.85, even_sums)
    found, wanted = list(zip(left.tolist(), right.tolist(), strict=True)), pairs_by_all_products(vectors, 0.85)
    assert len(set(found)) == len(found) and len(wanted) > 5000
    assert len(wanted.intersection(found)) > 0.99 * len(wanted)
    np.testing.assert_allclose(products, (vectors[left] * vectors[right]).sum(axis=1), atol=1e-5)
    assert products.min() >= 0.85


def test_in_the_cells_that_are_looked_into_no_pair_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.learn.numerics.neighbour_graph.PROBED_CELLS", 10_000)
    monkeypatch.setattr("core.learn.numerics.neighbour_graph._ROWS_AT_ONCE", 70)
    monkeypatch.setattr("core.learn.numerics.neighbour_graph._PRODUCT_BYTES", 4000)
    vectors = people([5] * 60, noise=0.8, dimension=16, seed=2).vectors
    left, right, _ = find_similar_pairs(build_neighbour_index(vectors), 0.501, even_sums)
    assert set(zip(left.tolist(), right.tolist(), strict=True)) == pairs_by_all_products(vectors, 0.501)


def test_it_stops_when_it_is_told_to() -> None:
    def stop(share: float) -> None:
        raise Cancelled("enough")

    index = build_neighbour_index(people([50], dimension=16, seed=6).vectors)
    with pytest.raises(Cancelled):
        neighbour_graph(index, 3, hear_shares(stop))

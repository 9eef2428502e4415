"""The inverted file against comparing with all."""

from __future__ import annotations

import numpy as np
import pytest

from core.base.types import Vectors
from core.learn.numerics import neighbour_index
from core.learn.numerics.neighbour_index import NeighbourIndex, build_neighbour_index
from core.learn.numerics.neighbours import nearest_in_gallery
from tests.benchmarks.synthetic import vectors_of


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return vectors_of(np.arange(6000, dtype=np.int64) % 300, 300)


@pytest.fixture(scope="module")
def index(vectors: Vectors) -> NeighbourIndex:
    return build_neighbour_index(vectors)


def test_nearly_all_neighbours_are_found_in_a_part_of_the_cells(
    vectors: Vectors, index: NeighbourIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(index.centres) == 619
    monkeypatch.setattr(neighbour_index, "PROBED_VECTORS", 600)  # a tenth; of a million a fiftieth is enough
    probes = vectors[::60]
    exact, _ = nearest_in_gallery(probes, vectors, 10)
    shares = [np.isin(exact[row], index.nearest(probe, 10)[0]).mean() for row, probe in enumerate(probes)]
    assert np.mean(shares) > 0.97
    assert [index.nearest(probe, 1)[0][0] for probe in probes] == list(range(0, 6000, 60)), "each is nearest to itself"


def test_where_all_cells_are_looked_into_the_answer_is_the_exact_one(
    vectors: Vectors, index: NeighbourIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbour_index, "PROBED_VECTORS", len(vectors))
    rows, distances = nearest_in_gallery(vectors[:5], vectors, 10)
    for number in range(5):
        found, far = index.nearest(vectors[number], 10)
        assert found.tolist() == rows[number].tolist()
        np.testing.assert_allclose(far, distances[number], atol=1e-3)  # a float32 product near 1, added otherwise


def test_who_does_not_count_is_not_found_and_others_come_instead(vectors: Vectors, index: NeighbourIndex) -> None:
    is_counted = np.zeros(len(vectors), dtype=np.bool_)
    is_counted[[7, 4000, 5999]] = True
    rows, distances = index.nearest(vectors[0], 10, is_counted)
    assert sorted(rows.tolist()) == [7, 4000, 5999], "few count: all cells are looked into for them"
    assert (np.diff(distances) >= 0).all()


def test_equal_vectors_come_in_their_order_and_every_vector_is_in_one_cell() -> None:
    same = np.zeros((30, 4), dtype=np.float32)
    same[:, 0] = 1
    index = build_neighbour_index(same)
    assert index.nearest(same[3], 4)[0].tolist() == [0, 1, 2, 3]
    assert sorted(index.rows.tolist()) == list(range(30)) and index.starts[-1] == 30
    assert len(build_neighbour_index(same[:1]).nearest(same[0], 5)[0]) == 1


def test_the_same_vectors_give_the_same_index(vectors: Vectors, index: NeighbourIndex) -> None:
    again = build_neighbour_index(vectors)
    np.testing.assert_array_equal(again.centres, index.centres)
    np.testing.assert_array_equal(again.rows, index.rows)

"""Rows by their labels."""

import numpy as np

from core.learn.numerics.labels import (
    connect_rows,
    fit_centroids,
    rank_within_label,
    renumber_labels,
    rows_by_value,
    sum_by_label,
)
from tests.learn.model_selection.test_splits import at_degrees, ints


def test_a_centroid_is_the_unit_mean_direction():
    assert np.allclose(fit_centroids(at_degrees(0, 20, 90), ints(0, 0, 1), 2), at_degrees(10, 90), atol=1e-6)


def test_a_label_without_rows_sums_up_to_nothing_and_doubles_add_up_what_floats_would_lose():
    rows = np.array([[1.0], [2.0**24], [1.0], [1.0]], np.float32)
    assert sum_by_label(rows, ints(2, 0, 0, 0), 3).tolist() == [[2**24 + 2], [0], [1]]
    assert sum_by_label(rows[:0], ints(), 2).tolist() == [[0], [0]]


def test_the_rows_of_each_value_come_in_order():
    assert [rows.tolist() for rows in rows_by_value(ints(5, 2, 5, 2, 9))] == [[1, 3], [0, 2], [4]]
    assert rows_by_value(ints()) == []


def test_a_rank_counts_the_rows_of_the_same_label_before_it():
    assert rank_within_label(ints(1, 1, 1, 4, 7, 7)).tolist() == [0, 1, 2, 0, 0, 1]


def test_labels_are_numbered_by_their_place_among_those_that_remain():
    assert renumber_labels(ints(7, -1, 3, 5), ints(3, 7)).tolist() == [1, -1, 0, -1]
    assert renumber_labels(ints(-1), ints()).tolist() == [-1]


def test_rows_that_pairs_connect_are_one_set_also_through_others():
    assert connect_rows(ints(0, 4), ints(4, 2), 5).tolist() == [0, 1, 0, 2, 0]
    assert connect_rows(ints(), ints(), 2).tolist() == [0, 1]
    assert connect_rows(ints(), ints(), 0).shape == (0,)

"""Rows by their labels: which rows carry each, their sums and centroids, labels numbered anew, connected components."""

from __future__ import annotations

import numpy as np

from core.base.types import Bools, Doubles, Floats, Ints, Vectors
from core.base.vectors import normalise_rows


def rows_by_value(values: Ints) -> list[Ints]:
    """The row numbers of each distinct value, the values ascending and so the rows of each."""
    if not len(values):
        return []
    order = np.argsort(values, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(values[order])) + 1)


def rank_within_label(sorted_labels: Ints) -> Ints:
    """How many rows of its label come before each row, when rows of a label stand together, ascending: (n,)."""
    return np.asarray(np.arange(len(sorted_labels)) - np.searchsorted(sorted_labels, sorted_labels), dtype=np.int64)


def renumber_labels(labels: Ints, remaining: Ints) -> Ints:
    """Number labels by their place among those that remain: (n,) int64; -1 for others, and for -1.

    Parameters
    ----------
    labels : (n,) int64, -1 or more
    remaining : distinct labels, 0 or more
    """
    last = max(int(labels.max(initial=-1)), int(remaining.max(initial=-1)))
    # One entry more than labels: the index -1 finds it, so -1 stays -1.
    new_labels = np.full(last + 2, -1, dtype=np.int64)
    new_labels[remaining] = np.arange(len(remaining))
    return new_labels[labels]


def sum_by_label(vectors: Floats, labels: Ints, n_labels: int) -> Doubles:
    """The sum of the rows of each label, in double precision: (n_labels, dimension); zeros for a label without rows."""
    sums = np.zeros((n_labels, vectors.shape[1]))
    order = np.argsort(labels, kind="stable")
    present, first = np.unique(labels[order], return_index=True)
    # Of sorted rows every label is one run, and numpy adds up runs in one pass, in the order of the rows.
    sums[present] = np.add.reduceat(vectors[order], first, axis=0, dtype=np.float64)
    return sums


def fit_centroids(vectors: Vectors, labels: Ints, n_labels: int) -> Vectors:
    """Give the unit mean direction of each label, which all need a row: (n_labels, dimension) float32."""
    return normalise_rows(sum_by_label(vectors, labels, n_labels))


def connect_rows(left: Ints, right: Ints, n: int) -> Ints:
    """Number the sets that n rows fall into when pairs of them are connected: (n,) int64, from 0 in order of rows.

    Parameters
    ----------
    left, right : (m,) int64, the rows of each pair
    """
    if not n:
        return np.zeros(0, dtype=np.int64)
    # Imported here, as the start of the program need not wait for it.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    is_connected: Bools = np.ones(len(left), dtype=np.bool_)
    graph = coo_array((is_connected, (left, right)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)

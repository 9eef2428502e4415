"""The nearest neighbours of every vector among all of them: exact, by matrix products, in little memory.

scikit-learn's brute force gives the same and takes about twice as long, as it multiplies float32 in float64.
"""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np

from core.base.types import Floats, Ints, Vectors
from core.learn.classification.solver import Watch, unwatched

_PRODUCT_BYTES = 64 << 20
"""Largest block of similarities that is in memory at once."""
_NEVER = np.float32(-np.inf)


def nearest_neighbours(vectors: Vectors, k: int, watch: Watch = unwatched) -> Ints:
    """The k rows of largest inner product with every row, itself left out, in no order.

    Among so many candidates, picking the largest costs more than computing them. So the candidates are dealt into
    classes; the k largest lie within the k classes of largest maximum, and only those are looked into.

    Parameters
    ----------
    vectors : (n, dimension) float32; of unit length where the cosine is meant

    Returns
    -------
    (n, min(k, n - 1)) int64
    """
    n, k = len(vectors), min(k, len(vectors) - 1)
    if k < 1:
        return np.empty((n, 0), dtype=np.int64)
    depth = max(1, int(sqrt(n / k)))
    classes = ceil(n / depth)
    padded = np.zeros((depth * classes, vectors.shape[1]), dtype=np.float32)
    padded[:n] = vectors
    rows = max(16, _PRODUCT_BYTES // (4 * len(padded)))
    neighbours = np.empty((n, k), dtype=np.int64)
    for start in range(0, n, rows):
        watch(start / n)
        block = vectors[start : start + rows] @ padded.T
        block[:, n:] = _NEVER
        block[np.arange(len(block)), np.arange(start, start + len(block))] = _NEVER
        neighbours[start : start + rows] = _largest(block.reshape(len(block), depth, classes), k)
    return neighbours


def _largest(block: Floats, k: int) -> Ints:
    """Columns of the k largest values of each row of a (rows, depth, classes) block."""
    rows, depth, classes = block.shape
    best_classes = np.argpartition(-block.max(axis=1), k - 1, axis=1)[:, :k]
    columns = (np.arange(depth)[:, None] * classes + best_classes[:, None, :]).reshape(rows, -1)
    values = np.take_along_axis(block.reshape(rows, -1), columns, axis=1)
    best = np.argpartition(-values, k - 1, axis=1)[:, :k]
    return np.asarray(np.take_along_axis(columns, best, axis=1), dtype=np.int64)

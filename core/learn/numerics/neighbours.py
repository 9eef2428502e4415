"""The nearest neighbours of vectors, among themselves and in a gallery: by matrix products, in little memory.

They are exact, but among so many vectors that their square is what takes the time (``EXACT_ROWS``). scikit-learn's
brute force gives the same as the exact ones and takes about twice as long, as it multiplies float32 in float64.
"""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np

from core.base.progress import UNWATCHED, Progress
from core.base.types import Floats, Ints, Vectors
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.neighbour_graph import neighbour_graph
from core.learn.numerics.neighbour_index import build_neighbour_index
from core.learn.numerics.unit_vectors import cosines_to_distances

EXACT_ROWS = 20_000
"""Of more rows, nearly all neighbours are found in less time than all."""
_INDEXING_SHARE = 0.2
_PRODUCT_BYTES = 64 << 20
"""Largest block of similarities that is in memory at once."""
EXACT_GALLERY = 100_000
"""Of a larger gallery fewer probes are compared at once: of a million faces 2,000 would take 32 GB."""
_PROBES_AT_ONCE = 2048
_NEVER = np.float32(-np.inf)


def nearest_neighbours(vectors: Vectors, k: int, progress: Progress = UNWATCHED) -> Ints:
    """The k rows of largest inner product with every row, itself left out, in no order; of many rows nearly always.

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
    if n > EXACT_ROWS:
        index = build_neighbour_index(vectors, progress=progress.part(0.0, _INDEXING_SHARE))
        return neighbour_graph(index, k, progress.part(_INDEXING_SHARE, 1.0))
    # Maxima of the classes, and members of the best k of them: the sum of both is least about here.
    depth = max(1, int(sqrt(n / k)))
    classes = ceil(n / depth)
    padded = np.zeros((depth * classes, vectors.shape[1]), dtype=np.float32)
    padded[:n] = vectors
    neighbours = np.empty((n, k), dtype=np.int64)
    for block in row_blocks(n, max(16, _PRODUCT_BYTES // (4 * len(padded)))):
        progress.advance(block.start / n)
        products = vectors[block] @ padded.T
        # What fills the last class up is nobody, and nobody is a neighbour of their own.
        products[:, n:] = _NEVER
        products[np.arange(len(products)), np.arange(block.start, block.stop)] = _NEVER
        neighbours[block] = _largest(products.reshape(len(products), depth, classes), k)
    return neighbours


def _largest(block: Floats, k: int) -> Ints:
    """Columns of the k largest values of each row of a (rows, depth, classes) block."""
    rows, depth, classes = block.shape
    best_classes = np.argpartition(-block.max(axis=1), k - 1, axis=1)[:, :k]
    columns = (np.arange(depth)[:, None] * classes + best_classes[:, None, :]).reshape(rows, -1)
    values = np.take_along_axis(block.reshape(rows, -1), columns, axis=1)
    best = np.argpartition(-values, k - 1, axis=1)[:, :k]
    return np.asarray(np.take_along_axis(columns, best, axis=1), dtype=np.int64)


def neighbour_pairs(vectors: Vectors, k: int) -> tuple[Ints, Floats]:
    """The pairs of rows of which one is among the k nearest of the other, each pair once.

    Returns
    -------
    pairs : (m, 2) int64, the smaller row first
    products : (m,) float32, their inner products
    """
    near = nearest_neighbours(vectors, k)
    rows = np.repeat(np.arange(len(near)), near.shape[1])
    # Being near is not mutual, so most pairs come from one side and many from both.
    pairs = np.unique(np.sort(np.stack([rows, near.ravel()], axis=1), axis=1), axis=0)
    return pairs, np.einsum("ij,ij->i", vectors[pairs[:, 0]], vectors[pairs[:, 1]])


def nearest_in_gallery(vectors: Vectors, gallery: Vectors, k: int) -> tuple[Ints, Floats]:
    """Find the k faces of a gallery most like each face: the evidence shown beside a name.

    Parameters
    ----------
    vectors : (n, dimension) or (dimension,) float32, unit length
    gallery : (m, dimension) float32, unit length
    k : how many; fewer come back when the gallery holds fewer

    Returns
    -------
    rows : (n, min(k, m)) int64, rows of ``gallery``, nearest first
    distances : (n, min(k, m)) float32, Euclidean, ascending
    """
    probes = np.atleast_2d(vectors)
    k = min(k, len(gallery))
    rows = np.zeros((len(probes), k), dtype=np.int64)
    distances = np.zeros((len(probes), k), dtype=np.float32)
    is_large = len(gallery) > EXACT_GALLERY
    at_once = max(16, _PRODUCT_BYTES // (4 * len(gallery))) if is_large else _PROBES_AT_ONCE
    for block in row_blocks(len(probes), at_once):
        rows[block], distances[block] = _nearest(probes[block], gallery, k)
    return rows, distances


def _nearest(probes: Vectors, gallery: Vectors, k: int) -> tuple[Ints, Floats]:
    cosine = probes @ gallery.T
    candidates = np.argpartition(-cosine, k - 1, axis=1)[:, :k] if 0 < k < len(gallery) else _all_columns(cosine)[:, :k]
    # So that equal distances come in the gallery's order.
    candidates = np.sort(candidates, axis=1)
    best = np.take_along_axis(cosine, candidates, axis=1)
    order = np.argsort(-best, axis=1, kind="stable")
    # In double precision: of two faces that are nearly one, 2 - 2 cos leaves nothing of a float32.
    distances = cosines_to_distances(np.take_along_axis(best, order, axis=1).astype(np.float64))
    return np.take_along_axis(candidates, order, axis=1), distances.astype(np.float32)


def _all_columns(matrix: Floats) -> Ints:
    return np.tile(np.arange(matrix.shape[1]), (len(matrix), 1))

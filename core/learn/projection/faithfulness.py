"""What a map keeps of the neighbours that faces really have, whom it makes neighbours, and where newcomers belong.

References
----------
Venna, Kaski, "Neighborhood preservation in nonlinear projection methods: An experimental study", ICANN 2001.
Lee, Verleysen, "Quality assessment of dimensionality reduction: Rank-based criteria", Neurocomputing 72, 2009.
"""

from __future__ import annotations

import numpy as np

from core.base.types import Floats, Ints, Vectors
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.neighbours import nearest_in_gallery
from core.learn.numerics.unit_vectors import cosines_to_distances
from core.learn.projection.map_values import Faithfulness

NEIGHBOURS = 15
PROBES_MOST = 2000
"""Faces whose neighbours are compared; their neighbours are looked for among all."""
TRUSTED_MOST = 500
"""Faces whose trustworthiness is taken: their neighbours are ranked among all."""
_BLOCK_ROWS = 64
BESIDE = 5
"""A face is placed among so many of those most like it."""


def measure_faithfulness(vectors: Vectors, points: Floats, *, seed: int = 0) -> Faithfulness | None:
    """Compare each face's nearest on the map with its nearest in truth, on a sample of faces.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    points : (n, 2) or (n, 3)

    Returns
    -------
    None where there are too few faces to have neighbours and others.
    """
    # Imported here, as the start of the program need not wait for it.
    from scipy.spatial import cKDTree

    n = len(vectors)
    k = min(NEIGHBOURS, (n - 1) // 2)
    if k < 1:
        return None
    probes = np.random.default_rng(seed).permutation(n)[:PROBES_MOST]
    in_truth = _without_itself(nearest_in_gallery(vectors[probes], vectors, k + 1)[0], probes)
    on_map = _without_itself(cKDTree(points).query(points[probes], k + 1)[1], probes)
    share_kept = np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(in_truth, on_map, strict=True)])
    ranked = np.arange(len(probes))[:TRUSTED_MOST]
    trusted = _trustworthiness(vectors, probes[ranked], [on_map[index] for index in ranked])
    return Faithfulness(k, float(share_kept), k / (n - 1), trusted)


def _trustworthiness(vectors: Vectors, probes: Ints, on_map: list[np.ndarray]) -> float:
    """As Venna and Kaski define it: how far, in ranks, the neighbours on the map are from being neighbours in truth.

    Parameters
    ----------
    on_map : of each probe its k nearest on the map, k less than half of all
    """
    n, k = len(vectors), len(on_map[0])
    beyond = 0
    for block in row_blocks(len(probes), _BLOCK_ROWS):
        rows, map_neighbours = probes[block], np.array(on_map[block])
        cosine = vectors[rows] @ vectors.T
        cosine[np.arange(len(rows)), rows] = -np.inf
        for cosines, neighbours in zip(cosine, map_neighbours, strict=True):
            # A rank is a count of nearer faces: sorting them all would take far longer.
            ranks = 1 + (cosines > cosines[neighbours][:, None]).sum(axis=1)
            beyond += int(np.maximum(ranks - k, 0).sum())
    return float(1 - 2 * beyond / (len(probes) * k * (2 * n - 3 * k - 1)))


def _without_itself(neighbours: np.ndarray, probes: np.ndarray) -> list[np.ndarray]:
    """Each row's neighbours without itself; where copies hide it, without the last."""
    is_itself = neighbours == probes[:, None]
    is_itself[~is_itself.any(axis=1), -1] = True
    return [row[~mask] for row, mask in zip(neighbours, is_itself, strict=True)]


def place_newcomers(newcomers: Vectors, vectors: Vectors, points: Floats) -> Floats:
    """Place faces on a map that is there already, among those most like them; nobody else moves.

    The place is the mean of their nearest faces' places, of those that lie together: the farther half of the
    neighbours on the map, which may belong to another group, has no say.

    Parameters
    ----------
    newcomers : (m, dimension) float32, unit length
    vectors, points : (n, dimension) and (n, 2) or (n, 3), the faces on the map; one at least

    Returns
    -------
    (m, 2) or (m, 3) float32
    """
    rows, distances = nearest_in_gallery(newcomers, vectors, BESIDE)
    return place_beside(points[rows], distances)


def place_beside(around: Floats, distances: Floats) -> Floats:
    """Place faces among those most like them, as ``place_newcomers`` does.

    Parameters
    ----------
    around : (m, k, 2) or (m, k, 3), where the k faces most like each lie, the nearest first
    distances : (m, k) to them, Euclidean, 0..2
    """
    # A map may tear neighbours apart; a mean of both sides would lie where nobody is.
    off = np.linalg.norm(around - around[:, :1], axis=2)
    together = off <= np.median(off, axis=1, keepdims=True)
    weight = together / (distances + 1e-3)
    return np.asarray((weight[..., None] * around).sum(axis=1) / weight.sum(axis=1)[:, None], dtype=np.float32)


def find_nearest_people(vectors: Vectors, gallery: Vectors, labels: Ints, most: int) -> tuple[Ints, Floats]:
    """The people most like each face, each by the face of theirs that is most like it.

    Parameters
    ----------
    vectors : (m, dimension) float32, unit length
    gallery, labels : (n, dimension) and (n,), the faces to compare with and who they are

    Returns
    -------
    rows : (m, min(most, n_people)) int64, the face of ``gallery`` for each of the nearest people, nearest first
    distances : likewise, float32, Euclidean
    """
    # With a person's faces side by side, the best of each person is one pass over the cosines.
    order = np.argsort(labels, kind="stable")
    _, starts = np.unique(labels[order], return_index=True)
    cosine = vectors @ gallery[order].T
    best = np.maximum.reduceat(cosine, starts, axis=1)
    nearest = np.argsort(-best, axis=1, kind="stable")[:, :most]
    rows = np.empty(nearest.shape, dtype=np.int64)
    ends = np.append(starts, len(order))[1:]
    for face, people in enumerate(nearest):
        for rank, person in enumerate(people):
            person_cosines = cosine[face, starts[person] : ends[person]]
            rows[face, rank] = order[starts[person] + person_cosines.argmax()]
    closeness = np.take_along_axis(best, nearest, axis=1).astype(np.float64)
    return rows, cosines_to_distances(closeness).astype(np.float32)

"""What a map keeps of the neighbours that faces really have, and where a face belongs that came after it.

References
----------
Venna, Kaski, "Neighborhood preservation in nonlinear projection methods: An experimental study", ICANN 2001.
Lee, Verleysen, "Quality assessment of dimensionality reduction: Rank-based criteria", Neurocomputing 72, 2009.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from core.learn.openset import nearest_training
from core.types import Floats, Vectors

NEIGHBOURS = 15
PROBES_MOST = 2000
"""Faces whose neighbours are compared; their neighbours are looked for among all."""
BESIDE = 5
"""A face is placed among so many of those most like it."""


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """How far a map can be believed."""

    neighbours: int
    kept: float
    """Of the faces nearest on the map, the share that are as near in truth, 0..1."""
    chance: float
    """What ``kept`` would be by chance."""


def faithfulness(vectors: Vectors, points: Floats, *, seed: int = 0) -> Faithfulness | None:
    """Compare each face's nearest on the map with its nearest in truth, on a sample of faces.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    points : (n, 2)

    Returns
    -------
    None where there are too few faces to have neighbours and others.
    """
    n = len(vectors)
    k = min(NEIGHBOURS, (n - 1) // 2)
    if k < 1:
        return None
    probes = np.sort(np.random.default_rng(seed).permutation(n)[:PROBES_MOST])
    true = _others(nearest_training(vectors[probes], vectors, k + 1)[0], probes)
    shown = _others(cKDTree(points).query(points[probes], k + 1)[1], probes)
    kept = np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(true, shown, strict=True)])
    return Faithfulness(k, float(kept), k / (n - 1))


def _others(found: np.ndarray, probes: np.ndarray) -> list[np.ndarray]:
    """Each row's neighbours without itself; where copies hide it, without the last."""
    own = found == probes[:, None]
    own[~own.any(axis=1), -1] = True
    return [row[~mine] for row, mine in zip(found, own, strict=True)]


def beside(newcomers: Vectors, vectors: Vectors, points: Floats) -> Floats:
    """Place faces on a map that is there already, among those most like them; nobody else moves.

    The place is the mean of their nearest faces' places, of those that lie together: the farther half of the
    neighbours on the map, which may belong to another group, has no say.

    Parameters
    ----------
    newcomers : (m, dimension) float32, unit length
    vectors, points : (n, dimension) and (n, 2), the faces on the map; one at least

    Returns
    -------
    (m, 2) float32
    """
    rows, distances = nearest_training(newcomers, vectors, BESIDE)
    around = points[rows]
    off = np.linalg.norm(around - around[:, :1], axis=2)
    together = off <= np.median(off, axis=1, keepdims=True)
    weight = together / (distances + 1e-3)
    return np.asarray((weight[..., None] * around).sum(axis=1) / weight.sum(axis=1)[:, None], dtype=np.float32)

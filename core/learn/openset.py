"""When to say "unknown": a first rejection rule, on the distance to the named person's centroid.

The classifier always names somebody; a stranger gets the name of whoever is nearest. Its margin is the wrong
thing to reject on (80 known and 25 unknown people, 40 web photos each: correct names at a false-positive rate of 0.1 %
were 0.686 by the margin and 0.797 by the similarity to the named person's centroid). So a face is named only
when the Euclidean distance of its unit vector to the unit centroid of the named person is at most a
threshold.

The threshold is set on the dataset itself: every face once plays the stranger, with its own person left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.types import Doubles, Floats, Ints, Vectors

PRIOR = {0.0001: 0.810, 0.0002: 0.834, 0.0005: 0.897, 0.001: 0.949, 0.002: 0.987, 0.005: 1.040, 0.01: 1.085}
"""For a dataset too small to tell: the share of strangers nearer to one person's centroid than a distance.

Measured for the 128-D model on lfw-dev, each face against the centroids of the 78 others (10 or more photos
each; with 2 photos the distances are 0.01 to 0.03 larger). Against n people at most n times as many come near
one of them: at 1 % that gives 0.99 for 5 people, 0.90 for 20, 0.81 from 100 on. Hiding lfw-dev's people in
turn, 30 draws, 0.95 for 10 people named 1.0 % of the others, 0.90 for 20 people 0.8 to 0.9 %, and kept 99.0
to 99.5 %.
"""
TARGET_RATE = 0.01
"""The share of strangers that may be named."""
ENOUGH_IMPOSTORS = 300
ENOUGH_PEOPLE = 20
"""Below either, the dataset's 1 % is two faces or one look-alike, and the prior stands alone."""
MANY_PEOPLE = 100
"""Below it the prior is an upper bound: from 20 to 60 people the dataset's own estimate let through 1.4 to
3.5 % of strangers where it promised 1, as a few look-alikes decide it."""

_BLOCK_ROWS = 2048


@dataclass(frozen=True, slots=True)
class Threshold:
    """The largest distance at which a face is named, and what it was set on."""

    distance: float
    """Euclidean distance between unit vectors, 0 to 2."""
    target_rate: float
    """The share of impostors that it was meant to let through."""
    n_impostors: int
    """Faces that played the stranger."""
    impostors_named: float
    """The share of those that this threshold names (0..1); NaN without any."""
    n_genuine: int
    """Faces compared with their own person's centroid, their own shot left out of it."""
    genuine_kept: float
    """The share of those that this threshold keeps (0..1); NaN without any."""
    from_prior: bool
    """True when the dataset is too small to tell, and this is the model's prior."""


def centroids(vectors: Vectors, labels: Ints, n_people: int) -> Vectors:
    """Give the unit mean direction of each person, who all need a face: (n_people, dimension) float32."""
    return _unit(_sums(vectors, labels, n_people)).astype(np.float32)


def distances_to_named(vectors: Vectors, named: Ints, person_centroids: Vectors) -> Floats:
    """Give each face's Euclidean distance to the centroid of the person it was named: (n,) float32, 0..2."""
    gap = vectors - person_centroids[named]
    return np.asarray(np.linalg.norm(gap, axis=1), dtype=np.float32)


def genuine_distances(vectors: Vectors, labels: Ints, groups: Ints) -> Doubles:
    """Give each face's distance to its own person's centroid with its own shot left out.

    Returns
    -------
    (m,) float64, m <= n: people with a single shot have no such distance.
    """
    n_people = int(labels.max(initial=-1)) + 1
    shots, shot_of = np.unique(groups, return_inverse=True)
    others = _sums(vectors, labels, n_people)[labels] - _sums(vectors, shot_of, len(shots))[shot_of]
    shots_of_person = np.bincount(labels[np.unique(groups, return_index=True)[1]], minlength=n_people)
    several = shots_of_person[labels] > 1
    gap = vectors[several] - _unit(others[several])
    return np.asarray(np.linalg.norm(gap, axis=1), dtype=np.float64)


def impostor_distances(vectors: Vectors, labels: Ints, n_people: int) -> Doubles:
    """Give each face's distance to the nearest centroid of another person, as if its own were not enrolled.

    Returns
    -------
    (n,) float64; empty with fewer than two people.
    """
    if n_people < 2:
        return np.zeros(0)
    known = centroids(vectors, labels, n_people)
    nearest = np.empty(len(vectors))
    for start in range(0, len(vectors), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        cosine = vectors[block] @ known.T
        cosine[np.arange(len(cosine)), labels[block]] = -np.inf
        nearest[block] = _distance(cosine.max(axis=1))
    return nearest


def default_threshold(
    vectors: Vectors,
    labels: Ints,
    groups: Ints,
    *,
    target_rate: float = TARGET_RATE,
    prior: float | None = None,
) -> Threshold:
    """Set the distance at which ``target_rate`` of impostors would still be named.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length; the training faces
    labels : (n,) int64, 0 to the number of people - 1, none missing
    groups : (n,) int64, faces of one shot
    target_rate : share of impostors that may be named
    prior : the model's own threshold, ``prior_threshold`` by default: used alone below ``ENOUGH_PEOPLE`` people or
        ``ENOUGH_IMPOSTORS`` faces, and as an upper bound below ``MANY_PEOPLE`` people
    """
    n_people = int(labels.max(initial=-1)) + 1
    impostors = impostor_distances(vectors, labels, n_people)
    genuine = genuine_distances(vectors, labels, groups)
    prior = prior_threshold(n_people, target_rate) if prior is None else prior
    distance = prior
    if n_people >= ENOUGH_PEOPLE and len(impostors) >= ENOUGH_IMPOSTORS:
        own = _largest_within_rate(impostors, target_rate)
        distance = own if n_people >= MANY_PEOPLE else min(own, prior)
    return Threshold(
        distance=distance,
        target_rate=target_rate,
        n_impostors=len(impostors),
        impostors_named=_share_within(impostors, distance),
        n_genuine=len(genuine),
        genuine_kept=_share_within(genuine, distance),
        from_prior=distance == prior,
    )


def prior_threshold(n_people: int, target_rate: float = TARGET_RATE) -> float:
    """Give the model's own threshold: about ``target_rate`` of strangers pass it among so many people."""
    rates = np.log(list(PRIOR))
    return float(np.interp(np.log(target_rate / max(n_people, 1)), rates, list(PRIOR.values())))


def nearest_training(vectors: Vectors, gallery: Vectors, k: int) -> tuple[Ints, Floats]:
    """Find the k training faces most like each face: the evidence shown beside a name.

    Parameters
    ----------
    vectors : (n, dimension) or (dimension,) float32, unit length
    gallery : (m, dimension) float32, unit length
    k : how many; fewer come back when the gallery holds fewer

    Returns
    -------
    rows : (n, min(k, m)) int64, places in ``gallery``, nearest first
    distances : (n, min(k, m)) float32, Euclidean, ascending
    """
    probes = np.atleast_2d(vectors)
    k = min(k, len(gallery))
    rows = np.zeros((len(probes), k), dtype=np.int64)
    distances = np.zeros((len(probes), k), dtype=np.float32)
    for start in range(0, len(probes), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        rows[block], distances[block] = _nearest(probes[block], gallery, k)
    return rows, distances


def _nearest(probes: Vectors, gallery: Vectors, k: int) -> tuple[Ints, Floats]:
    cosine = probes @ gallery.T
    some = np.argpartition(-cosine, k - 1, axis=1)[:, :k] if 0 < k < len(gallery) else _all_columns(cosine)[:, :k]
    some = np.sort(some, axis=1)  # so that equal distances come in the gallery's order
    best = np.take_along_axis(cosine, some, axis=1)
    order = np.argsort(-best, axis=1, kind="stable")
    distances = _distance(np.take_along_axis(best, order, axis=1))
    return np.take_along_axis(some, order, axis=1), distances.astype(np.float32)


def _all_columns(matrix: Floats) -> Ints:
    return np.tile(np.arange(matrix.shape[1]), (len(matrix), 1))


def _distance(cosine: Floats) -> Doubles:
    """Turn the cosine of unit vectors into their Euclidean distance."""
    squared = np.clip(2.0 - 2.0 * cosine.astype(np.float64), 0.0, 4.0)
    return np.asarray(np.sqrt(squared), dtype=np.float64)


def _sums(vectors: Vectors, labels: Ints, n_people: int) -> Doubles:
    sums = np.zeros((n_people, vectors.shape[1]))
    np.add.at(sums, labels, vectors)
    return sums


def _unit(rows: Doubles) -> Doubles:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-12), dtype=np.float64)


def _share_within(distances: Doubles, threshold: float) -> float:
    return float(np.mean(distances <= threshold)) if len(distances) else float("nan")


def _largest_within_rate(distances: Doubles, rate: float) -> float:
    """Give a threshold that at most the share ``rate`` of the distances stays within, between two of them."""
    ordered = np.sort(distances)
    allowed = int(np.floor(rate * len(ordered)))
    below = ordered[allowed - 1] if allowed else 0.0
    return float((below + ordered[allowed]) / 2)

"""Who looks like whom: the distances between people's centres, and how far their faces lie among each other.

Two people whose centres are near may still be easy to tell apart, when each keeps to itself; where a face of one lies
nearer to a face of the other than to any of its own, they overlap, and photos of them will be confused.

The centres are as they are, and not corrected for few faces as in ``set_similarity``, which asks whether two are one
person: what is compared here is what the recogniser has to go by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Doubles, Floats, Ints, Vectors
from core.learn.numerics.labels import fit_centroids, renumber_labels
from core.learn.numerics.leaf_order import order_leaves
from core.learn.numerics.neighbours import neighbour_pairs
from core.learn.numerics.unit_vectors import cosines_to_distances

EVERYBODY_MOST = 120
"""Up to so many people all are compared with all."""
BUSY_MOST = 60
"""Of more people those of the most alike pairs, as many as this."""
NEIGHBOURS = 8
"""Of more people than ``EVERYBODY_MOST`` each is paired with so many whose centres are nearest."""
FACES_MOST = 60
"""So many faces of each are compared, drawn by lot where there are more."""
PAIRS_MOST = 24
"""Pairs that are named with their faces."""


@dataclass(frozen=True, slots=True)
class LookalikePair:
    """Two people who look alike, and the two faces that show it best."""

    first: int
    """A place in ``Lookalikes.people``, as is ``second``."""
    second: int
    first_face: int
    """A row of the vectors, as is ``second_face``."""
    second_face: int


@dataclass(frozen=True, slots=True, eq=False)
class Lookalikes:
    """How alike people are, two by two."""

    people: Ints
    """(k,) the people that are compared, as labels; those who are alike stand side by side"""
    distances: Doubles
    """(k, k) Euclidean, 0..2, between the unit centres"""
    overlaps: Doubles
    """(k, k) of the row's faces the share that is nearer to a face of the column's than to any other of its own; NaN
    in the rows of people with a single face, 0 on the diagonal"""
    pairs: tuple[LookalikePair, ...]
    """The most alike first, by distance; ``PAIRS_MOST`` at most"""
    everybody: bool
    """False when only the people of the most alike pairs are compared."""
    sampled: bool
    """True when some people have more faces than were compared."""


def find_lookalikes(vectors: Vectors, labels: Ints, *, seed: int = 0) -> Lookalikes:
    """Compare people with people.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    labels : (n,) who each face is, -1 for faces that are left out
    """
    known = np.unique(labels[labels >= 0])
    person_of_face, rows = renumber_labels(labels, known), np.flatnonzero(labels >= 0)
    centres = fit_centroids(vectors[rows], person_of_face[rows], len(known))
    everybody = len(known) <= EVERYBODY_MOST
    compared = np.arange(len(known)) if everybody else _busy(centres)
    distances = _distances(centres[compared])
    order = order_leaves(distances)
    compared, distances = compared[order], distances[np.ix_(order, order)]
    sampled_rows, sampled = _sample(person_of_face, compared, seed)
    overlaps, best = _overlaps(vectors, sampled_rows)
    pairs = tuple(LookalikePair(first, second, *best[first][second]) for first, second in _nearest_pairs(distances))
    return Lookalikes(
        people=known[compared],
        distances=distances,
        overlaps=overlaps,
        pairs=pairs,
        everybody=everybody,
        sampled=sampled,
    )


def _busy(centres: Vectors) -> Ints:
    """The people of the most alike pairs."""
    pairs, closeness = neighbour_pairs(centres, NEIGHBOURS)
    people = dict.fromkeys(pairs[np.argsort(-closeness, kind="stable")].ravel().tolist())
    return np.sort(np.array(list(people)[:BUSY_MOST], dtype=np.int64))


def _distances(centres: Vectors) -> Doubles:
    doubles = centres.astype(np.float64)
    distances: Doubles = cosines_to_distances(doubles @ doubles.T)
    np.fill_diagonal(distances, 0.0)
    return distances


def _nearest_pairs(distances: Doubles) -> list[tuple[int, int]]:
    first, second = np.triu_indices(len(distances), 1)
    order = np.argsort(distances[first, second], kind="stable")[:PAIRS_MOST]
    return [(int(first[pair]), int(second[pair])) for pair in order]


def _sample(person_of_face: Ints, compared: Ints, seed: int) -> tuple[list[Ints], bool]:
    """Rows of the faces of each person that are compared, and whether some are not."""
    rng, sampled_rows, sampled = np.random.default_rng(seed), [], False
    for person in compared:
        rows = np.flatnonzero(person_of_face == person)
        sampled |= len(rows) > FACES_MOST
        # All faces of somebody with thousands would be compared with all others' for a share that 60 tell as well.
        sampled_rows.append(np.sort(rng.permutation(rows)[:FACES_MOST]))
    return sampled_rows, sampled


def _overlaps(vectors: Vectors, sampled_rows: list[Ints]) -> tuple[Doubles, list[list[tuple[int, int]]]]:
    """The shares of overlapping faces, and for every two people the two faces that are most alike."""
    if not sampled_rows:
        return np.zeros((0, 0)), []
    rows = np.concatenate(sampled_rows)
    starts = np.concatenate([[0], np.cumsum([len(own_rows) for own_rows in sampled_rows])])
    faces = vectors[rows]
    overlaps, best = np.zeros((len(sampled_rows), len(sampled_rows))), []
    for person, own_rows in enumerate(sampled_rows):
        cosine = faces[starts[person] : starts[person + 1]] @ faces.T
        closest = np.maximum.reduceat(cosine, starts[:-1], axis=1)
        overlaps[person] = _nearer_to_others(cosine, closest, int(starts[person]))
        overlaps[person, person] = 0.0
        best.append([_best(cosine, rows, own_rows, starts[rival : rival + 2]) for rival in range(len(sampled_rows))])
    return overlaps, best


def _nearer_to_others(cosine: Floats, closest: Floats, start: int) -> Doubles:
    """Of one person's faces the share that is nearer to each other person than to its own nearest."""
    n = len(cosine)
    if n < 2:
        return np.full(closest.shape[1], np.nan)
    # A face is its own nearest, which would make nobody overlap.
    among = cosine[:, start : start + n].copy()
    np.fill_diagonal(among, -np.inf)
    return np.asarray((closest > among.max(axis=1)[:, None]).mean(axis=0), dtype=np.float64)


def _best(cosine: Floats, rows: Ints, own_rows: Ints, span: Ints) -> tuple[int, int]:
    block = cosine[:, span[0] : span[1]]
    face, rival_face = np.unravel_index(int(block.argmax()), block.shape)
    return int(own_rows[face]), int(rows[span[0] + rival_face])

"""Who looks like whom: the distances between people's centres, and how far their faces lie among each other.

Two people whose centres are near may still be easy to tell apart, when each keeps to itself; where a face of one lies
nearer to a face of the other than to any of its own, they overlap, and photos of them will be confused.

The centres are as they are, and not corrected for few faces as in ``alike``, which asks whether two are one person:
what is compared here is what the recogniser has to go by.

References
----------
Bar-Joseph, Gifford, Jaakkola, "Fast optimal leaf ordering for hierarchical clustering", Bioinformatics 17, 2001.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Doubles, Floats, Ints, Vectors
from core.learn.numerics.neighbours import nearest
from core.learn.open_set.rejection_rule import centroids

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
class Pair:
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
    pairs: tuple[Pair, ...]
    """The most alike first, by distance; ``PAIRS_MOST`` at most"""
    everybody: bool
    """False when only the people of the most alike pairs are compared."""
    sampled: bool
    """True when some people have more faces than were compared."""


def lookalikes(vectors: Vectors, labels: Ints, *, seed: int = 0) -> Lookalikes:
    """Compare people with people.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    labels : (n,) who each face is, -1 for faces that are left out
    """
    known = np.unique(labels[labels >= 0])
    place = np.full(int(labels.max(initial=-1)) + 2, -1, dtype=np.int64)  # the last entry serves the label -1
    place[known] = np.arange(len(known))
    of, rows = place[labels], np.flatnonzero(labels >= 0)
    centres = centroids(vectors[rows], of[rows], len(known))
    everybody = len(known) <= EVERYBODY_MOST
    shown = np.arange(len(known)) if everybody else _busy(centres)
    apart = _distances(centres[shown])
    order = _side_by_side(apart)
    shown, apart = shown[order], apart[np.ix_(order, order)]
    chosen, sampled = _sample(of, shown, seed)
    overlaps, best = _overlaps(vectors, chosen)
    pairs = tuple(Pair(one, other, *best[one][other]) for one, other in _nearest_pairs(apart))
    return Lookalikes(
        people=known[shown], distances=apart, overlaps=overlaps, pairs=pairs, everybody=everybody, sampled=sampled
    )


def _busy(centres: Vectors) -> Ints:
    """The people of the most alike pairs."""
    near = nearest(centres, NEIGHBOURS)
    first = np.repeat(np.arange(len(near)), near.shape[1])
    pairs = np.stack([first, near.ravel()], axis=1)
    closeness = np.einsum("ij,ij->i", centres[pairs[:, 0]], centres[pairs[:, 1]])
    people = dict.fromkeys(pairs[np.argsort(-closeness, kind="stable")].ravel().tolist())
    return np.sort(np.array(list(people)[:BUSY_MOST], dtype=np.int64))


def _distances(centres: Vectors) -> Doubles:
    cosine = centres.astype(np.float64) @ centres.T.astype(np.float64)
    apart = np.sqrt(np.clip(2 - 2 * cosine, 0, None))
    np.fill_diagonal(apart, 0.0)
    return np.asarray(apart, dtype=np.float64)


def _side_by_side(apart: Doubles) -> Ints:
    """The order in which those who are alike are neighbours: average linkage, its leaves in the best order."""
    if len(apart) < 3:
        return np.arange(len(apart))
    # Imported here: it takes a third of a second, and only this needs it.
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    tree = linkage(squareform(apart, checks=False), "average", optimal_ordering=True)
    return np.asarray(leaves_list(tree), dtype=np.int64)


def _nearest_pairs(apart: Doubles) -> list[tuple[int, int]]:
    first, second = np.triu_indices(len(apart), 1)
    order = np.argsort(apart[first, second], kind="stable")[:PAIRS_MOST]
    return [(int(first[at]), int(second[at])) for at in order]


def _sample(of: Ints, shown: Ints, seed: int) -> tuple[list[Ints], bool]:
    """Rows of the faces of each person that are compared, and whether some are not."""
    rng, chosen, sampled = np.random.default_rng(seed), [], False
    for person in shown:
        rows = np.flatnonzero(of == person)
        sampled |= len(rows) > FACES_MOST
        chosen.append(np.sort(rng.permutation(rows)[:FACES_MOST]))
    return chosen, sampled


def _overlaps(vectors: Vectors, chosen: list[Ints]) -> tuple[Doubles, list[list[tuple[int, int]]]]:
    """The shares of overlapping faces, and for every two people the two faces that are most alike."""
    if not chosen:
        return np.zeros((0, 0)), []
    rows = np.concatenate(chosen)
    starts = np.concatenate([[0], np.cumsum([len(own) for own in chosen])])
    faces = vectors[rows]
    overlaps, best = np.zeros((len(chosen), len(chosen))), []
    for person, own in enumerate(chosen):
        cosine = faces[starts[person] : starts[person + 1]] @ faces.T
        closest = np.maximum.reduceat(cosine, starts[:-1], axis=1)
        overlaps[person] = _nearer_to_others(cosine, closest, int(starts[person]))
        overlaps[person, person] = 0.0
        best.append([_best(cosine, rows, own, starts[other : other + 2]) for other in range(len(chosen))])
    return overlaps, best


def _nearer_to_others(cosine: Floats, closest: Floats, start: int) -> Doubles:
    """Of one person's faces the share that is nearer to each other person than to its own nearest."""
    n = len(cosine)
    if n < 2:
        return np.full(closest.shape[1], np.nan)
    among = cosine[:, start : start + n].copy()
    np.fill_diagonal(among, -np.inf)
    return np.asarray((closest > among.max(axis=1)[:, None]).mean(axis=0), dtype=np.float64)


def _best(cosine: Floats, rows: Ints, own: Ints, span: Ints) -> tuple[int, int]:
    block = cosine[:, span[0] : span[1]]
    face, other = np.unravel_index(int(block.argmax()), block.shape)
    return int(own[face]), int(rows[span[0] + other])

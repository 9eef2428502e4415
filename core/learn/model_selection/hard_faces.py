"""The faces without a name that are hardest to recognise: what a test is worth that is not made of easy ones.

Faces that are named by groups were easy to put together, and are easy to recognise for the same reason. A face is hard
where it lies between two people, where it is hardly near enough to anybody to get a name, or far from the middle of
its own group. Each of the three is an order of its own, and they take turns: on one scale the kind with the largest
numbers would fill the test alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, zip_longest

import numpy as np

from core.base.types import Ints, Vectors
from core.learn.numerics.labels import fit_centroids
from core.learn.numerics.neighbours import nearest_in_gallery
from core.learn.open_set.prior_rule import prior_threshold

TEST_FACES = 20
MOST_OF_GROUP = 2
"""A group gives no more: the faces of one difficult person would be a test of that person."""


class Hardness(StrEnum):
    """Why a face is hard."""

    BETWEEN = "between two people"
    THRESHOLD = "barely near anybody"
    FAR = "unlike its group"


@dataclass(frozen=True, slots=True)
class HardFace:
    """A face that is worth testing on."""

    row: int
    hardness: Hardness


def rank_hard_faces(
    vectors: Vectors, groups: Ints, person_centroids: Vectors, most: int = TEST_FACES
) -> list[HardFace]:
    """The hardest of some faces without a name, the three kinds in turn.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    groups : (n,) the group of each face, 0 to n_groups - 1, none of them empty
    person_centroids : (n_people, dimension) float32, unit length, of at least two people
    """
    _, distances = nearest_in_gallery(vectors, person_centroids, 2)
    # How much farther the second person is than the first, and how far the first is from where names end.
    gap_to_second = distances[:, 1] - distances[:, 0]
    gap_to_threshold = np.abs(distances[:, 0] - prior_threshold(len(person_centroids)))
    rankings = {
        Hardness.BETWEEN: np.argsort(gap_to_second, kind="stable"),
        Hardness.THRESHOLD: np.argsort(gap_to_threshold, kind="stable"),
        Hardness.FAR: _farthest_first(vectors, groups),
    }
    of_group: Counter[int] = Counter()
    hard_faces: dict[int, HardFace] = {}
    for row, hardness in _in_turn(rankings):
        group = int(groups[row])
        if row in hard_faces or of_group[group] == MOST_OF_GROUP:
            continue
        hard_faces[row] = HardFace(row, hardness)
        of_group[group] += 1
        if len(hard_faces) == most:
            break
    return list(hard_faces.values())


def _farthest_first(vectors: Vectors, groups: Ints) -> Ints:
    """The rows that are in groups of several, those farthest from the middle of their group first."""
    sizes = np.bincount(groups)
    centroids = fit_centroids(vectors, groups, len(sizes))
    cosines = np.einsum("ij,ij->i", vectors, centroids[groups])
    order = np.argsort(cosines, kind="stable")
    # A face alone is its own middle, which says nothing.
    return np.asarray(order[sizes[groups[order]] > 1])


def _in_turn(rankings: dict[Hardness, Ints]) -> Iterator[tuple[int, Hardness]]:
    columns = [[(int(row), hardness) for row in rows] for hardness, rows in rankings.items()]
    return (pair for pair in chain.from_iterable(zip_longest(*columns)) if pair is not None)

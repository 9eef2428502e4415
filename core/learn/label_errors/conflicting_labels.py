"""Faces that are surely one person and were given two names.

How alike is surely alike depends on who else there is: of two faces drawn from so many people few are one person's, so
the evidence must outweigh that. The false-accept rate of a single comparison would not do: among a thousand faces there
are half a million pairs, and at one in a thousand five hundred pairs of strangers pass.
"""

from __future__ import annotations

import math

import numpy as np

from core.base.types import Doubles, Ints, Vectors
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.neighbour_graph import find_similar_pairs
from core.learn.numerics.neighbour_index import build_neighbour_index
from core.learn.verification.pair_rule import PairRule

SURE_PROB = 0.95
COMPARED_WITH_ALL = 100_000
"""Of more faces nearly all that are alike are found by an index, as of ``duplicate_images``."""
_BLOCK_ROWS = 1024


def same_person_cosine(rule: PairRule, n_people: int) -> float:
    """The cosine from which on two faces are one person with ``SURE_PROB``, when they are drawn from so many people."""
    prior = 1 / max(n_people, 2)
    return (_log_odds(SURE_PROB) - _log_odds(prior) - rule.offset) / rule.slope


def _log_odds(prob: float) -> float:
    return math.log(prob / (1 - prob))


def find_conflicting_faces(vectors: Vectors, people: Ints, scores: Doubles, threshold: float) -> Ints:
    """For each face another that is surely the same person's and was given another name.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    people : (n,) int64, whom each face is most likely
    scores : (n,) how sure its name is: of several such faces the one with the highest is told
    threshold : the cosine from which on two faces are one person's

    Returns
    -------
    (n,) int64, row numbers; -1 where there is none
    """
    if len(vectors) > COMPARED_WITH_ALL:
        return _look_up_conflicts(vectors, people, scores, threshold)
    # The surest names first: argmax then finds the first of several conflicts, which is the surest.
    order = np.argsort(-scores, kind="stable")
    sorted_vectors, sorted_people = vectors[order], people[order]
    conflicts = np.full(len(vectors), -1, dtype=np.int64)
    for rows in row_blocks(len(vectors), _BLOCK_ROWS):
        alike = vectors[rows] @ sorted_vectors.T >= threshold
        alike &= people[rows, None] != sorted_people[None, :]
        has_conflict = alike.any(axis=1)
        conflicts[rows][has_conflict] = order[alike[has_conflict].argmax(axis=1)]
    return conflicts


def _look_up_conflicts(vectors: Vectors, people: Ints, scores: Doubles, threshold: float) -> Ints:
    left, right, _ = find_similar_pairs(
        build_neighbour_index(vectors), threshold, lambda left, right, _: np.asarray(people[left] != people[right])
    )
    rows, others = np.concatenate([left, right]), np.concatenate([right, left])
    # Of each face the surest of several first; of equals the first in order.
    order = np.lexsort((others, -scores[others], rows))
    doubted, first = np.unique(rows[order], return_index=True)
    conflicts = np.full(len(vectors), -1, dtype=np.int64)
    conflicts[doubted] = others[order][first]
    return conflicts

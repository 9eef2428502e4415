"""Faces that look like another person than the one they are named, or like nobody at all.

The measurements are those of ``doubts``; here stands what is concluded from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from core.base.types import Bools, Doubles, Ints, Vectors
from core.learn.classification.solver import Watch, unwatched
from core.learn.label_errors import label_confidence
from core.learn.label_errors.label_confidence import Neighbours, Opinions

DOUBTED_BELOW = 0.5
NO_MORE_ALIKE_THAN = 0.75
"""A face is like nobody when this share of the others is as like a person who is not theirs.

On lfw-dev that is a mean cosine of 0.49 to the three nearest faces: of 1,027 faces three are less like their own,
and of 150 strangers put into its folders all are (0.37 at most).
"""
LIKE_ANOTHER = 0.9
"""A face is like another person when it is more so than this share of the others.

On lfw-dev that is 0.53, and 19 of 20 strangers are less like anybody.
"""
ASKED_WITHIN = 0.95
"""The same for a first look by the centres of the people."""
COSINE_STEP = 0.05
"""A difference in cosine that makes it nearly three times as likely to be the one rather than the other."""
MOST_FOR_LIMITS = 1000
"""Faces that the limits above are estimated on."""
FEWEST_TO_DIFFER_FROM = 2
"""Faces of other shots that a person must have before one can be far from them."""


@dataclass(frozen=True, slots=True, eq=False)
class Misnamed:
    """Doubted faces, one row each, and why."""

    rows: Ints
    """(m,) places among the faces given"""
    wrong: Bools
    """(m,) like another person; the others are like nobody"""
    rivals: Ints
    """(m,) the other person"""
    certainties: Doubles
    """(m,) 0.5 .. 1"""
    probs: Doubles
    """(m,) out-of-fold probability of the given name"""
    rival_probs: Doubles
    near: Neighbours


def misnamed(
    vectors: Vectors, labels: Ints, groups: Ints, opinions: Opinions, spared: Bools, watch: Watch = unwatched
) -> Misnamed:
    """Choose the faces whose names neither the recogniser nor their neighbours believe, and those like nobody.

    Parameters
    ----------
    vectors, labels, groups : as ``doubts.opinions`` takes them
    spared : (n,) faces that are not to be doubted
    watch : told the finished share; it may raise to stop
    """
    rows, alike, like_another = _asked(vectors, labels, groups, opinions, spared)
    near = label_confidence.neighbours(vectors, labels, groups, rows, opinions.rivals[rows], watch)
    probs, rival_probs = opinions.probs[rows], opinions.rival_probs[rows]
    own, rival = near.own_similarity, near.rival_similarity
    by_recogniser = rival_probs / (probs + rival_probs)
    by_neighbours = expit((rival - own) / COSINE_STEP)
    known = np.isfinite(by_recogniser) & (near.own[:, 0] >= 0)
    wrong = known & (by_recogniser > 0.5) & (by_neighbours > 0.5) & (rival >= like_another)
    like_nobody = ~wrong & (near.own[:, FEWEST_TO_DIFFER_FROM - 1] >= 0) & (own < alike)
    distant = 0.5 + np.clip((alike - own) / max(alike, 1e-6), 0, 1) * 0.5
    certainties = np.where(wrong, (by_recogniser + by_neighbours) / 2, distant)
    kept = np.flatnonzero(wrong | like_nobody)
    return Misnamed(
        rows=rows[kept],
        wrong=wrong[kept],
        rivals=opinions.rivals[rows[kept]],
        certainties=certainties[kept],
        probs=probs[kept],
        rival_probs=rival_probs[kept],
        near=near.take(kept),
    )


def _asked(
    vectors: Vectors, labels: Ints, groups: Ints, opinions: Opinions, spared: Bools
) -> tuple[Ints, float, float]:
    """Rows worth comparing with single faces; the similarities below which nobody, and from which somebody is meant."""
    believed = np.flatnonzero(~(opinions.probs < DOUBTED_BELOW))  # NaN counts: nobody spoke against it
    known = believed if len(believed) else np.arange(len(labels))
    sample = np.sort(np.random.default_rng(0).permutation(known)[:MOST_FOR_LIMITS])
    rivals, centre_cosines = label_confidence.centre_rivals(vectors, labels, sample)
    of_rivals = label_confidence.neighbours(vectors, labels, groups, sample, rivals).rival_similarity
    own = label_confidence.own_centre_cosines(vectors, labels, groups)
    far = own < np.quantile(centre_cosines, ASKED_WITHIN)
    asked = (far | (opinions.probs < DOUBTED_BELOW)) & ~spared
    limits = np.quantile(of_rivals, [NO_MORE_ALIKE_THAN, LIKE_ANOTHER])
    return np.flatnonzero(asked), float(limits[0]), float(limits[1])

"""Faces that look like another person than the one they are named, or like nobody at all.

The measurements are those of ``label_confidence``; here stands what is concluded from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.progress import UNWATCHED, Progress
from core.base.types import Bools, Doubles, Ints
from core.learn.label_errors import label_confidence
from core.learn.label_errors.label_confidence import LabelNeighbours, LabelOpinions
from core.learn.labelled_faces import LabelledFaces
from core.learn.numerics.neighbour_index import NeighbourIndex

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
_INDEXING_SHARE = 0.4
"""Roughly the part of the time that an index takes, where there is one."""


@dataclass(frozen=True, slots=True, eq=False)
class Mislabelled:
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
    near: LabelNeighbours


def find_mislabelled(
    faces: LabelledFaces, opinions: LabelOpinions, spared: Bools, progress: Progress = UNWATCHED
) -> Mislabelled:
    """Choose the faces whose names neither the recogniser nor their neighbours believe, and those like nobody.

    Parameters
    ----------
    faces : those that ``judge_labels`` gave the opinions of
    spared : (n,) faces that are not to be doubted
    progress : told the finished share, several times a second
    """
    # Imported here, as the start of the program need not wait for it.
    from scipy.special import expit

    index = label_confidence.index_voters(faces, progress.part(0.0, _INDEXING_SHARE))
    rows, alike, like_another = _suspicious_rows(faces, opinions, spared, index)
    search = progress if index is None else progress.part(_INDEXING_SHARE, 1.0)
    near = label_confidence.find_label_neighbours(faces, rows, opinions.rivals[rows], index, search)
    probs, rival_probs = opinions.probs[rows], opinions.rival_probs[rows]
    own_similarity, rival_similarity = near.own_similarity, near.rival_similarity
    # Both must prefer the rival before a name is called wrong: either alone can be led astray.
    by_recogniser = rival_probs / (probs + rival_probs)
    by_neighbours = expit((rival_similarity - own_similarity) / COSINE_STEP)
    known = np.isfinite(by_recogniser) & (near.own[:, 0] >= 0)
    wrong = known & (by_recogniser > 0.5) & (by_neighbours > 0.5) & (rival_similarity >= like_another)
    like_nobody = ~wrong & (near.own[:, FEWEST_TO_DIFFER_FROM - 1] >= 0) & (own_similarity < alike)
    distant = 0.5 + np.clip((alike - own_similarity) / max(alike, 1e-6), 0, 1) * 0.5
    certainties = np.where(wrong, (by_recogniser + by_neighbours) / 2, distant)
    doubted = np.flatnonzero(wrong | like_nobody)
    return Mislabelled(
        rows=rows[doubted],
        wrong=wrong[doubted],
        rivals=opinions.rivals[rows[doubted]],
        certainties=certainties[doubted],
        probs=probs[doubted],
        rival_probs=rival_probs[doubted],
        near=near.take(doubted),
    )


def _suspicious_rows(
    faces: LabelledFaces, opinions: LabelOpinions, spared: Bools, index: NeighbourIndex | None
) -> tuple[Ints, float, float]:
    """Rows worth comparing with single faces; the similarities below which nobody, and from which somebody is meant."""
    # "Not doubted": NaN counts as believed, as nobody spoke against it.
    believed = np.flatnonzero(~(opinions.probs < DOUBTED_BELOW))
    known = believed if len(believed) else np.arange(len(faces))
    # What is usual here is measured on faces that nobody doubts, or wrong names would widen the limits for others.
    sample = np.sort(np.random.default_rng(0).permutation(known)[:MOST_FOR_LIMITS])
    rivals, centre_cosines = label_confidence.find_centre_rivals(faces, sample)
    of_rivals = label_confidence.find_label_neighbours(faces, sample, rivals, index).rival_similarity
    own_cosines = label_confidence.cosines_to_own_centre(faces)
    # Cheap first: by centres, and only who is far from their own is compared with single faces.
    is_far = own_cosines < np.quantile(centre_cosines, ASKED_WITHIN)
    is_suspicious = (is_far | (opinions.probs < DOUBTED_BELOW)) & ~spared
    limits = np.quantile(of_rivals, [NO_MORE_ALIKE_THAN, LIKE_ANOTHER])
    return np.flatnonzero(is_suspicious), float(limits[0]), float(limits[1])

"""How sure it is who a face shows: one word, and a likeness of 0 to 100 with the threshold on the same scale.

Words
    ============  ====================================================================================================
    ``UNKNOWN``   below the threshold, and one step of the false-accept rate (``RATES``) would not change that; or the
                  face shows too little to tell anybody by
    ``UNSURE``    one step of the rate would decide otherwise, to either side; or it is named, and among the people who
                  are known the name is less probable than ``LIKELY_PROB``
    ``LIKELY``    named, and no step away from the threshold
    ``SURE``      the strictest rate would name it too, and the name is as probable as ``SURE_PROB``
    ============  ====================================================================================================

Likeness
    The score of ``rejection_rule`` on a scale that is the same for every dataset: 0 is the mean stranger (of the prior:
    a cosine of 0), 100 a face as like the person as the faces that were learned from (all three features are 1). It is
    linear in the score, so that it decides what the score decides; it is no probability. On lfw-dev known people lie
    at 50 to 78 (5th to 95th percentile), strangers at 0 to 21, and the threshold of 1 in 100 at 32; what the words come
    to is in ``docs/accuracy.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from core.base.json_values import Json
from core.base.types import Doubles, Ints
from core.learn.open_set.rejection_rule import RejectionRule, Threshold

LIKELY_PROB = 0.8
"""A name that is less probable, if it is one of the known people, is unsure."""
SURE_PROB = 0.95
FULL_LIKENESS = 100.0
_HIGHEST_THRESHOLD = 95.0
"""Where the strictest threshold lies at most, so that something is left above it."""


class Sureness(IntEnum):
    """How sure an answer is; the larger the surer."""

    UNKNOWN = 0
    UNSURE = 1
    LIKELY = 2
    SURE = 3

    @property
    def word(self) -> str:
        """As people read it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Certainty:
    """What is said of how sure an answer is."""

    sureness: Sureness
    likeness: float
    """0..100"""
    threshold: float
    """0..100: the likeness that a name needs."""

    def to_json(self) -> dict[str, Json]:
        """The keys that tables and documents have of it."""
        return {"certainty": self.sureness.word, "likeness": round(self.likeness, 1)}


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """Scores between which one step of the rate decides otherwise."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CertaintyRule:
    """What a recogniser's scores mean."""

    thresholds: tuple[Threshold, ...]
    """For each of ``RATES``, the largest rate first."""
    full_score: float
    """The score whose likeness is 100."""

    @classmethod
    def of(cls, rule: RejectionRule) -> CertaintyRule:
        """The scale of a rejection rule: 100 is where every feature is 1."""
        full_score = float(rule.weights.sum() + rule.offset)
        # Fisher's weights may be negative: where they add up to less than a threshold, the threshold sets the scale.
        return cls(rule.thresholds, max(full_score, rule.thresholds[-1].score * FULL_LIKENESS / _HIGHEST_THRESHOLD))

    def likeness(self, score: float) -> float:
        """A score on the scale of 0 to 100."""
        return float(np.clip(FULL_LIKENESS * score / self.full_score, 0.0, FULL_LIKENESS))

    def judge_face(self, score: float, prob: float, grade: float, threshold: Threshold) -> Certainty:
        """Say how sure it is that a face shows whom it is most like.

        Parameters
        ----------
        score : as ``RejectionRule`` gives it
        prob : of that person, if it is one of those known, 0..1
        grade : the face's quality, 0..1
        """
        (sureness,) = self.rate_faces(np.array([score]), np.array([prob]), np.array([grade]), threshold)
        return Certainty(Sureness(sureness), self.likeness(score), self.likeness(threshold.score))

    def rate_faces(self, scores: Doubles, probs: Doubles, grades: Doubles, threshold: Threshold) -> Ints:
        """Give each face its ``Sureness``: (n,) int64; the parameters are (n,) of what ``judge_face`` takes."""
        is_named = threshold.decide_named(scores, grades)
        # Would the next rate decide otherwise? Asked of the grade too: one too poor to tell is named at no rate.
        band = find_uncertainty_band(self.thresholds, threshold.score)
        is_named_by_looser = replace(threshold, score=band.low).decide_named(scores, grades)
        is_named_by_stricter = replace(threshold, score=band.high).decide_named(scores, grades)
        is_named_by_strictest = self.thresholds[-1].decide_named(scores, grades)
        is_unsure = (is_named != is_named_by_looser) | (is_named & (~is_named_by_stricter | (probs < LIKELY_PROB)))
        is_sure = is_named & is_named_by_strictest & (probs >= SURE_PROB)
        # The first that holds: whoever is unsure is so whatever else speaks for the name.
        words = [Sureness.UNSURE, Sureness.SURE, Sureness.LIKELY]
        return np.select([is_unsure, is_sure, is_named], words, Sureness.UNKNOWN).astype(np.int64)


def find_uncertainty_band(thresholds: Sequence[Threshold], score_threshold: float) -> ScoreBand:
    """From the threshold of the next looser rate to that of the next stricter one, of those that were set and differ.

    It is as wide on both sides where there is no such threshold on one of them.

    Parameters
    ----------
    thresholds : of all rates
    score_threshold : the one in use
    """
    scores = [threshold.score for threshold in thresholds]
    # The next thresholds that differ: rates that were set on few strangers may share one score, and a band of no width
    # would call nothing unsure.
    below = score_threshold - max((score for score in scores if score < score_threshold), default=score_threshold)
    above = min((score for score in scores if score > score_threshold), default=score_threshold) - score_threshold
    return ScoreBand(score_threshold - (below or above), score_threshold + (above or below))


def measure_pair_likeness(cosine: float) -> float:
    """Give the likeness of two faces, 0..100: 0 for two that have nothing in common, 100 for the same picture."""
    return float(np.clip(FULL_LIKENESS * cosine, 0.0, FULL_LIKENESS))


def rate_pair(*, is_same: bool, is_same_by_others: Sequence[bool], prob: float) -> Sureness:
    """Say how sure the answer to "one person?" is: never ``UNKNOWN``, as "two people" is an answer too.

    Parameters
    ----------
    is_same_by_others : what the other false-accept rates would answer
    prob : that it is one person, 0..1
    """
    sureness = rate_probability(prob if is_same else 1 - prob)
    return Sureness.UNSURE if any(other != is_same for other in is_same_by_others) else sureness


def rate_probability(prob: float) -> Sureness:
    """Say how sure an answer is that rests on its calibrated probability alone, 0..1; never ``UNKNOWN``."""
    if prob < LIKELY_PROB:
        return Sureness.UNSURE
    return Sureness.SURE if prob >= SURE_PROB else Sureness.LIKELY

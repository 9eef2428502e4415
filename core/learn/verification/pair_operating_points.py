"""What the pairs of a dataset tell of strict false-accept rates: the threshold, what it costs, and how sure that is.

A rate is told when ten pairs of different people pass its threshold (``IMPOSTORS_PER_FAR``): one in a million takes ten
million pairs, which 4,500 faces have. Pairs share people, and a few look-alikes decide the strictest rates, so the
intervals are of a bootstrap over people, not over pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Doubles, Floats
from core.learn.labelled_faces import LabelledFaces
from core.learn.numerics.labels import sum_by_label
from core.learn.verification.impostor_tail import ImpostorTail, find_impostor_tail
from core.learn.verification.lfw_protocol import IMPOSTORS_PER_FAR, STRICT_FARS
from core.learn.verification.pair_rule import PairScores

RESAMPLES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOperatingPoint:
    """One threshold."""

    far: float
    """The share of pairs of different people that may pass, asked for."""
    threshold: float
    """The largest distance accepted, 0..2"""
    tar: float
    """The share of pairs of one person that is accepted."""
    tar_ci95: tuple[float, float]
    far_ci95: tuple[float, float]


@dataclass(frozen=True, slots=True)
class PairOperatingPoints:
    """The thresholds that the pairs can tell."""

    n_impostor: int
    """How many pairs of different people there are."""
    points: tuple[PairOperatingPoint, ...]
    """The loosest rate first."""

    @property
    def pairs_for_next(self) -> int | None:
        """How many pairs of different people the next stricter rate takes; None where all of them are told."""
        untold = [far for far in STRICT_FARS if far * self.n_impostor < IMPOSTORS_PER_FAR]
        return round(IMPOSTORS_PER_FAR / untold[0]) if untold else None


def measure_pair_operating_points(faces: LabelledFaces, scores: PairScores) -> PairOperatingPoints:
    """The thresholds of a dataset's pairs.

    Parameters
    ----------
    scores : the pairs of ``faces``; a pair of one person is among them
    """
    tail = find_impostor_tail(faces)
    # Only people with faces are drawn: those without would thin out every resample.
    has_faces = (tail.faces_each > 0).astype(np.float64)
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(int(has_faces.sum()), has_faces / has_faces.sum(), size=RESAMPLES).astype(np.float32)
    told = [far for far in STRICT_FARS if far * tail.n_pairs >= IMPOSTORS_PER_FAR and tail.reaches(far)]
    return PairOperatingPoints(tail.n_pairs, tuple(_measure_point(far, tail, faces, scores, drawn) for far in told))


def _measure_point(
    far: float, tail: ImpostorTail, faces: LabelledFaces, scores: PairScores, drawn: Floats
) -> PairOperatingPoint:
    threshold = tail.threshold_at(far)
    is_accepted = scores.distances[scores.same] <= threshold
    people = faces.labels[scores.first[scores.same]]
    # Accepted pairs and all pairs of each person: drawn together, as pairs of a person share its faces.
    counts = np.stack([is_accepted, np.ones(len(is_accepted))], axis=1)
    accepted, pairs = (drawn @ sum_by_label(counts, people, drawn.shape[1])).T
    return PairOperatingPoint(
        far=far,
        threshold=threshold,
        tar=float(is_accepted.mean()),
        tar_ci95=_interval(accepted[pairs > 0] / pairs[pairs > 0]),
        far_ci95=_interval(tail.resample_far(threshold, drawn)),
    )


def _interval(resampled: Doubles) -> tuple[float, float]:
    low, high = np.quantile(resampled, [0.025, 0.975])
    return float(low), float(high)

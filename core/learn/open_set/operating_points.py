"""What the thresholds of a training promise, and what they cost the people who are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Bools, Doubles, Floats
from core.learn.metrics.predictions import Predictions
from core.learn.open_set.rejection_rule import RATES, RejectionRule, Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """One threshold; the names are those of the command line's document."""

    fpir: float
    """The share of strangers that may get a name, asked for."""
    score: float
    """A face is named when its score is larger."""
    fpir_expected: float
    fpir_expected_ci95: tuple[float, float]
    enough_data: bool
    """False when the people are too few to be sure of the FPIR."""
    correct_name_rate: float
    """Share of the known faces that get their right name (DIR)"""

    @classmethod
    def of(cls, threshold: Threshold, known_scores: Floats | Doubles, is_right: Bools) -> OperatingPoint:
        """Hold a threshold against known people's faces, (n,) each: their scores, and whether the name is right."""
        return cls(
            fpir=threshold.rate,
            score=threshold.score,
            fpir_expected=threshold.expected,
            fpir_expected_ci95=(threshold.low, threshold.high),
            enough_data=threshold.enough,
            # ">" and not ">=", as the rule decides: a score on the threshold is unknown.
            correct_name_rate=float(np.mean(is_right & (known_scores > threshold.score))),
        )


def list_operating_points(predictions: Predictions, rule: RejectionRule) -> tuple[OperatingPoint, ...]:
    """The threshold of the training for each of ``RATES``, held against the faces that it was tested on."""
    return tuple(OperatingPoint.of(rule.at(rate), predictions.scores, ~predictions.wrong) for rate in RATES)

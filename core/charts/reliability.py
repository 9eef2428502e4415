"""How honest probabilities are: how often names were right that were given about the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.learn.metrics.calibration import ReliabilityBin, reliability_bins
from core.learn.metrics.classification import wilson_interval
from core.learn.metrics.predictions import Predictions


@dataclass(frozen=True, slots=True, eq=False)
class ReliabilityDiagram:
    """The bins of probability that hold faces."""

    bins: Sequence[ReliabilityBin]

    @property
    def intervals(self) -> list[tuple[float, float]]:
        """Wilson's 95 % interval of the share that is right, for each bin."""
        # A bin keeps its share and not its count: the product is a whole number but for rounding.
        return [wilson_interval(round(prob_bin.share_right * prob_bin.faces), prob_bin.faces) for prob_bin in self.bins]


def build_reliability_diagram(predictions: Predictions) -> ReliabilityDiagram:
    """Bin the tested faces by the probability of the name that they were given."""
    return ReliabilityDiagram(reliability_bins(predictions.probs.astype(np.float64), ~predictions.wrong))

"""How honest probabilities are, bin by bin; and how well people are identified with strangers among the probes.

It judges what others computed: probabilities (``recogniser``) and scores (``rejection_rule``) of faces that were not
learned from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Bools, Doubles, Ints
from core.learn.metrics.classification import ECE_BINS

MOST_RANKS = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Faces whose name was given about the same probability."""

    low: float
    high: float
    faces: int
    mean_prob: float
    share_right: float


def reliability_bins(confidence: Doubles, right: Bools, bins: int = ECE_BINS) -> tuple[ReliabilityBin, ...]:
    """Give the bins (0, 1/bins], ... that hold faces; ``calibration_error`` is the mean gap over them.

    Parameters
    ----------
    confidence : (n,) probability of the given name
    right : (n,) whether it is the true one
    """
    bin_of = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    return tuple(
        ReliabilityBin(
            low=int(number) / bins,
            high=(int(number) + 1) / bins,
            faces=int((bin_of == number).sum()),
            mean_prob=float(confidence[bin_of == number].mean()),
            share_right=float(right[bin_of == number].mean()),
        )
        for number in np.unique(bin_of)
    )


def detection_rate(known: Doubles, right: Bools, strangers: Doubles, rate: float) -> float:
    """Give the DIR: the share of known faces with the right name and a score that at most ``rate`` of strangers exceed.

    Parameters
    ----------
    known : (n,) scores of known people's faces
    right : (n,) whether the name is right
    strangers : (m,) scores of others, m > 0

    References
    ----------
    ISO/IEC 19795-1:2021: detection and identification rate at a false-positive identification rate, rank 1.
    """
    allowed = int(np.floor(rate * len(strangers)))
    limit = np.sort(strangers)[::-1][allowed] if allowed < len(strangers) else -np.inf
    return float(np.mean(right & (known > limit)))


def rank_curve(ranks: Ints, most: int = MOST_RANKS) -> list[float]:
    """Give for k = 1, 2, ... the share of faces whose true person is among the k most probable.

    Parameters
    ----------
    ranks : (n,) how many people are more probable than the true one
    """
    return [float(np.mean(ranks < k)) for k in range(1, most + 1)]

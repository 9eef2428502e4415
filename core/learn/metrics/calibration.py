"""How honest probabilities are, bin by bin and as one figure (ECE): those of faces that were not learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Bools, Doubles, Ints

ECE_BINS = 15
"""As many as Guo et al. take (ICML 2017)."""


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
    bin_of = _bin_numbers(confidence, bins)
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


def calibration_error(confidence: Doubles, right: Bools, bins: int = ECE_BINS) -> float:
    """Give the expected calibration error over bins (0, 1/bins], ... of equal width.

    References
    ----------
    Naeini, Cooper, Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning", AAAI 2015; with the 15 bins of Guo et al., ICML 2017.
    """
    bin_of = _bin_numbers(confidence, bins)
    # Faces times gap, bin by bin: the sizes of the bins, by which gaps are weighted, cancel out.
    gap = np.bincount(bin_of, weights=right.astype(np.float64) - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def _bin_numbers(confidence: Doubles, bins: int) -> Ints:
    """The number of each probability's bin, from 0, of bins that hold their upper end."""
    # ceil - 1, as bins hold their upper end: a probability of 1 is in the last bin, and 0 is let into the first.
    return np.asarray(np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1))

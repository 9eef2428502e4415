"""How often two people who labelled the same faces gave the same answer, and how much of that chance would give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.learn.metrics.classification import wilson_interval


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of two people's answers."""

    n_faces: int
    n_same: int
    interval: tuple[float, float]
    """Of the share of same answers, 95 %, by Wilson."""
    kappa: float | None
    """-1 .. 1; 0 is what chance gives. None where both gave one and the same answer to all, which leaves no chance."""

    @property
    def share(self) -> float:
        """Of all faces, how many got the same answer, 0 .. 1."""
        return self.n_same / self.n_faces


def measure_agreement(first: Sequence[str], second: Sequence[str]) -> Agreement:
    """Compare two people's answers to the same faces, in the same order; at least one.

    References
    ----------
    J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20, 1960.
    """
    values, codes = np.unique([*first, *second], return_inverse=True)
    of_first, of_second = codes[: len(first)], codes[len(first) :]
    n_same = int((of_first == of_second).sum())
    shares = (np.bincount(codes_of_one, minlength=len(values)) / len(first) for codes_of_one in (of_first, of_second))
    by_chance = float(np.prod(list(shares), axis=0).sum())
    kappa = (n_same / len(first) - by_chance) / (1 - by_chance) if by_chance < 1 else None
    return Agreement(len(first), n_same, wilson_interval(n_same, len(first)), kappa)

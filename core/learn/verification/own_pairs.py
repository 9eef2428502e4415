"""A dataset's own pairs of faces by their distance, and what a threshold would decide of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Bools, Doubles, Ints
from core.learn.verification.lfw_protocol import IMPOSTORS_PER_FAR, area_under_roc, equal_error_rate, threshold_at_far
from core.learn.verification.pair_rule import ALL_PAIRS_MOST, FARS, PairScores

BORDER_PAIRS = 6


@dataclass(frozen=True, slots=True, eq=False)
class OwnPairs:
    """Pairs of one person (genuine) and of different people (impostor); both kinds are there."""

    face_ids: tuple[str, ...]
    scores: PairScores
    distances: Doubles
    """(n,) Euclidean, 0..2"""
    thresholds: dict[float, float]
    """FAR to the largest distance that is accepted at it; only those that the pairs can tell."""
    auc: float
    eer: float

    @property
    def same(self) -> Bools:
        """(n,) true for a genuine pair."""
        return self.scores.same

    @property
    def n_genuine(self) -> int:
        """How many pairs are of one person, at least 1."""
        return int(np.count_nonzero(self.same))

    @property
    def n_impostor(self) -> int:
        """How many pairs are of two people, at least 1."""
        return len(self.same) - self.n_genuine

    @property
    def is_sampled(self) -> bool:
        """True when the faces are too many to look at every pair."""
        return len(self.face_ids) > ALL_PAIRS_MOST

    def accepted(self, threshold: float) -> tuple[int, int]:
        """How many genuine and impostor pairs are at most ``threshold`` apart."""
        near = self.distances <= threshold
        return int(np.count_nonzero(near & self.same)), int(np.count_nonzero(near & ~self.same))

    def accepted_shares(self, threshold: float) -> tuple[float, float]:
        """Which share of the genuine (TAR) and of the impostor pairs (FAR) is at most ``threshold`` apart."""
        genuine, impostor = self.accepted(threshold)
        return genuine / self.n_genuine, impostor / self.n_impostor

    def border(self, threshold: float, count: int = BORDER_PAIRS) -> tuple[Ints, Ints]:
        """The pairs that the threshold decides wrongly, those nearest to it first.

        Returns
        -------
        accepted : rows of different people within the threshold
        refused : rows of one person beyond it
        """
        accepted = np.flatnonzero(~self.same & (self.distances <= threshold))
        refused = np.flatnonzero(self.same & (self.distances > threshold))
        accepted = accepted[np.argsort(-self.distances[accepted], kind="stable")]
        refused = refused[np.argsort(self.distances[refused], kind="stable")]
        return accepted[:count], refused[:count]


def measure_own_pairs(face_ids: tuple[str, ...], scores: PairScores) -> OwnPairs | None:
    """What the pairs of these faces show; None without a pair of one person, or of two people."""
    if scores.same.all() or not scores.same.any():
        return None
    distances = scores.distances
    n_impostor = np.count_nonzero(~scores.same)
    # A rate that fewer pairs than this stand behind is decided by one look-alike, and is not promised.
    thresholds = {
        far: threshold_at_far(distances, scores.same, far) for far in FARS if far * n_impostor >= IMPOSTORS_PER_FAR
    }
    return OwnPairs(
        face_ids=face_ids,
        scores=scores,
        distances=distances,
        thresholds=thresholds,
        auc=area_under_roc(distances, scores.same),
        eer=equal_error_rate(distances, scores.same),
    )

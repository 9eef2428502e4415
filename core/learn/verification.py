"""How well the distance of two faces tells "same person": the protocol of Labeled Faces in the Wild.

Pairs come in folds. For each fold the threshold is chosen on the other folds only and applied to the fold;
what is reported is the mean over folds. Nothing here learns more than that one number.

A pair is called "same" when its distance is at most the threshold. Candidates for a threshold lie half-way
between neighbouring distinct distances (and one below them all), so every possible decision on the choosing
folds is tried. Where several thresholds are equally accurate the smallest is taken, the one that says "same"
least often.

References
----------
Huang, Ramesh, Berg, Learned-Miller, "Labeled Faces in the Wild", UMass Amherst
technical report 07-49, 2007 (the folds). Huang, Learned-Miller, "Labeled Faces in the Wild: Updates and New
Reporting Procedures", 2014.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import InputRefused
from core.types import Bools, Doubles, Floats, Ints

TARGET_FAR = 1e-3


@dataclass(frozen=True, slots=True)
class Verification:
    """The result over all folds; every rate is 0..1."""

    accuracy: float
    """Mean over folds of the share of pairs decided rightly."""
    accuracy_std: float
    """Standard deviation of it over folds (of the folds themselves, not of their mean; ddof 0)."""
    tar_at_far_1e3: float
    """Mean over folds of the share of same pairs accepted, the threshold set for ``TARGET_FAR`` elsewhere."""
    far_reached: float
    """Mean over folds of the share of different pairs that those thresholds accepted in fact."""
    auc: float
    """Area under the ROC curve of all pairs together; no threshold is involved."""
    eer: float
    """Equal error rate of all pairs together."""
    n_pairs: int
    threshold: float
    """Mean over folds of the most accurate distance."""

    def to_json(self) -> dict[str, float | int]:
        """Give the names of the command line's document."""
        return {
            "accuracy": self.accuracy,
            "accuracy_std": self.accuracy_std,
            "tar_at_far_1e-3": self.tar_at_far_1e3,
            "far_reached": self.far_reached,
            "auc": self.auc,
            "eer": self.eer,
            "n_pairs": self.n_pairs,
            "threshold": self.threshold,
        }


def verify_pairs(distances: Floats | Doubles, same: Bools, fold: Ints) -> Verification:
    """Measure a distance by the LFW protocol.

    Parameters
    ----------
    distances : (n,) finite, small = alike
    same : (n,) bool, whether the pair shows one person
    fold : (n,) int64, at least two distinct values

    Raises
    ------
    InputRefused
        One fold only, a distance that is no number, or all other folds hold only same or only different
        pairs.
    """
    distances = np.asarray(distances, dtype=np.float64)
    _require_usable(distances, same, fold)
    accurate = thresholds_per_fold(distances, same, fold, most_accurate_threshold)
    strict = thresholds_per_fold(distances, same, fold, threshold_at_far)
    accuracy = _mean_per_fold((distances <= accurate) == same, fold)
    return Verification(
        accuracy=float(accuracy.mean()),
        accuracy_std=float(accuracy.std()),
        tar_at_far_1e3=float(_mean_per_fold(distances[same] <= strict[same], fold[same]).mean()),
        far_reached=float(_mean_per_fold(distances[~same] <= strict[~same], fold[~same]).mean()),
        auc=area_under_roc(distances, same),
        eer=equal_error_rate(distances, same),
        n_pairs=len(distances),
        threshold=float(_mean_per_fold(accurate, fold).mean()),
    )


def thresholds_per_fold(
    distances: Doubles, same: Bools, fold: Ints, choose: Callable[[Doubles, Bools], float]
) -> Doubles:
    """Give every pair the threshold that ``choose`` finds on the folds it is not in: (n,) float64."""
    thresholds = np.empty(len(distances))
    for this in np.unique(fold):
        others = fold != this
        thresholds[~others] = choose(distances[others], same[others])
    return thresholds


def most_accurate_threshold(distances: Doubles, same: Bools) -> float:
    """Give the threshold with the most right decisions; the smallest of equals."""
    candidates, accepted_same, accepted_different = acceptance_curve(distances, same)
    right = accepted_same + (np.count_nonzero(~same) - accepted_different)
    return float(candidates[np.argmax(right)])


def threshold_at_far(distances: Doubles, same: Bools, far: float = TARGET_FAR) -> float:
    """Give the largest threshold that accepts at most the share ``far`` of the different pairs."""
    candidates, _, accepted_different = acceptance_curve(distances, same)
    allowed = accepted_different <= far * np.count_nonzero(~same)
    return float(candidates[np.flatnonzero(allowed)[-1]])


def acceptance_curve(distances: Doubles, same: Bools) -> tuple[Doubles, Ints, Ints]:
    """Count what every possible threshold accepts.

    Returns
    -------
    thresholds : (m + 1,) float64, ascending: below all m distinct distances, between them, and above them all
    accepted_same : (m + 1,) int64, same pairs at most that far apart
    accepted_different : (m + 1,) int64, different pairs at most that far apart
    """
    order = np.argsort(distances, kind="stable")
    ordered, is_same = distances[order], same[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    levels = ordered[last]
    thresholds = np.concatenate([[levels[0] - 1e-6], (levels[:-1] + levels[1:]) / 2, [levels[-1] + 1e-6]])
    accepted_same = np.concatenate([[0], np.cumsum(is_same)[last]])
    accepted = np.concatenate([[0], last + 1])
    return thresholds, accepted_same, accepted - accepted_same


def area_under_roc(distances: Doubles, same: Bools) -> float:
    """Give the chance that a same pair is nearer than a different one, ties counting half.

    References
    ----------
    Hanley, McNeil, "The meaning and use of the area under a ROC curve", Radiology 143, 1982.
    """
    n_same, n_different = np.count_nonzero(same), np.count_nonzero(~same)
    from scipy.stats import rankdata  # here, as it takes a third of a second that the app need not wait for

    rank_sum = rankdata(-distances)[same].sum()
    return float((rank_sum - n_same * (n_same + 1) / 2) / (n_same * n_different))


def equal_error_rate(distances: Doubles, same: Bools) -> float:
    """Give the rate at which different pairs are accepted as often as same ones are refused, interpolated."""
    _, accepted_same, accepted_different = acceptance_curve(distances, same)
    far = accepted_different / np.count_nonzero(~same)
    frr = 1.0 - accepted_same / np.count_nonzero(same)
    after = int(np.argmax(far >= frr))
    before = after - 1
    gap_before, gap_after = frr[before] - far[before], far[after] - frr[after]
    share = gap_before / (gap_before + gap_after)
    return float(far[before] + share * (far[after] - far[before]))


def _mean_per_fold(values: Bools | Doubles, fold: Ints) -> Doubles:
    _, place = np.unique(fold, return_inverse=True)
    return np.asarray(np.bincount(place, weights=values) / np.bincount(place), dtype=np.float64)


def _require_usable(distances: Doubles, same: Bools, fold: Ints) -> None:
    if not np.isfinite(distances).all():
        raise InputRefused("A pair's distance is no number. Embed its two photos again.")
    folds = np.unique(fold)
    if len(folds) < 2:
        raise InputRefused(
            f"The pairs are in {len(folds)} fold, and a threshold for one fold is chosen on the others. "
            "Give at least two different values in the column 'fold'."
        )
    for this in folds:
        kinds = np.unique(same[fold != this])
        if len(kinds) < 2:
            raise InputRefused(
                f"Outside fold {this} all pairs are {'same' if kinds.all() else 'different'}; a threshold "
                "needs both kinds. Spread same and different pairs over the folds."
            )

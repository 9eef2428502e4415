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
from functools import partial

import numpy as np

from core.base.errors import InputRefused
from core.base.json_values import Json, encode_record
from core.base.types import Bools, Doubles, Floats, Ints

STRICT_FARS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""The shares of different pairs that may pass, which are told where the pairs are enough."""
IMPOSTORS_PER_FAR = 10
"""Pairs of different people that must pass the limit for it to be known: at a FAR of 1e-3 it takes 10,000 pairs."""
TARGET_FAR = 1e-3
LOOSE_FAR = 1e-2
CURVE_POINTS = 200
HISTOGRAM_BINS = 100


@dataclass(frozen=True, slots=True)
class FoldedRate:
    """What a false-accept rate costs, its threshold set on the other folds; means over folds."""

    far: float
    """Asked for."""
    tar: float
    """The share of same pairs accepted."""
    far_reached: float
    """The share of different pairs accepted."""


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
    tar_at_far_1e2: float
    """As ``tar_at_far_1e3``, for ``LOOSE_FAR``."""
    far_reached_1e2: float
    auc: float
    """Area under the ROC curve of all pairs together; no threshold is involved."""
    eer: float
    """Equal error rate of all pairs together."""
    n_pairs: int
    threshold: float
    """Mean over folds of the most accurate distance."""
    rates: tuple[FoldedRate, ...]
    """Those that the pairs can tell, the loosest first."""

    def to_json(self) -> dict[str, Json]:
        """Give the names of the command line's document."""
        return {
            "accuracy": self.accuracy,
            "accuracy_std": self.accuracy_std,
            "tar_at_far_1e-3": self.tar_at_far_1e3,
            "far_reached": self.far_reached,
            "tar_at_far_1e-2": self.tar_at_far_1e2,
            "far_reached_1e-2": self.far_reached_1e2,
            "auc": self.auc,
            "eer": self.eer,
            "n_pairs": self.n_pairs,
            "threshold": self.threshold,
            "tar_at_far": [encode_record(rate) for rate in self.rates],
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
    accuracy = _mean_per_fold((distances <= accurate) == same, fold)
    strict = _accepted_at(distances, same, fold, TARGET_FAR)
    loose = _accepted_at(distances, same, fold, LOOSE_FAR)
    return Verification(
        accuracy=float(accuracy.mean()),
        accuracy_std=float(accuracy.std()),
        tar_at_far_1e3=strict[0],
        far_reached=strict[1],
        tar_at_far_1e2=loose[0],
        far_reached_1e2=loose[1],
        auc=area_under_roc(distances, same),
        eer=equal_error_rate(distances, same),
        n_pairs=len(distances),
        threshold=float(_mean_per_fold(accurate, fold).mean()),
        rates=tuple(FoldedRate(far, *_accepted_at(distances, same, fold, far)) for far in _list_told_fars(same, fold)),
    )


def _list_told_fars(same: Bools, fold: Ints) -> list[float]:
    """The rates whose threshold enough different pairs pass, whichever fold is left out."""
    n_impostor = np.count_nonzero(~same)
    fewest = min(n_impostor - np.count_nonzero(~same & (fold == left_out)) for left_out in np.unique(fold))
    return [far for far in STRICT_FARS if far * fewest >= IMPOSTORS_PER_FAR]


def _accepted_at(distances: Doubles, same: Bools, fold: Ints, far: float) -> tuple[float, float]:
    """Mean over folds of the same and of the different pairs accepted, the threshold set for ``far`` elsewhere."""
    thresholds = thresholds_per_fold(distances, same, fold, partial(threshold_at_far, far=far))
    accepted = distances <= thresholds
    genuine, impostor = (_mean_per_fold(accepted[kind], fold[kind]).mean() for kind in (same, ~same))
    return float(genuine), float(impostor)


def thresholds_per_fold(
    distances: Doubles, same: Bools, fold: Ints, choose: Callable[[Doubles, Bools], float]
) -> Doubles:
    """Give every pair the threshold that ``choose`` finds on the folds it is not in: (n,) float64."""
    thresholds = np.empty(len(distances))
    for held_out in np.unique(fold):
        elsewhere = fold != held_out
        thresholds[~elsewhere] = choose(distances[elsewhere], same[elsewhere])
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
    # Sorted once, what a threshold accepts is a running count; equal distances can only be accepted together.
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
    # Imported here: it takes a third of a second that the app need not wait for.
    from scipy.stats import rankdata

    n_same, n_different = np.count_nonzero(same), np.count_nonzero(~same)
    # Mann and Whitney's count of pairs in the right order is a sum of ranks: no curve is drawn for its area.
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
    # The two rates cross between two thresholds; the crossing of straight lines stands for it.
    share = gap_before / (gap_before + gap_after)
    return float(far[before] + share * (far[after] - far[before]))


def det_curve(distances: Floats | Doubles, same: Bools, most: int = CURVE_POINTS) -> list[dict[str, float]]:
    """Give what every threshold costs, from the strictest to the loosest: at most ``most`` points, both ends kept.

    Returns
    -------
    points with ``threshold``, ``far`` (different pairs accepted) and ``frr`` (same pairs refused), each 0..1; far
    rises, frr falls. Of thresholds that differ in one of the two only, the ends are kept.

    References
    ----------
    Martin, Doddington, Kamm, Ordowski, Przybocki, "The DET Curve in Assessment of Detection Task Performance",
    Eurospeech 1997.
    """
    thresholds, accepted_same, accepted_different = acceptance_curve(np.asarray(distances, np.float64), same)
    far = accepted_different / np.count_nonzero(~same)
    frr = 1.0 - accepted_same / np.count_nonzero(same)
    # A point with the same far, or the same frr, on both sides lies on a straight line: only corners are kept.
    corner = np.ones(len(far), dtype=bool)
    corner[1:-1] = ((far[1:-1] != far[:-2]) | (far[1:-1] != far[2:])) & (
        (frr[1:-1] != frr[:-2]) | (frr[1:-1] != frr[2:])
    )
    rows = np.flatnonzero(corner)
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))]
    return [{"threshold": float(thresholds[r]), "far": float(far[r]), "frr": float(frr[r])} for r in rows]


def distance_histograms(distances: Floats | Doubles, same: Bools, bins: int = HISTOGRAM_BINS) -> dict[str, list[float]]:
    """Count same ("genuine") and different ("impostor") pairs by distance, in ``bins`` equal steps from 0 to 2.

    Returns
    -------
    ``edges`` (bins + 1), ``genuine`` and ``impostor`` (bins each); a distance of 2 or more is in the last bin
    """
    edges = np.linspace(0.0, 2.0, bins + 1)
    inside = np.minimum(np.asarray(distances, np.float64), 2.0)
    genuine, impostor = (np.histogram(inside[kind], edges)[0].tolist() for kind in (same, ~same))
    return {"edges": edges.tolist(), "genuine": genuine, "impostor": impostor}


def verification_curves(distances: Floats | Doubles, same: Bools) -> dict[str, Json]:
    """What plots need: ``det`` (see ``det_curve``) and ``histograms``."""
    return {"det": det_curve(distances, same), "histograms": distance_histograms(distances, same)}


def _mean_per_fold(values: Bools | Doubles, fold: Ints) -> Doubles:
    _, fold_index = np.unique(fold, return_inverse=True)
    return np.asarray(np.bincount(fold_index, weights=values) / np.bincount(fold_index), dtype=np.float64)


def _require_usable(distances: Doubles, same: Bools, fold: Ints) -> None:
    if not np.isfinite(distances).all():
        raise InputRefused("A pair's distance is no number. Embed its two photos again.")
    folds = np.unique(fold)
    if len(folds) < 2:
        raise InputRefused(
            f"The pairs are in {len(folds)} fold, and a threshold for one fold is chosen on the others. "
            "Give at least two different values in the column 'fold'."
        )
    for held_out in folds:
        kinds = np.unique(same[fold != held_out])
        if len(kinds) < 2:
            raise InputRefused(
                f"Outside fold {held_out} all pairs are {'same' if kinds.all() else 'different'}; a threshold "
                "needs both kinds. Spread same and different pairs over the folds."
            )

"""How alike faces are: histograms of a score or a distance with a threshold, and what every threshold costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.types import Bools, Doubles, Floats, Ints
from core.charts.palette import OUTSIDER, RIGHT, WRONG
from core.language.texts import marked
from core.learn.metrics.predictions import Predictions
from core.learn.verification.lfw_protocol import det_curve
from core.learn.verification.pair_operating_points import PairOperatingPoint

LIKENESS_BINS = 40
DISTANCE_EDGES = np.linspace(0.2, 1.8, 81)
"""Nearly all Euclidean distances of two faces; what lies beyond is counted in the first or last bin."""
STRAYS_MOST = 60
"""The most values that are marked one by one."""


@dataclass(frozen=True, slots=True, eq=False)
class HistogramGroup:
    """Things of one kind in a histogram."""

    name: str
    counts: Ints
    """(n_bins,)"""
    colour: str
    dashed: bool = False
    """Drawn with a dashed outline, so that no colour stands alone."""

    @property
    def shares(self) -> Doubles:
        """(n_bins,) counts as shares of their kind."""
        return np.asarray(self.counts / max(1, int(self.counts.sum())), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Several kinds of things by one value, with a threshold."""

    groups: Sequence[HistogramGroup]
    edges: Doubles
    """(n_bins + 1,)"""
    threshold: float
    title: str
    """What the scale measures."""
    unit: str
    """What is counted, in the plural."""
    strays: Sequence[float] = ()
    """Values of none of the groups, to be marked one by one."""


@dataclass(frozen=True, slots=True, eq=False)
class DetCurve:
    """What every threshold costs, from the strictest to the loosest."""

    far: Doubles
    """(n,) ascending: different people accepted, 0..1"""
    frr: Doubles
    """(n,) one person refused, 0..1"""
    n_genuine: int
    n_impostor: int
    marks: tuple[tuple[float, float], ...] = ()
    """Thresholds to be marked: different people accepted, one person refused"""

    def refused_at(self, far: float) -> float:
        """The share of genuine pairs refused where at most ``far`` of the impostors are accepted."""
        return float(self.frr[self.far <= far].min())


def count_in_bins(values: Doubles | Floats, edges: Doubles) -> Ints:
    """(n_bins,) how many values are in each bin; those beyond the ends are in the first or last."""
    return np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]


def build_score_histogram(predictions: Predictions, threshold: float) -> Histogram:
    """Known people who got their name and strangers, by their score; wrong names are strays while they are few."""
    right, wrong = predictions.scores[~predictions.wrong], predictions.scores[predictions.wrong]
    values_of = {marked("known, rightly named"): right.astype(np.float64)}
    if impostors := predictions.impostors:
        values_of[marked("left out in turn")] = impostors.scores[~impostors.given]
        values_of[marked("given as strangers")] = impostors.scores[impostors.given]
    # The threshold takes part in the range, so that its line is on the chart even where all faces lie on one side.
    everything = np.concatenate([[threshold], *values_of.values()])
    # A little beyond the largest: where all scores are equal, the bins would have no width.
    edges = np.linspace(float(everything.min()), float(everything.max()) + 1e-6, LIKENESS_BINS + 1)
    return Histogram(
        groups=[
            HistogramGroup(name, count_in_bins(values, edges), colour, dashed=colour != RIGHT)
            # Not strict: runs of earlier versions have no impostors. Colours go by kind, also when one has no face.
            for (name, values), colour in zip(values_of.items(), (RIGHT, WRONG, OUTSIDER), strict=False)
            if len(values)
        ],
        edges=edges,
        threshold=threshold,
        title=marked("score"),
        unit=marked("faces"),
        strays=wrong.tolist() if len(wrong) <= STRAYS_MOST else (),
    )


def build_distance_histogram(distances: Doubles, same: Bools, threshold: float) -> Histogram:
    """Pairs of one person and of different people by their distance.

    Parameters
    ----------
    distances : (n,) Euclidean, 0..2
    same : (n,) whether both faces are of one person
    """
    return Histogram(
        groups=[
            HistogramGroup(marked("one person"), count_in_bins(distances[same], DISTANCE_EDGES), RIGHT),
            HistogramGroup(
                marked("different people"), count_in_bins(distances[~same], DISTANCE_EDGES), WRONG, dashed=True
            ),
        ],
        edges=DISTANCE_EDGES,
        threshold=threshold,
        title=marked("distance"),
        unit=marked("pairs"),
    )


def build_det_curve(distances: Doubles, same: Bools, marked: Sequence[PairOperatingPoint] = ()) -> DetCurve:
    """The detection error trade-off of pairs, both kinds of which are there; as ``build_distance_histogram``."""
    points = det_curve(distances, same)
    n_genuine = int(np.count_nonzero(same))
    return DetCurve(
        far=np.array([point["far"] for point in points]),
        frr=np.array([point["frr"] for point in points]),
        n_genuine=n_genuine,
        n_impostor=len(same) - n_genuine,
        marks=tuple((point.far, 1 - point.tar) for point in marked),
    )

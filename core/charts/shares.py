"""Shares with their 95 % intervals: of people, slices and classifiers one below the other, or along a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.base.words import display_name, percent
from core.language.texts import gettext, marked, ngettext
from core.learn.metrics.bootstrap import Interval
from core.learn.metrics.classification import Evaluation, PersonResult, wilson_interval
from core.learn.metrics.predictions import Predictions
from core.learn.metrics.rank_and_detection import rank_curve
from core.learn.model_selection.study import LearningPoint, MeasuredClassifier, SliceAccuracy


@dataclass(frozen=True, slots=True)
class ShareInterval:
    """One line of an ``IntervalChart``; the shares are 0..1."""

    label: str
    share: float
    low: float
    high: float
    note: str = ""
    """What stands beside it in words."""
    heading: str = ""
    """Stands above the first line that has it."""
    faces: int = 0
    """How many it is a share of."""


@dataclass(frozen=True, slots=True, eq=False)
class IntervalChart:
    """Shares of one kind, one below the other."""

    rows: Sequence[ShareInterval]
    title: str
    """What the scale measures."""
    whole: bool = False
    """Whether the scale goes from 0 to 1; else it begins below the lowest interval."""


@dataclass(frozen=True, slots=True)
class SharePoint:
    """A share that goes with a number, with its interval; without one its ends are the share itself."""

    number: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class ShareCurve:
    """Shares that grow with a number, by number."""

    points: Sequence[SharePoint]
    across: str
    """What the numbers count."""
    upwards: str
    """What the shares are shares of."""

    @property
    def least(self) -> float:
        """The lowest share, or end of an interval."""
        return min(point.low for point in self.points)


def build_cumulative_match_curve(predictions: Predictions) -> ShareCurve:
    """The share of faces whose right name is among the first k (CMC), for k from 1 to 10, or to everybody."""
    # Of five people the right one is always among the first five: ranks beyond would be a line that says nothing.
    shares = rank_curve(predictions.ranks)[: len(predictions.people)]
    points = [SharePoint(number=rank, share=share, low=share, high=share) for rank, share in enumerate(shares, start=1)]
    return ShareCurve(points, marked("the first k names"), marked("the right name is among them"))


# people


def sort_hardest_first(evaluation: Evaluation) -> list[PersonResult]:
    """The tested people, those with the lowest recall first; of equals those of whom it says the most."""
    tested = [row for row in evaluation.per_person if row.support]
    # Half of twenty faces wrong says more than half of two, and right for one face says less than right for twenty:
    # so many faces come first among the errors, and last among those who were always recognised.
    return sorted(tested, key=lambda row: (row.recall, -row.support if row.recall < 1 else row.support, row.person))


def build_recall_intervals(people: Sequence[PersonResult]) -> IntervalChart:
    """How many of their faces got each person's name."""
    return IntervalChart([_recall_interval(row) for row in people], marked("recognised"), whole=True)


def _recall_interval(row: PersonResult) -> ShareInterval:
    n_right = round(row.recall * row.support)
    low, high = wilson_interval(n_right, row.support)
    note = gettext("{part} of {total}", part=n_right, total=row.support)
    return ShareInterval(label=display_name(row.person), share=row.recall, low=low, high=high, note=note)


# a study


def build_slice_intervals(slices: Sequence[SliceAccuracy]) -> IntervalChart:
    """The accuracy on each kind of face, those of one kind together; the heading is what the slices are made by."""
    kinds = list(dict.fromkeys(entry.by for entry in slices))
    # Sorting is stable: within a kind the slices keep the study's order, from one end of their scale to the other.
    rows = [
        _measured(
            entry.slice,
            entry.accuracy,
            note=ngettext("{number} face", "{number} faces", entry.n),
            heading=entry.by,
            faces=entry.n,
        )
        for entry in sorted(slices, key=lambda entry: kinds.index(entry.by))
    ]
    return IntervalChart(rows, marked("right"))


def build_classifier_intervals(classifiers: Sequence[MeasuredClassifier]) -> IntervalChart:
    """The accuracy of each classifier of a study."""
    shares = [(entry.title, entry.accuracy) for entry in classifiers]
    return IntervalChart(
        [_measured(title, share, note=percent(share.mean)) for title, share in shares], marked("right")
    )


def _measured(label: str, share: Interval, note: str, heading: str = "", faces: int = 0) -> ShareInterval:
    return ShareInterval(
        label=label, share=share.mean, low=share.low, high=share.high, note=note, heading=heading, faces=faces
    )


def build_learning_curve(points: Sequence[LearningPoint]) -> ShareCurve:
    """The accuracy by the photos of each person that were learned from."""
    shares = [(point.photos, point.accuracy) for point in points]
    return ShareCurve(
        [SharePoint(number=photos, share=share.mean, low=share.low, high=share.high) for photos, share in shares],
        marked("photos of each person learned from"),
        marked("right"),
    )

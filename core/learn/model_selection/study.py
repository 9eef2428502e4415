"""What a thorough measurement of a classifier comes to, as it lies beside a run.

Repeated folds, other classifiers on the same folds, slices, errors, the learning curve, the crops.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.base.json_values import JsonRecord
from core.learn.metrics.bootstrap import Interval
from core.learn.metrics.crop_check import CropCheck
from core.learn.metrics.fold_summary import FoldSummary

FILE_FORMAT = 1


@dataclass(frozen=True, slots=True)
class MeasuredClassifier(FoldSummary):
    """A classifier on the folds of a study."""

    id: str
    title: str
    settings: str
    """What is fixed of it, if anything."""
    fit_s: float
    """Median seconds to learn."""
    predict_ms: float
    """Median milliseconds to name one face."""
    difference: Interval
    """How much more often it is right than the classifier in use, face by face."""


@dataclass(frozen=True, slots=True)
class SliceAccuracy:
    """How good it is on faces that have something in common."""

    by: str
    """What they were sorted by; see ``metrics.slices``."""
    slice: str
    n: int
    accuracy: Interval


@dataclass(frozen=True, slots=True)
class WrongFace:
    """A face that got another name in some repetition."""

    face: str
    person: str
    given: str
    """The name that it got most often."""
    wrong: float
    """The share of repetitions in which it was wrong, 0..1."""
    slices: Mapping[str, str]
    """By what slices are made by, in which it is."""


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """How good it is after learning from so many photos of a person."""

    photos: int
    people: int
    """Who have so many."""
    accuracy: Interval


@dataclass(frozen=True, slots=True)
class Study(FoldSummary, JsonRecord):
    """The whole of it. The figures of the classifier in use stand at the top."""

    run: str
    revision: int
    """Of the photos and names that it was measured on."""
    model_id: str
    seed: int
    repeats: int
    folds: int
    faces: int
    """That were tested."""
    people: int
    protocol: str
    """How it was measured, in words."""
    baseline: FoldSummary
    """Naming everybody as the most frequent person."""
    classifiers: tuple[MeasuredClassifier, ...]
    """The one in use first, the baseline last."""
    recommended: str
    """The id of the classifier to take."""
    why: str
    check: CropCheck
    rank_k: tuple[float, ...] = ()
    """For k = 1, 2, ..., the share of faces whose true person is among the k most probable."""
    slices: tuple[SliceAccuracy, ...] = ()
    errors: tuple[WrongFace, ...] = ()
    """The most often wrong first; not all where they are too many."""
    learning_curve: tuple[LearningPoint, ...] = ()
    seconds: float = 0.0
    format: int = FILE_FORMAT

    @property
    def hardest_slice(self) -> SliceAccuracy | None:
        """The kind of face that is harder than the rest, if one is for sure."""
        # Of a dozen slices one is always the lowest: it is hard only where its whole interval lies below the mean.
        harder = [entry for entry in self.slices if entry.accuracy.high < self.accuracy.mean]
        return min(harder, key=lambda entry: entry.accuracy.mean, default=None)

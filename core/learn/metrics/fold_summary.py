"""What repeated folds come to: accuracy, balanced accuracy, macro F1 and top-3, each with its interval.

Every figure is the mean over the repetitions; the interval is that of the same mean on resampled people and shots
(``bootstrap``). A resample that holds a person twice counts that person's recall and F1 twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Doubles, Ints
from core.learn.metrics.bootstrap import Interval, Resamples
from core.learn.metrics.classification import confusion_counts, person_rates
from core.learn.model_selection.cross_validation import OutOfFold

TOP = 3


@dataclass(frozen=True, slots=True)
class FoldSummary:
    """How good a classifier is; every rate is 0..1."""

    accuracy: Interval
    balanced_accuracy: Interval
    """Mean recall of the tested people."""
    macro_f1: Interval
    """Mean F1 of those who were tested or named, as scikit-learn counts it."""
    top3: Interval
    """The true name is among the first three."""

    @property
    def figures(self) -> tuple[Interval, Interval, Interval, Interval]:
        """All four, in the order of the fields: for values that have them beside others."""
        return self.accuracy, self.balanced_accuracy, self.macro_f1, self.top3


def summarise_folds(predictions: OutOfFold, labels: Ints, n_people: int, resamples: Resamples) -> FoldSummary:
    """Measure what was said of the tested faces.

    Parameters
    ----------
    predictions : (repetitions, n) of tested faces only
    labels : (n,) their people, places among all who take part
    n_people : all who take part, tested or not
    resamples : of the same n faces
    """
    recall, f1 = np.mean([_macro(predicted, labels, n_people) for predicted in predictions.given], axis=0)
    resampled_recall, resampled_f1 = _resampled_macro(predictions.given, labels, n_people, resamples)
    return FoldSummary(
        accuracy=resamples.share(predictions.right(labels)),
        balanced_accuracy=resamples.at_least_wilson(float(recall), _centred(resampled_recall, float(recall))),
        macro_f1=resamples.at_least_wilson(float(f1), _centred(resampled_f1, float(f1))),
        top3=resamples.share((predictions.ranks < TOP).mean(axis=0)),
    )


def _centred(resampled: Doubles, mean: float) -> Doubles:
    """The resamples moved to the mean: rates per person are no plain means of faces, and come out a little too high."""
    return np.asarray(resampled + (mean - resampled.mean()), dtype=np.float64)


def _macro(predicted: Ints, labels: Ints, n_people: int) -> tuple[float, float]:
    """Balanced accuracy and macro F1 of one repetition."""
    confusion = confusion_counts(labels, predicted, n_people)
    _, recall, f1 = person_rates(confusion)
    support, n_predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    return float(recall[support > 0].mean()), float(f1[(support > 0) | (n_predicted > 0)].mean())


def _resampled_macro(repetitions: Ints, labels: Ints, n_people: int, resamples: Resamples) -> tuple[Doubles, Doubles]:
    """Both in every resample, the mean over the repetitions: (n_resamples,) each."""
    tested = np.unique(labels)
    times = np.zeros((len(resamples.people), n_people))
    times[:, tested] = resamples.people
    support = _by_person(resamples, labels, n_people)
    recalls, f1s = [], []
    for predicted in repetitions:
        hits = _by_person(resamples, np.where(predicted == labels, labels, -1), n_people)
        n_predicted = _by_person(resamples, predicted, n_people)
        # Somebody untested counts in F1 as soon as they were named: precision 0, as scikit-learn has it.
        counted = np.where(np.isin(np.arange(n_people), tested), times, n_predicted > 0)
        recalls.append(_weighted(hits, support, times))
        f1s.append(_weighted(2 * hits, support + n_predicted, counted))
    return np.mean(recalls, axis=0), np.mean(f1s, axis=0)


def _by_person(resamples: Resamples, people: Ints, n_people: int) -> Doubles:
    """How many faces of each resample belong to each person, -1 to nobody: (n_resamples, n_people)."""
    # Imported here, as the start of the program need not wait for it.
    from scipy.sparse import csr_array

    # A sparse product: a dense one would hold a flag for every face and person.
    rows = np.flatnonzero(people >= 0)
    member = csr_array((np.ones(len(rows), np.float32), (rows, people[rows])), shape=(len(people), n_people))
    return np.asarray((member.T @ resamples.faces.T).T, dtype=np.float64)


def _weighted(part: Doubles, whole: Doubles, times: Doubles) -> Doubles:
    rates = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return np.asarray((rates * times).sum(axis=1) / times.sum(axis=1))

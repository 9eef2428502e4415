"""Which of the classifiers of a thorough measurement to take, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.base.words import percent
from core.language.texts import marked
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.model_selection.study import MeasuredClassifier


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Which classifier to take."""

    id: str
    why: str


def recommend_classifier(classifiers: Sequence[MeasuredClassifier]) -> Recommendation:
    """Which of the classifiers to take, and why: another than the first only when it is right more often for sure.

    Parameters
    ----------
    classifiers : the one in use first
    """
    # The whole interval above 0: of several rivals one is ahead by chance nearly always.
    better = [classifier for classifier in classifiers[1:] if classifier.difference.low > 0]
    if not better:
        return Recommendation(
            classifiers[0].id,
            marked(
                "Keep {classifier}: on the same folds no other classifier is right more often by more "
                "than chance (the 95\u00a0% interval of the difference would have to lie above 0)."
            ).format(classifier=_name_inside(classifiers[0])),
        )
    best = max(better, key=lambda classifier: classifier.difference.mean)
    difference = best.difference
    return Recommendation(
        best.id,
        marked(
            "{classifier} is right more often than {classifier_in_use} on the same folds, by "
            "{difference} (95\u00a0% interval {low} to {high}). Wrong "
            "names are the usual reason: look through the suspects, then measure again. "
            "{kept} stays in use until another is taken."
        ).format(
            classifier=best.title,
            classifier_in_use=_name_inside(classifiers[0]),
            difference=percent(difference.mean, 2),
            low=percent(difference.low, 2),
            high=percent(difference.high, 2),
            kept=_capitalise(_name_inside(classifiers[0])),
        ),
    )


_AT_THE_START = {
    "the linear SVM": marked("The linear SVM"),
    "the nearest centroid": marked("The nearest centroid"),
    "logistic regression": marked("Logistic regression"),
}


def _capitalise(name: str) -> str:
    # str.capitalize() would write "svm".
    return _AT_THE_START.get(name) or name[0].upper() + name[1:]


def _name_inside(classifier: MeasuredClassifier) -> str:
    """Its name inside of a sentence."""
    return ClassifierKind(classifier.id).phrase

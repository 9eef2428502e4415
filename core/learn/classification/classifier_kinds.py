"""Which kinds of classifier a recogniser can have, as files and runs name them.

A recogniser says "unknown" by what speaks for the one person it named. So its classifier has to score each person by
the face alone, on a scale on which strangers lie lower: one row of weights a person does. Who only votes does not
(``WHY_NOT``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from core.language.texts import gettext, localise_decimals, marked


class ClassifierKind(StrEnum):
    """A classifier of one row of weights a person; the names are those of the comparison (``baselines``)."""

    LINEAR_SVM = "linear-svm"
    LOGISTIC = "logistic"
    NEAREST_CENTROID = "nearest-centroid"

    @property
    def plain_name(self) -> str:
        """Its name inside of a sentence."""
        return gettext(_PLAIN_NAMES[self])

    @property
    def phrase(self) -> str:
        """Its name with the article that it takes."""
        return gettext(_PHRASES[self])

    @property
    def has_c(self) -> bool:
        """Whether there is a C to choose."""
        return self is not ClassifierKind.NEAREST_CENTROID

    @property
    def is_updated_by_rows(self) -> bool:
        """Whether a person can come, go or change without learning everybody anew."""
        # The probabilities of logistic regression add up over the people: each row depends on all the others.
        return self is not ClassifierKind.LOGISTIC


_PLAIN_NAMES = {
    ClassifierKind.LINEAR_SVM: marked("linear SVM"),
    ClassifierKind.LOGISTIC: marked("logistic regression"),
    ClassifierKind.NEAREST_CENTROID: marked("nearest centroid"),
}
_PHRASES = {
    ClassifierKind.LINEAR_SVM: marked("the linear SVM"),
    ClassifierKind.LOGISTIC: marked("logistic regression"),
    ClassifierKind.NEAREST_CENTROID: marked("the nearest centroid"),
}


@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """Which classifier to fit."""

    kind: ClassifierKind = ClassifierKind.LINEAR_SVM
    c: float | None = None
    """Its C; None for the kind's own way to find one."""

    def describe(self) -> str:
        """The kind with its C, for people to read."""
        c_note = localise_decimals(f", C {self.c:g}") if self.kind.has_c and self.c is not None else ""
        return f"{self.kind.plain_name}{c_note}"


LINEAR_SVM = ClassifierSettings()
"""What a training takes unless another is asked for."""

WHY_NOT: Mapping[str, str] = MappingProxyType(
    {
        "linear-svm-ovo": marked(
            "it decides between two people at a time and counts votes, which say nothing of how like the "
            "face is to the winner alone"
        ),
        "k-nn": marked(
            "five faces vote, and for 15 of 100 strangers that were tried all five were one person's: no threshold "
            "is strict enough for 1 of 100"
        ),
        "dummy": marked("it does not look at the face"),
    }
)
"""Why the others of the comparison cannot be taken: no limit for strangers could be set on what they say."""

"""The classifiers that are compared, behind one small protocol: those a recogniser can have, and scikit-learn's.

Every one learns from vectors and labels and nothing else; what could be tuned is fixed here, so that none sees more
than the faces it learns from. Every person counts the same in those that can weigh.

References
----------
Pedregosa et al., "Scikit-learn: Machine Learning in Python", JMLR 12, 2011.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from core.base.types import Doubles, Floats, Ints, Vectors
from core.language.texts import marked
from core.learn.classification.calibrated_classifier import C_UNTOLD
from core.learn.classification.classifier_kinds import LINEAR_SVM, ClassifierKind, ClassifierSettings
from core.learn.classification.row_learners import LOGISTIC_C, ROW_LEARNERS

Scorer = Callable[[Vectors], Doubles | Floats]
"""(n, dimension) to (n, n_people): the larger, the more like that person; the first of the largest gets the name."""

DUMMY = "dummy"
NEIGHBOURS = 5


class Contender(Protocol):
    """A classifier that learns whom a face is most like."""

    @property
    def id(self) -> str:
        """Its name in stored studies."""

    @property
    def title(self) -> str:
        """Its name for reading."""

    @property
    def settings(self) -> str:
        """What is fixed of it, if anything."""

    def fit(self, vectors: Vectors, labels: Ints, n_people: int) -> Scorer:
        """Learn from (n, dimension) float32 vectors of unit length and (n,) labels, 0 to n_people - 1, none missing."""


@dataclass(frozen=True, slots=True)
class _OfKind:
    """A classifier that a recogniser can have."""

    title: str
    kind: ClassifierKind
    C: float = C_UNTOLD

    @property
    def id(self) -> str:
        return self.kind.value

    @property
    def settings(self) -> str:
        return f"C = {self.C:g}" if self.kind.has_c else ""

    def fit(self, vectors: Vectors, labels: Ints, n_people: int) -> Scorer:
        return ROW_LEARNERS[self.kind].fit_rows(vectors, labels, n_people, self.C).margins


@dataclass(frozen=True, slots=True)
class LinearSvmOneVersusOne:
    """scikit-learn's ``SVC``: a classifier for every two people, which vote."""

    C: float = C_UNTOLD
    id: str = "linear-svm-ovo"
    title: str = marked("Linear SVM, one-versus-one")

    @property
    def settings(self) -> str:
        return f"C = {self.C:g}"

    def fit(self, vectors: Vectors, labels: Ints, n_people: int) -> Scorer:
        # Imported here, and so below: it takes a second that the app need not wait for.
        from sklearn.svm import SVC

        classifier = SVC(C=self.C, kernel="linear", class_weight="balanced", decision_function_shape="ovr")
        return _by_decision(classifier.fit(vectors, labels))


@dataclass(frozen=True, slots=True)
class NearestNeighbours:
    """The nearest training faces vote, each with the inverse of its distance."""

    k: int = NEIGHBOURS
    id: str = "k-nn"
    title: str = marked("k nearest neighbours")

    @property
    def settings(self) -> str:
        return f"k = {self.k}"

    def fit(self, vectors: Vectors, labels: Ints, n_people: int) -> Scorer:
        from sklearn.neighbors import KNeighborsClassifier

        # "brute": trees do not help in 128 dimensions.
        classifier = KNeighborsClassifier(min(self.k, len(vectors)), weights="distance", algorithm="brute")
        return _as_scorer(classifier.fit(vectors, labels).predict_proba)


@dataclass(frozen=True, slots=True)
class Dummy:
    """Always the person with the most faces: what is right without looking."""

    id: str = DUMMY
    title: str = marked("Most frequent person")
    settings: str = ""

    def fit(self, vectors: Vectors, labels: Ints, n_people: int) -> Scorer:
        from sklearn.dummy import DummyClassifier

        return _as_scorer(DummyClassifier(strategy="prior").fit(vectors, labels).predict_proba)


def list_contenders(in_use: ClassifierSettings = LINEAR_SVM) -> tuple[Contender, ...]:
    """All of them, the one in use first, the baseline last; its C, where it is given one, is that of its kind."""
    c_of = {ClassifierKind.LINEAR_SVM: C_UNTOLD, ClassifierKind.LOGISTIC: LOGISTIC_C}
    if in_use.c is not None:
        c_of[in_use.kind] = in_use.c
    svm_c = c_of[ClassifierKind.LINEAR_SVM]
    contenders: tuple[Contender, ...] = (
        _OfKind(marked("Linear SVM, one-versus-rest"), ClassifierKind.LINEAR_SVM, svm_c),
        LinearSvmOneVersusOne(svm_c),
        _OfKind(marked("Logistic regression"), ClassifierKind.LOGISTIC, c_of[ClassifierKind.LOGISTIC]),
        _OfKind(marked("Nearest centroid"), ClassifierKind.NEAREST_CENTROID),
        NearestNeighbours(),
        Dummy(),
    )
    return tuple(sorted(contenders, key=lambda contender: contender.id != in_use.kind))


def _by_decision(fitted: Any) -> Scorer:
    return _as_scorer(lambda probes: _columns(fitted.decision_function(probes)))


def _as_scorer(scores: Callable[[Vectors], Any]) -> Scorer:
    return lambda probes: np.asarray(scores(probes), dtype=np.float64)


def _columns(decision: Doubles) -> Doubles:
    """scikit-learn gives one column for two people: that of the second."""
    return decision if decision.ndim == 2 else np.stack([-decision, decision], axis=1)

"""The classifiers that could give the names, behind one small protocol: ours, and scikit-learn's for comparison.

Every one learns from vectors and labels and nothing else; what could be tuned is fixed here, so that none sees more
than the faces it learns from. Every person counts the same in those that can weigh.

The matrices of logistic regression are too small for the threads of BLAS: with two of them it takes 3.7 seconds for 820
faces of 79 people, with one 0.06.

References
----------
Pedregosa et al., "Scikit-learn: Machine Learning in Python", JMLR 12, 2011.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from core.base.types import Doubles, Floats, Ints, Vectors
from core.learn.classification.linear_svm import C_UNTOLD
from core.learn.classification.solver import fit_one_versus_rest
from core.learn.numerics.labels import sum_by_label

Scorer = Callable[[Vectors], Doubles | Floats]
"""(n, dimension) to (n, n_people): the larger, the more like that person; the first of the largest gets the name."""

LINEAR_SVM = "linear-svm"
DUMMY = "dummy"
NEIGHBOURS = 5
LOGISTIC_C = 10.0
"""On unit vectors scikit-learn's 1 keeps the weights so small that people with few photos are missed."""
_MOST_STEPS = 1_000


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
class _OfC:
    """A classifier with a C, which is fixed."""

    C: float = C_UNTOLD

    @property
    def settings(self) -> str:
        return f"C = {self.C:g}"


@dataclass(frozen=True, slots=True)
class LinearSvmOneVersusRest(_OfC):
    """The one that is in use: ``learn.classification.solver``."""

    id: str = LINEAR_SVM
    title: str = "Linear SVM, one-versus-rest"

    def fit(self, vectors: Vectors, labels: Ints, n_people: int) -> Scorer:
        return fit_one_versus_rest(vectors, labels, n_people, self.C).margins


@dataclass(frozen=True, slots=True)
class LinearSvmOneVersusOne(_OfC):
    """scikit-learn's ``SVC``: a classifier for every two people, which vote."""

    id: str = "linear-svm-ovo"
    title: str = "Linear SVM, one-versus-one"

    def fit(self, vectors: Vectors, labels: Ints, n_people: int) -> Scorer:
        # Imported here, and so below: it takes a second that the app need not wait for.
        from sklearn.svm import SVC

        classifier = SVC(C=self.C, kernel="linear", class_weight="balanced", decision_function_shape="ovr")
        return _by_decision(classifier.fit(vectors, labels))


@dataclass(frozen=True, slots=True)
class Logistic(_OfC):
    """Multinomial logistic regression."""

    C: float = LOGISTIC_C
    id: str = "logistic"
    title: str = "Logistic regression"

    def fit(self, vectors: Vectors, labels: Ints, n_people: int) -> Scorer:
        from sklearn.linear_model import LogisticRegression

        classifier = LogisticRegression(C=self.C, class_weight="balanced", max_iter=_MOST_STEPS)
        with threadpool_limits(1):
            return _by_decision(classifier.fit(vectors, labels))


@dataclass(frozen=True, slots=True)
class NearestCentroid:
    """The person whose mean vector is nearest; scikit-learn's divides by zero where everybody has one face."""

    id: str = "nearest-centroid"
    title: str = "Nearest centroid"
    settings: str = ""

    def fit(self, vectors: Vectors, labels: Ints, n_people: int) -> Scorer:
        means = sum_by_label(vectors, labels, n_people) / np.bincount(labels, minlength=n_people)[:, None]
        # The nearest mean has the largest p.m - |m|^2 / 2: |p|^2 is the same for all, and no distance is formed.
        return lambda probes: probes @ means.T - (means**2).sum(axis=1) / 2


@dataclass(frozen=True, slots=True)
class NearestNeighbours:
    """The nearest training faces vote, each with the inverse of its distance."""

    k: int = NEIGHBOURS
    id: str = "k-nn"
    title: str = "k nearest neighbours"

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
    title: str = "Most frequent person"
    settings: str = ""

    def fit(self, vectors: Vectors, labels: Ints, n_people: int) -> Scorer:
        from sklearn.dummy import DummyClassifier

        return _as_scorer(DummyClassifier(strategy="prior").fit(vectors, labels).predict_proba)


def list_contenders(c: float = C_UNTOLD) -> tuple[Contender, ...]:
    """All of them, the one in use first, the baseline last; ``c`` is the C of both SVMs."""
    return (
        LinearSvmOneVersusRest(c),
        LinearSvmOneVersusOne(c),
        Logistic(),
        NearestCentroid(),
        NearestNeighbours(),
        Dummy(),
    )


def _by_decision(fitted: Any) -> Scorer:
    return _as_scorer(lambda probes: _columns(fitted.decision_function(probes)))


def _as_scorer(scores: Callable[[Vectors], Any]) -> Scorer:
    return lambda probes: np.asarray(scores(probes), dtype=np.float64)


def _columns(decision: Doubles) -> Doubles:
    """scikit-learn gives one column for two people: that of the second."""
    return decision if decision.ndim == 2 else np.stack([-decision, decision], axis=1)

"""How each kind of classifier learns its rows: one port, so that all else of a recogniser is the same for every kind.

Logistic regression is scikit-learn's, of a C that is fixed. Its matrices are too small for the threads of BLAS: with
two of them it takes 3.7 seconds for 820 faces of 79 people, with one 0.06.

References
----------
Pedregosa et al., "Scikit-learn: Machine Learning in Python", JMLR 12, 2011.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from core.base.progress import UNWATCHED, Progress
from core.base.types import Floats, Ints, Vectors
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.classification.solver import fit_one_versus_rest
from core.learn.numerics.labels import sum_by_label
from core.learn.numerics.linear_classifier import LinearClassifier

C_GRID = (0.3, 1.0, 3.0, 10.0)
"""Of the linear SVM; see ``calibrated_classifier``."""
LOGISTIC_C = 10.0
"""On unit vectors scikit-learn's 1 keeps the weights so small that people with few photos are missed."""
LOGISTIC_TOLERANCE = 1e-8
"""With scikit-learn's 1e-4 the margins of lfw-dev (up to 7.6) depend by 0.8 on where one begins: a fold that begins at
the fit to all faces would still know those that it is tested on. With this by 0.00001."""
_UNUSED_C = 1.0
_MOST_STEPS = 10_000


class RowLearner(Protocol):
    """A kind of classifier, as far as its learning differs from that of others."""

    @property
    def c_grid(self) -> tuple[float, ...]:
        """Values of C to choose among where none is asked for, ascending; one where nothing is to be chosen."""

    def c_for_fewer(self, C: float, n_faces: int, n_left: int) -> float:
        """The C by which some of the faces are learned as all are by ``C``: margins keep their scale."""

    def fit_rows(
        self,
        vectors: Vectors,
        labels: Ints,
        n_people: int,
        C: float,
        start: LinearClassifier | None = None,
        progress: Progress = UNWATCHED,
    ) -> LinearClassifier:
        """Learn a row a person; the parameters are those of ``solver.fit_one_versus_rest``."""


class SvmRows:
    """Each person against all the others: ``solver``."""

    c_grid = C_GRID

    def c_for_fewer(self, C: float, n_faces: int, n_left: int) -> float:
        return C

    def fit_rows(
        self,
        vectors: Vectors,
        labels: Ints,
        n_people: int,
        C: float,
        start: LinearClassifier | None = None,
        progress: Progress = UNWATCHED,
    ) -> LinearClassifier:
        return fit_one_versus_rest(vectors, labels, n_people, C, start=start, progress=progress)


class LogisticRows:
    """Multinomial logistic regression: the rows are the logarithms of each person's odds."""

    c_grid = (LOGISTIC_C,)

    def c_for_fewer(self, C: float, n_faces: int, n_left: int) -> float:
        # Every face adds to the loss, and the odds grow with their number without end. With one C the trials of
        # lfw-dev, which lack a quarter of the faces, had smaller margins than the recogniser: its limits for 1 % let
        # 1.7 % of strangers pass; so 1.1 %.
        return C * n_faces / n_left

    def fit_rows(
        self,
        vectors: Vectors,
        labels: Ints,
        n_people: int,
        C: float,
        start: LinearClassifier | None = None,
        progress: Progress = UNWATCHED,
    ) -> LinearClassifier:
        # Imported here: it takes a second that the app need not wait for.
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(
            C=C, class_weight="balanced", tol=LOGISTIC_TOLERANCE, max_iter=_MOST_STEPS, warm_start=True
        )
        if start is not None:
            # scikit-learn begins at whatever an earlier fit left here.
            model.coef_, model.intercept_ = (
                _fold_two(rows).astype(np.float64) for rows in (start.coef, start.intercept)
            )
        with threadpool_limits(1), warnings.catch_warnings():
            # Of people with a photo each: it takes their numbers for a regression.
            warnings.filterwarnings("ignore", "The number of unique classes")
            model.fit(vectors.astype(np.float64), labels)
        progress.advance(1.0)
        return LinearClassifier(_unfold_two(model.coef_), _unfold_two(model.intercept_))


def _fold_two(rows: Floats) -> Floats:
    """Of two people scikit-learn has one row: that of the second against the first."""
    return rows[1:] - rows[:1] if len(rows) == 2 else rows


def _unfold_two(rows: Floats) -> Floats:
    return np.asarray(np.concatenate([-rows, rows]) / 2 if len(rows) == 1 else rows, dtype=np.float32)


class CentroidRows:
    """The person whose mean vector is nearest; scikit-learn's divides by zero where everybody has one face."""

    c_grid = (_UNUSED_C,)

    def c_for_fewer(self, C: float, n_faces: int, n_left: int) -> float:
        return C

    def fit_rows(
        self,
        vectors: Vectors,
        labels: Ints,
        n_people: int,
        C: float,
        start: LinearClassifier | None = None,
        progress: Progress = UNWATCHED,
    ) -> LinearClassifier:
        means = sum_by_label(vectors, labels, n_people) / np.bincount(labels, minlength=n_people)[:, None]
        progress.advance(1.0)
        # The nearest mean has the largest p.m - |m|^2 / 2: |p|^2 is the same for all, and no distance is formed.
        return LinearClassifier(means.astype(np.float32), np.asarray(-(means**2).sum(axis=1) / 2, dtype=np.float32))


ROW_LEARNERS: Mapping[ClassifierKind, RowLearner] = MappingProxyType(
    {
        ClassifierKind.LINEAR_SVM: SvmRows(),
        ClassifierKind.LOGISTIC: LogisticRows(),
        ClassifierKind.NEAREST_CENTROID: CentroidRows(),
    }
)

"""Rows of each kind of classifier: what the textbook gives, whatever they begin at."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from core.learn.classification.classifier_kinds import LINEAR_SVM, ClassifierKind, ClassifierSettings
from core.learn.classification.row_learners import LOGISTIC_C, ROW_LEARNERS
from tests.learn.faces import people


@pytest.mark.parametrize("n_people", [2, 5])
def test_logistic_regression_is_scikit_learns(n_people):
    known, probes = people([9] * n_people, noise=1.5), people([20] * n_people, noise=1.5, seed=1).vectors
    rows = ROW_LEARNERS[ClassifierKind.LOGISTIC].fit_rows(known.vectors, known.labels, n_people, LOGISTIC_C)
    textbook = LogisticRegression(C=LOGISTIC_C, class_weight="balanced", tol=1e-9, max_iter=10_000)
    textbook.fit(known.vectors.astype(np.float64), known.labels)
    assert rows.coef.shape == (n_people, 16) and rows.coef.dtype == rows.intercept.dtype == np.float32
    assert np.allclose(softmax(rows.margins(probes), axis=1), textbook.predict_proba(probes), atol=1e-4)


@pytest.mark.parametrize("kind", ClassifierKind)
@pytest.mark.parametrize("n_people", [2, 5])
def test_where_it_begins_changes_nothing(kind, n_people):
    """A fold begins at the fit to all faces, and must not know any more of those that it is tested on."""
    known, others = people([12] * n_people, noise=1.5), people([12] * n_people, noise=1.5, seed=1)
    learner = ROW_LEARNERS[kind]
    start = learner.fit_rows(others.vectors, others.labels, n_people, 1.0)
    cold = learner.fit_rows(known.vectors, known.labels, n_people, 1.0)
    warm = learner.fit_rows(known.vectors, known.labels, n_people, 1.0, start)
    assert np.allclose(cold.margins(known.vectors), warm.margins(known.vectors), atol=2e-3)
    assert np.abs(cold.coef - start.coef).max() > 0.01, "beside this the difference is small"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (LINEAR_SVM, "linear SVM"),
        (ClassifierSettings(c=0.3), "linear SVM, C 0.3"),
        (ClassifierSettings(ClassifierKind.LOGISTIC, 10.0), "logistic regression, C 10"),
        (ClassifierSettings(ClassifierKind.NEAREST_CENTROID, 1.0), "nearest centroid"),
    ],
)
def test_a_classifier_is_told_with_its_c_where_it_has_one(settings, words):
    assert settings.describe() == words

"""Faces of one person under two names: those found by an index, against those of all."""

from __future__ import annotations

import numpy as np
import pytest

from core.learn.label_errors import conflicting_labels
from core.learn.label_errors.conflicting_labels import find_conflicting_faces
from tests.benchmarks.synthetic import vectors_of

N, N_PEOPLE = 4000, 300


def test_by_an_index_nearly_all_conflicts_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, people = np.random.default_rng(2), np.arange(N, dtype=np.int64) % N_PEOPLE
    vectors = vectors_of(people, N_PEOPLE)
    # Every fifth face was given another name; some scores are equal, so that the order of rows decides.
    names = np.where(rng.random(N) < 0.2, rng.permutation(people), people)
    scores = rng.integers(0, 50, N).astype(np.float64)
    exact = find_conflicting_faces(vectors, names, scores, 0.8)
    monkeypatch.setattr(conflicting_labels, "COMPARED_WITH_ALL", 0)
    by_index = find_conflicting_faces(vectors, names, scores, 0.8)
    assert 1000 < np.count_nonzero(exact >= 0) < N
    assert np.mean(by_index == exact) > 0.98
    assert (by_index >= 0).sum() <= (exact >= 0).sum()

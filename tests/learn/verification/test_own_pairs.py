"""A dataset's own pairs: what a threshold accepts, and the decisions nearest to it."""

from __future__ import annotations

import numpy as np
import pytest

from core.learn.verification.lfw_protocol import area_under_roc, equal_error_rate, threshold_at_far
from core.learn.verification.own_pairs import measure_own_pairs
from core.learn.verification.pair_rule import ALL_PAIRS_MOST, PairScores


def pairs_at(distances, n_genuine, face_ids=("a", "b")):
    """Pairs at these distances, the first ones of one person."""
    distances = np.asarray(distances)
    rows = np.zeros(len(distances), np.int64)
    cosines = (1 - distances**2 / 2).astype(np.float32)
    scores = PairScores(rows, rows, np.arange(len(distances)) < n_genuine, cosines, n_people=1)
    return measure_own_pairs(face_ids, scores)


def test_without_one_of_the_kinds_there_is_nothing_to_measure():
    assert pairs_at([0.5, 0.6], 2) is None and pairs_at([0.5, 0.6], 0) is None


def test_a_threshold_accepts_what_is_at_most_so_far_apart():
    pairs = pairs_at([0.2, 0.4, 0.9, 0.6, 1.2], 3)
    assert (pairs.n_genuine, pairs.n_impostor) == (3, 2)
    assert pairs.distances == pytest.approx([0.2, 0.4, 0.9, 0.6, 1.2], abs=1e-6)
    assert pairs.accepted(0.7) == (2, 1) and pairs.accepted_shares(0.7) == (2 / 3, 1 / 2)
    accepted, refused = pairs.border(0.7)
    assert (accepted.tolist(), refused.tolist()) == ([3], [2])


def test_only_rates_that_the_pairs_can_tell_have_a_threshold():
    assert pairs_at([0.2, 0.6, 1.2], 1).thresholds == {}
    pairs = pairs_at([0.3, *np.linspace(0.8, 1.6, 1_000)], 1)
    assert list(pairs.thresholds) == [1e-2]
    assert pairs.thresholds[1e-2] == threshold_at_far(pairs.distances, pairs.same, 1e-2)
    assert pairs.auc == area_under_roc(pairs.distances, pairs.same) == 1.0
    assert pairs.eer == equal_error_rate(pairs.distances, pairs.same)


def test_of_many_faces_pairs_are_drawn():
    assert not pairs_at([0.2, 1.2], 1).is_sampled
    assert pairs_at([0.2, 1.2], 1, face_ids=("face",) * (ALL_PAIRS_MOST + 1)).is_sampled

"""Reliability bins, detection rates and rank curves on numbers that can be checked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.learn.metrics.calibration import detection_rate, rank_curve, reliability_bins
from core.learn.metrics.classification import calibration_error
from tests.learn.model_selection.test_splits import ints


def test_faces_of_about_one_probability_are_one_bin():
    bins = reliability_bins(np.array([0.05, 0.95, 0.92, 1.0]), np.array([False, True, False, True]), bins=10)
    assert [(one.low, one.high, one.faces) for one in bins] == [(0.0, 0.1, 1), (0.9, 1.0, 3)]
    assert (bins[1].mean_prob, bins[1].share_right) == (pytest.approx(2.87 / 3), pytest.approx(2 / 3))


@given(st.integers(1, 60), st.integers(0, 99))
@settings(deadline=None)
def test_the_calibration_error_is_the_mean_gap_over_the_bins(n, seed):
    rng = np.random.default_rng(seed)
    confidence, right = rng.random(n), rng.random(n) < 0.5
    bins = reliability_bins(confidence, right)
    assert sum(one.faces for one in bins) == n
    gap = sum(one.faces * abs(one.share_right - one.mean_prob) for one in bins) / n
    assert gap == pytest.approx(calibration_error(confidence, right))


def test_the_detection_rate_counts_right_names_above_what_strangers_reach():
    known, right = np.array([5.0, 4.0, 3.0, 2.0]), np.array([True, False, True, True])
    strangers = np.array([2.5, 1.0, 0.0, 3.5])
    assert detection_rate(known, right, strangers, 0.0) == 0.25
    assert detection_rate(known, right, strangers, 0.25) == 0.5  # 3.5 may be named, 2.5 may not
    assert detection_rate(known, right, strangers, 1.0) == 0.75


def test_the_rank_curve_rises_from_the_accuracy():
    assert rank_curve(ints(0, 0, 1, 4), 5) == [0.5, 0.75, 0.75, 0.75, 1.0]

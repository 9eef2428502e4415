"""Reliability bins and the calibration error on numbers that can be checked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.learn.metrics.calibration import calibration_error, reliability_bins


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


def test_the_calibration_error_of_two_bins_by_hand():
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.5, 0.5])
    right = np.array([True, True, True, False, True, False])
    assert calibration_error(confidence, right) == pytest.approx((4 * 0.2 + 2 * 0.0) / 6)

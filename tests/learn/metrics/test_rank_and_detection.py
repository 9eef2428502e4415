"""Detection rates and rank curves on numbers that can be checked by hand."""

import numpy as np

from core.learn.metrics.rank_and_detection import detection_rate, rank_curve
from tests.learn.model_selection.test_splits import ints


def test_the_detection_rate_counts_right_names_above_what_strangers_reach():
    known, right = np.array([5.0, 4.0, 3.0, 2.0]), np.array([True, False, True, True])
    strangers = np.array([2.5, 1.0, 0.0, 3.5])
    assert detection_rate(known, right, strangers, 0.0) == 0.25
    assert detection_rate(known, right, strangers, 0.25) == 0.5  # 3.5 may be named, 2.5 may not
    assert detection_rate(known, right, strangers, 1.0) == 0.75


def test_the_rank_curve_rises_from_the_accuracy():
    assert rank_curve(ints(0, 0, 1, 4), 5) == [0.5, 0.75, 0.75, 0.75, 1.0]

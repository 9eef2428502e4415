"""Figures that follow from what was said of every face."""

from __future__ import annotations

import numpy as np

from tests.report.made import material


def test_the_selected_rows_come_the_surest_first():
    predictions = material(each=4, wrong=2).predictions
    assert predictions.surest_rows(predictions.wrong).tolist() == [1, 0]
    assert predictions.surest_rows(np.arange(12) > 9).tolist() == [11, 10]
    assert predictions.surest_rows(np.zeros(12, dtype=bool)).tolist() == []


def test_faces_that_are_not_above_the_threshold_are_unknown():
    predictions = material(each=4, wrong=2).predictions
    assert predictions.count_unknown(1.9) == 0 and predictions.count_unknown(float(predictions.scores[4])) == 5

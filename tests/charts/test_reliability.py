"""How honest probabilities are, bin by bin."""

from __future__ import annotations

import numpy as np

from core.charts.reliability import ReliabilityDiagram, build_reliability_diagram
from core.learn.metrics.calibration import reliability_bins
from core.learn.metrics.classification import wilson_interval
from tests.report.made import material


def test_a_bin_of_probabilities_has_wilsons_interval():
    bins = reliability_bins(np.array([0.05, 0.95, 0.92, 1.0]), np.array([False, True, False, True]), bins=10)
    assert ReliabilityDiagram(bins).intervals == [wilson_interval(0, 1), wilson_interval(2, 3)]


def test_every_tested_face_is_in_a_bin():
    predictions = material(each=4, wrong=2).predictions
    bins = build_reliability_diagram(predictions).bins
    assert sum(prob_bin.faces for prob_bin in bins) == 12
    assert sum(prob_bin.share_right * prob_bin.faces for prob_bin in bins) == 10

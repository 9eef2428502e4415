"""Strict false-accept rates: which are told, and how sure they are."""

from __future__ import annotations

import numpy as np
import pytest

from core.learn.verification.pair_operating_points import PairOperatingPoints, measure_pair_operating_points
from core.learn.verification.pair_rule import score_pairs
from tests.learn.faces import people


def test_rates_are_told_that_ten_pairs_pass_with_what_they_cost():
    faces = people([20] * 30, noise=0.9, dimension=32)
    scores = score_pairs(faces)
    measured = measure_pair_operating_points(faces, scores)
    impostors = scores.distances[~scores.same]
    assert measured.n_impostor == len(impostors) == 174_000
    assert [point.far for point in measured.points] == [1e-2, 1e-3, 1e-4]
    for point in measured.points:
        assert np.count_nonzero(impostors <= point.threshold) == pytest.approx(point.far * len(impostors), abs=1)
        assert point.tar == np.mean(scores.distances[scores.same] <= point.threshold)
        assert point.tar_ci95[0] < point.tar < point.tar_ci95[1]
        assert point.far_ci95[0] < point.far < point.far_ci95[1]


@pytest.mark.parametrize(
    ("pairs", "needed"), [(900, 1_000), (1_000, 10_000), (520_603, 1_000_000), (10_000_000, None), (5_000, 10_000)]
)
def test_the_next_rate_says_how_many_pairs_it_takes(pairs, needed):
    assert PairOperatingPoints(pairs, ()).pairs_for_next == needed

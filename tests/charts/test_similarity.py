"""Histograms of score and distance, and the trade-off of errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.charts.palette import OUTSIDER, RIGHT, WRONG
from core.charts.similarity import (
    STRAYS_MOST,
    build_det_curve,
    build_distance_histogram,
    build_score_histogram,
    count_in_bins,
)
from tests.report.made import material


def test_a_histogram_counts_everything_once():
    counts = count_in_bins(np.array([-9.0, 0.1, 0.5, 0.5, 99.0]), np.linspace(0, 1, 49))
    assert counts.sum() == 5 and counts[0] == 1 and counts[-1] == 1


def test_known_people_strangers_left_out_and_strangers_given_are_apart():
    predictions = material(each=4, wrong=2).predictions
    chart = build_score_histogram(predictions, 1.5)
    assert [(group.name, group.colour, group.counts.sum()) for group in chart.groups] == [
        ("known, rightly named", RIGHT, 10),
        ("left out in turn", WRONG, 30),
    ]
    assert chart.strays == predictions.scores[:2].tolist()
    mixed = replace(predictions.impostors, given=np.arange(30) < 6)
    chart = build_score_histogram(replace(predictions, impostors=mixed), 1.5)
    assert [(group.colour, group.counts.sum()) for group in chart.groups] == [(RIGHT, 10), (WRONG, 24), (OUTSIDER, 6)]
    assert [group.dashed for group in chart.groups] == [False, True, True]  # no colour stands alone


def test_the_edges_reach_the_threshold_and_every_score():
    chart = build_score_histogram(material(strangers=False).predictions, 9.0)
    assert chart.edges[-1] >= 9.0 and len(chart.groups) == 1


def test_many_wrong_names_are_not_marked_one_by_one():
    many = tuple(f"person {number}" for number in range(30))
    chart = build_score_histogram(material(many, each=4, wrong=STRAYS_MOST + 5).predictions, 1.5)
    assert chart.strays == ()


def test_pairs_are_counted_as_shares_of_their_kind_beyond_the_edges_too():
    distances, same = np.array([0.0, 0.5, 1.3, 1.31, 1.4, 2.0]), np.array([True, True, False, False, False, False])
    near, far = build_distance_histogram(distances, same, 0.93).groups
    assert (near.counts.sum(), far.counts.sum()) == (2, 4)
    assert near.shares.sum() == pytest.approx(1) and near.shares[0] == 0.5 and far.shares[-1] == 0.25


def test_a_trade_off_says_what_a_rate_costs():
    chart = build_det_curve(np.array([0.1, 0.2, 0.9, 0.5, 1.0, 1.2]), np.array([True, True, True, False, False, False]))
    assert (chart.n_genuine, chart.n_impostor) == (3, 3)
    assert chart.refused_at(0.0) == pytest.approx(1 / 3) and chart.refused_at(0.4) == 0.0

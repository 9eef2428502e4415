"""Shares with their intervals, as charts show them."""

from __future__ import annotations

import pytest

from core.charts.shares import (
    build_classifier_intervals,
    build_cumulative_match_curve,
    build_learning_curve,
    build_recall_intervals,
    build_slice_intervals,
    sort_hardest_first,
)
from core.learn.metrics.classification import wilson_interval
from tests.charts.made import an_evaluation
from tests.report.made import material, study


def test_the_hardest_people_come_first_with_wilsons_interval():
    people = sort_hardest_first(an_evaluation(3, [(1, 2), (1, 2), (0, 2)]))
    assert [row.person for row in people] == ["p_001", "p_000", "p_002"]
    first = build_recall_intervals(people).rows[0]
    assert (first.label, first.note, first.share) == ("p 001", "1 of 3", pytest.approx(1 / 3))
    assert (first.low, first.high) == wilson_interval(1, 3)


def test_slices_of_one_kind_stand_together_under_it():
    first, second, third = study().slices
    rows = build_slice_intervals([first, third, second]).rows
    assert [(row.heading, row.label) for row in rows] == [
        ("face size", "below 40 px"),
        ("face size", "40 to 79 px"),
        ("pose", "not measured"),
    ]
    assert (rows[0].share, rows[0].faces, rows[0].note) == (0.6, 5, "5 faces")


def test_classifiers_say_their_accuracy():
    rows = build_classifier_intervals(study().classifiers).rows
    assert [row.note for row in rows] == ["90\u00a0%", "92\u00a0%", "10\u00a0%"]


def test_a_curve_knows_its_lowest_end():
    curve = build_learning_curve(study().learning_curve)
    assert [point.number for point in curve.points] == [1, 5] and curve.least == pytest.approx(0.65)


def test_there_are_no_more_ranks_than_people():
    assert [point.number for point in build_cumulative_match_curve(material().predictions).points] == [1, 2, 3]
    many = tuple(f"person {number}" for number in range(30))
    assert len(build_cumulative_match_curve(material(many).predictions).points) == 10

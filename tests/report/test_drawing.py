"""Charts: things stand at their places, scales are round, words have room."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from core.charts.confusion import ConfusionMatrix
from core.charts.shares import IntervalChart, ShareCurve, ShareInterval, SharePoint
from core.charts.similarity import DetCurve, Histogram, HistogramGroup
from core.report.plots import Plot, draw_plot


def words_at(plot: Plot) -> dict[str, tuple[float, float]]:
    """Where each word of a drawing stands; the last where there are several."""
    found = re.findall(r'<text [^>]*x="([-0-9.]+)" y="([-0-9.]+)"[^>]*>([^<]*)<', plot.svg)
    return {text: (float(x), float(y)) for x, y, text in found}


def marks_at(plot: Plot) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'<use [^>]*x="([-0-9.]+)" y="([-0-9.]+)"', plot.svg)]


def interval(label: str, share: float, low: float, high: float, heading: str = "") -> ShareInterval:
    return ShareInterval(label=label, share=share, low=low, high=high, note="2 of 4", heading=heading)


def test_a_share_is_drawn_at_its_place_between_the_ends_of_its_interval():
    plot = draw_plot(IntervalChart([interval("Ann", 0.5, 0.25, 0.75)], "recognised", whole=True), "a")
    at = words_at(plot)
    marks = sorted(x for x, _ in marks_at(plot))
    assert marks == pytest.approx([at["25 %"][0], at["50 %"][0], at["75 %"][0]])
    assert at["50 %"][0] == pytest.approx((at["0 %"][0] + at["100 %"][0]) / 2)


def test_headings_stand_above_the_first_of_their_rows():
    rows = [
        interval("small", 0.5, 0.4, 0.6, "By size"),
        interval("large", 0.9, 0.8, 1.0, "By size"),
        interval("left", 0.7, 0.6, 0.8, "By pose"),
    ]
    at = words_at(draw_plot(IntervalChart(rows, "right"), "a"))
    order = sorted(("By size", "small", "large", "By pose", "left"), key=lambda word: at[word][1])
    assert order == ["By size", "small", "large", "By pose", "left"]
    assert len({round(y) for _, y in (at[word] for word in order)}) == 5 and at["By size"][0] < at["small"][0]


@pytest.mark.parametrize(
    ("least", "expected"),
    [
        (0.02, ["0 %", "25 %", "50 %", "75 %", "100 %"]),
        (0.91, ["90 %", "92.5 %", "95 %", "97.5 %", "100 %"]),
        (0.999, ["96 %", "98 %", "100 %"]),
    ],
)
def test_shares_are_measured_in_round_steps_from_a_little_below_the_least(least, expected):
    at = words_at(draw_plot(IntervalChart([interval("Ann", 1.0, least, 1.0)], "right"), "a"))
    assert sorted((word for word in at if word.endswith("%")), key=lambda word: at[word][0]) == expected


def test_the_scale_of_a_histogram_has_round_values():
    group = HistogramGroup("known", np.array([1, 2, 1]), "#0072B2")
    chart = Histogram(groups=[group], edges=np.linspace(-1.7, 4.9, 4), threshold=1.25, title="likeness", unit="faces")
    at = words_at(draw_plot(chart, "a"))
    assert [word for word in at if re.fullmatch(r"-?\d", word)] == ["-1", "0", "1", "2", "3", "4"]
    assert at["1"][0] < at["limit 1.25"][0] < at["2"][0]


def test_a_logarithmic_scale_places_powers_evenly():
    chart = DetCurve(far=np.array([0.0, 0.01, 1.0]), frr=np.array([1.0, 0.1, 0.0]), n_genuine=5, n_impostor=50_000)
    plot = draw_plot(chart, "a")
    at = words_at(plot)
    steps = np.diff([at[word][0] for word in ("0.001 %", "0.01 %", "0.1 %", "1 %")])
    assert steps == pytest.approx([steps[0]] * 3)
    assert marks_at(plot) == []
    # Rates that more pairs tell than the curve has: the scale goes on to where they are.
    marked = draw_plot(replace(chart, marks=((1e-2, 0.1), (1e-6, 0.4))), "a")
    at = words_at(marked)
    assert {"10 % refused", "40 % refused"} <= {*at} and len(marks_at(marked)) == 2
    assert at["40 % refused"][0] < at["10 % refused"][0]


def test_shares_are_written_where_they_have_room_and_say_something_new():
    shares = [0.7, 0.71, 0.9, 0.9, 0.9]
    points = [SharePoint(number=n, share=s, low=s, high=s) for n, s in zip((1, 2, 30, 60, 100), shares, strict=True)]
    plot = draw_plot(ShareCurve(points, "photos", "right"), "a")
    at = words_at(plot)
    assert "71 %" not in at and "70 %" in at and len(marks_at(plot)) == 5
    assert [number for number in ("1", "2", "30", "60", "100") if number in at] == ["2", "30", "60", "100"]


def test_a_matrix_of_many_people_is_broad_and_its_cells_stand_in_their_rows():
    names = [f"person {number}" for number in range(12)]
    counts = np.eye(12, dtype=np.int64) * 3
    counts[2, 7] = 41
    plot = draw_plot(ConfusionMatrix(names, np.arange(12), counts, counts.sum(axis=1)), "a")
    at = words_at(plot)
    assert plot.broad and at["41"][1] == pytest.approx(at["of 44"][1], abs=2)
    few = ConfusionMatrix(names[:3], np.arange(3), counts[:3, :3], np.full(3, 3))
    assert not draw_plot(few, "a").broad


def test_wide_letters_have_room():
    short, wide = (
        draw_plot(IntervalChart([interval(name, 0.5, 0.2, 0.8)], "", whole=True), "a") for name in ("ABCD", "山田太郎")
    )
    assert words_at(wide)["0 %"][0] > words_at(short)["0 %"][0] + 15

"""Charts: what is drawn, what it carries, what is read back of a selection. Figures are looked at as plain values."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.charts.confusion import ConfusionMatrix
from core.ui import charts
from core.ui.evaluation import confusion_matrix
from core.ui.evaluation.evaluation_page import build_people_table
from core.ui.projection.map_page import read_selected_rows
from tests.charts.made import an_evaluation


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


# axes


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 1.0, ["0\u00a0%", "20\u00a0%", "40\u00a0%", "60\u00a0%", "80\u00a0%", "100\u00a0%"]),
        (0.9, 1.0, ["90\u00a0%", "92\u00a0%", "94\u00a0%", "96\u00a0%", "98\u00a0%", "100\u00a0%"]),
        (0.995, 1.0, ["99.5\u00a0%", "99.6\u00a0%", "99.7\u00a0%", "99.8\u00a0%", "99.9\u00a0%", "100\u00a0%"]),
    ],
)
def test_shares_on_an_axis_are_written_as_everywhere(low: float, high: float, ticks: list[str]):
    axis = charts.share_axis(low, high)
    assert axis["ticktext"] == ticks
    assert axis["tickvals"] == pytest.approx([float(tick.removesuffix("\u00a0%")) / 100 for tick in ticks])


# the confusion matrix


def a_matrix() -> ConfusionMatrix:
    counts = np.array([[19, 3], [0, 5]])
    return ConfusionMatrix(["Jerry", "Ben"], ints(7, 4), counts, ints(22, 5))


def test_cells_say_who_was_taken_for_whom_and_carry_their_people():
    chart = json.loads(charts.confusion_json(a_matrix(), ink="#000000", as_shares=False))
    cells = chart["data"][-1]
    told = dict(zip(cells["hovertext"], cells["customdata"], strict=True))
    assert told == {
        "Jerry: 19 of 22 right": [7, 7],
        "Jerry taken for Ben: 3 of 22": [7, 4],
        "Ben: 5 of 5 right": [4, 4],
    }
    assert cells["text"] == ["19", "3", "5"]


def test_shares_are_of_the_true_persons_faces():
    chart = json.loads(charts.confusion_json(a_matrix(), ink="#000000", as_shares=True))
    assert chart["data"][-1]["text"] == ["86\u00a0%", "14\u00a0%", "100\u00a0%"]


@pytest.mark.parametrize(
    ("n", "numbers", "heat"),
    [(25, True, True), (26, False, True), (60, False, True), (105, False, False), (1_000, False, False)],
)
def test_a_matrix_changes_its_form_with_its_size(n, numbers, heat):
    matrix = ConfusionMatrix(
        [f"Person {row}" for row in range(n)], np.arange(n), np.eye(n, dtype=int), np.ones(n, dtype=int)
    )
    chart = json.loads(charts.confusion_json(matrix, ink="#000000", as_shares=False))
    assert ("text" in chart["data"][-1]["mode"]) == numbers
    assert (chart["data"][0]["type"] == "heatmap") == heat
    assert chart["layout"]["height"] <= 1_350


def test_long_names_are_cut_at_the_axes_unless_that_makes_two_alike():
    names = ["Gonzalo Sanchez de Lozada", "A very long name indeed 1", "A very long name indeed 2"]
    assert charts.axis_names(names) == ["Gonzalo Sanchez de Lo…", *names[1:]]


def test_few_people_are_all_in_the_matrix_and_of_many_those_who_are_confused(monkeypatch):
    assert len(confusion_matrix.select_matrix_people(an_evaluation(40, [(0, 1)]), (), everyone=False)) == 40
    many = an_evaluation(105, [(3, 9), (9, 50)])
    assert confusion_matrix.select_matrix_people(many, (), everyone=False).tolist() == [3, 9, 50]
    assert len(confusion_matrix.select_matrix_people(many, (), everyone=True)) == 105
    monkeypatch.setattr(confusion_matrix, "EVERYONE_MOST", 100)
    assert confusion_matrix.select_matrix_people(many, (), everyone=True).tolist() == [3, 9, 50], "too many for a chart"
    assert confusion_matrix.list_findable_people(many) == ["p_003", "p_009", "p_050"]


def test_looking_for_a_person_shows_whoever_they_were_confused_with():
    many = an_evaluation(105, [(3, 9), (9, 50), (60, 61)])
    assert confusion_matrix.select_matrix_people(many, ("p_009",), everyone=False).tolist() == [3, 9, 50]


def test_the_most_confused_are_shown_when_even_the_confused_are_many():
    busy = an_evaluation(1_000, [(n, n + 1) for n in range(0, 900, 2)] + [(900, 901)] * 3)
    shown = confusion_matrix.select_matrix_people(busy, (), everyone=False).tolist()
    assert len(shown) == confusion_matrix.MOST_CONFUSED_SHOWN
    assert {900, 901} <= set(shown)


def test_the_table_of_people_starts_with_the_worst():
    table = build_people_table(an_evaluation(3, [(1, 2), (1, 2)]))
    assert table["Person"].tolist() == ["p 001", "p 002", "p 000"]
    assert table["Taken for"].tolist() == ["p 002 (2)", "", ""]
    assert table["Recognised"].round().tolist() == [33, 100, 100]


# what was picked


@pytest.mark.parametrize("event", [None, {}, {"selection": {}}, {"selection": {"points": [], "box": []}}])
def test_nothing_picked_is_nothing(event):
    assert charts.picked_cells(event) == ()
    assert read_selected_rows(event) == []


def test_a_picked_cell_is_read_as_true_and_given():
    assert charts.picked_cells({"selection": {"points": [{"customdata": [7, 4]}]}}) == ((7, 4),)


def test_picked_rows_of_a_table():
    assert read_selected_rows({"selection": {"rows": [3, 0], "columns": []}}) == [3, 0]

"""The tab "Same person? (1:1)": the limit moves the counts, and the pairs at the border are named."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from core.charts.similarity import build_distance_histogram
from core.store.job_model import JobKind
from core.ui.evaluation import evaluation_charts
from core.ui.verification import pair_statistics
from core.ui.verification.pair_statistics import load_own_pairs
from tests.pages.conftest import button, open_tab, texts, work
from tests.stored_faces import add_faces

TAB = "Same person? (1:1)"


@pytest.fixture
def village(app_data):
    """Thirty people, of whom two look alike, and a run on them."""
    people = {"P" * number: 8 for number in range(1, 30)} | {"Twin": 8}  # a look is the sum of the name's letters
    dataset = add_faces(app_data, "Village", people, looks_like={"Twin": "P"})
    app_data.jobs.submit(dataset.id, JobKind.TRAIN, {"c": 1.0})
    work(app_data)
    return dataset


def counts(app) -> tuple[int, int]:
    """How many pairs of one person, and of two, the limit accepts."""
    said = [
        caption.value for caption in app.caption if re.match(r"\d[\d\u202f]* of \d[\d\u202f]* pairs", caption.value)
    ]
    return tuple(int(re.sub("\u202f", "", text.split(" of ")[0])) for text in said[:2])  # type: ignore[return-value]


def test_the_limit_moves_the_counts_and_the_twins_stand_at_the_border(village, open_page):
    app = open_tab(open_page, TAB)
    assert "of pairs of one person are nearer than all but" in texts(app)
    limit = app.slider[0]
    strict = counts(app)
    limit.set_value(1.3).run()
    assert not app.exception
    loose = counts(app)
    assert loose[0] >= strict[0] and loose[1] > strict[1]
    app.slider[0].set_value(0.6).run()
    shown = "".join(str(block.proto.body) for block in app.get("html"))
    assert "P and Twin" in shown


def test_a_button_puts_the_limit_where_a_rate_was_measured(app_data, village, open_page):
    app = open_tab(open_page, TAB)
    app.slider[0].set_value(1.3).run()
    button(app, "1 in 1\u202f000 passes").click().run()
    assert not app.exception
    pairs = load_own_pairs(village.id, app_data.store.dataset(village.id).revision)
    assert app.slider[0].value == pytest.approx(pairs.thresholds[1e-3], abs=0.01)
    assert app.slider[0].value <= pairs.thresholds[1e-3]


def test_people_with_one_photo_each_cannot_be_compared(app_data):
    dataset = add_faces(app_data, "Singles", {"a": 1, "b": 1, "c": 1})
    assert load_own_pairs(dataset.id, dataset.revision) is None


def test_the_border_holds_the_wrong_decisions_nearest_to_the_limit(village):
    pairs = load_own_pairs(village.id, village.revision)
    limit = float(np.quantile(pairs.distances, 0.3))
    accepted, refused = pairs.border(limit, count=3)
    wrong = np.sort(pairs.distances[~pairs.same & (pairs.distances <= limit)])[::-1][:3]
    assert pairs.distances[accepted].tolist() == wrong.tolist() and not pairs.same[accepted].any()
    assert (pairs.distances[refused] > limit).all() and pairs.same[refused].all()


def test_the_chart_shows_each_kind_as_shares_and_the_limit():
    distances, same = np.array([0.5, 0.52, 1.3, 1.31, 1.4, 2.0]), np.array([True, True, False, False, False, False])
    drawn = json.loads(evaluation_charts.histogram_json(build_distance_histogram(distances, same, 0.93), ink="#000000"))
    assert [trace["name"] for trace in drawn["data"]] == ["one person", "different people"]
    assert [sum(trace["y"]) for trace in drawn["data"]] == [pytest.approx(1.0)] * 2
    assert drawn["layout"]["shapes"][0]["x0"] == 0.93


def test_a_step_of_the_slider_never_lets_more_pass_than_promised():
    assert pair_statistics._rounded_threshold(0.9579) == pytest.approx(0.95)
    assert (pair_statistics._rounded_threshold(0.1), pair_statistics._rounded_threshold(3.0)) == (0.3, 1.6)


def test_strict_rates_stand_in_a_table_and_what_they_take_is_said(village, open_page):
    app = open_tab(open_page, TAB)
    (table,) = (frame.value for frame in app.dataframe if "Two people pass (FAR)" in frame.value)
    assert table["Two people pass (FAR)"].tolist() == ["1 in 100", "1 in 1\u202f000"]
    assert all(" to " in interval for interval in table["95\u00a0% interval of FAR"])
    assert "A rate is told when 10 of them pass its limit" in texts(app)
    assert "The next stricter rate takes 100\u202f000 pairs." in texts(app)

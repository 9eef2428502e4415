"""The tab "Strangers": its sentences, limits and charts, and the choice of strangers' photos for the training."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.charts.reliability import ReliabilityDiagram
from core.charts.similarity import Histogram, HistogramGroup, count_in_bins
from core.learn.metrics.calibration import reliability_bins
from core.learn.metrics.run_values import KnownStranger, StrangersGiven
from core.learn.open_set.rejection_rule import RATES, Impostors
from core.store.job_model import JobKind, JobState
from core.ui import words
from core.ui.evaluation import evaluation_charts, open_set
from tests.conftest import write_zip
from tests.pages.conftest import open_explanations, open_tab, texts, work
from tests.stored_faces import add_faces

TRAIN, IDENTIFY = "pages/model/train.py", "pages/identify/photo.py"
FOUR = {"Ann": 8, "Bob": 8, "Cat": 8, "Zoe": 8}


@pytest.fixture
def run(app_data):
    """A run on four people."""
    dataset = add_faces(app_data, "Family", FOUR)
    app_data.jobs.submit(dataset.id, JobKind.TRAIN, {"c": 1.0})
    work(app_data)
    return app_data.runs.runs(dataset.id)[0]


def charts_of(app) -> dict[str, dict]:
    """The charts of a page by the title of their horizontal axis."""
    drawn = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return {chart["layout"]["xaxis"]["title"]["text"]: chart for chart in drawn}


def test_the_limits_and_what_they_cost_are_listed_for_every_rate(run, open_page):
    app = open_tab(open_page, "Strangers")
    table = app.dataframe[0].value
    assert len(table) == len(RATES) and table["rate"].tolist()[2] == "1\u00a0%"
    assert set(table["enough"]) == {"no"} and table["score"].is_monotonic_increasing
    said = texts(app)
    assert (
        "the model's own, measured on other photos and moved by 4 people hidden from it in turn: about 1\u00a0% ("
        in said
    )
    assert "4 people left out of the gallery in turn; they moved the model's own limits" in said
    assert "4 people played the stranger with 32 faces: none of these is above the limit." in said
    assert [metric.label for metric in app.metric][-2:] == [
        "Found and named (DIR) at FPIR 1\u00a0%",
        "Found and named (DIR) at FPIR 0.1\u00a0%",
    ]


def test_known_and_left_out_people_are_drawn_with_the_limit(run, open_page):
    drawn = charts_of(open_tab(open_page, "Strangers"))
    assert set(drawn) == {"score", "how sure it was", "looked at so many names (k)"}
    known, hidden = drawn["score"]["data"]
    assert (sum(known["customdata"]), sum(hidden["customdata"])) == (32, 32)
    assert drawn["score"]["layout"]["shapes"][0]["x0"] == run.params.threshold.score
    assert drawn["looked at so many names (k)"]["data"][0]["x"] == [1, 2, 3, 4]


def test_a_run_without_kept_impostors_still_shows_the_known(run, app_data, open_page, monkeypatch):
    from core.ui import data

    said = replace(data.run_predictions(run.id), impostors=None)
    monkeypatch.setattr(data, "run_predictions", lambda _run_id: said)
    app = open_tab(open_page, "Strangers")
    assert len(charts_of(app)["score"]["data"]) == 1
    assert "train again to see them" in texts(app)


def test_strangers_of_the_inbox_are_chosen_for_the_training_and_told(app_data, open_page, sample_files):
    dataset = add_faces(app_data, "Family", FOUR)
    others = [content for name, content in sample_files.items() if name.startswith("val/")][:3]
    files = {f"{row}.jpg": content for row, content in enumerate(others)} | {"4.jpg": b"no photo"}
    write_zip(app_data.settings.inbox_dir / "others.zip", files)
    app = open_page(TRAIN)
    chooser = next(found for found in app.selectbox if found.label == "Photos of other people, from the inbox")
    chooser.select("others.zip").run()
    next(found for found in app.button if found.label == "Train").click().run()
    (ended,) = work(app_data)
    assert (ended.state, ended.params["strangers"]) == (JobState.DONE, "inbox/others.zip")
    (made,) = app_data.runs.runs(dataset.id)
    assert made.params.strangers_given.used == 3
    app = open_tab(open_page, "Strangers")
    assert "From others.zip 3 faces of 3 people helped to set the limits; none of them is kept." in texts(app)
    assert "1 photo could not be used." in texts(app)
    assert [trace["name"] for trace in charts_of(app)["score"]["data"]] == [
        "known, rightly named",
        "left out in turn",
        "given as strangers",
    ]


def drop(app, file: tuple[str, bytes, str]):
    """Drop a file where strangers are asked for."""
    uploader = next(found for found in app.get("file_uploader") if "of other people" in found.label)
    uploader.upload(*file).run()
    assert not app.exception
    return app


def test_a_dropped_zip_of_strangers_is_trained_with_and_what_could_not_be_used_is_named(
    app_data, run, open_page, sample_files, tmp_path
):
    others = [content for name, content in sample_files.items() if name.startswith("val/")][:3]
    files = {f"{row}.jpg": content for row, content in enumerate(others)} | {"letter.jpg": b"no photo"}
    content = write_zip(tmp_path / "others.zip", files).read_bytes()
    drop(open_tab(open_page, "Strangers", run=run.id), ("others.zip", content, "application/zip"))
    assert (app_data.settings.inbox_dir / "others.zip").read_bytes() == content
    (ended,) = work(app_data)
    assert (ended.state, ended.params["strangers"]) == (JobState.DONE, "inbox/others.zip")
    assert ended.params["c"] == 1.0, "trained as before"
    app = open_tab(open_page, "Strangers")
    assert "From others.zip 3 faces of 3 people helped to set the limits; none of them is kept." in texts(app)
    assert "None of these 3 faces is above the limit." in texts(app)
    assert any(text.value.startswith("letter.jpg: ") for text in app.text)
    assert not list(app_data.settings.uploads_dir.iterdir())


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (("broken.zip", b"PK no zip", "application/zip"), "broken.zip"),
        (("letter.txt", b"Dear Ann", "text/plain"), "There are no photos in letter.txt."),
    ],
    ids=["no zip", "no photo"],
)
def test_what_cannot_be_strangers_is_refused_by_name_and_nothing_is_trained(app_data, run, open_page, file, said):
    app = drop(open_tab(open_page, "Strangers"), file)
    assert said in "\n".join(error.value for error in app.error)
    assert not app_data.jobs.claim() and not list(app_data.settings.inbox_dir.iterdir())


def test_strangers_that_are_gone_fail_the_training_in_words(app_data, open_page):
    dataset = add_faces(app_data, "Family", FOUR)
    app_data.jobs.submit(dataset.id, JobKind.TRAIN, {"strangers": "inbox/gone.zip"})
    (ended,) = work(app_data)
    assert ended.state is JobState.FAILED and "Give them again." in ended.error


def test_the_sentence_on_strangers_says_what_was_measured_and_what_it_costs(run):
    measured = replace(
        run.params.threshold,
        score=3.38,
        from_prior=False,
        expected=0.01,
        low=0.0,
        high=0.05,
        enough=False,
        n_impostors=500,
        n_impostor_people=60,
    )
    run = replace(run, params=replace(run.params, threshold=measured))
    said = open_set.describe_run_threshold(run, 0)
    assert "above 3.38" in said
    assert "1\u00a0% of 500 faces got a name" in said
    assert "so about 1\u00a0% (0\u00a0% to 5\u00a0%) of strangers would" in said
    assert "too few people to be sure of 1\u00a0%" in said
    assert "none of the" in said
    assert "That is many" not in said
    assert "That is many" in open_set.describe_run_threshold(run, run.metrics.n_test)


def test_a_run_of_an_earlier_version_says_that_nobody_moved_its_limit(run):
    earlier = replace(run.params.threshold, from_prior=True, n_impostor_people=0, low=0.0, high=0.064)
    said = open_set.describe_run_threshold(replace(run, params=replace(run.params, threshold=earlier)), 0)
    assert "measured on other photos: about 1\u00a0% (0\u00a0% to 6.4\u00a0%) of strangers would get a name." in said


def test_all_pages_that_speak_of_strangers_say_the_same_of_a_run(trained, open_page, sample_files):
    dataset = trained.store.datasets()[0]
    (run,) = trained.runs.runs(dataset.id)
    share = words.format_strangers_share(run.params.threshold)
    evaluation = texts(open_tab(open_page, "Strangers"))
    assert f"Of people it was never shown {share} would get a name" in evaluation, "the head"
    assert f"of known faces get their right name, {share} of strangers get one" in evaluation, "the tab"
    assert f": {share} of strangers would get a name." in evaluation, "what the limit rests on"
    app = open_page(IDENTIFY)
    app.get("file_uploader")[0].upload("a.jpg", next(iter(sample_files.values())), "image/jpeg").run()
    identification = texts(open_explanations(app))
    assert f"Of strangers {share} would get a name." in identification, "below the slider"
    assert f"so that {share} of strangers get one" in identification, "how it is computed"
    assert "How good is it? speaks of" not in identification


def test_known_people_among_the_given_strangers_are_named():
    known = (KnownStranger("Ann_Lee", 2, "the same shot is in the dataset"),)
    given = StrangersGiven(title="o.zip", photos=9, refused=0, used=7, people=6, known=known)
    said = open_set.describe_given_strangers(given)
    assert "7 faces of 6 people" in said
    assert "2 photos of Ann Lee were not used: the same shot is in the dataset." in said


def test_those_above_the_limit_are_counted_by_face():
    tried = Impostors(np.array([0.9, 0.8, 0.1]), np.array([0, 0, 1]), np.zeros(3, dtype=bool))
    assert "2 people played the stranger with 3 faces: 2 of these are above" in open_set.describe_hidden_people(
        tried, 0.5
    )


# the charts


def test_a_histogram_shows_shares_and_keeps_what_lies_beyond_its_edges():
    edges = np.linspace(0, 1, 5)
    groups = [
        HistogramGroup("few", count_in_bins(np.array([-9.0, 0.5]), edges), "#000000"),
        HistogramGroup("one", count_in_bins(np.array([9.0]), edges), "#111111"),
    ]
    histogram = Histogram(groups=groups, edges=edges, threshold=0.4, title="value", unit="faces")
    drawn = json.loads(evaluation_charts.histogram_json(histogram, ink="#000000"))
    assert [trace["y"] for trace in drawn["data"]] == [[0.5, 0, 0.5, 0], [0, 0, 0, 1]]
    assert drawn["layout"]["annotations"][0]["text"] == "limit 0.40"


def test_the_reliability_plot_has_a_mark_a_bin():
    bins = reliability_bins(np.array([0.05, 0.95, 0.92, 1.0]), np.array([False, True, False, True]), bins=10)
    diagonal, marks = json.loads(evaluation_charts.reliability_json(ReliabilityDiagram(bins), ink="#000000"))["data"]
    assert diagonal["x"] == [0, 1]
    assert [text.partition(": ")[2] for text in marks["hovertext"]] == ["1 face", "3 faces"]
    assert marks["y"] == pytest.approx([0, 2 / 3]) and marks["marker"]["size"][1] > marks["marker"]["size"][0]


def test_the_four_fields_of_a_comparison_stand_where_they_belong():
    (numbers,) = json.loads(evaluation_charts.changes_json(5, 1, 2, 3, ink="#000000"))["data"]
    assert set(numbers["hovertext"]) == {
        "right before, right now: 5",
        "right before, wrong now: 1",
        "wrong before, right now: 2",
        "wrong before, wrong now: 3",
    }

"""The evaluation page: the answer, the errors, the matrix, the people, and the way on when there is nothing."""

from __future__ import annotations

import json
import shutil

import pytest

from core.store.job_model import JobKind
from core.ui import words
from core.workflows.exchange.csv_tables import people_csv
from core.workflows.training.request import TrainRequest
from core.workflows.training.train import load_predictions
from tests.conftest import new_data_dir, services_on
from tests.pages.conftest import EVALUATE, app_services, button, open_tab, texts, work
from tests.stored_faces import add_faces

TABS = ("Errors", "Confusion", "People", "Strangers", "Same person? (1:1)", "Method")


@pytest.fixture(scope="module")
def erring_dir(models_dir, tmp_path_factory, engine):
    """A data folder with a run that errs: Impostor looks like Ann. Copied for each test."""
    folder = new_data_dir(models_dir, tmp_path_factory.mktemp("erring") / "data")
    services = services_on(folder, engine)
    people = {"Ann_Lee": 12, "Bob": 8, "Cat": 8, "Impostor": 4}
    dataset = add_faces(services, "Family", people, looks_like={"Impostor": "Ann_Lee"})
    services.jobs.submit(dataset.id, JobKind.TRAIN, {"c": 1.0})
    work(services)
    return folder


@pytest.fixture
def erring(erring_dir, tmp_path, monkeypatch, engine):
    """The app's services on a copy of it."""
    folder = tmp_path / "data"
    shutil.copytree(erring_dir, folder, symlinks=True)
    return app_services(folder, monkeypatch, engine)


def test_without_a_run_the_page_leads_to_training(app_data, open_page):
    add_faces(app_data, "Family", {"Ann": 3, "Bob": 3})
    app = open_page(EVALUATE)
    assert "Nothing was trained yet." in texts(app)
    assert button(app, "Train")


def test_the_sample_is_right_for_all_photos_and_has_no_errors(trained, open_page):
    app = open_page(EVALUATE)
    said = texts(app)
    assert "Right for 25 of 25 faces it had not seen before." in said
    assert "No errors." in said
    assert "Of people it was never shown about 1\u00a0% (0\u00a0% to " in said
    accuracy = app.metric[0]
    assert (accuracy.value, accuracy.delta) == ("100\u00a0%", "86.7\u00a0% to 100\u00a0%")


def kinds(chart) -> set[str]:
    """What a chart is made of."""
    return {trace["type"] for trace in json.loads(chart.proto.spec)["data"]}


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_alone(trained, open_page, tab):
    app = open_tab(open_page, tab)
    shown = {
        "Errors": "No errors." in texts(app),
        "Confusion": any("heatmap" in kinds(chart) for chart in app.get("plotly_chart")),
        "Same person? (1:1)": "of pairs of one person are nearer" in texts(app) or "told apart rightly" in texts(app),
        "People": "5 of 5 tested people were always recognised" in texts(app),
        "Strangers": "of known faces get their right name" in texts(app),
        "Method": bool(app.table),
    }
    assert [name for name in TABS if shown[name]] == [tab]


def test_every_error_is_shown_with_both_names_and_opens_its_photo(erring, open_page):
    app = open_tab(open_page, "Errors")
    (dataset,) = erring.store.datasets()
    (run,) = erring.runs.runs(dataset.id)
    predictions = load_predictions(erring.artifacts, run)
    said = texts(app)
    assert predictions.wrong.any()
    assert "taken for **Ann Lee**" in said or "taken for **Impostor**" in said
    photos = [found for found in app.button if found.label == "Whole photo"]
    assert len(photos) == min(8, predictions.wrong.sum())
    photos[0].click().run()
    assert not app.exception
    assert "missing from the data folder" in texts(app)  # these faces have no photo


def test_the_matrix_tells_the_confusions(erring, open_page):
    app = open_tab(open_page, "Confusion")
    (chart,) = (json.loads(chart.proto.spec) for chart in app.get("plotly_chart"))
    told = chart["data"][-1]["hovertext"]
    assert any(text.startswith(("Impostor taken for Ann Lee", "Ann Lee taken for Impostor")) for text in told)
    app.multiselect(key="confused_people").select("Bob").run()
    assert not app.exception


def test_the_table_of_people_starts_with_the_worst(erring, open_page):
    table = open_tab(open_page, "People").dataframe[0].value
    assert table["Person"].iloc[0] == "Impostor"
    assert table["F1"].is_monotonic_increasing


def test_the_csv_has_the_names_of_the_folders(erring):
    (run,) = erring.runs.runs(erring.store.datasets()[0].id)
    lines = people_csv(load_predictions(erring.artifacts, run).evaluation).decode("utf-8-sig").splitlines()
    assert lines[0] == "person,precision,recall,f1,support"
    assert {line.split(",")[0] for line in lines[1:]} == {"Ann_Lee", "Bob", "Cat", "Impostor"}


def test_those_left_out_are_named_with_the_reason(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 4, "Bob": 4, "Once_Seen": 1})
    app_data.jobs.submit(dataset.id, JobKind.TRAIN, {})
    work(app_data)
    app = open_tab(open_page, "Method")
    assert "1 person left out" in texts(app)
    assert app.dataframe[0].value["Person"].tolist() == ["Once Seen"]


def test_a_run_of_earlier_photos_is_marked_and_still_shown(erring, open_page):
    add_faces(erring, "Family", {"Dan": 3})
    app = open_page(EVALUATE)
    assert "changed since this run" in texts(app)
    assert button(app, "Train again")
    assert app.metric


def test_the_figures_of_an_updated_run_are_said_to_be_those_of_the_training(erring, open_page):
    (dataset,) = erring.store.datasets()
    (before,) = erring.runs.runs(dataset.id)
    add_faces(erring, "Family", {"Dan": 3})
    erring.jobs.submit(dataset.id, JobKind.TRAIN, TrainRequest(update=True).to_json())
    work(erring)
    app = open_page(EVALUATE)
    assert not app.exception
    assert "1 person came since the training. It knows that; its accuracy and thresholds were measured before." in (
        texts(app)
    )
    assert button(app, "Train again")
    assert app.metric[0].value == words.percent(before.metrics.accuracy)
    assert f"of {before.metrics.n_people} people, named by their folders" in texts(app)


def test_the_address_chooses_the_run_and_the_newest_is_the_default(erring, open_page):
    (dataset,) = erring.store.datasets()
    (older,) = erring.runs.runs(dataset.id)
    erring.jobs.submit(dataset.id, JobKind.TRAIN, {"seed": 1, "c": 1.0})
    work(erring)
    newest = erring.runs.runs(dataset.id)[0]
    app = open_page(EVALUATE)
    chooser = app.selectbox(key=f"evaluated_run_{dataset.id}")
    assert chooser.value == newest.id
    chooser.select(older.id).run()
    assert app.query_params["run"] == older.id
    assert not app.exception


def test_a_link_to_a_run_that_was_deleted_says_so_and_shows_the_newest(trained, open_page):
    app = open_page(EVALUATE, run="0123456789ab")
    assert "was deleted. This is the newest." in texts(app)
    assert "run" not in app.query_params
    assert "was deleted" not in texts(app.run())

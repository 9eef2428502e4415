"""The tab "Compared with before", and the short way there from a run that is out of date."""

from __future__ import annotations

import pytest

from core.corrections.model import Editor
from core.store.job_model import JobKind
from core.ui.evaluation import run_comparison
from core.ui.training import runs_table
from core.workflows.labels.correct import Corrector
from tests.pages.conftest import EVALUATE, button, open_tab, texts, work
from tests.stored_faces import add_faces

TRAIN = "pages/model/train.py"


@pytest.fixture
def dataset(app_data):
    """A run that errs: four photos of Ann lie under another name."""
    dataset = add_faces(app_data, "Family", {"Ann": 12, "Bob": 8, "Cat": 8, "Misfiled": 4}, {"Misfiled": "Ann"})
    learn(app_data, dataset)
    return dataset


def learn(services, dataset, **options):
    services.jobs.submit(dataset.id, JobKind.TRAIN, {"c": 1.0, **options})
    work(services)


def correct(services, dataset):
    """Give Ann her photos back."""
    table = services.store.face_table(dataset.id)
    moved = [table.face_ids[row] for row in range(len(table)) if table.person(row) == "Misfiled"]
    hand = Editor("somebody", "a sitting")
    Corrector(services.store, services.log, dataset.id, hand).move(moved, "Ann")


def test_after_one_training_there_is_nothing_to_compare(dataset, open_page):
    app = open_page(EVALUATE)
    assert runs_table.COMPARED not in [tab.label for tab in app.tabs]


def test_from_a_stale_run_two_clicks_lead_to_what_changed(app_data, dataset, open_page):
    correct(app_data, dataset)
    app = open_page(EVALUATE)
    button(app, "Train again").click().run()
    (ended,) = work(app_data)
    assert (ended.kind, ended.params["c"]) == (JobKind.TRAIN, 1.0), "with the settings of the run that it follows"
    app = open_page(TRAIN)
    assert "by the run before" in texts(app)
    button(app, "What changed?").click().run()
    assert not app.exception
    assert app.query_params["tab"] == runs_table.COMPARED


def test_corrected_faces_are_among_the_newly_right_and_what_was_done_is_told(app_data, dataset, open_page):
    correct(app_data, dataset)
    learn(app_data, dataset)
    said = texts(open_tab(open_page, runs_table.COMPARED))
    assert "Newly right: 4 faces" in said and "Newly wrong: none" in said
    assert "Moved 4 faces from Misfiled to Ann" in said and "Misfiled went" in said
    assert "on the 32 faces that both runs were tested on" in said


def test_the_same_training_again_changes_nothing(app_data, dataset, open_page):
    learn(app_data, dataset)
    said = texts(open_tab(open_page, runs_table.COMPARED))
    assert "Nothing: the same faces and the same settings." in said
    assert "Both are right for the same" in said


def test_another_run_can_be_chosen_and_is_kept_in_the_address(app_data, dataset, open_page):
    for seed in (1, 2):
        learn(app_data, dataset, seed=seed)
    newest, middle, oldest = app_data.runs.runs(dataset.id)
    app = open_tab(open_page, runs_table.COMPARED)
    chooser = app.selectbox(key=f"compared_with_{newest.id}")
    assert chooser.value == middle.id and "Seed: 1 before, 2 now" in texts(app)
    chooser.select(oldest.id).run()
    assert app.query_params["against"] == oldest.id and "Seed: 0 before, 2 now" in texts(app)
    app = open_tab(open_page, runs_table.COMPARED, run=oldest.id)
    assert "Seed: 0 before, 1 now" in texts(app), "the first run is compared with the one after it"


def test_two_ticked_runs_say_what_differs_and_the_list_does_in_a_line(app_data, dataset, open_page):
    learn(app_data, dataset, min_grade=0.1)
    table = open_page(TRAIN).dataframe[0].value
    assert table["changed"].tolist() == ["other poorest quality", "the first"]


def test_errors_that_were_none_are_explained():
    assert run_comparison.describe_cleared_errors(1).startswith(
        "One of them counted as an error before because the name was wrong"
    )
    assert run_comparison.describe_cleared_errors(3).startswith("3 of them counted as errors before")

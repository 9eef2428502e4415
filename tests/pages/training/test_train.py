"""The training page: too few people, training, the list of runs, comparing and deleting."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.store.job_model import JobKind, JobState
from core.store.values.datasets import IngestBatch, PhotoLabel
from core.ui.training import training_plan
from core.workflows.training.request import TrainRequest
from core.workflows.training.train import delete_run
from tests.pages.conftest import EVALUATE, button, texts, work
from tests.stored_faces import add_faces

TRAIN = "pages/model/train.py"


def test_without_people_the_page_says_what_is_missing(app_data, open_page):
    app_data.store.create_dataset("Family", "facenet-128")
    app = open_page(TRAIN)
    assert "There are no faces yet." in texts(app)
    assert button(app, "Add photos")


@pytest.mark.parametrize(
    "page", [TRAIN, "pages/model/evaluate.py", "pages/identify/photo.py", "pages/identify/batch.py"]
)
@pytest.mark.parametrize(
    ("people", "way_on"), [({"Ann": 3}, "Add photos"), ({"Ann": 3, None: 2}, "Name the faces")], ids=["one", "and more"]
)
def test_where_nothing_can_be_learned_yet_every_page_leads_to_what_is_missing(
    app_data, open_page, page, people, way_on
):
    add_faces(app_data, "Family", people)
    app = open_page(page)
    assert [found.label for found in app.button if found.key.startswith("empty_")] == [way_on]


def test_training_makes_a_run_that_the_page_lists(trained, open_page):
    (dataset,) = trained.store.datasets()
    app = open_page(TRAIN)
    assert "5 people" in texts(app)
    button(app, "Train again").click().run()
    assert not app.exception
    (ended,) = work(trained)
    assert (ended.kind, ended.state) == (JobKind.TRAIN, JobState.DONE)
    assert len(trained.runs.runs(dataset.id)) == 2
    assert len(open_page(TRAIN).dataframe[0].value) == 2


def test_of_very_many_faces_who_takes_part_is_said_when_somebody_asks(app_data, open_page, monkeypatch):
    add_faces(app_data, "Family", {"Ann": 5, "Bob": 5})
    monkeypatch.setattr(training_plan, "MOST_FACES_UNASKED", 9)
    app = open_page(TRAIN)
    assert "take part" not in texts(app)
    next(toggle for toggle in app.toggle if toggle.label == "Say who takes part").set_value(True).run()
    assert not app.exception and "2 people, 10 faces" in texts(app)


def test_a_dataset_that_grew_since_asks_for_another_training(trained, open_page):
    (dataset,) = trained.store.datasets()
    photo, _ = trained.store.photo(dataset.id, next(iter(trained.store.photo_labels(dataset.id))))
    trained.store.add(dataset.id, "", IngestBatch(photos=[(replace(photo, id="f" * 64), PhotoLabel(None, None))]))
    assert "Train again to learn from them" in texts(open_page(TRAIN))


def test_after_an_update_training_again_is_what_comes_next(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 5, "Bob": 5})
    app_data.jobs.submit(dataset.id, JobKind.TRAIN, {"folds": 2})
    work(app_data)
    add_faces(app_data, "Family", {"Cleo": 5})
    app_data.jobs.submit(dataset.id, JobKind.TRAIN, TrainRequest(update=True).to_json())
    work(app_data)
    app = open_page(TRAIN)
    assert not app.exception
    assert "1 person came since the training. It knows that" in texts(app)
    assert "Right for" not in texts(app), "nothing was measured"
    assert app.dataframe[0].value["changed"].tolist() == [
        "updated, not measured again, +1 people, +5 faces",
        "the first",
    ]
    button(app, "Train").click().run()
    work(app_data)
    assert "since the training" not in texts(open_page(TRAIN))


def test_two_people_with_one_photo_each_are_told_what_to_do(app_data, open_page, sample_files, tmp_path):
    dataset = app_data.store.create_dataset("Pair", "facenet-128")
    for person in ("ben_afflek", "elton_john"):
        folder = tmp_path / "pair" / person
        folder.mkdir(parents=True)
        name = next(name for name in sample_files if person in name)
        (folder / "1.jpg").write_bytes(sample_files[name])
    params = {"path": str(tmp_path / "pair"), "title": "pair", "policy": "largest"}
    app_data.jobs.submit(dataset.id, JobKind.INGEST, params)
    app_data.jobs.submit(dataset.id, JobKind.TRAIN, {})
    _, ended = work(app_data)
    assert ended.state is JobState.FAILED
    app = open_page(TRAIN)
    assert not app.exception
    assert ended.error in texts(app)


def test_one_person_with_twenty_times_anothers_photos_is_named_before_and_after_training(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann_Lee": 60, "Bob": 3})
    said = "Ann Lee has 60 faces, Bob 3: 20 times as many."
    assert said in texts(open_page(TRAIN))
    app_data.jobs.submit(dataset.id, JobKind.TRAIN, {"c": 1.0})
    work(app_data)
    assert said in texts(open_page(EVALUATE))


def test_a_run_that_was_ticked_is_not_taken_for_another_when_the_list_changed(trained, open_page):
    (dataset,) = trained.store.datasets()
    trained.jobs.submit(dataset.id, JobKind.TRAIN, {})
    work(trained)
    older = trained.runs.runs(dataset.id)[1]
    app = open_page(TRAIN)
    key = next(key for key in app.session_state._state.filtered_state if key.startswith("runs_"))
    app.session_state[key] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()
    delete = button(app, "Delete 1 run")
    delete_run(trained.runs, trained.artifacts, trained.runs.runs(dataset.id)[0])
    delete.click().run()
    assert [run.id for run in trained.runs.runs(dataset.id)] == [older.id]

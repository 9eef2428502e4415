"""The home page: the first visit, a dataset's card, renaming and erasing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from core.store.job_model import JobKind, JobState
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from tests.conftest import add_model, unprepare_sample, write_zip
from tests.pages.conftest import button, texts, work

HOME = "pages/home/datasets.py"


def test_the_first_visit_has_three_doors(app_data, open_page):
    app = open_page(HOME)
    assert [header.value for header in app.header] == ["Look at the sample", "My photos in folders", "My loose photos"]
    assert [widget.label for widget in app.get("file_uploader")] == [
        "A zip or a folder",
        "A folder, with all folders in it",
        "Photos, or a zip of them",
    ]
    assert [entry.label for entry in app.button if entry.proto.type == "primary"] == ["Look at the sample"]


def test_the_first_visit_shows_the_sample_s_faces_named_and_its_map(with_sample, open_page):
    (picture,) = (html.proto.body for html in open_page(HOME).get("html") if "fa-scene" in html.proto.body)
    for name in ("ben afflek", "elton john", "jerry seinfeld", "madonna", "mindy kaling"):
        assert f"the face in the box is named {name}'" in picture
    assert picture.count("<i class='fa-p") == 118
    assert "aria-label='Map of the 118 faces of the sample" in picture
    assert "prefers-reduced-motion" in picture


def test_the_sample_opens_with_all_that_was_prepared(with_sample, open_page):
    app = open_page(HOME)
    button(app, "Look at the sample").click().run()
    assert not app.exception
    app = open_page(HOME)
    (dataset,) = with_sample.store.datasets()
    assert {job.kind for job in with_sample.jobs.jobs(dataset.id)} >= {JobKind.INGEST, JobKind.TRAIN, JobKind.MAP}
    assert "100\u00a0% right on new photos" in texts(app)


def test_a_sample_that_was_not_prepared_is_taken_as_any_photos(app_data, open_page):
    unprepare_sample(app_data.settings.data_dir)
    app = open_page(HOME)
    assert not any("fa-scene" in html.proto.body for html in app.get("html"))
    button(app, "Look at the sample").click().run()
    assert not app.exception
    (dataset,) = app_data.store.datasets()
    (job,) = app_data.jobs.jobs(dataset.id)
    assert (dataset.name, job.kind) == ("Five celebrities", JobKind.INGEST)


@pytest.mark.parametrize("n_datasets", [1, 5, 20])
def test_the_dataset_that_was_worked_on_last_comes_first_and_its_step_is_the_way_on(app_data, open_page, n_datasets):
    datasets = [app_data.store.create_dataset(f"Box {number}", "facenet-128") for number in range(n_datasets)]
    app_data.jobs.submit(datasets[0].id, JobKind.INGEST, {"path": "box.zip", "title": "box", "policy": "largest"})
    app = open_page(HOME)
    assert len([header for header in app.header if header.value.startswith("Box")]) == min(n_datasets, 6)
    (way_on,) = (entry for entry in app.button if entry.proto.type == "primary")
    assert (way_on.key, way_on.label) == (f"next_{datasets[0].id}", "Watch the work")


def test_a_card_names_the_next_step_as_work_proceeds(app_data, open_page, sample_files, tmp_path):
    people = ("train/madonna/", "train/elton_john/")
    few = {name: content for name, content in sample_files.items() if name.startswith(people)}
    photos = write_zip(tmp_path / "few.zip", few)
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    assert [entry.label for entry in open_page(HOME).button if entry.key == f"next_{dataset.id}"] == ["Add photos"]
    app_data.jobs.submit(dataset.id, JobKind.INGEST, {"path": str(photos), "title": "few.zip", "policy": "largest"})
    assert [entry.label for entry in open_page(HOME).button if entry.key == f"next_{dataset.id}"] == ["Watch the work"]
    work(app_data)
    assert [entry.label for entry in open_page(HOME).button if entry.key == f"next_{dataset.id}"] == ["Train"]


def test_a_trained_dataset_shows_its_counts_and_accuracy(trained, open_page):
    said = texts(open_page(HOME))
    assert "118 photos" in said
    assert "5 people" in said
    assert "100\u00a0% right on new photos" in said


def test_renaming_a_dataset(trained, open_page):
    (dataset,) = trained.store.datasets()
    app = open_page(HOME)
    app.text_input(key=f"name_{dataset.id}").set_value("Stars").run()
    app.button(key=f"rename_{dataset.id}").click().run()
    assert not app.exception
    assert [entry.name for entry in trained.store.datasets()] == ["Stars"]


def test_a_name_that_is_taken_is_refused_in_words(trained, open_page):
    trained.store.create_dataset("Stars", "facenet-128")
    dataset = trained.store.dataset("Five celebrities")
    app = open_page(HOME)
    app.text_input(key=f"name_{dataset.id}").set_value("Stars").run()
    app.button(key=f"rename_{dataset.id}").click().run()
    assert "exists already" in texts(app)


def test_erasing_asks_first_and_says_what_goes(trained, open_page):
    (dataset,) = trained.store.datasets()
    app = open_page(HOME)
    app.button(key=f"delete_{dataset.id}").click().run()
    assert "cannot be brought back" in texts(app)
    assert button(app, "Erase it")  # AppTest cannot press buttons of a dialog: the browser test does


def test_looking_for_faces_again_is_queued_and_followed_elsewhere(trained, open_page):
    (dataset,) = trained.store.datasets()
    app = open_page(HOME)
    assert "before quality was measured" in button(app, "Look for faces again").help
    app.button(key=f"again_{dataset.id}").click().run()
    assert not app.exception
    job = trained.jobs.jobs(dataset.id)[0]
    assert (job.kind, job.state) == (JobKind.LOOK_AGAIN, JobState.QUEUED)
    assert app.button(key=f"next_{dataset.id}").label == "Watch the work"
    assert "Five celebrities: Looking for faces again (queued)" in texts(app)


def test_an_empty_dataset_has_no_faces_to_look_for(app_data, open_page):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    assert open_page(HOME).button(key=f"again_{dataset.id}").disabled


def test_the_model_can_be_changed_when_there_is_another(app_data, open_page):
    app_data.store.create_dataset("Family", DEFAULT_VECTORS_ID)
    assert "Change the model" not in [entry.label for entry in open_page(HOME).button]
    add_model(app_data.settings.data_dir, "facenet-128-casia")
    app = open_page(HOME)
    button(app, "Change the model").click().run()
    assert not app.exception
    offered = next(chooser for chooser in app.selectbox if chooser.label != "Dataset")
    assert offered.options == ["FaceNet, 128 numbers a face, trained on CASIA-WebFace"]
    assert "train again afterwards" in texts(app)
    assert button(app, "Change it")  # AppTest cannot press buttons of a dialog


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"metrics": '{"accuracy": "<img src=x>"}'}, id="figures that are texts"),
        pytest.param({"params": "null"}, id="no parameters"),
        pytest.param({"metrics": "{}"}, id="no figures"),
        pytest.param({"metrics": "{cut"}, id="no JSON"),
    ],
)
def test_a_run_that_is_damaged_takes_no_page_down_and_can_be_deleted(trained, open_page, values):
    (dataset,) = trained.store.datasets()
    (sound,) = trained.runs.runs(dataset.id)
    trained.runs.add_run(replace(sound, id="damaged", created=sound.created + 60))
    with trained.runs.engine.begin() as connection:
        for column, content in values.items():
            statement = text(f"update run set {column} = :content where id = 'damaged'")
            connection.execute(statement, {"content": content})
    for page in ("pages/home/datasets.py", "pages/model/train.py", "pages/model/evaluate.py"):
        app = open_page(page)
        assert not app.exception
        assert "cannot be shown" in texts(app)
    app = open_page("pages/home/datasets.py")
    button(app, "Delete it").click().run()
    assert not app.exception
    assert trained.runs.runs(dataset.id) == [sound]
    assert "cannot be shown" not in texts(app)

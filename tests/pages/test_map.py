"""The map page: what it shows before and after UMAP, what colours mean, and the way on when there is nothing."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import numpy as np

from core.corrections.model import Hand
from core.jobs.model import JobKind, JobState
from core.store.artifacts import Kind
from core.ui import data
from core.ui.explore import mapping
from core.workflows import project
from core.workflows.correct import Corrector
from tests.pages.conftest import button, texts
from tests.pages.faces import add_faces

MAP = "pages/explore/map.py"


def cloud(app) -> dict:
    """What travels to the map."""
    (component,) = [each for each in app.get("bidi_component") if "group_of" in each.proto.json]
    return json.loads(component.proto.json)


def on_map(app) -> int:
    return len(base64.b64decode(cloud(app)["group_of"]))


def stored_umap(services, dataset) -> None:
    """A map as the worker stores it; laid out by PCA, as UMAP compiles for 12 seconds."""
    made = project.make_map(
        services.store, services.runs, services.artifacts, dataset.id, project.MapOptions(method=project.Method.PCA)
    )
    content = services.artifacts.read(dataset.id, Kind.MAP, made.id)
    services.artifacts.put(dataset.id, Kind.MAP, "abcd", content)
    services.runs.add_map(replace(made, id="abcd", method=project.Method.UMAP))


def test_a_dataset_without_faces_leads_to_adding_photos(app_data, open_page):
    app_data.store.create_dataset("Family", "facenet-128")
    app = open_page(MAP)
    assert "There are no photos yet." in texts(app)
    assert button(app, "Add photos")


def test_pca_is_there_at_once_while_umap_is_made_unasked_and_then_shown(trained, open_page):
    (dataset,) = trained.store.datasets()
    app = open_page(MAP)
    assert "For now PCA" in texts(app)
    assert "faces of 5 people" in texts(app)
    assert on_map(app) == trained.store.counts(dataset.id).faces
    assert [job.kind for job in trained.jobs.jobs(dataset.id) if job.state.active] == [JobKind.MAP]
    stored_umap(trained, dataset)
    again = open_page(MAP)
    assert "PCA" not in texts(again)
    assert again.segmented_control(key="layout").value == "umap"
    assert on_map(again) == on_map(app)


def test_a_map_that_was_stopped_is_not_started_again_unasked(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 4, "Bob": 4})
    open_page(MAP)
    (job,) = app_data.jobs.jobs(dataset.id)
    app_data.jobs.cancel(job.id)
    app = open_page(MAP)
    assert len(app_data.jobs.jobs(dataset.id)) == 1
    button(app, "Make a UMAP").click().run()
    assert not app.exception
    assert len(app_data.jobs.jobs(dataset.id)) == 2


def test_a_map_older_than_the_photos_is_shown_and_what_is_missing_on_it_is_counted(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 4, "Bob": 4})
    stored_umap(app_data, dataset)
    add_faces(app_data, "Family", {"Cat": 3})
    app = open_page(MAP)
    assert "before most of these photos came" in texts(app)
    assert "3 faces came after this map was made: placed beside" in texts(app)
    assert on_map(app) == 11
    assert app_data.jobs.jobs(dataset.id)[0].state is JobState.QUEUED


def test_a_correction_leaves_the_map_and_few_newcomers_only_offer_a_new_one(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 6, "Bob": 6})
    stored_umap(app_data, dataset)
    by = Corrector(app_data.store, app_data.log, dataset.id, Hand("Ann", "sitting"))
    by.move(app_data.store.face_table(dataset.id).ids[:1], "Bob")
    app = open_page(MAP)
    assert "came after this map" not in texts(app)
    add_faces(app_data, "Family", {"Cat": 1})
    app = open_page(MAP)
    assert "1 face came after this map was made: placed beside" in texts(app)
    assert on_map(app) == 13
    assert app_data.jobs.jobs(dataset.id) == []
    button(app, "Make a new UMAP").click().run()
    assert [job.params["method"] for job in app_data.jobs.jobs(dataset.id)] == ["umap"]


def test_the_settings_of_a_map_go_to_the_worker(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 6, "Bob": 6})
    stored_umap(app_data, dataset)
    app = open_page(MAP)
    app.slider(key="map_neighbours").set_value(30)
    app.checkbox(key="map_afresh").check()
    button(app, "Make it").click().run()
    (job,) = app_data.jobs.jobs(dataset.id)
    assert (job.params["method"], job.params["n_neighbors"], job.params["afresh"]) == ("umap", 30, True)


def test_one_face_is_a_map_too(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 1})
    app = open_page(MAP)
    assert on_map(app) == 1
    assert app_data.jobs.jobs(dataset.id) == []


def test_colours_show_what_was_wrong(trained, open_page):
    app = open_page(MAP)
    assert app.selectbox(key="colour").options == [
        "Person",
        "Split",
        "Prediction",
        "Right or wrong",
        "How sure",
        "Quality",
        "Date",
    ]
    app.selectbox(key="colour").select("Right or wrong").run()
    assert "None of 25 tested faces got a wrong name" in texts(app)
    assert [group["name"] for group in cloud(app)["groups"]] == ["not tested", "✓ right"]


def test_without_a_run_there_is_no_prediction_to_colour_by(app_data, open_page):
    add_faces(app_data, "Family", {"Ann": 2, "Bob": 2})
    assert open_page(MAP).selectbox(key="colour").options == ["Person", "Quality"]


def test_looking_for_a_person_puts_the_others_behind(trained, open_page):
    app = open_page(MAP)
    app.multiselect(key="person").select("madonna").run()
    assert not app.exception
    first, last = cloud(app)["groups"]
    assert (first["name"], first["faded"]) == ("everyone else", True)
    assert (last["name"], last["faded"], last["count"]) == ("madonna", False, 24)


def test_a_summary_counts_faces_people_and_the_nameless(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 3, "Bob": 1, None: 2})
    faces = data.faces(dataset.id, app_data.store.dataset(dataset.id).revision)
    assert mapping.summary(faces, list(range(6))) == "6 faces of 2 people, 2 without a name"
    bob = int(np.flatnonzero([faces.table.person(row) == "Bob" for row in range(6)])[0])
    assert mapping.summary(faces, [bob]) == "1 face of 1 person"
    table = mapping.people_table(faces, None)
    assert table["Person"].tolist() == ["Ann", "no name", "Bob"]

"""The map page: what it shows before and after UMAP, what colours mean, and the way on when there is nothing."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import numpy as np

from core.corrections.model import Editor
from core.imaging.pixels import encode_jpeg
from core.language.languages import ENGLISH
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind, JobState
from core.ui import data
from core.ui.projection import map_chart, map_page, map_selection
from core.workflows.labels.correct import Corrector
from core.workflows.projection import project
from tests.pages.conftest import button, texts, work
from tests.stored_faces import add_faces

MAP = "pages/explore/map.py"


def cloud(app) -> dict:
    """What travels to the map."""
    (component,) = [each for each in app.get("bidi_component") if "group_of" in each.proto.json]
    return json.loads(component.proto.json)


def told(app) -> str:
    """What the page and the map on it say."""
    return f"{texts(app)} {cloud(app)['finding']}"


def on_map(app) -> int:
    return len(base64.b64decode(cloud(app)["group_of"]))


def stored_umap(services, dataset) -> None:
    """A map as the worker stores it; laid out by PCA, as UMAP compiles for 12 seconds."""
    made = project.build_map(services.run_tools(), dataset.id, project.MapOptions(method=project.Method.PCA))
    content = services.artifacts.read(dataset.id, ArtifactKind.MAP, made.id)
    services.artifacts.put(dataset.id, ArtifactKind.MAP, "abcd", content)
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
    assert "faces of 5 people" in told(app)
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
    by = Corrector(app_data.store, app_data.log, dataset.id, Editor("Ann", "sitting"))
    by.move(app_data.store.face_table(dataset.id).face_ids[:1], "Bob")
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
    assert cloud(app)["finding"] == "1 face of 1 person"
    assert app_data.jobs.jobs(dataset.id) == []


def test_where_nobody_has_a_name_the_map_does_not_speak_of_people(app_data, open_page):
    add_faces(app_data, "Loose", {None: 2})
    assert cloud(open_page(MAP))["finding"] == "2 faces without a name"


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
    assert "None of 25 tested faces got a wrong name" in told(app)
    assert [group["name"] for group in cloud(app)["groups"]] == ["not tested", "✓ right"]
    app.selectbox(key="colour").select("How sure").run()
    assert "How sure the recogniser was of 25 tested faces" in told(app)
    assert [group["name"] for group in cloud(app)["groups"]][:2] == ["not tested", "sure"]


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
    faces = data.dataset_faces(dataset.id, app_data.store.dataset(dataset.id).revision)
    assert map_selection.describe_selection(faces, list(range(6))) == "6 faces of 2 people, 2 without a name"
    bob = int(np.flatnonzero([faces.table.person(row) == "Bob" for row in range(6)])[0])
    assert map_selection.describe_selection(faces, [bob]) == "1 face of 1 person"
    table = map_page.build_map_people_table(faces, None)
    assert table["Person"].tolist() == ["Ann", "no name", "Bob"]


def test_space_is_laid_out_by_pca_at_once_and_its_map_is_another_than_the_planes(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 6, "Bob": 6})
    stored_umap(app_data, dataset)
    app = open_page(MAP)
    assert cloud(app)["dimensions"] == 2
    app.segmented_control(key="dimensions").set_value("3-D").run()
    assert not app.exception
    assert cloud(app)["dimensions"] == 3 and len(base64.b64decode(cloud(app)["points"])) == 12 * 3 * 2
    assert "UMAP in 3-D" in texts(app)
    (job,) = app_data.jobs.jobs(dataset.id)
    assert (job.params["method"], job.params["dimensions"]) == ("umap", 3)


def test_a_face_has_lines_to_those_most_like_it_in_truth_as_far_as_they_are_on_the_map(app_data):
    dataset = add_faces(app_data, "Family", {"Ann": 6, "Bob": 6})
    stored_umap(app_data, dataset)
    add_faces(app_data, "Family", {"Ann": 8})  # most are newer than the map, and not on it
    revision = app_data.store.dataset(dataset.id).revision
    faces = data.dataset_faces(dataset.id, revision)
    chart = map_chart.build_map_chart(dataset.id, revision, map_chart.MapView("abcd", None, plane_id="abcd"), ENGLISH)
    face_id = chart.cloud.face_ids[0]
    near = map_chart.find_near_faces(faces, chart.cloud, face_id)
    vectors = dict(zip(faces.table.face_ids, faces.embeddings.vectors, strict=True))
    assert near is not None and chart.cloud.face_ids[near.row] == face_id and near.row not in near.rows
    assert list(near.likenesses) == sorted(near.likenesses, reverse=True)
    for row, likeness in zip(near.rows, near.likenesses, strict=True):
        truth = vectors[chart.cloud.face_ids[row]] @ vectors[face_id]
        assert abs(likeness - 100 * max(0.0, truth)) < 0.1
    assert map_chart.find_near_faces(faces, chart.cloud, "gone") is None


def test_groups_colour_the_map_once_they_are_made(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 3, None: 9})
    assert "Group" not in open_page(MAP).selectbox(key="colour").options
    app_data.jobs.cancel(app_data.jobs.jobs(dataset.id)[0].id)  # the map that the page asked for compiles for long
    app_data.jobs.submit(dataset.id, JobKind.CLUSTER, {})
    work(app_data)
    app = open_page(MAP)
    app.selectbox(key="colour").select("Group").run()
    assert [(group["name"], group["count"]) for group in cloud(app)["groups"]] == [("in no group", 3), ("group 1", 9)]
    assert "1 group of 9 faces, 0 in none" in told(app)


def test_look_alikes_are_shown_as_faces_and_looked_up_on_the_map(app_data, open_page):
    add_faces(app_data, "Family", {"Ann": 4, "Bob_Orr": 4, "Cat": 4, "Dan": 1}, looks_like={"Cat": "Bob_Orr"})
    app = open_page(MAP, view="Look-alikes")
    shown = texts(app)
    assert "Most alike are Bob Orr and Cat" in shown or "Most alike are Cat and Bob Orr" in shown
    button(app, "On the map").click().run()
    assert not app.exception
    assert sorted(app.multiselect(key="person").value) == ["Bob_Orr", "Cat"]
    assert sorted(app.query_params["person"]) == ["Bob Orr", "Cat"]
    assert {group["name"] for group in cloud(app)["groups"]} == {"everyone else", "Bob Orr", "Cat"}


def test_where_nobody_is_like_another_the_look_alikes_say_so(app_data, open_page):
    add_faces(app_data, "Family", {"Ann": 4, "Bob": 4, "Cat": 4})
    shown = texts(open_page(MAP, view="Look-alikes"))
    assert "Nobody here is easily taken for somebody else. Most alike are " in shown
    assert " of 100." in shown


def test_one_person_has_no_look_alikes(app_data, open_page):
    add_faces(app_data, "Family", {"Ann": 4})
    assert "Two people with names are needed" in texts(open_page(MAP, view="Look-alikes"))


def guest(app, name: str, content: bytes):
    app.file_uploader[0].upload(name, content, "image/jpeg").run()
    assert not app.exception
    return app


def test_a_new_photo_is_placed_beside_whom_it_is_like_and_not_kept(trained, sample_files, open_page):
    (dataset,) = trained.store.datasets()
    before = trained.store.counts(dataset.id)
    # A photo of the dataset with bytes of its own: its face is that of a photo that is there.
    name = next(name for name in sample_files if name.startswith("val/madonna/"))
    app = guest(open_page(MAP), "who.jpg", sample_files[name] + b"another file")
    (mark,) = cloud(app)["marks"]
    table = trained.store.face_table(dataset.id)
    made = data.face_map(dataset.id, dataset.revision, None)
    nearest = [table.person(table.face_ids.index(made.face_ids[row])) for row in mark["lines"]]
    assert nearest[0] == "madonna" and len(set(nearest)) == 3
    assert mark["card"]["lines"][1].startswith(("madonna: likeness 99", "madonna: likeness 100"))
    assert "1 face of the new photo" in texts(app) and "in the dataset already" not in texts(app)
    assert trained.store.counts(dataset.id) == before


def test_a_photo_of_the_dataset_is_not_compared_with_itself(trained, sample_files, open_page):
    name = next(name for name in sample_files if name.startswith("val/madonna/"))
    app = guest(open_page(MAP), "who.jpg", sample_files[name])
    assert "in the dataset already" in texts(app)
    assert not cloud(app)["marks"][0]["card"]["lines"][1].startswith(("madonna: likeness 99", "madonna: likeness 100"))


def test_a_photo_without_a_face_and_a_broken_one_are_said_plainly(app_data, open_page):
    add_faces(app_data, "Family", {"Ann": 4, "Bob": 4})
    app = guest(open_page(MAP), "wall.jpg", encode_jpeg(np.full((90, 90, 3), 120, dtype=np.uint8)))
    assert "No face could be found in **wall.jpg**" in texts(app) and not cloud(app)["marks"]
    app = guest(open_page(MAP), "broken.jpg", b"no photo")
    assert "**broken.jpg**" in texts(app) and not cloud(app)["marks"]


def test_the_map_says_how_far_it_can_be_believed(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 20, "Bob": 20})
    stored_umap(app_data, dataset)
    assert "Its trustworthiness is" in texts(open_page(MAP))


def test_a_recogniser_whose_answers_cannot_be_read_leaves_the_map_without_them(trained, open_page):
    (dataset,) = trained.store.datasets()
    (run,) = trained.runs.runs(dataset.id)
    trained.artifacts.replace(dataset.id, ArtifactKind.PREDICTIONS, run.id, b"of another version")
    app = open_page(MAP)
    assert "The map shows nothing of what the recogniser said." in texts(app)
    (colour,) = [box for box in app.selectbox if box.label == "Colour by"]
    assert map_page.PREDICTION not in colour.options
    assert on_map(app) == trained.store.counts(dataset.id).faces

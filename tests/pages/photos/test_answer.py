"""What photos came to, on the page that took them: as it is known, while the rest is on its way, and when it fails."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest

from core.learn.projection.map_values import MapParams
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind, JobState
from core.store.values.datasets import Counts
from core.store.values.runs import MapInfo
from core.ui.photos import answer, answer_steps
from core.ui.photos.answer import Answer
from core.workflows.photos.requests import IngestRequest
from tests import prepared
from tests.pages.conftest import button, corrector_of, texts, work
from tests.pages.photos.test_ingest import INGEST, a_zip


def links(app) -> list[str]:
    """The labels of the links of a page, but for those of its frame."""
    labels = [element.proto.label for element in app.get("page_link")]
    return [label for label in labels[labels.index("Export and import") + 1 :] if label != "Words explained"]


def html_with(app, part: str) -> list[str]:
    return [element.proto.body for element in app.get("html") if part in element.proto.body]


def primary_labels(app) -> list[str]:
    return [entry.label for entry in app.button if entry.proto.type == "primary"]


def add_map(services, dataset) -> None:
    """A map that needs no laying out: people stand in a circle."""
    table = services.store.face_table(dataset.id)
    turns = 2 * np.pi * table.labels / len(table.people)
    content = io.BytesIO()
    points = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)
    np.savez(content, face_ids=np.array(table.face_ids, dtype="S24"), points=points)
    info = MapInfo("m1", dataset.id, dataset.revision, "umap", MapParams(), created=time.time())
    services.artifacts.replace(dataset.id, ArtifactKind.MAP, info.id, content.getvalue())
    services.runs.add_map(info)


# what is known


def test_the_result_is_who_is_there_how_well_and_what_is_worth_a_look(trained, open_page):
    (dataset,) = trained.store.datasets()
    prepared.carry(trained, dataset.id, JobKind.SUSPECTS)
    add_map(trained, dataset)
    app = open_page(INGEST)
    said = texts(app)
    assert "5 people, 25 of 25 right on photos it had not seen, 4 things to look at" in said
    found = ["Learned from and tested on: 1", "Like nobody: 1", "The same picture again: 2"]
    assert links(app) == ["Open the people", *found, "Open the map"]
    (people,), (drawn,) = html_with(app, "fa-grid fa-round"), html_with(app, "fa-plane")
    assert people.count("role='listitem'") == 5
    assert people.index("mindy kaling") < people.index("ben afflek"), "the biggest first"
    assert drawn.count("<img") == 5, "a portrait of each"
    assert drawn.count("<i class='fa-p") == 118, "a point a face"
    button(app, "Who is this?").click().run()
    assert app.title[0].value == "Who is this?"


def test_only_the_biggest_are_shown_and_the_others_counted(trained, open_page, monkeypatch):
    monkeypatch.setattr(answer, "FACES_SHOWN", 3)
    app = open_page(INGEST)
    assert "\\+ 2 more" in links(app), "a plus alone would be a list"
    (people,) = html_with(app, "fa-grid fa-round")
    assert people.count("role='listitem'") == 3


def test_faces_without_a_name_and_photos_without_a_face_have_a_line_each(trained, open_page):
    (dataset,) = trained.store.datasets()
    table = trained.store.face_table(dataset.id)
    corrector_of(trained, dataset).unname(table.face_ids[:2])
    corrector_of(trained, dataset).dismiss(table.face_ids[3:4])
    assert {"2 faces without a name", "1 photo without a face"} <= set(links(open_page(INGEST)))


def test_people_with_one_photo_each_cannot_be_learned_and_the_page_says_why(app_data, open_page, sample_files):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    contents = [content for name, content in sample_files.items() if "elton" in name or "madonna" in name]
    archive = app_data.settings.inbox_dir / "box.zip"
    archive.write_bytes(a_zip({"Elton/1.jpg": contents[0], "Madonna/1.jpg": contents[-1]}))
    request = IngestRequest(str(archive), "box.zip", answer=True)
    app_data.jobs.submit(dataset.id, JobKind.INGEST, request.to_json())
    (ended,) = work(app_data)
    assert ended.state is JobState.DONE
    said = texts(open_page(INGEST))
    assert "2 people, 2 faces" in said
    assert "Only 0 of 2 people have 2 photos of different moments" in said


def test_photos_that_came_another_way_have_an_answer_too(trained, open_page):
    (dataset,) = trained.store.datasets()
    for job in trained.jobs.jobs(dataset.id):
        trained.jobs.forget_job(job.id)
    app = open_page(INGEST)
    assert "5 people, 25 of 25 right" in texts(app)
    assert primary_labels(app) == ["Who is this?"]


# what is on its way


def test_what_runs_and_what_waits_is_said_and_the_room_of_the_map_is_there(trained, open_page):
    (dataset,) = trained.store.datasets()
    training, _ = (trained.jobs.submit(dataset.id, kind, {}) for kind in (JobKind.TRAIN, JobKind.MAP))
    trained.jobs.claim()
    app = open_page(INGEST)
    assert "Training: running" in texts(app)
    assert "Making the map: waits" in texts(app)
    assert html_with(app, "The map is being made")
    assert "5 people, 25 of 25 right" in texts(app), "the earlier run holds until there is a new one"
    trained.jobs.finish(training.id, JobState.DONE)
    app.run()
    assert "Training: done" in texts(app)


def test_nothing_leads_on_to_a_recogniser_that_is_still_learning(trained, open_page):
    (dataset,) = trained.store.datasets()
    (run,) = trained.runs.runs(dataset.id)
    trained.runs.delete_run(run.id)
    assert primary_labels(open_page(INGEST)) == ["Train"]
    trained.jobs.submit(dataset.id, JobKind.TRAIN, {})
    assert primary_labels(open_page(INGEST)) == []


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_a_step_that_ended_early_says_why_and_how_to_repeat_it(trained, open_page, state):
    (dataset,) = trained.store.datasets()
    job = trained.jobs.submit(dataset.id, JobKind.MAP, {})
    trained.jobs.claim()
    trained.jobs.finish(job.id, state, error="There was not enough memory.")
    app = open_page(INGEST)
    assert f"**Making the map: {state}.** There was not enough memory." in texts(app)
    assert "Do it by hand" in links(app)
    assert "5 people, 25 of 25 right" in texts(app), "what was taken and learned stays"
    prepared.carry(trained, dataset.id, JobKind.SUSPECTS)
    add_map(trained, dataset)
    again = trained.jobs.submit(dataset.id, JobKind.MAP, {})
    trained.jobs.claim()
    trained.jobs.finish(again.id, JobState.DONE)
    assert "not enough memory" not in texts(open_page(INGEST)), "repeated by hand, it is done"


def test_steps_of_before_the_photos_are_no_steps_of_theirs(trained, open_page):
    (dataset,) = trained.store.datasets()
    trained.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest("gone.zip", "gone.zip").to_json())
    work(trained)
    said = texts(open_page(INGEST))
    assert "'gone.zip' is not there any more" in said
    assert "Training: done" not in said
    assert primary_labels(open_page(INGEST)) == ["Resume"]


# photos without names


def take_loose_photos(services, sample_files):
    dataset = services.store.create_dataset("Family", "facenet-128")
    contents = [content for name, content in sample_files.items() if "madonna" in name]
    archive = services.settings.inbox_dir / "box.zip"
    archive.write_bytes(a_zip({f"{number}.jpg": content for number, content in enumerate(contents[:3])}))
    services.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest(str(archive), "box.zip").to_json())
    return dataset


def test_who_waits_for_loose_photos_is_led_to_their_groups(app_data, open_page, sample_files):
    dataset = take_loose_photos(app_data, sample_files)
    app = open_page(INGEST)
    work(app_data)
    app.run()
    assert "3 faces, and nobody has a name yet" in texts(app)
    assert not app.exception
    prepared.carry(app_data, dataset.id, JobKind.CLUSTER)
    app.run()
    assert not app.exception
    assert app.title[0].value == "Name the faces"
    app.switch_page(INGEST).run()
    assert app.title[0].value == "Add photos", "who comes back stays"
    assert "3 faces in 1 group, and nobody has a name yet" in texts(app)
    button(app, "Name the faces").click().run()
    assert app.title[0].value == "Name the faces"


def test_who_comes_later_finds_the_groups_and_is_led_nowhere(app_data, open_page, sample_files, monkeypatch):
    dataset = take_loose_photos(app_data, sample_files)
    app = open_page(INGEST)
    work(app_data)
    prepared.carry(app_data, dataset.id, JobKind.CLUSTER)
    monkeypatch.setattr(answer_steps, "WATCHING_S", 0.0)
    app.run()
    assert app.title[0].value == "Add photos"
    (tiles,) = html_with(app, "fa-grid fa-round")
    assert tiles.count("Who is this?") >= 1


# the words


@pytest.mark.parametrize(
    ("counts", "suspects", "words"),
    [
        (Counts(photos=1), None, "No face in 1 photo"),
        (Counts(photos=9, faces=9, unnamed_faces=9), None, "9 faces, and nobody has a name yet"),
        (Counts(photos=9, faces=9, people=1), None, "1 person, 9 faces"),
        (Counts(photos=9, faces=9, people=2), {"outlier": 1}, "2 people, 9 faces, 1 thing to look at"),
        (Counts(photos=9, faces=9, people=2), {}, "2 people, 9 faces, nothing looks wrong"),
    ],
)
def test_the_headline_says_what_is_known(counts, suspects, words):
    assert answer.describe_answer(Answer(counts, suspects=suspects)) == words

"""Looking faces over, suspects and groups: what the pages show when there is nothing, and what their actions do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core.corrections.model import Act, Change, Entity, EventKind, Field, Hand
from core.imaging.decoding import encode_jpeg, turn_pixels
from core.jobs.handlers import IngestRequest
from core.store.job_model import JobKind, JobOwner, JobState
from core.store.protocols import IngestBatch, PhotoLabel
from core.ui.clustering import groups
from core.ui.labels import corrections, face_filters
from core.ui.labels.face_filters import FaceCategory, FaceFilter, FaceOrder
from core.vision.detect.mtcnn import Detector
from core.workflows.labels.correct import Corrector
from core.workflows.photos.ingest import IngestTarget, ingest_photos
from tests.conftest import write_zip
from tests.pages.conftest import button, texts, work
from tests.pages.faces import _face, add_faces

REVIEW, SUSPECTS, GROUPS = "pages/data/review.py", "pages/data/suspects.py", "pages/explore/clusters.py"


@pytest.mark.parametrize("page", [REVIEW, SUSPECTS, GROUPS])
def test_without_faces_the_way_leads_to_adding_photos(app_data, open_page, page):
    app_data.store.create_dataset("Family", "facenet-128")
    assert button(open_page(page), "Add photos")


def test_chips_count_what_there_is_and_the_filter_is_in_the_address(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 3, "Bob": 2, None: 4})
    mine = somebody(app_data, dataset)
    table = app_data.store.face_table(dataset.id)
    mine.exclude([table.ids[0]])
    app = open_page(REVIEW, show="No name")
    (chips,) = app.get("button_group")
    assert "4 faces" in texts(app)
    assert app.query_params["show"] == "No name"
    assert [option.content for option in chips.proto.options] == ["All 9", "No name 4", "Left out 1"]


def test_an_action_is_said_and_undone_and_done_again(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 3, "Bob": 2})
    app = open_page(REVIEW)
    ids = app_data.store.face_table(dataset.id).ids
    app.session_state["sitting"] = "this one"
    somebody(app_data, dataset).move([ids[0]], "Cleo")
    app.run()
    assert "Moved 1 face from Ann to Cleo." in texts(app)
    button(app, "Undo").click().run()
    assert not app.exception
    assert {person.name for person in app_data.store.people(dataset.id)} == {"Ann", "Bob"}
    button(app, "Redo").click().run()
    assert {person.name for person in app_data.store.people(dataset.id)} == {"Ann", "Bob", "Cleo"}


def test_orders_put_first_what_they_say(app_data):
    dataset = add_faces(app_data, "Family", {"Ann": 4, "Bob": 4})
    faces = face_filters.data.dataset_faces(dataset.id, dataset.revision)
    like = faces.table.ids[6]
    rows = face_filters.filter_rows(dataset.id, dataset.revision, FaceFilter(order=FaceOrder.ALIKE, like=like))
    assert faces.table.ids[rows[0]] == like
    assert {faces.table.person(int(row)) for row in rows[:4]} == {"Bob"}
    of_bob = face_filters.filter_rows(dataset.id, dataset.revision, FaceFilter(FaceCategory.ALL, person="Bob"))
    assert {faces.table.person(int(row)) for row in of_bob} == {"Bob"}


def test_faces_are_chosen_by_the_day_of_their_photo(app_data):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    days = (0.0, 86_400.0, 5 * 86_400.0)
    made = [faces_of(number, taken) for number, taken in enumerate([*days, None])]
    app_data.store.add(dataset.id, "", IngestBatch([photo for photo, _ in made], [face for _, face in made]))
    dataset = app_data.store.dataset("Family")
    whole = face_filters.filter_rows(dataset.id, dataset.revision, FaceFilter())
    early = face_filters.filter_rows(dataset.id, dataset.revision, FaceFilter(taken=(0.0, 2 * 86_400.0)))
    table = face_filters.data.dataset_faces(dataset.id, dataset.revision).table
    assert len(whole) == 4
    assert sorted(table.taken[early]) == [0.0, 86_400.0]


def faces_of(number, taken):
    """A photo taken at a moment, with its face."""
    photo, face = _face(number, "Ann", "Ann")
    return (replace(photo, taken=taken), PhotoLabel("Ann", None)), face


def test_suspects_are_looked_for_by_the_worker_and_leave_the_list_when_dealt_with(app_data, open_page):
    people = {"Ann": 12, "Bob": 12, "Cleo": 12}
    dataset = add_faces(app_data, "Family", people)
    table = app_data.store.face_table(dataset.id)
    wrong = next(face_id for row, face_id in enumerate(table.ids) if table.person(row) == "Ann")
    move_silently(app_data, dataset, wrong, "Bob")
    app = open_page(SUSPECTS)
    button(app, "Look for suspects").click().run()
    (job,) = work(app_data)
    assert (job.kind, job.error) == (JobKind.SUSPECTS, "")
    app.run()
    (chips,) = app.get("button_group")
    assert any(option.content.startswith("Wrong name") for option in chips.proto.options)
    (among_all,) = open_page(REVIEW).get("button_group")
    assert any(option.content.startswith("Suspects") for option in among_all.proto.options)
    somebody(app_data, dataset).move([wrong], "Ann")
    assert "Nothing looks wrong." in texts(open_page(SUSPECTS))


def test_groups_are_made_by_the_worker_and_counted_for_the_slider(app_data, open_page):
    dataset = add_faces(app_data, "Shoebox", {None: 1})
    for look in ("Ann", "Bob", "Cleo"):
        add_faces(app_data, "Shoebox", {look: 6})
    dataset = app_data.store.dataset("Shoebox")
    table = app_data.store.face_table(dataset.id)
    somebody(app_data, dataset).unname(list(table.ids))
    app = open_page(GROUPS)
    button(app, "Group 19 faces").click().run()
    (job,) = work(app_data)
    assert (job.kind, job.error) == (JobKind.CLUSTER, "")
    app.run()
    assert "**3 groups**, 1 face alone" in texts(app)
    revision = app_data.store.dataset(dataset.id).revision
    found = groups.cut_groups(dataset.id, revision, groups.grouping_time(job), groups.DEFAULT_THRESHOLD)
    somebody(app_data, dataset).move(found.members(0), "Ann")
    assert "**2 groups**, 1 face alone" in texts(open_page(GROUPS))


def somebody(services, dataset):
    """Somebody in the sitting "this one"."""
    return Corrector(services.store, services.log, dataset.id, Hand(corrections.AUTHOR, "this one"))


def move_silently(services, dataset, face_id, name):
    """Give a face a wrong name without anybody having looked at it."""
    person = services.log.person_named(dataset.id, name)
    change = Change(Entity.FACE, face_id, Field.PERSON, person)
    services.log.record(dataset.id, Hand("an import", "import"), Act(EventKind.IMPORT, [change], person))


# photos that lie on their side or head


@pytest.fixture
def lying(app_data, sample_images, tmp_path):
    """A dataset of one photo, taken by a detector that saw nothing on it: it lies on its right side."""
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    image = next(image for name, image in sample_images.items() if name.startswith("val/madonna/"))
    archive = write_zip(tmp_path / "one.zip", {"ann/one.jpg": encode_jpeg(turn_pixels(image, 1), 95)})
    params = IngestRequest(str(archive), archive.name).params()
    job = app_data.jobs.submit(dataset.id, JobKind.INGEST, params, JobOwner.COMMAND_LINE)
    tools = replace(app_data.ingestor(dataset.id), detector=Blind(app_data.engine))
    with app_data.open_source(archive) as source:
        ingest_photos(tools, source, IngestTarget(dataset.id, job.id))
    return dataset


class Blind(Detector):
    """A detector that sees no face at all."""

    def detect(self, images):
        return [[] for _ in images]


def test_photos_without_a_face_are_shown_even_where_there_is_no_face_at_all(lying, open_page):
    app = open_page(REVIEW)
    (chips,) = app.get("button_group")
    assert [option.content for option in chips.proto.options] == ["All 0", "Photos without a face 1"]
    assert button(app, "Turn left").disabled
    assert "0 of 1 photo chosen" in texts(app)


def test_a_photo_that_is_turned_shows_its_face_and_undo_takes_it_back(app_data, lying, open_page):
    (photo,) = app_data.store.photos_without_face(lying.id)
    app = open_page(REVIEW)
    app.session_state["sitting"] = "this one"
    somebody(app_data, lying).turn([photo.id], -1)
    app_data.look_at_turned(lying.id)
    app.run()
    assert "Turned a photo." in texts(app)
    assert app_data.store.photos_without_face(lying.id) == []
    button(app, "Undo").click().run()
    assert not app.exception
    assert [each.turn for each in app_data.store.photos_without_face(lying.id)] == [0]
    button(app, "Redo").click().run()
    assert not app.exception
    assert app_data.store.photos_without_face(lying.id) == []
    (face,) = app_data.store.photo(lying.id, photo.id)[1]
    assert face.person == "ann"


def test_turning_many_photos_back_is_a_job(app_data, lying, open_page, monkeypatch):
    monkeypatch.setattr(corrections, "MOST_TURNED_AT_ONCE", 0)
    (photo,) = app_data.store.photos_without_face(lying.id)
    app = open_page(REVIEW)
    app.session_state["sitting"] = "this one"
    somebody(app_data, lying).turn([photo.id], -1)
    app_data.look_at_turned(lying.id)
    app.run()
    button(app, "Undo").click().run()
    assert not app.exception
    assert app_data.store.photos_to_look_at(lying.id) == [photo.id]
    assert [job.error for job in work(app_data)] == [""]
    assert app_data.store.photos_to_look_at(lying.id) == []
    assert [each.turn for each in app_data.store.photos_without_face(lying.id)] == [0]


def test_the_report_leads_to_the_photos_without_a_face(app_data, lying, open_page):
    job = app_data.jobs.jobs(lying.id)[0]
    app_data.jobs.finish(job.id, JobState.DONE)
    app = open_page("pages/data/ingest.py")
    assert button(app, "Look at the photos without a face")


def test_an_open_photo_is_turned_and_stays_open(app_data, lying):
    (photo,) = app_data.store.photos_without_face(lying.id)

    def page(dataset_id: str, photo_id: str) -> None:
        import streamlit as st

        from core.ui import data, state
        from core.ui.labels import corrections, face_sheet

        st.session_state[state.DRAWN_EPOCH] = st.session_state.get("drawn", corrections.current_epoch())
        face_sheet.open_photo(data.services().store.dataset(dataset_id), photo_id, {})

    app = AppTest.from_function(page, default_timeout=60, args=(lying.id, photo.id)).run()
    assert not app.exception and "No face was found on it." in texts(app)
    button(app, "Turn left").click().run()
    assert not app.exception
    assert "Choose a face to name or dismiss it." in texts(app)
    assert app_data.store.photo(lying.id, photo.id)[0].turn == 3

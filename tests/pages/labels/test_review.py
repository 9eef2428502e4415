"""The page that looks faces over: chips, orders, days, and what an action says and undoes."""

from __future__ import annotations

from dataclasses import replace

from core.store.values.datasets import IngestBatch, PhotoLabel
from core.ui.labels import face_filters
from core.ui.labels.face_filters import FaceCategory, FaceFilter, FaceOrder
from tests.pages.conftest import button, corrector_of, texts
from tests.stored_faces import add_faces, stored_face

REVIEW = "pages/data/review.py"


def test_without_faces_the_way_leads_to_adding_photos(app_data, open_page):
    app_data.store.create_dataset("Family", "facenet-128")
    assert button(open_page(REVIEW), "Add photos")


def test_chips_count_what_there_is_and_the_filter_is_in_the_address(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 3, "Bob": 2, None: 4})
    mine = corrector_of(app_data, dataset)
    table = app_data.store.face_table(dataset.id)
    mine.exclude([table.face_ids[0]])
    app = open_page(REVIEW, show="No name")
    (chips,) = app.get("button_group")
    assert "4 faces" in texts(app)
    assert app.query_params["show"] == "No name"
    assert [option.content for option in chips.proto.options] == ["All 9", "No name 4", "Left out 1"]


def test_a_page_of_faces_is_in_the_address_and_another_choice_begins_at_its_first(app_data, open_page):
    add_faces(app_data, "Town", {"Ann": 100, "Bob": 60})
    app = open_page(REVIEW, page="3")
    assert app.query_params["page"] == "3"
    person = next(box for box in app.selectbox if box.label == "Person")
    person.select("Ann").run()
    assert not app.exception and "page" not in app.query_params


def test_an_action_is_said_and_undone_and_done_again(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 3, "Bob": 2})
    app = open_page(REVIEW)
    ids = app_data.store.face_table(dataset.id).face_ids
    app.session_state["sitting"] = "this one"
    corrector_of(app_data, dataset).move([ids[0]], "Cleo")
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
    like = faces.table.face_ids[6]
    rows = face_filters.filter_rows(dataset.id, dataset.revision, FaceFilter(order=FaceOrder.ALIKE, like=like))
    assert faces.table.face_ids[rows[0]] == like
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
    photo, face = stored_face(number, "Ann", "Ann")
    return (replace(photo, taken=taken), PhotoLabel("Ann", None)), face

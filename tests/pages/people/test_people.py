"""The people page: everybody, one person, and what can be done to them, all undone with a click."""

from __future__ import annotations

import pytest

from core.corrections.model import Editor, EventKind
from core.store.job_model import JobKind, JobState
from core.ui import data as ui_data
from core.workflows.erasure.erase_person import EraseRequest
from core.workflows.labels.correct import Corrector
from tests.pages.conftest import button, texts, work
from tests.stored_faces import add_faces

PEOPLE = "pages/data/people.py"
PAST = "Note and history"
OTHER_TAB = Editor("somebody", "another tab")


@pytest.fixture
def family(app_data):
    return add_faces(app_data, "Family", {"Ann_Lee": 6, "Bob": 3, "Cat": 8, None: 2})


def person_of(services, dataset, name: str):
    return next(person for person in services.store.people(dataset.id) if person.name == name)


def names(services, dataset) -> list[str]:
    return [person.name for person in services.store.people(dataset.id)]


def opened(open_page, services, dataset, name: str, **query: str):
    return open_page(PEOPLE, person=str(person_of(services, dataset, name).id), **query)


def name_field(app):
    return next(field for field in app.text_input if field.label == "Name")


def chips(app) -> list[str]:
    (shown,) = (group for group in app.button_group if group.key.startswith("people_show"))
    return [option.content for option in shown.proto.options]


def rename(app, name: str):
    name_field(app).set_value(name).run()
    assert not app.exception, app.exception
    return app


def test_a_dataset_without_photos_leads_to_adding_some(app_data, open_page):
    app_data.store.create_dataset("Family", "facenet-128")
    app = open_page(PEOPLE)
    assert "There are no faces yet." in texts(app)
    assert button(app, "Add photos")


def test_faces_without_names_lead_to_naming_them(app_data, open_page):
    add_faces(app_data, "Family", {None: 3})
    app = open_page(PEOPLE)
    assert "faces that look alike are put together" in texts(app)
    assert button(app, "Group 3 faces")


def test_everybody_is_counted_and_searched(family, open_page):
    app = open_page(PEOPLE)
    assert "3 people · 19 faces · 2 without a name" in texts(app)
    app.text_input(key="people_search").set_value("nobody").run()
    assert "Nobody is like that." in texts(app)
    assert app.query_params["find"] == "nobody"


def test_a_shared_link_shows_the_same_people_in_the_same_order(family, open_page):
    app = open_page(PEOPLE, find="b", order="Most faces first")
    assert app.text_input(key="people_search").value == "b"
    assert "Most faces first" in {chooser.value for chooser in app.main.selectbox}
    assert not app.exception


def test_a_person_is_shown_with_name_and_counts(family, app_data, open_page):
    app = opened(open_page, app_data, family, "Ann_Lee")
    assert name_field(app).value == "Ann Lee"
    assert "6 faces" in texts(app)


def test_a_link_to_somebody_who_is_gone_says_so_and_shows_everybody(family, open_page):
    for nonsense in ("999999", "-1", "x"):
        app = open_page(PEOPLE, person=nonsense)
        assert "no photos any more" in texts(app)
        assert "3 people" in texts(app)


def test_a_rename_is_kept_and_undone(family, app_data, open_page):
    app = rename(opened(open_page, app_data, family, "Bob"), "Robert")
    assert names(app_data, family) == ["Ann_Lee", "Cat", "Robert"]
    assert name_field(app).value == "Robert"
    assert "Renamed to Robert" in texts(app)
    button(app, "Undo").click().run()
    assert names(app_data, family) == ["Ann_Lee", "Bob", "Cat"]
    assert name_field(app).value == "Bob"


@pytest.mark.parametrize("typed", ["Ann_Lee", " Ann Lee "])
def test_a_name_that_somebody_has_offers_the_merge(family, app_data, open_page, typed):
    app = rename(opened(open_page, app_data, family, "Bob"), typed)
    assert "There is an **Ann Lee** already" in texts(app)
    assert names(app_data, family) == ["Ann_Lee", "Bob", "Cat"]
    button(app, "Merge into Ann Lee").click().run()
    assert not app.exception
    assert names(app_data, family) == ["Ann_Lee", "Cat"]
    assert name_field(app).value == "Ann Lee"
    assert "9 faces" in texts(app)
    assert "Merged Bob into Ann Lee" in texts(app)
    button(app, "Undo").click().run()
    assert person_of(app_data, family, "Bob").faces == 3


def test_a_name_that_somebody_has_can_be_left(family, app_data, open_page):
    app = rename(opened(open_page, app_data, family, "Bob"), "Cat")
    button(app, "Keep the old name").click().run()
    assert name_field(app).value == "Bob"
    assert "already" not in texts(app)


def test_an_empty_name_is_refused_in_words(family, app_data, open_page):
    app = rename(opened(open_page, app_data, family, "Bob"), "   ")
    assert names(app_data, family) == ["Ann_Lee", "Bob", "Cat"]
    assert ":material/info:" in texts(app)


def test_what_another_tab_changed_is_not_overwritten(family, app_data, open_page):
    app = opened(open_page, app_data, family, "Bob")
    bob = person_of(app_data, family, "Bob")
    Corrector(app_data.store, app_data.log, family.id, OTHER_TAB).rename(bob.id, "Bert")
    rename(app, "Robert")
    assert "changed in another window" in texts(app)
    assert names(app_data, family) == ["Ann_Lee", "Bert", "Cat"]
    assert name_field(app).value == "Bert"


def test_a_hidden_person_is_listed_only_when_asked_for(family, app_data, open_page):
    app = opened(open_page, app_data, family, "Bob")
    button(app, "Hide").click().run()
    assert person_of(app_data, family, "Bob").hidden
    assert button(app, "Show again")
    button(app, "Everybody").click().run()
    assert not app.exception
    assert "Everybody 2" in chips(app)
    app.toggle(key="people_hidden").set_value(True).run()
    assert app.query_params["hidden"] == "yes"
    assert "Everybody 3" in chips(app)


def test_a_note_is_kept_and_is_in_the_history(family, app_data, open_page):
    app = opened(open_page, app_data, family, "Bob", about=PAST)
    app.text_area[0].set_value("The neighbour.").run()
    assert person_of(app_data, family, "Bob").note == "The neighbour."
    assert "Changed the note on Bob" in texts(app)
    assert app.text_area[0].value == "The neighbour."


def test_one_goes_from_person_to_person_in_the_order_of_the_list(family, app_data, open_page):
    app = open_page(PEOPLE, person=str(person_of(app_data, family, "Bob").id), order="By name")
    button(app, "Next").click().run()
    assert name_field(app).value == "Cat"
    assert button(app, "Next").disabled
    button(app, "Previous").click().run()
    button(app, "Previous").click().run()
    assert name_field(app).value == "Ann Lee"
    assert button(app, "Previous").disabled


def test_the_history_of_a_person_tells_what_is_undone(family, app_data, open_page):
    bob = person_of(app_data, family, "Bob")
    other = Corrector(app_data.store, app_data.log, family.id, OTHER_TAB)
    event = other.rename(bob.id, "Bert")
    other.undo(event.id)
    said = texts(opened(open_page, app_data, family, "Bob", about=PAST))
    assert "Renamed to Bob (undone)" in said
    assert [found.kind for found in app_data.log.events(family.id, person_id=bob.id)] == [
        EventKind.UNDO,
        EventKind.RENAME,
    ]


# one who is two


def test_a_person_who_is_two_is_divided_with_a_click(app_data, open_page):
    family = add_faces(app_data, "Family", {"Ann": 6, "Bob": 5})
    other = Corrector(app_data.store, app_data.log, family.id, OTHER_TAB)
    ann, bob = (person_of(app_data, family, name) for name in ("Ann", "Bob"))
    other.merge(bob.id, ann.id)
    app = opened(open_page, app_data, family, "Ann")
    assert "**These may be two people**" in texts(app)
    button(app, "Split off these 5").click().run()
    assert not app.exception
    assert {person.name: person.faces for person in app_data.store.people(family.id)} == {"Ann": 6, "Ann 2": 5}
    assert "These may be two people" not in texts(app)
    assert "Made 5 faces from Ann a person: Ann 2" in texts(app)


def test_a_person_who_is_one_is_not_said_to_be_two(family, app_data, open_page):
    assert "may be two people" not in texts(opened(open_page, app_data, family, "Cat"))


# who is seen with them, and looks like them


def test_who_is_on_no_photo_with_anybody_is_told_so(family, app_data, open_page):
    said = opened(open_page, app_data, family, "Bob", about="Together with")
    assert said.info[0].value == "Nobody with a name is on a photo with Bob."


def test_the_open_tab_is_in_the_address_and_its_people_are_shown(family, app_data, open_page):
    app = opened(open_page, app_data, family, "Bob", about="Looks like")
    assert "The most alike first; about 1 is one person." in texts(app)
    assert not app.info and name_field(app).value == "Bob"


# what would help


def test_a_person_is_told_what_would_help_once_there_is_a_run(trained, open_page):
    (dataset,) = trained.store.datasets()
    said = texts(opened(open_page, trained, dataset, "madonna"))
    assert "There are photos enough." in said
    assert "none wrong" in said


def test_without_a_run_nothing_is_advised(family, app_data, open_page):
    assert "photos enough" not in texts(opened(open_page, app_data, family, "Cat"))


# erasing


def confirm_erasing(app, typed: str) -> None:
    """In one run: what is in a dialog is gone in the next."""
    button(app, "Erase this person").click()
    app.text_input(key="erase_name").set_value(typed)
    button(app, "Erase").click()
    app.run()
    assert not app.exception, app.exception


def test_erasing_asks_for_the_name_and_shows_the_receipt(family, app_data, open_page):
    app = opened(open_page, app_data, family, "Bob")
    button(app, "Erase this person").click().run()
    assert "**Bob**: 3 faces, 3 photos and all exports" in texts(app)
    confirm_erasing(app, "Bobby")
    assert "That is not the name." in texts(app)
    assert app_data.jobs.jobs(family.id) == []
    confirm_erasing(app, "Bob")
    (job,) = app_data.jobs.jobs(family.id)
    assert "Bob" not in str(job.params)
    work(app_data)
    receipt = texts(open_page(PEOPLE, receipt=job.id))
    assert "Erased: 3 faces, 3 photos." in receipt
    assert "nothing is left" in receipt
    assert names(app_data, family) == ["Ann_Lee", "Cat"]
    assert "Erased" not in texts(open_page(PEOPLE))


def test_after_an_erasing_no_page_of_any_session_remembers_the_person(app_data, family, open_page):
    """What pages keep in memory is kept by revision, and would stay until it is crowded out."""
    ann = person_of(app_data, family, "Ann_Lee")
    open_page(PEOPLE)
    before = ui_data.dataset_faces(family.id, family.revision)
    assert ui_data.dataset_faces(family.id, family.revision) is before and "Ann_Lee" in before.table.people
    app_data.jobs.submit(family.id, JobKind.ERASE, EraseRequest(ann.id, "Ben").to_json())
    assert [job.state for job in work(app_data)] == [JobState.DONE]
    open_page(PEOPLE)
    assert ui_data.services() is app_data, "the worker beside the app goes on"
    assert "Ann_Lee" not in ui_data.dataset_faces(family.id, family.revision).table.people, "read anew, at the same key"


def test_the_people_of_a_dataset_are_read_once_for_all_pages_and_sessions(app_data):
    dataset = add_faces(app_data, "Family", {"Ann": 3})
    first, second = (ui_data.dataset_people(dataset.id, dataset.revision) for _ in range(2))
    assert [person.name for person in first] == ["Ann"] and second is first

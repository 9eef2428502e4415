"""The wall of people: what stands where, what is asked, and what the answers do."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.base.types import Split
from core.corrections.model import EventKind
from core.services import Services
from core.store.job_model import JobKind
from core.store.values.datasets import Dataset
from core.ui.people import wall
from core.ui.people.people_filter import PeopleCategory, PeopleFilter, PeopleOrder
from core.ui.people.wall_cells import GroupCell, MergeCard, PersonCell, RestCard, SplitCard, WallCell
from tests.pages.conftest import button, corrector_of, texts, work
from tests.stored_faces import add_faces

NAMES = ("Ann", "Bob")
TEST_NOTE = "Faces named in groups were easy. Naming these 20 one by one tells how good the recogniser is on hard ones."
PEOPLE, CLUSTERS = "pages/data/people.py", "pages/explore/clusters.py"


def shown_wall(services: Services, dataset: Dataset, *, unnamed_first: bool = False) -> wall.Wall:
    return wall.read_wall(services.store.dataset(dataset.id), unnamed_first=unnamed_first)


def describe(cell: WallCell) -> str:
    entry = cell.entry()
    return f"{entry.title}, {entry.note}".removesuffix(", ")


def cells_of(services: Services, dataset: Dataset, wanted: PeopleFilter | None = None, **options) -> list[str]:
    shown = shown_wall(services, dataset, **options)
    return [describe(cell) for cell in wall.arrange_cells(shown, wanted or PeopleFilter())]


def answer(dataset: Dataset, kind: type, command: str, text: str = "") -> AppTest:
    """Let a tab answer the first cell of a kind, as the keys of the wall do."""

    def script(dataset_id: str, kind: str, command: str, text: str) -> None:
        from core.ui import data
        from core.ui.components.entries import EntryCommand
        from core.ui.people import wall
        from core.ui.people.people_filter import PeopleFilter

        shown = wall.read_wall(data.services().store.dataset(dataset_id), unnamed_first=False)
        cell = next(cell for cell in wall.arrange_cells(shown, PeopleFilter()) if type(cell).__name__ == kind)
        wall.obey_wall_command(shown, EntryCommand(command, (cell.id,), text), [cell])

    arguments = {"dataset_id": dataset.id, "kind": kind.__name__, "command": command, "text": text}
    tab = AppTest.from_function(script, kwargs=arguments).run()
    assert not tab.exception, tab.exception
    return tab


def people_of(services: Services, dataset: Dataset) -> dict[str, int]:
    return {person.name: person.faces for person in services.store.people(dataset.id)}


def unname(services: Services, dataset: Dataset, name: str, count: int) -> list[str]:
    """Take the name off some faces of a person."""
    table = services.store.face_table(dataset.id)
    face_ids = [table.face_ids[row] for row in range(len(table)) if table.person(row) == name][:count]
    corrector_of(services, dataset).unname(face_ids)
    return face_ids


def group(services: Services, open_page) -> None:
    app = open_page(CLUSTERS)
    label = next(found.label for found in app.button if found.label.startswith("Group "))
    button(app, label).click().run()
    (job,) = work(services)
    assert job.error == ""


@pytest.fixture
def shoebox(app_data, open_page) -> Dataset:
    """Ann and Bob have names; six faces of Cleo, four of Eve and one of somebody have none."""
    dataset = add_faces(app_data, "Shoebox", {"Ann": 5, "Bob": 3, "Cleo": 6, "Eve": 4, None: 1})
    unname(app_data, dataset, "Cleo", 6)
    unname(app_data, dataset, "Eve", 4)
    group(app_data, open_page)
    return dataset


def test_named_and_unnamed_stand_in_one_wall_by_the_number_of_faces(shoebox, app_data):
    assert cells_of(app_data, shoebox) == ["6 faces", "Ann, 5 faces", "4 faces", "Bob, 3 faces", "1 face"]


def test_whoever_comes_to_name_finds_the_unnamed_in_front(shoebox, app_data):
    first = ["6 faces", "4 faces", "1 face", "Ann, 5 faces", "Bob, 3 faces"]
    assert cells_of(app_data, shoebox, unnamed_first=True) == first


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (PeopleFilter(search="bo"), ["Bob, 3 faces"]),
        (PeopleFilter(order=PeopleOrder.NAME), ["Ann, 5 faces", "Bob, 3 faces", "6 faces", "4 faces", "1 face"]),
        (PeopleFilter(show=PeopleCategory.UNNAMED), ["6 faces", "4 faces", "1 face"]),
        (PeopleFilter(show=PeopleCategory.FEW), ["Bob, 3 faces"]),
        (PeopleFilter(show=PeopleCategory.QUESTIONS), []),
    ],
)
def test_a_search_a_chip_and_an_order_choose_what_stands_there(shoebox, app_data, wanted, expected):
    assert cells_of(app_data, shoebox, wanted) == expected


def test_a_name_goes_to_all_faces_of_the_group_and_is_taken_back(shoebox, app_data, open_page):
    tab = answer(shoebox, GroupCell, "name", "Cleo")
    assert people_of(app_data, shoebox) == {"Ann": 5, "Bob": 3, "Cleo": 6}
    assert cells_of(app_data, shoebox) == ["Cleo, 6 faces", "Ann, 5 faces", "4 faces", "Bob, 3 faces", "1 face"]
    corrector = corrector_of(app_data, shoebox)
    corrector.undo(app_data.log.events(shoebox.id)[0].id)
    assert people_of(app_data, shoebox) == {"Ann": 5, "Bob": 3}
    assert not tab.exception


def test_nobody_to_name_leaves_the_wall(shoebox, app_data):
    answer(shoebox, GroupCell, "nobody")
    assert cells_of(app_data, shoebox) == ["Ann, 5 faces", "4 faces", "Bob, 3 faces", "1 face"]


@pytest.mark.parametrize(("page", "way_on"), [(PEOPLE, "Name the faces"), (CLUSTERS, "Train")])
def test_the_page_says_how_far_the_naming_is_and_leads_on(shoebox, open_page, page, way_on):
    app = open_page(page)
    assert app.get("progress")[0].proto.text == "**8 of 19 faces** named, 1 more name makes 50\u00a0%"
    assert button(app, way_on)


@pytest.fixture
def singles(app_data, open_page) -> Dataset:
    """Ann and Bob have names; of three more people there is one face each, and one of them is surely Bob."""
    people = {"Ann": 5, "Bob": 3, "Cleo": 1, "Dan": 1, "Eve": 1}
    dataset = add_faces(app_data, "Singles", people, looks_like={"Dan": "Bob"})
    for name in ("Cleo", "Dan", "Eve"):
        unname(app_data, dataset, name, 1)
    group(app_data, open_page)
    return dataset


def test_when_single_faces_are_left_the_page_says_so_and_puts_them_aside_in_one_step(singles, app_data, open_page):
    app = open_page(CLUSTERS)
    assert "**2 people are named.** 2 single faces are left, probably strangers." in texts(app)
    assert chip_labels(app) == ["Everybody 4", "Unnamed 3", "Questions 1", "Few faces 1"]
    button(app, "Put aside as nobody").click().run()
    assert sum(app_data.store.face_table(singles.id).strangers) == 2
    assert "Marked 2 faces as nobody to name." in texts(app)
    button(app, "Undo").click().run()
    assert sum(app_data.store.face_table(singles.id).strangers) == 0
    assert "Undone: Marked 2 faces as nobody to name." in texts(app)


# the rest of a person


@pytest.fixture
def torn(app_data, open_page) -> Dataset:
    """Three of Ann's nine faces lost their name."""
    dataset = add_faces(app_data, "Torn", {"Ann": 9, "Bob": 5})
    unname(app_data, dataset, "Ann", 3)
    group(app_data, open_page)
    return dataset


def test_the_rest_of_a_person_is_one_card_and_yes_names_all_of_it(torn, app_data):
    assert cells_of(app_data, torn) == ["The rest of Ann: 3 faces", "Ann, 6 faces", "Bob, 5 faces"]
    answer(torn, RestCard, "yes")
    assert people_of(app_data, torn) == {"Ann": 9, "Bob": 5}
    assert cells_of(app_data, torn) == ["Ann, 9 faces", "Bob, 5 faces"]


def test_a_no_to_the_rest_of_a_person_is_remembered(torn, app_data):
    answer(torn, RestCard, "no")
    assert people_of(app_data, torn) == {"Ann": 6, "Bob": 5}
    assert cells_of(app_data, torn) == ["Ann, 6 faces", "Bob, 5 faces", "3 faces"]


# two people who are one


@pytest.fixture
def doubled(app_data) -> Dataset:
    """Ann and Anna look alike, as do Bob and Bobby."""
    people = {"Ann": 6, "Anna": 4, "Bob": 5, "Bobby": 3}
    return add_faces(app_data, "Family", people, looks_like={"Anna": "Ann", "Bobby": "Bob"})


def questions(services: Services, dataset: Dataset) -> list[str]:
    cards = [cell for cell in shown_wall(services, dataset).cards if isinstance(cell, MergeCard)]
    return [f"{card.question.first.name} {card.question.second.name}" for card in cards]


def test_two_people_who_are_one_are_asked_about_and_merged(doubled, app_data):
    assert sorted(questions(app_data, doubled)) == ["Ann Anna", "Bob Bobby"]
    asked = questions(app_data, doubled)[0]
    answer(doubled, MergeCard, "yes")
    kept, merged = asked.split()
    assert merged not in people_of(app_data, doubled)
    assert people_of(app_data, doubled)[kept] in (10, 8)
    assert asked not in questions(app_data, doubled)
    corrector_of(app_data, doubled).undo(app_data.log.events(doubled.id)[0].id)
    assert questions(app_data, doubled)[0] == asked


def test_a_no_is_remembered_and_can_be_taken_back(doubled, app_data):
    asked = questions(app_data, doubled)[0]
    answer(doubled, MergeCard, "no")
    assert len(people_of(app_data, doubled)) == 4
    assert asked not in questions(app_data, doubled)
    corrector_of(app_data, doubled).undo(app_data.log.events(doubled.id)[0].id)
    assert asked in questions(app_data, doubled)


def test_what_is_put_off_leaves_the_wall_until_somebody_asks_for_it(doubled, app_data, open_page):
    tab = answer(doubled, MergeCard, "later")
    assert len(tab.session_state["postponed_questions"]) == 1
    app = open_page(PEOPLE)
    assert chip_labels(app)[:2] == ["Everybody 4", "Questions 2"]
    app.session_state["postponed_questions"] = tab.session_state["postponed_questions"]
    app.run()
    assert "Questions 1" in chip_labels(app)
    button(app, "Ask again about the 1 put off").click().run()
    assert "Questions 2" in chip_labels(app)


def test_a_link_to_the_doubles_of_before_shows_the_questions(doubled, open_page):
    app = open_page(PEOPLE, view="doubles")
    assert app.query_params["show"] == PeopleCategory.QUESTIONS
    assert not app.exception


# one who is two


@pytest.fixture
def blended(app_data) -> Dataset:
    """Bob's faces lie under Ann, and nobody has looked at them since."""
    dataset = add_faces(app_data, "Blended", {"Ann": 12, "Bob": 10, "Cleo": 12})
    ann, bob = (
        next(person.id for person in app_data.store.people(dataset.id) if person.name == name) for name in NAMES
    )
    corrector_of(app_data, dataset).merge(bob, ann)
    app_data.jobs.submit(dataset.id, JobKind.SUSPECTS, {})
    (job,) = work(app_data)
    assert job.error == ""
    return dataset


def test_a_person_who_is_two_is_asked_about_where_people_are_and_divided(blended, app_data, open_page):
    assert cells_of(app_data, blended)[0].startswith("Is Ann two people?, similarity ")
    assert "Nothing looks wrong." in texts(open_page("pages/data/suspects.py"))
    answer(blended, SplitCard, "yes")
    assert people_of(app_data, blended) == {"Ann": 12, "Ann 2": 10, "Cleo": 12}
    assert cells_of(app_data, blended) == ["Ann, 12 faces", "Cleo, 12 faces", "Ann 2, 10 faces"]


def test_that_a_person_is_one_is_remembered(blended, app_data):
    answer(blended, SplitCard, "no")
    assert cells_of(app_data, blended) == ["Ann, 22 faces", "Cleo, 12 faces"]


# the hardest faces as a test


@pytest.fixture
def crowd(app_data, open_page) -> Dataset:
    """Two people with names, who are four fifths, and ten groups without."""
    strangers = {f"Somebody {number}": 3 for number in range(10)}
    dataset = add_faces(app_data, "Crowd", {"Ann": 61, "Bob": 60, **strangers})
    for name in strangers:
        unname(app_data, dataset, name, 3)
    group(app_data, open_page)
    return dataset


def test_the_hardest_faces_are_offered_as_a_test_behind_the_groups_until_there_is_one(crowd, app_data):
    cells = cells_of(app_data, crowd, unnamed_first=True)
    assert cells[9:] == ["3 faces", f"Name 20 hard faces as a test, {TEST_NOTE}", "Ann, 61 faces", "Bob, 60 faces"]
    table = app_data.store.face_table(crowd.id)
    corrector_of(app_data, crowd).assign_split(table.face_ids[:1], Split.VAL)
    assert not any("hard faces" in cell for cell in cells_of(app_data, crowd))


def test_no_test_is_offered_while_there_is_much_to_name(crowd, app_data):
    table = app_data.store.face_table(crowd.id)
    ann = [table.face_ids[row] for row in range(len(table)) if table.person(row) == "Ann"]
    corrector_of(app_data, crowd).exclude(ann[:1])
    unname(app_data, crowd, "Ann", 2)
    assert not any("hard faces" in cell for cell in cells_of(app_data, crowd))


def test_too_few_faces_for_a_test_are_not_offered(shoebox, app_data):
    assert not any("hard" in cell for cell in cells_of(app_data, shoebox))


def test_an_answer_about_what_is_gone_is_told(crowd):
    def script(dataset_id: str) -> None:
        from core.ui import data
        from core.ui.components.entries import EntryCommand
        from core.ui.labels import corrections

        is_told = corrections.tell_what_is_gone(
            [EntryCommand("undo", ()), EntryCommand("name", (), "Ann", is_gone=True)]
        )
        assert is_told and not corrections.tell_what_is_gone([EntryCommand("undo", ())])
        corrections.show_last_correction(data.services().store.dataset(dataset_id))

    tab = AppTest.from_function(script, kwargs={"dataset_id": crowd.id}).run()
    assert not tab.exception, tab.exception
    assert "This was dealt with meanwhile, perhaps in another window" in tab.markdown[0].value
    assert "dealt with meanwhile" in tab.toast[0].value


def test_a_hard_face_that_is_named_is_put_aside_to_test_on_and_leaves_the_list(crowd, app_data, open_page):
    def script(dataset_id: str) -> None:
        from core.ui import data
        from core.ui.components.entries import EntryCommand
        from core.ui.people import hard_test

        test = hard_test.read_test(data.services().store.dataset(dataset_id))
        first, second, *_ = test.faces
        hard_test.obey_command(test, EntryCommand("name", (first,), "Cleo"))
        hard_test.obey_command(test, EntryCommand("nobody", (second,)))

    tab = AppTest.from_function(script, kwargs={"dataset_id": crowd.id}).run()
    assert not tab.exception, tab.exception
    first, second, *_ = tab.session_state["hard_faces"][crowd.id]
    table = app_data.store.face_table(crowd.id)
    row = table.index(first)
    assert (table.person(row), table.splits[row]) == ("Cleo", Split.VAL)
    assert table.strangers[table.index(second)]
    app = open_page(PEOPLE, view="test")
    app.session_state["hard_faces"] = tab.session_state["hard_faces"]
    app.run()
    assert app.get("progress")[0].proto.text == "**2 of 20 faces** dealt with"
    # One event: undoing it takes back the name and the side.
    corrector = corrector_of(app_data, crowd)
    corrector.undo(next(event.id for event in app_data.log.events(crowd.id) if event.kind is EventKind.MOVE))
    table = app_data.store.face_table(crowd.id)
    assert (table.person(row), table.splits[row]) == (None, None)


def chip_labels(app: AppTest) -> list[str]:
    (shown,) = (found for found in app.button_group if found.key.startswith("people_show"))
    return [option.content for option in shown.proto.options]


def test_a_person_is_opened_by_a_click(doubled, app_data):
    cells = wall.arrange_cells(shown_wall(app_data, doubled), PeopleFilter())
    assert {cell.entry().click for cell in cells if isinstance(cell, PersonCell)} == {"open"}


def test_thousand_people_are_paged_and_the_page_is_in_the_address(app_data, open_page):
    add_faces(app_data, "Town", {f"Person {number:04}": 1 for number in range(1000)})
    app = open_page(PEOPLE, page="3")
    assert "1\u202f000 people" in texts(app)
    assert app.query_params["page"] == "3"
    assert open_page(PEOPLE, page="99").query_params["page"] == "21"

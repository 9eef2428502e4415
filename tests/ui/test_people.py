"""The people page's pure parts: who is listed, in which order, who is alike, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest

from core.learn.model_selection.photos_needed import MOST, PhotoAdvice, PhotoKind
from core.store.columns.people_columns import People
from core.store.values.datasets import Counts, Dataset, PersonCount
from core.ui.clustering import naming_summary
from core.ui.people import confusable_people, erasure, merging, people_filter, photos_needed, wall_cells
from core.ui.people.confusable_people import Likeness
from core.ui.people.people_filter import PeopleCategory, PeopleFilter, PeopleOrder
from core.ui.people.person import PersonView, free_name
from core.workflows.clustering.naming import NamingProgress


def person(number: int, name: str, faces: int = 10, *, train: int = 0, val: int = 0, **others) -> PersonCount:
    return PersonCount(id=number, name=name, faces=faces, train=train, val=val, cover_crop_id="", **others)


ANN = person(1, "ann_lee", 10, train=6, val=4, mean_grade=0.9)
CROWD = People.of(
    [
        ANN,
        person(2, "Björn", 3, train=3, mean_grade=0.2),
        person(3, "Zoé", 20, train=10, val=10, hidden=True, mean_grade=0.5),
        person(4, "Carl", 5, mean_grade=None),
    ]
)


def names(wanted: PeopleFilter) -> list[str]:
    return [CROWD.names[row] for row in people_filter.filter_people(CROWD, wanted)]


def test_people_are_listed_by_the_number_of_their_faces():
    assert names(PeopleFilter()) == ["ann_lee", "Carl", "Björn"]


def test_people_are_ordered_by_name_whatever_the_capitals():
    assert names(PeopleFilter(order=PeopleOrder.NAME)) == ["ann_lee", "Björn", "Carl"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (PeopleOrder.MOST, ["ann_lee", "Carl", "Björn"]),
        (PeopleOrder.FEWEST, ["Björn", "Carl", "ann_lee"]),
        (PeopleOrder.POOREST, ["Björn", "ann_lee", "Carl"]),
    ],
)
def test_an_order_puts_its_own_first_and_the_unmeasured_last(order, expected):
    assert names(PeopleFilter(order=order)) == expected


@pytest.mark.parametrize(
    ("typed", "found"), [("bjorn", ["Björn"]), (" LEE ", ["ann_lee"]), ("ann lee", ["ann_lee"]), ("zoe", []), ("q", [])]
)
def test_a_name_is_found_without_its_capitals_and_accents(typed, found):
    assert names(PeopleFilter(search=typed)) == found


def test_hidden_people_are_listed_when_asked_for():
    assert names(PeopleFilter(hidden=True)) == ["Zoé", "ann_lee", "Carl", "Björn"]
    assert people_filter.count_people(CROWD, hidden=True)[PeopleCategory.ALL] == 4


def test_chips_count_and_choose_the_same_people():
    counted = people_filter.count_people(CROWD, hidden=False)
    assert counted == {PeopleCategory.ALL: 3, PeopleCategory.FEW: 1, PeopleCategory.POOR: 1, PeopleCategory.ONE_SIDE: 1}
    for show in counted:
        assert len(names(PeopleFilter(show=show))) == counted[show]


def test_a_person_on_neither_side_is_not_on_one_side_only():
    people = People.of([person(1, "Ann"), person(2, "Bea", val=2)])
    assert people_filter.is_in_category(people, PeopleCategory.ONE_SIDE).tolist() == [False, True]


def test_the_most_alike_come_first_with_their_similarity_and_without_oneself():
    known = Likeness((7, 8, 9), np.array([[1, 0], [0, 1], [0.8, 0.6]], dtype=np.float32))
    assert confusable_people.rank_by_likeness(known, 7) == [(9, pytest.approx(0.8)), (8, pytest.approx(0.0))]
    assert confusable_people.rank_by_likeness(known, 5) == []


def test_the_summary_counts_what_there_is_and_nothing_else():
    counts = Counts(photos=38, faces=40, people=4, train_faces=19, val_faces=14, unnamed_faces=2)
    assert naming_summary.summarise_people(CROWD, counts) == (
        "3 people · 40 faces · 19 to learn from, 14 to test on · 1 hidden · 2 without a name"
    )
    assert naming_summary.summarise_people(People.of([ANN]), Counts(faces=10, people=1)) == "1 person · 10 faces"


def test_progress_says_how_many_names_reach_the_next_goal():
    assert (
        naming_summary.describe_progress(NamingProgress(332, 574, 0.8, 5), 32)
        == "**332 of 574 faces** named, 5 more names make 80\u00a0%; 32 more are put aside"
    )
    assert (
        naming_summary.describe_progress(NamingProgress(9, 10, 1.0, 1), 0)
        == "**9 of 10 faces** named, 1 more name makes 100\u00a0%"
    )
    assert (
        naming_summary.describe_progress(NamingProgress(1, 1, None, 0), 1)
        == "**1 of 1 face** named; 1 more is put aside"
    )


def test_what_is_to_be_known_of_somebody_stands_at_the_count():
    assert wall_cells.describe_person(person(1, "Ann", 12)) == "12 faces"
    assert (
        wall_cells.describe_person(person(1, "Ann", 1, mean_grade=0.2, hidden=True)) == "1 face, poor quality, hidden"
    )


@pytest.mark.parametrize(
    ("more", "kinds", "said"),
    [
        (0, (), "There are photos enough."),
        (5, (), "5 more photos would help most."),
        (
            5,
            (PhotoKind.DARK, PhotoKind.BLURRED),
            "5 more photos, some of them dark or blurred, would help most.",
        ),
        (1, (PhotoKind.DARK,), "1 more photo, dark, would help most."),
        (MOST, (), "20 or more photos would help most."),
    ],
)
def test_advice_is_a_sentence(more, kinds, said):
    assert photos_needed.describe_photo_advice(PhotoAdvice(1, more, kinds)) == said


@pytest.mark.parametrize(
    ("more", "learned", "tested", "wrong", "parts"),
    [
        (0, 8, 10, 0, ("Learned from 8 photos; 10 tested, none wrong.", "Nothing suggests")),
        (5, 8, 10, 4, ("4 of 10 tested were wrong", "10 people", "about 5 more", "estimate")),
        (3, 0, 0, 0, ("no photo", "fewer than 3 photos")),
        (2, 1, 0, 0, ("Learned from 1 photo; none was kept to test on",)),
    ],
)
def test_advice_says_what_it_rests_on(more, learned, tested, wrong, parts):
    advice = PhotoAdvice(1, more, (), learned=learned, tested=tested, wrong=wrong, n_people=10)
    assert all(part in photos_needed.explain_photo_advice(advice) for part in parts)


def test_what_would_be_erased_is_told_in_numbers():
    told = erasure.describe_erasure("Ann Lee", {"faces": 6, "photos": 5, "photos_kept": 1, "models": 2, "lookups": 1})
    assert told.startswith(
        "**Ann Lee**: 6 faces, 5 photos, 2 trained recognisers, 1 kept result of Many photos and all exports"
    )
    assert "1 photo with other people on it stays" in told
    assert "stay" not in erasure.describe_erasure(
        "Ann", {"faces": 1, "photos": 1, "photos_kept": 0, "models": 0, "lookups": 0}
    )


@pytest.mark.parametrize(("typed", "yes"), [("ann_lee", True), (" ann lee ", True), ("ann", False), ("", False)])
def test_only_the_name_itself_is_a_yes_to_erasing(typed, yes):
    assert erasure.is_name_of(typed, ANN) is yes


def test_of_two_who_are_merged_the_one_with_more_photos_stays():
    view = PersonView(Dataset(id="d", name="Family", model_id="facenet-128", revision=1, created=0.0), ANN, CROWD)
    assert merging.choose_survivor(view, 2) == (2, 1)
    assert merging.choose_survivor(view, 3) == (1, 3)


def test_a_new_persons_name_is_one_that_nobody_has():
    people = (person(1, "Ann"), person(2, "Ann_2"), person(3, "Ann 3"))
    assert (
        free_name(
            PersonView(
                Dataset(id="d", name="Family", model_id="facenet-128", revision=1, created=0.0),
                people[0],
                People.of(people),
            )
        )
        == "Ann 4"
    )

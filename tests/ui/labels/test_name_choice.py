"""Choosing somebody of very many by name."""

from __future__ import annotations

import pytest

from core.store.columns.people_columns import People
from core.store.values.datasets import Dataset, PersonCount
from core.ui import data
from core.ui.labels import name_choice

DATASET = Dataset(id="d", name="Family", model_id="facenet-128", revision=1, created=0.0)


def somebody(number: int, name: str, faces: int, *, hidden: bool = False) -> PersonCount:
    return PersonCount(id=number, name=name, faces=faces, train=0, val=0, cover_crop_id="", hidden=hidden)


@pytest.fixture(autouse=True)
def five_people(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [
        *(somebody(1, "Ann Lee", 3), somebody(2, "Ben", 9), somebody(3, "Cleo", 1), somebody(4, "Dan", 7)),
        somebody(5, "José Lee", 5, hidden=True),
    ]
    monkeypatch.setattr(data, "dataset_people", lambda *_: People.of(people))


def test_all_are_listed_where_they_are_few() -> None:
    assert name_choice.list_names(DATASET) == ["Ann Lee", "Ben", "Cleo", "Dan", "José Lee"]
    assert name_choice.list_names(DATASET, hidden=False) == ["Ann Lee", "Ben", "Cleo", "Dan"]
    assert not name_choice.has_unlisted(DATASET)


def test_of_many_those_with_the_most_faces_are_listed_and_who_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_choice, "MOST_LISTED", 2)
    assert name_choice.list_names(DATASET) == ["Ben", "Dan"]
    assert name_choice.list_names(DATASET, "Cleo", None, "Zoe") == ["Ben", "Cleo", "Dan"]
    assert name_choice.has_unlisted(DATASET)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("Cleo", "Cleo"), ("lee", "José Lee"), ("jose", "José Lee"), (" ANN", "Ann Lee"), ("zoe", None)],
)
def test_a_part_of_a_name_finds_whoever_has_the_most_faces(typed: str, meant: str | None) -> None:
    person = name_choice.find_typed(DATASET, typed)
    assert (person.name if person else None) == meant

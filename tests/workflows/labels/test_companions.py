"""Who is on the same photos."""

from __future__ import annotations

import numpy as np

from core.base.face_table import FaceTable
from core.workflows.labels.companions import Companion, count_companions

PEOPLE = ("Ann", "Bob", "Cleo", "Dan")


def table_of(photos: dict[str, list[str | None]], hidden: str = "") -> FaceTable:
    """Photos with the names on them; None for a face without one."""
    faces = [(photo, name) for photo, names in photos.items() for name in names]
    n = len(faces)
    nowhere = np.zeros(n, dtype=bool)
    return FaceTable(
        face_ids=tuple(map(str, range(n))),
        photo_ids=tuple(photo for photo, _ in faces),
        photo_names=tuple(photo for photo, _ in faces),
        crop_ids=tuple(map(str, range(n))),
        people=PEOPLE,
        labels=np.array([PEOPLE.index(name) if name else -1 for _, name in faces]),
        splits=(None,) * n,
        probs=np.ones(n, np.float32),
        photo_hashes=np.arange(n),
        person_ids=(10, 20, 30, 40),
        hidden=np.array([name == hidden for name in PEOPLE]),
        excluded=nowhere,
        confirmed=nowhere,
        strangers=nowhere,
        grades=np.full(n, 0.9, np.float32),
        sizes_px=np.full(n, 50, np.float32),
        taken=np.full(n, np.nan),
    )


def test_companions_are_counted_by_photo_the_most_frequent_first():
    photos: dict[str, list[str | None]] = {
        "a": ["Ann", "Bob", None],
        "b": ["Ann", "Cleo", "Bob", "Bob"],
        "c": ["Bob", "Dan"],
        "d": ["Ann"],
    }
    assert count_companions(table_of(photos), 10) == [Companion(20, 2), Companion(30, 1)]
    assert count_companions(table_of(photos), 40) == [Companion(20, 1)]
    assert count_companions(table_of(photos), 99) == []


def test_hidden_people_are_nobodys_companions():
    photos: dict[str, list[str | None]] = {"a": ["Ann", "Bob", "Cleo"]}
    assert count_companions(table_of(photos, hidden="Bob"), 10) == [Companion(30, 1)]

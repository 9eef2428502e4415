"""Values with a row for each face: they know which row a face has, and that every column has as many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.base.face_table import Embeddings, FaceTable
from core.base.types import Split

IDS = ("ann", "bob", "cid", "dan")


def embeddings(face_ids: tuple[str, ...] = IDS) -> Embeddings:
    return Embeddings(face_ids, np.eye(len(face_ids), dtype=np.float32), "model")


def table() -> FaceTable:
    n = len(IDS)
    nowhere = np.zeros(n, dtype=bool)
    return FaceTable(
        face_ids=IDS,
        photo_ids=("p0", "p1", "p2", "p3"),
        photo_names=("0.jpg", "1.jpg", "2.jpg", "3.jpg"),
        crop_ids=("c0", "c1", "c2", "c3"),
        people=("A", "B"),
        labels=np.array([0, 1, -1, 1]),
        splits=(Split.TRAIN, Split.VAL, None, None),
        probs=np.ones(n, np.float32),
        photo_hashes=np.arange(n),
        person_ids=(7, 9),
        hidden=np.zeros(2, dtype=bool),
        excluded=nowhere,
        confirmed=nowhere,
        strangers=nowhere,
        grades=np.full(n, 0.9, np.float32),
        sizes_px=np.array([10, 20, 30, 40], np.float32),
        taken=np.full(n, np.nan),
    )


def test_a_face_is_found_by_its_id() -> None:
    faces = embeddings()
    assert faces.index("cid") == 2
    assert faces.indices(["dan", "ann"]).tolist() == [3, 0]
    assert (faces.find("bob"), faces.find("eve")) == (1, None)
    assert "ann" in faces and "eve" not in faces and None not in faces
    with pytest.raises(KeyError):
        faces.indices(["ann", "eve"])


def test_faces_of_another_list_are_matched_in_its_order() -> None:
    indices, rows = embeddings().match(["eve", "dan", "ann", "fay"])
    assert (indices.tolist(), rows.tolist()) == ([1, 2], [3, 0])
    assert [column.dtype for column in embeddings().match([])] == [np.int64, np.int64]


def test_some_of_the_faces_are_taken_with_all_that_belongs_to_them() -> None:
    rows = np.array([3, 1])
    fewer = table().take(rows)
    assert fewer.face_ids == ("dan", "bob") and fewer.crop_ids == ("c3", "c1") and fewer.splits == (None, Split.VAL)
    assert fewer.sizes_px.tolist() == [40, 20] and [fewer.person(row) for row in range(2)] == ["B", "B"]
    assert fewer.people == ("A", "B"), "the people of the dataset stay"
    vectors = embeddings().take(rows)
    assert vectors.face_ids == ("dan", "bob") and vectors.index("bob") == 1 and vectors.vectors[0, 3] == 1


def test_a_face_without_a_name_is_nobodys() -> None:
    assert [table().person_id(row) for row in range(4)] == [7, 9, None, 9]


@pytest.mark.parametrize("column", ["photo_ids", "labels", "taken", "person_ids", "hidden"])
def test_a_column_that_is_short_of_a_row_is_refused(column: str) -> None:
    with pytest.raises(ValueError, match=f"rows in each column.*'{column}'"):
        replace(table(), **{column: getattr(table(), column)[:-1]})


def test_a_face_with_two_rows_is_refused_when_it_is_looked_up() -> None:
    with pytest.raises(ValueError, match="got 3 rows of 2 faces"):
        embeddings(("ann", "bob", "ann")).index("ann")

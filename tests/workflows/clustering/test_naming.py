"""What waits for a name: what is put aside, the rest of people, and how far the naming is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.base.face_table import Embeddings, FaceTable
from core.base.types import Ints
from core.learn.clustering.agglomerative import grow_hierarchy
from core.workflows.clustering import naming
from core.workflows.clustering.cluster import Clustering, FaceGroups, SamePersonQuestion
from core.workflows.clustering.naming import NamingProgress, PersonRest
from tests.learn.faces import directions, unit


def table_of(n: int, photos: list[str], sizes_px: list[float]) -> FaceTable:
    """Faces without a name."""
    nowhere = np.zeros(n, dtype=bool)
    return FaceTable(
        face_ids=tuple(f"face {number}" for number in range(n)),
        photo_ids=tuple(photos),
        photo_names=tuple(photos),
        crop_ids=tuple(map(str, range(n))),
        people=(),
        labels=np.full(n, -1),
        splits=(None,) * n,
        probs=np.ones(n, np.float32),
        photo_hashes=np.arange(n),
        person_ids=(),
        hidden=np.zeros(0, dtype=bool),
        excluded=nowhere,
        confirmed=nowhere,
        strangers=nowhere,
        grades=np.full(n, 0.95, np.float32),
        sizes_px=np.array(sizes_px, np.float32),
        taken=np.full(n, np.nan),
    )


def grouped(table: FaceTable, looks: Ints) -> FaceGroups:
    """Groups of faces that lie around one direction each; a look of a single face is a group of its own."""
    noise = np.random.default_rng(1).normal(size=(len(looks), 128)) * 0.03
    vectors = unit(directions(0, int(looks.max()) + 1)[looks] + noise)
    clustering = Clustering(table.face_ids, vectors, table.grades, grow_hierarchy(vectors), 0, 0)
    return clustering.cut(singles=True)


def test_a_face_that_is_like_no_other_is_a_group_of_its_own_where_that_is_asked_for():
    groups = grouped(table_of(6, list("abcdef"), [100] * 6), np.array([0, 0, 0, 1, 1, 2]))
    assert sorted(groups.sizes.tolist()) == [1, 2, 3]
    assert groups.alone == 0
    alone = groups.sizes.tolist().index(1)
    assert groups.members(alone) == ("face 5",)


def test_small_faces_beside_large_ones_are_in_the_background():
    table = table_of(4, ["a", "a", "b", "c"], [100, 39, 39, 100])
    assert naming.find_background(table).tolist() == [False, True, False, False]


def test_groups_of_blurred_and_background_faces_are_put_aside():
    photos = ["a", "b", "c", "a", "b", "c", "d"]
    table = table_of(7, photos, [100, 100, 100, 20, 20, 90, 80])
    table = replace(table, grades=np.array([0.9] * 6 + [0.4], np.float32))
    groups = grouped(table, np.array([0, 0, 0, 1, 1, 1, 2]))
    aside = naming.find_groups_aside(groups, table)
    members = [groups.members(group) for group in np.flatnonzero(aside)]
    assert sorted(map(len, members)) == [1, 3], "the blurred one, and those of whom two of three are in the background"
    assert ("face 6",) in members


def test_the_rest_of_a_person_is_what_is_as_alike_as_halves_of_one():
    groups = grouped(table_of(6, list("abcdef"), [100] * 6), np.array([0, 0, 0, 1, 1, 2]))
    three, two, alone = (groups.sizes.tolist().index(size) for size in (3, 2, 1))
    questions = [
        SamePersonQuestion(two, 7, 0.97),
        SamePersonQuestion(two, 8, 0.9),
        SamePersonQuestion(alone, 7, 0.86),
        SamePersonQuestion(three, 8, 0.84),
    ]
    nothing_aside = np.zeros(3, dtype=bool)
    assert naming.list_rests(groups, nothing_aside, questions) == [PersonRest(7, (two, alone), 3)]
    aside = nothing_aside.copy()
    aside[two] = True
    assert naming.list_rests(groups, aside, questions) == [PersonRest(7, (alone,), 1)]


@pytest.mark.parametrize(
    ("named", "sizes", "expected"),
    [
        (0, [], NamingProgress(0, 0, None, 0)),
        (10, [], NamingProgress(10, 10, None, 0)),
        (0, [6, 4], NamingProgress(0, 10, 0.5, 1)),
        (50, [10, 5, 20, 15], NamingProgress(50, 100, 0.8, 2)),
        (80, [10, 10], NamingProgress(80, 100, 0.9, 1)),
        (96, [1, 1, 1, 1], NamingProgress(96, 100, 1.0, 4)),
    ],
)
def test_progress_counts_the_largest_groups_that_reach_the_next_goal(named, sizes, expected):
    assert naming.measure_progress(named, sizes) == expected


def test_hard_faces_are_clear_ones_and_need_two_people_with_names():
    looks = np.array([0, 0, 0, 1, 1, 2, 2, 3, 3])
    table = table_of(9, list("abcdefghi"), [100] * 9)
    table = replace(
        table,
        people=("Ann", "Bob"),
        person_ids=(1, 2),
        hidden=np.zeros(2, dtype=bool),
        labels=np.array([0, 0, -1, 1, 1, -1, -1, -1, -1]),
        grades=np.array([0.95] * 8 + [0.6], np.float32),
    )
    vectors = unit(directions(0, 4)[looks])
    unnamed = np.flatnonzero(table.labels < 0)
    clustering = Clustering(
        tuple(table.face_ids[row] for row in unnamed),
        vectors[unnamed],
        table.grades[unnamed],
        grow_hierarchy(vectors[unnamed]),
        0,
        0,
    )
    groups = clustering.cut(singles=True)
    embeddings = Embeddings(table.face_ids, vectors, "model")
    nothing_aside = np.zeros(len(groups), dtype=bool)
    hard_faces = naming.choose_hard_faces(groups, nothing_aside, table, embeddings)
    assert sorted(hard_faces) == ["face 2", "face 5", "face 6", "face 7"]
    everybody_ann = replace(table, labels=np.minimum(table.labels, 0))
    assert naming.choose_hard_faces(groups, nothing_aside, everybody_ann, embeddings) == {}

"""The faces that are hardest to recognise."""

from __future__ import annotations

import numpy as np

from core.learn.model_selection.hard_faces import MOST_OF_GROUP, Hardness, rank_hard_faces
from tests.learn.faces import unit

CENTROIDS = unit(np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0]]))
ANN, BOB, NOBODY = CENTROIDS[0], CENTROIDS[1], np.array([0, 0, 1.0, 0], dtype=np.float32)


def test_faces_between_people_at_the_threshold_and_far_from_their_group_come_first_in_turn():
    faces = unit(
        np.stack(
            [
                ANN + 0.01 * NOBODY,
                ANN + 0.02 * NOBODY,
                ANN + 0.6 * NOBODY,  # far from the group that it is in
                0.5 * ANN + 0.48 * BOB,  # between two people
                0.48 * BOB + NOBODY,  # about as near as it must be to get a name
                BOB,
            ]
        )
    )
    groups = np.array([0, 0, 0, 1, 2, 3])
    ranked = rank_hard_faces(faces, groups, CENTROIDS, most=3)
    assert {(face.row, face.hardness) for face in ranked} == {
        (3, Hardness.BETWEEN),
        (4, Hardness.THRESHOLD),
        (2, Hardness.FAR),
    }


def test_no_group_and_no_face_fills_the_test_alone():
    rng = np.random.default_rng(0)
    faces = unit(rng.normal(size=(30, 4)))
    groups = np.repeat(np.arange(6), 5)
    ranked = rank_hard_faces(faces, groups, CENTROIDS, most=20)
    rows = [face.row for face in ranked]
    assert len(rows) == len(set(rows)) == 6 * MOST_OF_GROUP
    assert np.bincount(groups[rows]).tolist() == [MOST_OF_GROUP] * 6


def test_of_fewer_faces_all_come_once():
    faces = unit(np.stack([ANN, BOB, NOBODY]))
    assert sorted(face.row for face in rank_hard_faces(faces, np.array([0, 1, 2]), CENTROIDS)) == [0, 1, 2]

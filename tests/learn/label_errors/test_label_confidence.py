"""The faces most like a doubted one: those found by an index, against those of all."""

from __future__ import annotations

import numpy as np

from core.learn.label_errors.label_confidence import find_label_neighbours
from core.learn.labelled_faces import LabelledFaces
from core.learn.numerics.neighbour_index import build_neighbour_index
from tests.benchmarks.synthetic import vectors_of

N, N_PEOPLE, N_ASKED = 6000, 300, 60


def test_by_an_index_a_face_has_the_same_neighbours_and_nearly_the_same_votes() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(N, dtype=np.int64) % N_PEOPLE
    # Two faces of a person are one shot here and there: they have no vote about each other.
    shots = np.where(np.arange(N) < N_PEOPLE, np.arange(N) + N_PEOPLE, np.arange(N))
    faces = LabelledFaces(vectors_of(labels, N_PEOPLE), labels, shots)
    rows, rivals = rng.permutation(N)[:N_ASKED], rng.integers(0, N_PEOPLE, N_ASKED)
    exact = find_label_neighbours(faces, rows, rivals)
    ours = find_label_neighbours(faces, rows, rivals, build_neighbour_index(faces.vectors))
    np.testing.assert_array_equal(ours.own, exact.own)
    np.testing.assert_array_equal(ours.rival, exact.rival)
    np.testing.assert_allclose(ours.own_cosines, exact.own_cosines, atol=1e-6)
    np.testing.assert_allclose(ours.rival_cosines, exact.rival_cosines, atol=1e-6)
    assert np.mean(np.abs(ours.votes - exact.votes) < 1e-9) >= 0.98

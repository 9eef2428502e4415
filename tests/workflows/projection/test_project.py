"""Faces that came after a map are placed on it."""

from __future__ import annotations

import numpy as np

from core.base.face_table import Embeddings
from core.learn.projection.faithfulness import place_newcomers
from core.workflows.neighbours.search import ExactSearch
from core.workflows.projection.project import FaceMap, add_newcomers
from tests.learn.faces import people


def test_newcomers_are_placed_by_a_search_among_those_who_are_on_the_map() -> None:
    vectors = people([10] * 6, noise=0.5, seed=2).vectors
    embeddings = Embeddings(tuple(f"{row:024x}" for row in range(60)), vectors, "facenet-128")
    points = np.random.default_rng(0).normal(size=(51, 2)).astype(np.float32)
    # The map has 50 of the faces in an order of its own, and one who is gone.
    rows = np.random.default_rng(1).permutation(60)[:50]
    face_map = FaceMap((*(embeddings.face_ids[row] for row in rows), "f" * 24), points)
    searched: list[tuple[str, ...]] = []

    def open_search(gallery: Embeddings) -> ExactSearch:
        searched.append(tuple(gallery.face_ids))
        return ExactSearch(gallery)

    grown, new_rows = add_newcomers(face_map, embeddings, open_search), np.setdiff1d(np.arange(60), rows)
    assert searched == [face_map.face_ids[:50]]
    assert grown.newcomers == {embeddings.face_ids[row] for row in new_rows}
    assert tuple(grown.face_ids[50:]) == tuple(embeddings.face_ids[row] for row in new_rows)
    np.testing.assert_array_equal(grown.points[:50], points[:50])
    np.testing.assert_array_equal(grown.points[50:], place_newcomers(vectors[new_rows], vectors[rows], points[:50]))

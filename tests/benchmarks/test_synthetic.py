"""The synthetic dataset resembles what it stands for, and is written whole."""

from __future__ import annotations

import numpy as np

from core.base.types import Split
from core.store.artifacts import ArtifactKind
from tests.benchmarks.synthetic import Size, make, vectors_of


def test_its_vectors_lie_as_facenets_do():
    labels = np.repeat(np.arange(100), 10)
    vectors = vectors_of(labels, 100)
    cosine = vectors @ vectors.T
    same = labels[:, None] == labels
    within, between = cosine[np.triu(same, 1)], cosine[np.triu(~same, 1)]
    assert abs(within.mean() - 0.78) < 0.03 and abs(within.std() - 0.10) < 0.03
    assert abs(between.mean() - 0.05) < 0.03 and abs(between.std() - 0.14) < 0.03


def test_photos_faces_sides_and_files_are_there(services):
    dataset = make(services, "Small", Size(people=3, faces=33, unnamed=3))
    counts = services.store.counts(dataset.id)
    assert (counts.photos, counts.faces, counts.people, counts.unnamed_faces) == (33, 33, 3, 3)
    assert (counts.train_faces, counts.val_faces) == (24, 6)
    table = services.store.face_table(dataset.id)
    assert {split for split, label in zip(table.splits, table.labels, strict=True) if label >= 0} == {*Split}
    for photo_id, crop_id in zip(table.photo_ids, table.crop_ids, strict=True):
        assert services.artifacts.read(dataset.id, ArtifactKind.PHOTO, photo_id)
        assert services.artifacts.read(dataset.id, ArtifactKind.CROP, crop_id)

"""What training makes of odd faces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.base.errors import TrainingRefused
from core.base.types import Split
from core.learn.classification.training_material import TrainOptions, plan_training, prepare_training_material
from tests.stored_faces import add_faces

FOUR = {f"person {number}": 6 for number in range(4)}


def given_table(services, dataset, *, val=(), bad=None, strangers=()):
    """The faces as the store gives them, with some put on the val side, spoiled, or marked as strangers."""
    table, embeddings = services.store.face_table(dataset.id), services.store.embeddings(dataset.id)
    people = np.array([table.person(row) or "" for row in range(len(table))])
    splits = tuple(Split.VAL if row in val else Split.TRAIN for row in range(len(table))) if len(val) else table.splits
    vectors = embeddings.vectors.copy()
    for row, value in (bad or {}).items():
        vectors[row] = value
    marked = np.isin(people, strangers)
    table = replace(table, splits=splits, strangers=marked, labels=np.where(marked, -1, table.labels))
    return table, replace(embeddings, vectors=vectors)


def test_faces_whose_vector_is_no_number_or_zero_are_left_out_and_counted(services):
    dataset = add_faces(services, "Four", FOUR)
    table, embeddings = given_table(services, dataset, bad={0: np.nan, 7: 0.0})
    made = prepare_training_material(table, embeddings, TrainOptions())
    assert len(made.faces) == 22 and np.isfinite(made.faces.vectors).all()
    assert [(entry.faces, entry.reason) for entry in made.gated] == [
        (2, "their vectors are no numbers: read the photos again.")
    ]


def test_a_dataset_of_spoiled_vectors_only_is_refused_with_the_reason(services):
    dataset = add_faces(services, "Four", FOUR)
    table, embeddings = given_table(services, dataset, bad=dict.fromkeys(range(24), 0.0))
    with pytest.raises(TrainingRefused, match="no numbers"):
        prepare_training_material(table, embeddings, TrainOptions())


def test_faces_marked_as_strangers_help_to_set_the_limits_and_are_not_learned(services):
    dataset = add_faces(services, "Four", FOUR)
    table, embeddings = given_table(services, dataset, strangers=("person 3",))
    made = prepare_training_material(table, embeddings, TrainOptions())
    assert len(made.strangers) == 6 and len(made.faces) == 18


def test_a_person_only_in_val_is_left_out_and_named(services):
    dataset = add_faces(services, "Four", FOUR)
    labels = services.store.face_table(dataset.id).labels
    val = {*np.flatnonzero(labels == 3).tolist(), int(np.flatnonzero(labels == 0)[0])}
    table, embeddings = given_table(services, dataset, val=val)
    given = prepare_training_material(table, embeddings, TrainOptions())
    (left,) = plan_training(given, TrainOptions()).left_out
    assert left.person == "person 3" and "only in the validation folder" in left.reason

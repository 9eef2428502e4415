"""The division into sides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.errors import TrainingRefused
from core.base.types import Split
from core.learn.model_selection.splits import (
    FEWEST_PUT_ASIDE,
    FoldRules,
    deal_into_folds,
    plan_split,
)

TRAIN, VAL = Split.TRAIN, Split.VAL


def at_degrees(*degrees: float) -> np.ndarray:
    """Unit vectors in a plane."""
    angle = np.radians(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_the_archives_own_division_is_taken_and_faces_without_a_side_are_learned_from():
    made = plan_split(ints(0, 0, 1, 1, 1), ("Ann", "Bob"), [TRAIN, VAL, TRAIN, VAL, None], ints(0, 1, 2, 3, 4))
    assert made.kind == "own"
    assert made.folds[0].train.tolist() == [0, 2, 4]
    assert made.folds[0].test.tolist() == [1, 3]
    assert made.left_out == () and made.dropped == ()


@pytest.mark.parametrize(("aside", "kind"), [(FEWEST_PUT_ASIDE, "own"), (FEWEST_PUT_ASIDE - 1, "kfold")])
def test_faces_that_were_put_aside_to_test_on_are_the_test_when_they_are_enough(aside, kind):
    labels = np.tile(ints(0, 1), 12)
    splits = [VAL if row < aside else None for row in range(24)]
    plan = plan_split(labels, ("Ann", "Bob"), splits, np.arange(24))
    assert plan.kind == kind
    if kind == "own":
        assert plan.folds[0].test.tolist() == list(range(aside))
        assert plan.why == "Tested on the faces that were put aside for it, learned from all others."


def test_a_training_face_of_a_validation_shot_is_dropped_and_said():
    made = plan_split(ints(0, 0, 0, 1), ("Ann", "Bob"), [TRAIN, TRAIN, VAL, TRAIN], ints(0, 1, 1, 2))
    assert made.folds[0].train.tolist() == [0, 3]
    assert made.dropped[0].rows.tolist() == [1]
    assert "same shot" in made.dropped[0].reason
    assert made.used.tolist() == [0, 2, 3]


def test_people_who_cannot_be_learned_are_left_out_with_their_reason_and_the_rest_is_renumbered():
    labels = ints(0, 1, 1, 2, 2, 3)
    splits = [VAL, TRAIN, VAL, TRAIN, VAL, TRAIN]
    made = plan_split(labels, ("OnlyVal", "Ann", "Twin", "Bob"), splits, ints(0, 1, 2, 3, 3, 4))
    assert made.people == ("Ann", "Bob")
    assert made.labels.tolist() == [-1, 0, 0, -1, -1, 1]
    reasons = {one.person: one.reason for one in made.left_out}
    assert "only in the validation folder" in reasons["OnlyVal"]
    assert "same shot" in reasons["Twin"]
    assert made.folds[0].test.tolist() == [2]


def test_who_has_too_few_photos_is_left_out_of_the_archives_own_division():
    labels, splits = ints(0, 0, 0, 1, 1, 2, 2, 2, 2), [TRAIN, TRAIN, VAL, TRAIN, VAL, TRAIN, TRAIN, VAL, VAL]
    groups = ints(0, 1, 2, 3, 4, 5, 6, 7, 7)
    made = plan_split(labels, ("Ann", "Bob", "Cat"), splits, groups, FoldRules(min_faces=3))
    assert (made.kind, made.people) == ("own", ("Ann", "Cat"))
    assert (made.folds[0].train.tolist(), made.folds[0].test.tolist()) == ([0, 1, 5, 6], [2, 7, 8])
    assert [(each.person, "2 independent photos" in each.reason) for each in made.left_out] == [("Bob", True)]
    assert len(plan_split(labels, ("Ann", "Bob", "Cat"), splits, groups).people) == 3


@pytest.mark.parametrize(
    ("case", "splits"),
    [
        ("no sides at all", [None] * 4),
        ("no validation side", [TRAIN] * 4),
        ("one person to learn", [TRAIN, TRAIN, VAL, VAL]),
    ],
)
def test_folds_are_made_when_the_archive_carries_no_usable_division(case, splits):
    made = plan_split(ints(0, 0, 1, 1), ("Ann", "Bob"), splits, ints(0, 1, 2, 3))
    assert made.kind == "kfold", case
    assert len(made.folds) == 2, "nobody has more than two shots"


def test_a_person_with_one_shot_is_left_out_of_folds_and_the_rest_goes_on():
    made = plan_split(ints(0, 0, 1, 1, 2, 2), ("Ann", "Burst", "Cat"), [None] * 6, ints(0, 1, 2, 2, 3, 4))
    assert made.people == ("Ann", "Cat")
    assert [one.person for one in made.left_out] == ["Burst"]
    assert "1 independent photo " in made.left_out[0].reason


@pytest.mark.parametrize(
    ("case", "labels", "message"),
    [
        ("nobody", (), "0 people"),
        ("one person", (0, 0, 0), "1 person with a name"),
        ("one photo each", (0, 1), "Only 0 of 2 people"),
    ],
)
def test_training_is_refused_with_a_way_out_when_fewer_than_two_people_are_left(case, labels, message):
    groups = np.arange(len(labels))
    with pytest.raises(TrainingRefused, match=message) as refusal:
        plan_split(ints(*labels), ("Ann", "Bob"), [None] * len(labels), groups)
    assert "Add" in str(refusal.value), case


def test_a_group_of_two_people_is_a_programming_error():
    with pytest.raises(ValueError, match="one person"):
        plan_split(ints(0, 1), ("Ann", "Bob"), [None, None], ints(0, 0))


@st.composite
def datasets(draw):
    """Labels, groups within a person, sides."""
    shots = draw(st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=7), min_size=2, max_size=6))
    labels = [person for person, sizes in enumerate(shots) for size in sizes for _ in range(size)]
    sizes = [size for person in shots for size in person]
    groups = np.repeat(np.arange(len(sizes)), sizes)
    splits = draw(st.lists(st.sampled_from([TRAIN, VAL, None]), min_size=len(labels), max_size=len(labels)))
    order = draw(st.permutations(range(len(labels))))
    return np.array(labels)[list(order)], groups[list(order)], splits


@given(datasets(), st.integers(2, 6), st.integers(0, 3))
@settings(deadline=None)
def test_no_shot_is_on_both_sides_and_everyone_tested_is_learned(dataset, folds, seed):
    labels, groups, splits = dataset
    people = [f"p{i}" for i in range(labels.max() + 1)]
    try:
        made = plan_split(labels, people, splits, groups, FoldRules(folds, seed=seed))
    except TrainingRefused:
        return
    for fold in made.folds:
        assert not set(groups[fold.train]) & set(groups[fold.test])
        assert len(fold.test) and set(made.labels[fold.train]) == set(range(len(made.people)))
        assert (made.labels[fold.test] >= 0).all()
    tested = np.concatenate([fold.test for fold in made.folds])
    assert len(tested) == len(set(tested))
    if made.kind == "kfold":
        assert sorted(tested) == made.used.tolist()
    named = {people[label] for label in labels}
    assert set(made.people) | {one.person for one in made.left_out} == named


def test_folds_are_stratified_to_within_one_face_and_repeatable():
    labels = np.repeat(np.arange(10), 13)
    first = deal_into_folds(labels, np.arange(130), 5, seed=3)
    counts = np.array([np.bincount(first[labels == person], minlength=5) for person in range(10)])
    assert counts.min() == 2 and counts.max() == 3
    assert np.bincount(first).tolist() == [26] * 5
    assert (first == deal_into_folds(labels, np.arange(130), 5, seed=3)).all()
    assert (first != deal_into_folds(labels, np.arange(130), 5, seed=4)).any()

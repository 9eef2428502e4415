"""Which faces to learn from and which to test on, so that no shot is ever on both sides.

Faces of one shot (``near_duplicates``) are one *group* here, and a group is never divided: with one of them in training
and another in the test, the accuracy would measure memory.

The plan takes the archive's own train and val folders when it has both, and the faces that somebody put aside to test
on when there are enough of them; otherwise it makes stratified folds of whole groups.
It does not learn anything, and it never sees faces without a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.base.errors import TrainingRefused
from core.base.face_table import FaceTable
from core.base.types import Bools, Ints, Split, Vectors
from core.language.texts import marked
from core.learn.labelled_faces import LabelledFaces, count_shots
from core.learn.metrics.run_values import LeftOutPerson
from core.learn.near_duplicates import near_duplicate_groups
from core.learn.numerics.labels import renumber_labels, rows_by_value

FEWEST_SHOTS = 2
"""Of a person, where folds are made: with one nothing could be tested."""
FEWEST_PUT_ASIDE = 10
"""So many faces to test on are a test where nothing is said to be learned from."""


@dataclass(frozen=True, slots=True)
class FoldRules:
    """How faces are dealt into folds where the archive brings no division."""

    folds: int = 5
    """At most so many; fewer when nobody has as many independent shots."""
    min_faces: int = FEWEST_SHOTS
    """Who has fewer independent shots is left out. In folds that is ``FEWEST_SHOTS`` at least; where the archive brings
    a division so few leave nobody out, as one photo to learn from is enough there."""
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One division into faces to learn from and faces to test on."""

    train: Ints
    """Row numbers, ascending."""
    test: Ints
    """Row numbers, ascending; shares no group with ``train``, and every person in it is in ``train``."""


@dataclass(frozen=True, slots=True, eq=False)
class DroppedFaces:
    """Faces of people who do take part that are not used, and why."""

    rows: Ints
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class SplitPlan:
    """How a dataset is divided."""

    kind: Literal["own", "kfold"]
    why: str
    """One sentence for the page: which division, and why this one."""
    people: tuple[str, ...]
    """Those who take part, in the order given."""
    labels: Ints
    """(n,) int64: each row's place in ``people``, -1 for a row that is not used at all."""
    folds: tuple[Fold, ...]
    """One for 'own'; for 'kfold' every used row is in exactly one test side."""
    left_out: tuple[LeftOutPerson, ...]
    dropped: tuple[DroppedFaces, ...]

    @property
    def used(self) -> Ints:
        """Row numbers of everything that takes part on either side, ascending."""
        return np.flatnonzero(self.labels >= 0)


def label_faces(table: FaceTable, vectors: Vectors, rows: Ints) -> LabelledFaces:
    """Some faces of a table, which all have a name, with their shots; the labels are the table's.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length, in the table's order
    """
    faces = table.take(rows)
    shots = near_duplicate_groups(vectors[rows], faces.photo_ids, faces.photo_hashes.tolist(), faces.labels)
    return LabelledFaces(vectors[rows], faces.labels, shots)


def plan_split(
    labels: Ints,
    people: Sequence[str],
    splits: Sequence[Split | None],
    groups: Ints,
    rules: FoldRules = FoldRules(),
) -> SplitPlan:
    """Divide the faces into sides to learn from and to test on.

    The archive's own division is taken when it has both sides, at least two people to learn and one of them
    to test; a face with neither side is learned from. Where nothing is said to be learned from, ``FEWEST_PUT_ASIDE``
    faces to test on are a division too. Otherwise whole groups are dealt into folds, person by
    person.

    Parameters
    ----------
    labels : (n,) int64, places in ``people``
    people : names
    splits : n sides that the archive gave, or None
    groups : (n,) int64, faces that must stay on one side; a group holds one person

    Raises
    ------
    TrainingRefused
        Fewer than two people are left; the message says what to do.
    """
    _require_one_person_a_group(labels, groups)
    plan = _own_plan(labels, people, splits, groups, rules) or _kfold_plan(labels, people, groups, rules)
    return _only_those_taking_part(plan)


# The archive's own division


def _own_plan(
    labels: Ints, people: Sequence[str], splits: Sequence[Split | None], groups: Ints, rules: FoldRules
) -> SplitPlan | None:
    """Divide as the archive's folders do, or None where they do not carry a division."""
    val = np.array([split is Split.VAL for split in splits], dtype=np.bool_)
    named_train = np.array([split is Split.TRAIN for split in splits], dtype=np.bool_)
    # A few faces that were put on the test side by hand are no test: one of them would be 0 or 100 %.
    if not val.any() or (not named_train.any() and val.sum() < FEWEST_PUT_ASIDE):
        return None
    # A training photo of a shot that is tested would let the recogniser remember the answer.
    twin = ~val & np.isin(groups, groups[val])
    train = ~val & ~twin
    shots, min_shots = count_shots(labels, groups, len(people)), rules.min_faces
    has_enough = (shots >= min_shots) | (min_shots <= FEWEST_SHOTS)
    learned = _present(labels[train], len(people)) & has_enough
    train, test = train & learned[labels], val & learned[labels]
    if learned.sum() < 2 or not test.any():
        return None
    used_labels = np.where((train | test) & learned[labels], labels, -1)
    return SplitPlan(
        kind="own",
        why=marked("It learns from the photos in train and is tested on those in val, as the folders say.")
        if named_train.any()
        else marked("Tested on the faces that were put aside for it, learned from all others."),
        people=tuple(people),
        labels=used_labels,
        folds=(Fold(np.flatnonzero(train), np.flatnonzero(test)),),
        left_out=(
            *_left_out_of_own(labels, people, learned | ~has_enough, train | twin),
            *_left_out_with_few(people, shots, min_shots, has_enough),
        ),
        dropped=_dropped_twins(twin & learned[labels]),
    )


def _left_out_of_own(
    labels: Ints, people: Sequence[str], learned: Bools, meant_to_train: Bools
) -> tuple[LeftOutPerson, ...]:
    all_twins = _present(labels[meant_to_train], len(people))
    present = _present(labels, len(people))
    return tuple(
        LeftOutPerson(
            name,
            marked("every training photo shows the same shot as a validation photo; add other photos to train")
            if all_twins[person]
            else marked("is only in the validation folder; add photos to train"),
        )
        for person, name in enumerate(people)
        if present[person] and not learned[person]
    )


def _dropped_twins(twin: Bools) -> tuple[DroppedFaces, ...]:
    if not twin.any():
        return ()
    return (DroppedFaces(np.flatnonzero(twin), marked("the same shot as a validation photo, so not learned from")),)


# Folds


def _kfold_plan(labels: Ints, people: Sequence[str], groups: Ints, rules: FoldRules) -> SplitPlan:
    shots, min_shots = count_shots(labels, groups, len(people)), max(FEWEST_SHOTS, rules.min_faces)
    enough = shots >= min_shots
    if enough.sum() < 2:
        raise TrainingRefused(_refusal(int(enough.sum()), int((shots > 0).sum()), min_shots))
    used_labels = np.where(enough[labels], labels, -1)
    n_folds = int(min(max(2, rules.folds), shots[enough].max()))
    fold_of = deal_into_folds(used_labels, groups, n_folds, seed=rules.seed)
    return SplitPlan(
        kind="kfold",
        why=marked(
            "Every photo is tested once, by a recogniser that never saw its shot ({n_folds}-fold cross-validation)."
        ).format(n_folds=n_folds),
        people=tuple(people),
        labels=used_labels,
        folds=build_folds(fold_of, n_folds, enough[labels]),
        left_out=_left_out_with_few(people, shots, min_shots, enough),
        dropped=(),
    )


def _left_out_with_few(
    people: Sequence[str], shots: Ints, min_shots: int, has_enough: Bools
) -> tuple[LeftOutPerson, ...]:
    return tuple(
        LeftOutPerson(
            name, marked("has {shots}, and {needed} are needed").format(shots=_count(shots[person]), needed=min_shots)
        )
        for person, name in enumerate(people)
        if shots[person] and not has_enough[person]
    )


def deal_testable(faces: LabelledFaces, n_folds: int, *, seed: int) -> Ints:
    """Deal the shots of everybody who has several into folds.

    Returns
    -------
    (n,) int64, 0 to n_folds - 1; -1 for people with one shot, who are learned from in every fold and never tested.
    """
    return deal_into_folds(np.where(faces.testable, faces.labels, -1), faces.shots, n_folds, seed=seed)


def deal_into_folds(labels: Ints, groups: Ints, folds: int, *, seed: int) -> Ints:
    """Deal whole groups into folds, each person as evenly as can be.

    Person by person, the largest group first, each goes to the fold with the fewest faces of that person and
    then the fewest faces in all; so a person with two groups or more is always on both sides of some fold and
    never missing from a training side.

    Returns
    -------
    (n,) int64, 0 to folds - 1; -1 where ``labels`` is -1.
    """
    rng = np.random.default_rng(seed)
    fold_of = np.full(len(labels), -1, dtype=np.int64)
    total = np.zeros(folds, dtype=np.int64)
    for rows in rows_by_value(labels):
        if labels[rows[0]] < 0:
            continue
        faces_of_person = np.zeros(folds, dtype=np.int64)
        # Large bursts first, while there is room to even them out with small ones.
        for members in _largest_first(rows, groups, rng):
            # lexsort's last key counts first: fewest of this person, then fewest in all, then by lot.
            fold = int(np.lexsort((rng.random(folds), total, faces_of_person))[0])
            fold_of[members] = fold
            faces_of_person[fold] += len(members)
            total[fold] += len(members)
    return fold_of


def _largest_first(rows: Ints, groups: Ints, rng: np.random.Generator) -> list[Ints]:
    """Give the rows of each group, larger groups first, equal ones shuffled."""
    members = [rows[index] for index in rows_by_value(groups[rows])]
    order = rng.permutation(len(members))
    return sorted((members[index] for index in order), key=len, reverse=True)


def build_folds(fold_of: Ints, n_folds: int, taking_part: Bools) -> tuple[Fold, ...]:
    """Each fold as its test side, and all others who take part as its training side.

    Parameters
    ----------
    fold_of : (n,) int64, the fold that a row is tested in, -1 for rows that are never tested
    taking_part : (n,) rows that are learned from, but in their own fold
    """
    return tuple(
        Fold(np.flatnonzero(taking_part & (fold_of != fold)), np.flatnonzero(fold_of == fold))
        for fold in range(n_folds)
    )


def _refusal(n_enough: int, n_people: int, min_shots: int) -> str:
    if n_people < 2:
        people = "1 person" if n_people == 1 else f"{n_people} people"
        return marked(
            "The dataset has {people} with a name, and a recogniser tells at least two apart. Add a folder of photos "
            "of another person, or name more faces, and train again."
        ).format(people=people)
    return marked(
        "Only {n_enough} of {n_people} people have {needed} photos of different moments, and a "
        "recogniser needs at least two such people. Add photos that are not copies or neighbours in a burst, "
        "and train again."
    ).format(n_enough=n_enough, n_people=n_people, needed=min_shots)


def _count(shots: int) -> str:
    if shots == 1:
        return marked("1 independent photo (copies and bursts count once)")
    return marked("{number} independent photos (copies and bursts count once)").format(number=shots)


# Shared


def _only_those_taking_part(plan: SplitPlan) -> SplitPlan:
    """The plan with the people who take part numbered from 0: classifiers have no row for anybody else."""
    taking_part = np.unique(plan.labels[plan.labels >= 0])
    people = tuple(plan.people[person] for person in taking_part)
    return replace(plan, people=people, labels=renumber_labels(plan.labels, taking_part))


def _present(labels: Ints, n_people: int) -> Bools:
    return np.bincount(labels, minlength=n_people) > 0


def _require_one_person_a_group(labels: Ints, groups: Ints) -> None:
    pairs = np.unique(np.stack([groups, labels]), axis=1)
    if pairs.shape[1] != len(np.unique(groups)):
        raise ValueError("expected every group to hold one person; a group held several")

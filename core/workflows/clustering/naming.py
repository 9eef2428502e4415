"""What waits for a name: the groups worth naming, the rest of a person, what is put aside, and how far the naming is.

Nothing is decided here: groups come from ``cluster``, and a person asks for a yes before any face gets a name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.base.columns import number_values
from core.base.face_table import Embeddings, FaceTable, take_items
from core.base.types import Bools, Ints
from core.learn.model_selection.hard_faces import Hardness, rank_hard_faces
from core.learn.numerics.labels import fit_centroids, renumber_labels
from core.workflows.clustering.cluster import CLEAR_GRADE, PROBABLY_ONE, FaceGroups, SamePersonQuestion

BACKGROUND_SHARE = 0.4
"""A face is in the background when its shorter side is smaller than this share of the largest of the photo's: in the
group photos of the test data people of one row are within 0.6 of each other."""
GOALS = (0.5, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class PersonRest:
    """The groups without a name that are surely of one person."""

    person_id: int
    groups: tuple[int, ...]
    """The most alike first."""
    n_faces: int


@dataclass(frozen=True, slots=True)
class NamingProgress:
    """How many of the faces worth naming have a name."""

    n_named: int
    total: int
    goal: float | None
    """The next of ``GOALS``; None when all is named, or what is left cannot reach one."""
    names_to_goal: int
    """So many more groups, the largest first, reach it."""


def find_background(table: FaceTable) -> Bools:
    """Tell which faces are much smaller than the largest of their photo: (n,)."""
    photo_of_face = number_values(table.photo_ids)
    largest = np.zeros(int(photo_of_face.max(initial=-1)) + 1, dtype=np.float32)
    np.maximum.at(largest, photo_of_face, table.sizes_px)
    return np.asarray(table.sizes_px < BACKGROUND_SHARE * largest[photo_of_face])


def find_groups_aside(groups: FaceGroups, table: FaceTable) -> Bools:
    """Tell which groups are hardly worth naming: (n_groups,), most of whose faces are blurred or in the background."""
    rows = table.indices(groups.face_ids)
    # NaN, a quality that was never measured, is no reason to hide a face.
    is_poor = find_background(table)[rows] | (table.grades[rows] < CLEAR_GRADE)
    n_poor = np.bincount(groups.labels[is_poor & (groups.labels >= 0)], minlength=len(groups))
    return np.asarray(2 * n_poor > groups.sizes)


def list_rests(groups: FaceGroups, aside: Bools, questions: Iterable[SamePersonQuestion]) -> list[PersonRest]:
    """The rest of everybody who surely has one, the largest first.

    A group is surely a person's where the two are as alike as halves of one person (``PROBABLY_ONE``). On 1,053 faces
    of 105 people, of which 20, 50 or 80 % had names, 1,498 of the 1,507 faces so found were the person's, of 1,515 that
    could be; with only half of the people known, 712 of 715.

    Parameters
    ----------
    aside : (n_groups,) groups that are no part of any rest: blurred faces are alike whoever they are
    questions : of these groups, the most alike first, as ``list_same_person_questions`` gives them
    """
    best: dict[int, int] = {}
    for question in questions:
        # The most alike come first, so the first person of a group is the one it is most like.
        if question.similarity >= PROBABLY_ONE and not aside[question.group]:
            best.setdefault(question.group, question.person_id)
    groups_of: dict[int, list[int]] = {}
    for group, person_id in best.items():
        groups_of.setdefault(person_id, []).append(group)
    rests = [
        PersonRest(person_id, tuple(members), int(groups.sizes[members].sum()))
        for person_id, members in groups_of.items()
    ]
    return sorted(rests, key=lambda rest: -rest.n_faces)


def choose_hard_faces(
    groups: FaceGroups, aside: Bools, table: FaceTable, embeddings: Embeddings
) -> dict[str, Hardness]:
    """The faces without a name that a test is best made of, by their ids; none before two people have names.

    Parameters
    ----------
    aside : (n_groups,) groups of which none is taken: nobody could say who they are
    """
    learnable = np.where(table.learnable, table.labels, -1)
    people = np.unique(learnable[learnable >= 0])
    # Nobody could say who a blurred face is, and a test of such faces would say nothing of the recogniser.
    is_clear = ~(table.grades[table.indices(groups.face_ids)] < CLEAR_GRADE)
    face_rows = np.flatnonzero(~aside[groups.labels] & is_clear)
    if len(people) < 2 or not len(face_rows):
        return {}
    centroids = fit_centroids(embeddings.vectors, renumber_labels(learnable, people), len(people))
    face_ids = take_items(groups.face_ids, face_rows)
    _, rows = embeddings.match(face_ids)
    own_groups = groups.labels[face_rows]
    ranked = rank_hard_faces(embeddings.vectors[rows], renumber_labels(own_groups, np.unique(own_groups)), centroids)
    return {face_ids[face.row]: face.hardness for face in ranked}


def measure_progress(named: int, waiting_sizes: Iterable[int]) -> NamingProgress:
    """How far the naming is.

    Parameters
    ----------
    named : faces with a name
    waiting_sizes : faces of each group that is worth naming
    """
    sizes = np.sort(np.fromiter(waiting_sizes, dtype=np.int64))[::-1]
    total = named + int(sizes.sum())
    goal = next((goal for goal in GOALS if named < goal * total), None)
    if goal is None:
        return NamingProgress(named, total, None, 0)
    # The smallest number of groups with which the running sum is there.
    reached: Ints = named + np.cumsum(sizes)
    return NamingProgress(named, total, goal, int(np.searchsorted(reached, goal * total - 1e-9)) + 1)

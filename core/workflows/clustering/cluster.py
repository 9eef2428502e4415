"""Groups of faces without a name at any threshold, and who may be whom: groups and people.

The hierarchy behind the groups is of a set of faces and is stored. Naming some of them leaves it good: a face that has
a name by now is left out of the groups, and pairs that somebody has told apart since are cut apart. Faces that came
later are in no group until it is made again; ``Clustering.stale`` tells.

What somebody answered with no stays answered: a face of the one was told apart from a face of the other. Faces that are
seen side by side in a photo are two people without asking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.columns import number_values
from core.base.errors import NotFound
from core.base.face_table import Embeddings, FaceTable, take_items
from core.base.json_values import Json
from core.base.progress import UNWATCHED, Progress
from core.base.types import Floats, Ints
from core.corrections.model import CorrectionLog
from core.language.texts import marked
from core.learn.clustering.agglomerative import DEFAULT_THRESHOLD, Hierarchy, grow_hierarchy
from core.learn.numerics.labels import renumber_labels, rows_by_value
from core.learn.verification.set_similarity import Centres, centre_similarity, find_sets_like, find_similar_sets
from core.store.artifacts import Artifacts
from core.store.protocols import FaceStore
from core.workflows.clustering.hierarchy import FacePairs, StoredHierarchy, is_grouped, load_hierarchy, pairs_as_rows

CLEAR_GRADE = 0.85
"""Faces worse than this are seldom worth naming. Embeddings of blurred faces are alike whoever they are of: in lfw-dev
25 passers-by in the background are one group, the largest, few of them clear.
"""
LOOKED_AT = 8
"""For every group so many of the groups and people most like it are considered for a question."""
ASKED_GROUPS = 2000
"""The first groups, of which questions are asked."""
MANY_PEOPLE, ASKED_OF_MANY = 5_000, 500
"""Beside more people fewer groups are asked about, and only what is most like a group is looked for."""
WORTH_ASKING = 0.5
PROBABLY_ONE = 0.85
"""People this alike are probably one: between the 0.99 that halves of one person reach and the 0.78 of two people."""
PROBABLY_TWO = 0.5
"""A person whose two largest parts are less alike than this is probably two. Of lfw-dev and the sample four people fall
into parts, alike by 0.67 or more; any two of them under one name fall into parts, alike by 0.36 at most.
"""


@dataclass(frozen=True, slots=True)
class ThresholdPreview:
    """What a threshold gives."""

    groups: int
    alone: int
    """Faces in no group."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceGroups:
    """Faces in groups, the group with the most clear faces first.

    What is asked of a group is computed when it is asked: of very many groups, a page shows few.
    """

    face_ids: Sequence[str]
    vectors: Floats
    """(n_faces, dimension) float32, unit length"""
    grades: Floats
    """(n_faces,) 0 .. 1, NaN where unknown"""
    labels: Ints
    """(n_faces,) the group of each face, -1 for none"""
    threshold: float
    grouped_rows: Ints
    """Rows of the faces in groups, group by group"""
    starts: Ints
    """(n_groups + 1,) where each group begins in ``grouped_rows``, and the end"""

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def sizes(self) -> Ints:
        """(n_groups,) faces in each group."""
        return np.diff(self.starts)

    @property
    def alone(self) -> int:
        """How many faces are in no group."""
        return len(self.face_ids) - len(self.grouped_rows)

    def centres(self, n_groups: int) -> Centres:
        """Where the first groups lie."""
        return Centres.of(self.vectors, self.labels, n_groups)

    def tightness(self, group: int) -> float:
        """The mean cosine of a group's faces with their mean."""
        return float(np.linalg.norm(self.vectors[self._rows(group)].mean(axis=0)))

    def members(self, group: int, most: int | None = None) -> tuple[str, ...]:
        """The faces of a group, the most typical and best to see first; or the first of them."""
        rows = self._rows(group)
        mean = self.vectors[rows].mean(axis=0)
        # The mean of unit vectors is as long as the group is tight; divided by that, the product is the cosine with
        # the centre.
        typical = self.vectors[rows] @ mean / np.linalg.norm(mean)
        worth = typical * np.nan_to_num(self.grades[rows], nan=1.0)
        return tuple(self.face_ids[row] for row in rows[np.argsort(-worth, kind="stable")][:most])

    def _rows(self, group: int) -> Ints:
        return self.grouped_rows[self.starts[group] : self.starts[group + 1]]


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """The hierarchy of the faces that it still concerns; gives groups and their number at any threshold in no time."""

    face_ids: Sequence[str]
    vectors: Floats
    """(n_faces, dimension) float32, unit length"""
    grades: Floats
    """(n_faces,) 0 .. 1, NaN where unknown"""
    hierarchy: Hierarchy
    new_faces: int
    """Faces that the hierarchy should hold, and came after it was made."""
    revoked: int
    """Pairs that were told apart when it was made, and are not any more."""

    @property
    def stale(self) -> bool:
        """Whether making it again would change it."""
        return bool(self.new_faces or self.revoked)

    def preview(self, threshold: float) -> ThresholdPreview:
        """How many groups there would be."""
        groups, alone = self.hierarchy.counts(np.array([threshold]))
        return ThresholdPreview(int(groups[0]), int(alone[0]))

    def cut(self, threshold: float = DEFAULT_THRESHOLD, *, singles: bool = False) -> FaceGroups:
        """The groups at a threshold; with ``singles`` every face that would be in none is a group of its own."""
        labels = self.hierarchy.labels(threshold)
        if singles:
            is_alone = labels < 0
            labels[is_alone] = labels.max(initial=-1) + 1 + np.arange(int(is_alone.sum()))
        # Largest first would put passers-by on top: blurred faces of many people make one large group.
        labels = self._clearest_first(labels)
        rows = np.flatnonzero(labels >= 0)
        sizes = np.bincount(labels[rows], minlength=int(labels.max(initial=-1)) + 1)
        return FaceGroups(
            face_ids=self.face_ids,
            vectors=self.vectors,
            grades=self.grades,
            labels=labels,
            threshold=threshold,
            grouped_rows=rows[np.argsort(labels[rows], kind="stable")],
            starts=np.concatenate([[0], np.cumsum(sizes)]),
        )

    def _clearest_first(self, labels: Ints) -> Ints:
        """The groups in the order of their clear faces, the larger first among equals."""
        is_clear = (labels >= 0) & (np.nan_to_num(self.grades, nan=1.0) >= CLEAR_GRADE)
        clear = np.bincount(labels[is_clear], minlength=int(labels.max(initial=-1)) + 1)
        # The inverse of the order is the new number of each group. Faces in none have label -1, which reads the last
        # entry: -1 again.
        rank = np.append(np.argsort(np.argsort(-clear, kind="stable")), -1)
        return np.asarray(rank[labels])


@dataclass(frozen=True, slots=True)
class SamePersonQuestion:
    """Whether a group is somebody who has a name."""

    group: int
    person_id: int
    similarity: float
    """About 1 for one person; see ``core.learn.verification.set_similarity``."""


@dataclass(frozen=True, slots=True)
class MergeCandidate:
    """Two people who are probably one."""

    person_id: int
    other_id: int
    similarity: float


@dataclass(frozen=True, slots=True)
class SplitCandidate:
    """A person who is probably two."""

    person_id: int
    sizes: tuple[int, ...]
    """Of the parts, the largest first; faces in no part are not counted."""
    similarity: float
    """Of the two largest parts."""


# groups


def load_clustering(
    store: FaceStore, log: CorrectionLog, artifacts: Artifacts, dataset_id: str, everyone: bool = False
) -> Clustering:
    """The stored hierarchy as it concerns the dataset now. Raises NotFound before it was made."""
    tree = load_hierarchy(artifacts, store.dataset(dataset_id), everyone)
    if tree is None:
        raise NotFound(marked("The faces of this dataset were not grouped yet."))
    return open_clustering(
        tree, store.face_table(dataset_id), store.embeddings(dataset_id), log.pairs_kept_apart(dataset_id)
    )


def open_clustering(tree: StoredHierarchy, table: FaceTable, embeddings: Embeddings, apart: FacePairs) -> Clustering:
    """The hierarchy as it concerns the dataset now.

    Parameters
    ----------
    table, embeddings : of the dataset, at the same revision
    apart : pairs of faces that somebody has told apart
    """
    grouped_now = is_grouped(table, tree.everyone)
    # Faces that have a name by now, or are gone, are left out of the finished tree: the others keep the groups in which
    # they were shown, whatever is named meanwhile.
    tree_rows, rows = table.match(tree.face_ids)
    tree_rows, rows = tree_rows[grouped_now[rows]], rows[grouped_now[rows]]
    still_grouped = np.zeros(len(tree.face_ids), dtype=bool)
    still_grouped[tree_rows] = True
    faces = embeddings.take(rows)
    # Pairs that were known are in the tree already, and cost nothing here; only those answered since have to be cut.
    new_pairs = [pair for pair in apart if pair not in tree.apart]
    return Clustering(
        faces.face_ids,
        faces.vectors,
        table.grades[rows],
        tree.hierarchy.only(still_grouped).keep_apart(pairs_as_rows(faces, new_pairs)),
        new_faces=int(grouped_now.sum()) - len(faces),
        revoked=len(tree.apart.difference(apart)),
    )


def groups_to_json(groups: FaceGroups, seconds: float) -> dict[str, Json]:
    """The command line's answer."""
    return {
        "clusters": len(groups),
        "noise": groups.alone,
        "threshold": groups.threshold,
        "faces": len(groups.face_ids),
        "sizes": groups.sizes.tolist(),
        "seconds": round(seconds, 3),
    }


# who may be whom


def list_same_person_questions(
    groups: FaceGroups, table: FaceTable, embeddings: Embeddings, apart: FacePairs, most: int = 100
) -> list[SamePersonQuestion]:
    """Pairs of a group and a person that may be one person: the most alike first.

    Left out is what was answered with no (a face of the one was told apart from a face of the other), and what is seen
    side by side in a photo. Hidden people are not asked about.
    """
    people, people_centres = _people_centres(table, embeddings)
    # Comparing is quadratic in the groups, and nobody answers questions about the two-thousandth.
    n_groups = min(len(groups), ASKED_GROUPS if len(people) <= MANY_PEOPLE else ASKED_OF_MANY)
    all_centres = groups.centres(n_groups).followed_by(people_centres)
    if len(people) <= MANY_PEOPLE:
        pairs, similarities = find_similar_sets(all_centres, LOOKED_AT, WORTH_ASKING)
    else:
        pairs, similarities = find_sets_like(all_centres, n_groups, LOOKED_AT, WORTH_ASKING)
    # Groups and people are sides of one numbering, groups first, as the centres are stacked.
    sides = _sides_of_people(table, people)
    sides[sides >= 0] += n_groups
    asked_rows = np.flatnonzero((groups.labels >= 0) & (groups.labels < n_groups))
    sides[table.indices(take_items(groups.face_ids, asked_rows))] = groups.labels[asked_rows]
    different_people = _known_different_sides(pairs, sides, table, apart)
    questions: list[SamePersonQuestion] = []
    for (first_side, second_side), pair_similarity in zip(pairs.tolist(), similarities.tolist(), strict=True):
        # The smaller number stands first. Two groups become one when they get one name; of two people it is asked
        # elsewhere whether they are one.
        is_asked = first_side < n_groups <= second_side and (first_side, second_side) not in different_people
        if is_asked and len(questions) < most:
            person_id = table.person_ids[people[second_side - n_groups]]
            questions.append(SamePersonQuestion(first_side, person_id, pair_similarity))
    return questions


def rank_merge_candidates(table: FaceTable, embeddings: Embeddings, apart: FacePairs) -> list[MergeCandidate]:
    """Two people who are probably one, the most alike first; without those told apart or seen side by side."""
    people, centres = _people_centres(table, embeddings)
    pairs, similarities = find_similar_sets(centres, LOOKED_AT, PROBABLY_ONE)
    different_people = _known_different_sides(pairs, _sides_of_people(table, people), table, apart)
    ids = [table.person_ids[person] for person in people]
    return [
        MergeCandidate(ids[first], ids[second], pair_similarity)
        for (first, second), pair_similarity in zip(pairs.tolist(), similarities.tolist(), strict=True)
        if (first, second) not in different_people
    ]


def split_person(vectors: Floats, threshold: float = DEFAULT_THRESHOLD) -> Ints:
    """The parts that the faces of one person fall into.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    threshold : a distance, 0 .. ``FARTHEST``: at larger ones there are fewer and larger parts

    Returns
    -------
    (n,) the part of each face, the largest part first; -1 for faces in none
    """
    return grow_hierarchy(vectors).labels(threshold)


def rank_split_candidates(
    table: FaceTable, embeddings: Embeddings, progress: Progress = UNWATCHED
) -> list[SplitCandidate]:
    """People who are probably two, the least alike parts first. Takes some milliseconds a person."""
    candidates = []
    # With the poor ones every person would fall apart: they lie with blurred faces of others and far from their own.
    rows = np.flatnonzero((table.labels >= 0) & ~table.excluded & table.trusted)
    rows_of_people = [rows[part] for part in rows_by_value(table.labels[rows])]
    for number, own_rows in enumerate(rows_of_people):
        progress.advance(number / len(rows_of_people))
        person_id, vectors = table.person_ids[int(table.labels[own_rows[0]])], embeddings.vectors[own_rows]
        parts = split_person(vectors)
        centres = Centres.of(vectors, parts, int(parts.max(initial=-1)) + 1)
        if len(centres.sizes) > 1 and (parts_similarity := centre_similarity(centres, 0, 1)) < PROBABLY_TWO:
            candidates.append(SplitCandidate(person_id, tuple(centres.sizes.tolist()), parts_similarity))
    return sorted(candidates, key=lambda candidate: candidate.similarity)


def _people_centres(table: FaceTable, embeddings: Embeddings) -> tuple[list[int], Centres]:
    """The people who are shown and have learnable faces, as places in ``table.people``, and where they lie."""
    labels = np.where(table.learnable, table.labels, -1)
    people = np.unique(labels[labels >= 0])
    return people.tolist(), Centres.of(embeddings.vectors, renumber_labels(labels, people), len(people))


def _sides_of_people(table: FaceTable, people: Sequence[int]) -> Ints:
    """The index of each face's person among some people, (n_faces,); -1 for faces of nobody among them."""
    return renumber_labels(table.labels, np.array(people, dtype=np.int64))


def _known_different_sides(pairs: Ints, sides: Ints, table: FaceTable, apart: FacePairs) -> set[tuple[int, int]]:
    """Of pairs of sides, (m, 2), the smaller number first, those that are known to be two people.

    Parameters
    ----------
    sides : (n_faces,) the side of each face of the table, -1 for none
    """
    # Of those that are asked about alone: in photos of groups, everybody is seen with hundreds of others.
    photos_of: dict[int, set[int]] = {side: set() for side in np.unique(pairs).tolist()}
    rows = np.flatnonzero(np.isin(sides, pairs))
    photos = number_values(table.photo_ids)[rows]
    for side, photo in zip(sides[rows].tolist(), photos.tolist(), strict=True):
        photos_of[side].add(photo)
    # A person is once in a photo, so two sides in one photo are two people. A side may lie there twice by a collage or
    # a mirror: that says nothing.
    seen_together = {
        (first, second) for first, second in pairs.tolist() if not photos_of[first].isdisjoint(photos_of[second])
    }
    told_apart = sides[np.array(pairs_as_rows(table, apart), dtype=np.int64).reshape(-1, 2)]
    return seen_together | {(min(pair), max(pair)) for pair in told_apart.tolist() if min(pair) >= 0}

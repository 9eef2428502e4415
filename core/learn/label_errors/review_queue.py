"""What is probably wrong with a dataset, as one queue: the worst and surest first, each with evidence and a way out.

Seven things are looked for (``SuspectKind``). A face that somebody confirmed is never doubted for its name again;
excluded faces, strangers and hidden people are not looked at. What explains many faces at once (two folders of one
person, one picture under two names) takes the place of the single doubts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain

import numpy as np

from core.base.face_table import FaceTable, take_items
from core.base.progress import UNWATCHED, Progress
from core.base.types import Bools, Doubles, Floats, Ints, Split, Vectors
from core.learn.label_errors import duplicate_images, label_confidence
from core.learn.label_errors.duplicate_images import CropReader, DuplicatePairs, FacePairs
from core.learn.label_errors.mislabelled import Mislabelled, find_mislabelled
from core.learn.model_selection.splits import label_faces

URGENCY_TWO_NAMES = 0.97
URGENCY_ONE_PERSON = 0.85
URGENCY_LEAK = 0.8
URGENCY_OUTLIER = 0.9
"""Times the certainty."""
URGENCY_TWO_PEOPLE = 0.6
URGENCY_DUPLICATE = 0.3

_SHARE_OF_DOUBTS = 0.5
"""Roughly the part of the time that doubting names takes."""


class SuspectKind(StrEnum):
    """What is probably wrong."""

    WRONG_PERSON = "wrong person"
    """A face looks like another person than its own."""
    OUTLIER = "outlier"
    """A face looks like nobody, its own person included."""
    TWO_NAMES = "two names"
    """One picture under two people."""
    LEAK = "leak"
    """One picture on the side of training and on that of validation."""
    DUPLICATE = "duplicate"
    """One picture several times under one name."""
    ONE_PERSON = "one person"
    """Two people who are probably one."""
    TWO_PEOPLE = "two people"
    """One person who is probably two."""


class SuspectAction(StrEnum):
    """What to do about it."""

    MOVE = "move"
    EXCLUDE = "exclude"
    MERGE = "merge"
    DIVIDE = "divide"
    ONE_SIDE = "one side"


@dataclass(frozen=True, slots=True)
class SimilarFace:
    """A face shown as evidence."""

    face_id: str
    similarity: float
    """Cosine to the face that is doubted, -1..1"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What would put it right."""

    action: SuspectAction
    face_ids: tuple[str, ...]
    """The faces that it would change; none for MERGE."""
    person_id: int | None = None
    """Whom to move the faces to, or to merge the first person of the entry with."""
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class Suspect:
    """One entry of the queue. It holds ids: names are looked up when it is shown, so that they are today's."""

    kind: SuspectKind
    face_ids: tuple[str, ...]
    person_ids: tuple[int | None, ...]
    """Of each face the person that it was under."""
    urgency: float
    """0..1: how sure, and how much it spoils; the queue is in this order."""
    suggestion: Suggestion
    numbers: Mapping[str, float] = field(default_factory=dict)
    """What was measured: probabilities and cosines, by name."""
    like_own: tuple[SimilarFace, ...] = ()
    """The most alike faces of the person that it is under."""
    like_other: tuple[SimilarFace, ...] = ()
    """The most alike faces of the person that it looks like."""


@dataclass(frozen=True, slots=True)
class PeoplePair:
    """Two people who may be one, as rows of their nearest faces."""

    row: int
    into_row: int
    """A face of the person who would stay"""
    similarity: float
    """Of the two people, about 1 for one"""


@dataclass(frozen=True, slots=True, eq=False)
class PersonPart:
    """Faces of a person who may be somebody else."""

    rows: Ints
    similarity: float
    """To the person's largest part, about 1 for one person"""


@dataclass(frozen=True, slots=True)
class SuspectQueue:
    """The queue, and what was left undone."""

    suspects: tuple[Suspect, ...]
    not_looked_at: int
    """Pairs of pictures that were too many to compare."""


def build_review_queue(
    table: FaceTable,
    vectors: Vectors,
    crop: CropReader,
    *,
    one_person: Sequence[PeoplePair] = (),
    two_people: Sequence[PersonPart] = (),
    progress: Progress = UNWATCHED,
) -> SuspectQueue:
    """Look for everything, and rank it.

    Parameters
    ----------
    table : the faces
    vectors : (n, dimension) float32, unit length, in the table's order
    crop : reads the crop of the face in a row; called from several threads
    one_person, two_people : people who may be one, and parts of a person who may be another, found by clustering
    progress : told the finished share, several times a second
    """
    doubted, probs = _doubt_names(table, vectors, progress.part(0.0, _SHARE_OF_DOUBTS))
    duplicates = _find_duplicates(table, vectors, crop, progress.part(_SHARE_OF_DOUBTS, 1.0))
    picture_entries = [
        _picture_entry(table, rows, pairs, probs)
        for rows, pairs in duplicate_images.group_duplicates(duplicates.pairs, len(table))
    ]
    merge_entries = [_merge_entry(table, pair) for pair in one_person]
    unexplained = _unexplained(doubted, picture_entries, merge_entries)
    divide_entries = _divide_entries(
        table, two_people, [*unexplained, *(entry for entry in picture_entries if entry.kind is SuspectKind.TWO_NAMES)]
    )
    queue = [*unexplained, *_by_photos(table, picture_entries), *merge_entries, *divide_entries]
    progress.advance(1.0)
    return SuspectQueue(
        tuple(sorted(queue, key=lambda entry: (-entry.urgency, entry.face_ids))), duplicates.not_looked_at
    )


# names


def _doubt_names(table: FaceTable, vectors: Vectors, progress: Progress) -> tuple[list[Suspect], Doubles]:
    """Give the faces whose names are doubted, and every face's probability of its name: NaN where unknown."""
    probs = np.full(len(table), np.nan)
    rows = np.flatnonzero(table.learnable & ~table.strangers)
    people, labels = np.unique(table.labels[rows], return_inverse=True)
    # Of one person alone no name can be doubted: there is nobody else that a face could be.
    if len(people) < 2:
        return [], probs
    faces = replace(label_faces(table, vectors, rows), labels=labels)
    opinions = label_confidence.judge_labels(faces, progress=progress.part(0.0, 0.8))
    mislabelled = find_mislabelled(faces, opinions, table.confirmed[rows], progress.part(0.8, 1.0))
    probs[rows] = opinions.probs
    return [
        _mislabelled_entry(table, mislabelled, index, rows, people) for index in range(len(mislabelled.rows))
    ], probs


def _mislabelled_entry(table: FaceTable, mislabelled: Mislabelled, index: int, rows: Ints, people: Ints) -> Suspect:
    """Turn one line of ``Mislabelled`` into an entry; ``rows`` and ``people`` lead back into the table."""
    row, near = int(rows[mislabelled.rows[index]]), mislabelled.near
    wrong, certainty = bool(mislabelled.wrong[index]), float(mislabelled.certainties[index])
    face_ids = (table.face_ids[row],)
    rival_id = table.person_ids[int(people[mislabelled.rivals[index]])]
    return Suspect(
        kind=SuspectKind.WRONG_PERSON if wrong else SuspectKind.OUTLIER,
        face_ids=face_ids,
        person_ids=(table.person_id(row),),
        urgency=certainty if wrong else certainty * URGENCY_OUTLIER,
        suggestion=Suggestion(SuspectAction.MOVE, face_ids, rival_id)
        if wrong
        else Suggestion(SuspectAction.EXCLUDE, face_ids),
        numbers=_numbers(
            prob=mislabelled.probs[index],
            other_prob=mislabelled.rival_probs[index],
            similarity=near.own_similarity[index],
            other_similarity=near.rival_similarity[index],
            votes=near.votes[index],
        ),
        like_own=_similar_faces(table, rows, near.own[index], near.own_cosines[index]),
        like_other=_similar_faces(table, rows, near.rival[index], near.rival_cosines[index]),
    )


def _similar_faces(table: FaceTable, rows: Ints, indices: Ints, cosines: Floats) -> tuple[SimilarFace, ...]:
    known = indices >= 0
    return tuple(
        SimilarFace(table.face_ids[rows[index]], round(float(cosine), 4))
        for index, cosine in zip(indices[known], cosines[known], strict=True)
    )


def _unexplained(
    doubted: Iterable[Suspect], picture_entries: Iterable[Suspect], merge_entries: Sequence[Suspect]
) -> list[Suspect]:
    """Leave out doubts about a name that another entry speaks of."""
    in_pictures = {
        face for entry in picture_entries if entry.kind is SuspectKind.TWO_NAMES for face in entry.suggestion.face_ids
    }
    merged_people = {frozenset(entry.person_ids) for entry in merge_entries}
    return [
        entry
        for entry in doubted
        if entry.face_ids[0] not in in_pictures
        and frozenset((entry.person_ids[0], entry.suggestion.person_id)) not in merged_people
    ]


# people


def _merge_entry(table: FaceTable, pair: PeoplePair) -> Suspect:
    person_id, into_id = (table.person_id(row) for row in (pair.row, pair.into_row))
    face_ids = (table.face_ids[pair.row], table.face_ids[pair.into_row])
    return Suspect(
        kind=SuspectKind.ONE_PERSON,
        face_ids=face_ids,
        person_ids=(person_id, into_id),
        urgency=URGENCY_ONE_PERSON,
        suggestion=Suggestion(SuspectAction.MERGE, (), into_id),
        numbers=_numbers(similarity=pair.similarity),
    )


def _divide_entries(table: FaceTable, parts: Sequence[PersonPart], doubted: Sequence[Suspect]) -> list[Suspect]:
    """Give parts of a person who are another, unless most of their faces are doubted one by one already."""
    doubted_ids = {face for entry in doubted for face in entry.face_ids}
    entries = []
    for part in parts:
        face_ids = take_items(table.face_ids, part.rows)
        if table.confirmed[part.rows].all():
            continue
        if 2 * sum(face in doubted_ids for face in face_ids) < len(face_ids):
            people = tuple(table.person_id(row) for row in part.rows)
            divide = Suggestion(SuspectAction.DIVIDE, face_ids)
            numbers = _numbers(similarity=part.similarity)
            entries.append(
                Suspect(
                    kind=SuspectKind.TWO_PEOPLE,
                    face_ids=face_ids,
                    person_ids=people,
                    urgency=URGENCY_TWO_PEOPLE,
                    suggestion=divide,
                    numbers=numbers,
                )
            )
    return entries


# pictures


def _find_duplicates(table: FaceTable, vectors: Vectors, crop: CropReader, progress: Progress) -> DuplicatePairs:
    """Look for one picture in several photos, among all faces that take part, named or not."""
    rows = np.flatnonzero(is_reviewable(table))
    # Numbers instead of texts: the pairs of all faces are compared by them.
    photos = np.unique(np.array(table.photo_ids, dtype=str)[rows], return_inverse=True)[1]
    duplicates = duplicate_images.find_duplicates(
        vectors[rows], photos, table.photo_hashes[rows], lambda index: crop(int(rows[index])), progress
    )
    pairs = FacePairs(
        rows[duplicates.pairs.left], rows[duplicates.pairs.right], duplicates.pairs.cosines, duplicates.pairs.bits
    )
    return DuplicatePairs(pairs, duplicates.not_looked_at)


def is_reviewable(table: FaceTable) -> Bools:
    """(n,) faces that are looked at: named or not, but neither excluded nor strangers nor of hidden people."""
    unnamed = (table.labels < 0) & ~table.excluded & table.trusted
    return (table.learnable | unnamed) & ~table.strangers


def _picture_entry(table: FaceTable, rows: Ints, pairs: FacePairs, probs: Doubles) -> Suspect:
    """One picture in several photos: under two names, on two sides, or only too often.

    Parameters
    ----------
    rows, pairs : the faces, and which of them are one picture
    """
    numbers = _numbers(similarity=pairs.cosines.min(), bits=pairs.bits.max())
    names, sides = set(table.labels[rows].tolist()), {table.splits[row] for row in rows}
    if len(names) > 1:
        kind, urgency, suggestion = SuspectKind.TWO_NAMES, URGENCY_TWO_NAMES, _one_name(table, rows, probs)
        numbers["both_sides"] = float({Split.TRAIN, Split.VAL} <= sides)
    elif {Split.TRAIN, Split.VAL} <= sides:
        kind, urgency, suggestion = SuspectKind.LEAK, URGENCY_LEAK, _one_side(table, rows)
    else:
        kind, urgency, suggestion = SuspectKind.DUPLICATE, URGENCY_DUPLICATE, _best_only(table, rows)
    people = tuple(table.person_id(row) for row in rows)
    return Suspect(
        kind=kind,
        face_ids=take_items(table.face_ids, rows),
        person_ids=people,
        urgency=urgency,
        suggestion=suggestion,
        numbers=numbers,
    )


def _one_name(table: FaceTable, rows: Ints, probs: Doubles) -> Suggestion:
    """Keep the name that was confirmed, or else the one most believed, and move the others to it."""
    names = np.unique(table.labels[rows][table.labels[rows] >= 0])
    rows_of_name = [rows[table.labels[rows] == name] for name in names]
    belief = [(table.confirmed[name_rows].any(), np.nan_to_num(probs[name_rows]).mean()) for name_rows in rows_of_name]
    kept_name = int(names[max(range(len(names)), key=lambda index: belief[index])])
    moved = rows[table.labels[rows] != kept_name]
    return Suggestion(SuspectAction.MOVE, take_items(table.face_ids, moved), table.person_ids[kept_name])


def _one_side(table: FaceTable, rows: Ints) -> Suggestion:
    """Learn from it, and measure on other photos."""
    moved = [row for row in rows if table.splits[row] is not Split.TRAIN]
    return Suggestion(SuspectAction.ONE_SIDE, take_items(table.face_ids, moved), split=Split.TRAIN)


def _best_only(table: FaceTable, rows: Ints) -> Suggestion:
    """Keep the face of the best quality, and of equals the surest detection."""
    quality = np.stack([np.nan_to_num(table.grades[rows], nan=-1.0), table.probs[rows]], axis=1)
    best = max(range(len(rows)), key=lambda index: tuple(quality[index]))
    return Suggestion(SuspectAction.EXCLUDE, take_items(table.face_ids, np.delete(rows, best)))


def _by_photos(table: FaceTable, picture_entries: Iterable[Suspect]) -> list[Suspect]:
    """Join what concerns the same photos: a group portrait that is there twice is one entry, not one a face."""
    photo_of = dict(zip(table.face_ids, table.photo_ids, strict=True))
    alike: dict[tuple[object, ...], list[Suspect]] = defaultdict(list)
    for number, entry in enumerate(picture_entries):
        photos = tuple(sorted({photo_of[face] for face in entry.face_ids}))
        # Each name is decided by itself, so pictures under two names are never joined.
        alone = number if entry.kind is SuspectKind.TWO_NAMES else None
        alike[entry.kind, photos, alone].append(entry)
    return [_join_entries(entries) for entries in alike.values()]


def _join_entries(entries: Sequence[Suspect]) -> Suspect:
    first = entries[0]
    if len(entries) == 1:
        return first
    acts_on = tuple(chain.from_iterable(entry.suggestion.face_ids for entry in entries))
    return Suspect(
        kind=first.kind,
        face_ids=tuple(chain.from_iterable(entry.face_ids for entry in entries)),
        person_ids=tuple(chain.from_iterable(entry.person_ids for entry in entries)),
        urgency=first.urgency,
        suggestion=Suggestion(first.suggestion.action, acts_on, split=first.suggestion.split),
        numbers=first.numbers,
    )


# common


def _numbers(**measured: float) -> dict[str, float]:
    """Round, and leave out what could not be measured: JSON has no NaN."""
    return {name: round(float(value), 4) for name, value in measured.items() if np.isfinite(value)}

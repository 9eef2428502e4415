"""What of a queue of suspects is still to be done: entries that corrections have settled since drop out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, compress

from core.base.face_table import FaceTable
from core.base.types import Revision, Split
from core.learn.label_errors import review_queue
from core.learn.label_errors.review_queue import Suspect, SuspectKind
from core.workflows.labels.review_queue import ReviewQueue

_ABOUT_NAMES = (SuspectKind.WRONG_PERSON, SuspectKind.OUTLIER, SuspectKind.TWO_PEOPLE, SuspectKind.ONE_PERSON)


@dataclass(frozen=True, slots=True)
class OpenSuspects:
    """What of a queue is still to be done."""

    suspects: tuple[Suspect, ...]
    revisions_since: int
    """How often the dataset was written since; a queue is stale when it is more than nothing."""


def list_open_suspects(
    queue: ReviewQueue,
    table: FaceTable,
    apart: Sequence[tuple[str, str]],
    revision: Revision,
) -> OpenSuspects:
    """Leave out what was settled since the queue was made.

    Parameters
    ----------
    table : the faces as they are now
    apart : pairs of faces of which somebody said that they are two people
    revision : the table's
    """
    current = _CurrentFaces.of(table, {face_id for entry in queue.suspects for face_id in entry.face_ids}, apart)
    entries = (current.open_part(entry) for entry in queue.suspects)
    return OpenSuspects(tuple(entry for entry in entries if entry is not None), revision - queue.revision)


@dataclass(frozen=True, slots=True, eq=False)
class _CurrentFaces:
    """The faces as they are now."""

    table: FaceTable
    row_of: Mapping[str, int]
    """Of those that take part still"""
    people: frozenset[int]
    apart: frozenset[frozenset[int | None]]
    """Pairs of people"""

    @classmethod
    def of(cls, table: FaceTable, face_ids: Iterable[str], apart: Sequence[tuple[str, str]]) -> _CurrentFaces:
        mentioned_ids = list({*face_ids, *chain.from_iterable(apart)})
        indices, rows = table.match(mentioned_ids)
        takes_part = review_queue.is_reviewable(table)[rows]
        present = zip(indices[takes_part].tolist(), rows[takes_part].tolist(), strict=True)
        current = cls(
            table, {mentioned_ids[index]: row for index, row in present}, frozenset(table.person_ids), frozenset()
        )
        # Told of two faces, asked of two people: whoever the faces belong to by now has been told apart. A face that is
        # gone says nothing.
        pairs_left = (pair for pair in apart if current.is_present(pair[0]) and current.is_present(pair[1]))
        return replace(current, apart=frozenset(frozenset(map(current.person, pair)) for pair in pairs_left))

    def is_present(self, face_id: str) -> bool:
        """Whether a face still takes part."""
        return face_id in self.row_of

    def person(self, face_id: str) -> int | None:
        """Whose name a face carries that is there."""
        return self.table.person_id(self.row_of[face_id])

    def confirmed(self, face_ids: Iterable[str]) -> bool:
        """Whether somebody said of every one of these faces that its name is right."""
        return bool(self.table.confirmed[[self.row_of[face_id] for face_id in face_ids]].all())

    def open_part(self, entry: Suspect) -> Suspect | None:
        """The entry with the faces that it still concerns, or None when it is settled."""
        # The person to whom the faces would go was merged away or has no faces any more: there is nothing to accept.
        target = entry.suggestion.person_id
        if target is not None and target not in self.people:
            return None
        if entry.kind in _ABOUT_NAMES:
            return entry if self._holds(entry) else None
        return self._without_missing_faces(entry)

    def _holds(self, entry: Suspect) -> bool:
        """Whether every face of it is under the person that it was under."""
        faces = zip(entry.face_ids, entry.person_ids, strict=True)
        # Any change of a name settles the entry: whether it was the one suggested or another, somebody has decided.
        if not all(self.is_present(face_id) and self.person(face_id) == person for face_id, person in faces):
            return False
        if entry.kind is SuspectKind.ONE_PERSON:
            return frozenset(entry.person_ids) not in self.apart
        return not self.confirmed(entry.face_ids)

    def _without_missing_faces(self, entry: Suspect) -> Suspect | None:
        """One picture in several photos: what is left of it, while it is still of the same kind."""
        # Copies of one picture: when some were excluded, the others may still be two, or in two people's folders.
        still_present = [self.is_present(face_id) for face_id in entry.face_ids]
        face_ids = tuple(compress(entry.face_ids, still_present))
        acts_on = tuple(face_id for face_id in entry.suggestion.face_ids if self.is_present(face_id))
        if not acts_on or not self._still_of(entry.kind, face_ids):
            return None
        people = tuple(compress(entry.person_ids, still_present))
        suggestion = replace(entry.suggestion, face_ids=acts_on)
        return replace(entry, face_ids=face_ids, person_ids=people, suggestion=suggestion)

    def _still_of(self, kind: SuspectKind, face_ids: Sequence[str]) -> bool:
        if kind is SuspectKind.TWO_NAMES:
            return len(set(map(self.person, face_ids))) > 1 and not self.confirmed(face_ids)
        if kind is SuspectKind.LEAK:
            # A leak needs both sides; with one of them gone it is a plain duplicate, which is told elsewhere.
            return {Split.TRAIN, Split.VAL} <= {self.table.splits[self.row_of[face_id]] for face_id in face_ids}
        return len(face_ids) > 1

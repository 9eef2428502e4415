"""What a correction is: an event that sets fields of faces and people, kept for ever and never overwritten.

A field's value is what the last event that is not undone set, and what the ingest said when there is none. So any event
can be undone at any time, whatever came after it, and undoing all of them gives the state that the ingest left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.base.types import Revision

Value = str | int | bool | None


class Entity(StrEnum):
    """What an event changes."""

    FACE = "face"
    PERSON = "person"
    PAIR = "pair"
    """Two faces, their ids sorted and joined by a space."""
    PHOTO = "photo"


class Field(StrEnum):
    """What can be set, and of what."""

    # Values stand in the database and in logs that others have kept: they are never renamed.
    PERSON = "person"
    """Face: a person's id, or None."""
    SPLIT = "split"
    """Face: "train", "val" or None."""
    EXCLUDED = "excluded"
    """Face: neither learned from nor measured on."""
    DISMISSED = "dismissed"
    """Face: it is no face at all."""
    CONFIRMED = "confirmed"
    """Face: somebody has looked and said that the name is right."""
    STRANGER = "stranger"
    """Face: nobody who is to be named."""
    NAME = "name"
    """Person."""
    HIDDEN = "hidden"
    """Person: neither listed nor learned nor named."""
    NOTE = "note"
    """Person: free text."""
    COVER = "cover"
    """Person: the face that stands for them."""
    MERGED_INTO = "merged into"
    """Person: the id of the person whose faces theirs now are."""
    DIFFERENT = "different"
    """Pair: two people, whatever the vectors say."""
    TURN = "turn"
    """Photo: quarters clockwise (0 to 3) by which it is turned to be upright, after what its EXIF says."""


OF_FACE = (Field.PERSON, Field.SPLIT, Field.EXCLUDED, Field.DISMISSED, Field.CONFIRMED, Field.STRANGER)
OF_PERSON = (Field.NAME, Field.HIDDEN, Field.NOTE, Field.COVER, Field.MERGED_INTO)
OF_PHOTO = (Field.TURN,)


class EventKind(StrEnum):
    """What somebody did."""

    # As in ``Field``: stored, and read by other installations.
    MOVE = "move"
    UNNAME = "unname"
    CONFIRM = "confirm"
    EXCLUDE = "exclude"
    INCLUDE = "include"
    DISMISS = "dismiss"
    STRANGER = "stranger"
    SPLIT = "split"
    DRAW = "draw"
    TEACH = "teach"
    TURN = "turn"
    RENAME = "rename"
    MERGE = "merge"
    DIVIDE = "divide"
    """Some faces of a person become another person."""
    COVER = "cover"
    HIDE = "hide"
    SHOW = "show"
    NOTE = "note"
    APART = "apart"
    IMPORT = "import"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one face, person, pair or photo, set to a value."""

    entity: Entity
    entity_id: str
    """Of a person the number, as text."""
    field: Field
    value: Value


@dataclass(frozen=True, slots=True)
class Editor:
    """Who does something, and in which sitting: undo goes by sitting."""

    author: str
    session: str


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction that is about to be recorded."""

    kind: EventKind
    changes: Sequence[Change]
    person_id: int | None = None
    """Whom it is about: the person moved to, renamed, merged into."""
    from_person_id: int | None = None
    """The person moved from, merged, divided; None when there are several."""
    why: str = ""
    origin: str = ""
    """Which event of another installation's log this one repeats; see ``event_origin``."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done."""

    id: int
    dataset_id: str
    kind: EventKind
    author: str
    session: str
    created: float
    """Seconds since 1970."""
    revision: Revision
    """Of the dataset, after it."""
    n_faces: int
    person_id: int | None
    from_person_id: int | None
    why: str
    target_id: int | None
    """The event that this one undid or redid."""
    active: bool
    """Whether it holds: not undone."""


class CorrectionLog(Protocol):
    """Appends events and keeps the current values of faces and people in step, in one transaction each."""

    def find_or_add_person(self, dataset_id: str, name: str) -> int:
        """The id of the person of this name, who is added when there is none. Raises InputRefused for a bad name."""

    def normalise_name(self, name: str) -> str:
        """The name as it will be kept. Raises InputRefused."""

    def record(self, dataset_id: str, editor: Editor, correction: Correction, seen: Revision | None = None) -> Event:
        """Do it.

        Raises
        ------
        ChangedMeanwhile
            A field that it sets was set by somebody else after revision ``seen``; nothing is done.
        NameTaken
            Two people would have one name.
        InputRefused
            People would be merged in a circle.
        """

    def undo(self, dataset_id: str, editor: Editor, event_ids: Iterable[int]) -> list[Event]:
        """Undo events, in one step. Raises as ``record`` does, and NotFound for an event that is not there."""

    def redo(self, dataset_id: str, editor: Editor, event_ids: Iterable[int]) -> list[Event]:
        """Let undone events hold again, in one step."""

    def event(self, dataset_id: str, event_id: int) -> Event:
        """Raises NotFound."""

    def events(
        self,
        dataset_id: str,
        *,
        session: str | None = None,
        face_id: str | None = None,
        person_id: int | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Event]:
        """Newest first."""

    def changes(self, event_id: int) -> list[Change]:
        """What an event set; nothing for one that undid or redid another."""

    def count_faces_named_at_once(self, dataset_id: str, revision: Revision) -> dict[str, int]:
        """Of each face that somebody gave its name up to a revision, how many got theirs by the same event."""

    def pairs_kept_apart(self, dataset_id: str) -> list[tuple[str, str]]:
        """Pairs of faces of which somebody said that they are two people."""


def event_origin(event_id: int, created: float, session: str, kind: str) -> str:
    """What an event is known by wherever its log is replayed: the same for the same event, and for no other."""
    # ``repr`` gives the shortest text that reads back as the same float, so that a time which went through JSON gives
    # the same hash. 32 digits are 128 bits: no two events of any log meet.
    return hashlib.sha256(f"{event_id} {created!r} {session} {kind}".encode()).hexdigest()[:32]


def pair_id(face_a: str, face_b: str) -> str:
    """The id of two faces as a pair, whichever way round."""
    # Sorted, so that 'a is not b' and 'b is not a' are one field, which is set once and undone once.
    return " ".join(sorted((face_a, face_b)))

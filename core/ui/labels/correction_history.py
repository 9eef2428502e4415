"""What was done, in words."""

from __future__ import annotations

from collections.abc import Mapping

from core.base.types import Split
from core.corrections.model import Event, Kind
from core.ui import words

Names = Mapping[int, str]

_FACES = {
    Kind.UNNAME: "Took the name off {faces}",
    Kind.CONFIRM: "Confirmed {faces}",
    Kind.EXCLUDE: "Left out {faces}",
    Kind.INCLUDE: "Took back in {faces}",
    Kind.DISMISS: "Said of {faces}: no face",
    Kind.STRANGER: "Marked {faces} as nobody to name",
    Kind.SPLIT: "Put {faces} on the other side of the test",
    Kind.APART: "Said that two groups are two people",
    Kind.IMPORT: "Took over corrections of {faces}",
}
_PERSON = {
    Kind.RENAME: "Renamed to {person}",
    Kind.COVER: "Chose the picture for {person}",
    Kind.HIDE: "Hid {person}",
    Kind.SHOW: "Showed {person} again",
    Kind.NOTE: "Changed the note on {person}",
}


def sentence(event: Event, names: Names) -> str:
    """What an event did: "Moved 3 faces from Ann to Ben"."""
    faces, person = words.count(event.n_faces, "face"), _name(names, event.person_id)
    origin = f" from {_name(names, event.from_person_id)}" if event.from_person_id is not None else ""
    match event.kind:
        case Kind.MOVE:
            return f"Moved {faces}{origin} to {person}" if origin else f"Named {faces} {person}"
        case Kind.DIVIDE:
            return f"Made {faces}{origin} a person: {person}"
        case Kind.MERGE:
            return f"Merged {_name(names, event.from_person_id)} into {person}"
        case Kind.TEACH:
            return f"Taught a face of {person}"
        case Kind.DRAW:
            return f"Drew a face of {person}" if event.person_id is not None else "Drew a face"
        case Kind.TURN:
            return f"Turned {event.why.removesuffix('.') or 'a photo'}"
        case Kind.UNDO | Kind.REDO:
            return "Undid a correction" if event.kind is Kind.UNDO else "Did a correction again"
    return {**_FACES, **_PERSON}[event.kind].format(faces=faces, person=person)


def _name(names: Names, person_id: int | None) -> str:
    return words.person(names.get(person_id) if person_id is not None else None)


def side(split: Split | None) -> str:
    """Which side of the test a face is on."""
    return {Split.TRAIN: "to learn from", Split.VAL: "to test on", None: "on neither side"}[split]

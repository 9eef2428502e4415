"""What was done, in words, and as a list that opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.base.types import Split
from core.corrections.model import Event, EventKind
from core.ui import data, words

Names = Mapping[int, str]

# Events of which the faces alone, or the person alone, say everything; sentences that need both stand in
# ``describe_event``.
_FACES = {
    EventKind.UNNAME: "Took the name off {faces}",
    EventKind.CONFIRM: "Confirmed {faces}",
    EventKind.EXCLUDE: "Left out {faces}",
    EventKind.INCLUDE: "Took back in {faces}",
    EventKind.DISMISS: "Said of {faces}: no face",
    EventKind.STRANGER: "Marked {faces} as nobody to name",
    EventKind.SPLIT: "Put {faces} on the other side of the test",
    EventKind.APART: "Said that two groups are two people",
    EventKind.IMPORT: "Took over corrections of {faces}",
}
_PERSON = {
    EventKind.RENAME: "Renamed to {person}",
    EventKind.COVER: "Chose the picture for {person}",
    EventKind.HIDE: "Hid {person}",
    EventKind.SHOW: "Showed {person} again",
    EventKind.NOTE: "Changed the note on {person}",
}


def describe_event(event: Event, names: Names) -> str:
    """What an event did: "Moved 3 faces from Ann to Ben"."""
    # Events hold the ids of people, so that the sentence tells the names that they have now.
    faces, person = words.count(event.n_faces, "face"), _name(names, event.person_id)
    origin = f" from {_name(names, event.from_person_id)}" if event.from_person_id is not None else ""
    match event.kind:
        case EventKind.MOVE:
            return f"Moved {faces}{origin} to {person}" if origin else f"Named {faces} {person}"
        case EventKind.DIVIDE:
            return f"Made {faces}{origin} a person: {person}"
        case EventKind.MERGE:
            return f"Merged {_name(names, event.from_person_id)} into {person}"
        case EventKind.TEACH:
            return f"Taught a face of {person}"
        case EventKind.DRAW:
            return f"Drew a face of {person}" if event.person_id is not None else "Drew a face"
        case EventKind.TURN:
            return f"Turned {event.why.removesuffix('.') or 'a photo'}"
        case EventKind.UNDO | EventKind.REDO:
            return "Undid a correction" if event.kind is EventKind.UNDO else "Did a correction again"
    return {**_FACES, **_PERSON}[event.kind].format(faces=faces, person=person)


def show_history(dataset_id: str, events: Sequence[Event], *, expanded: bool = False) -> None:
    """The events in a list that opens, the newest first; nothing where there are none."""
    if not events:
        return
    names = data.services().store.names(dataset_id)
    with st.expander(f"History: {words.count(len(events), 'entry', 'entries')}", expanded=expanded):
        for event in events:
            # What was undone stays in the list: the log is appended to, and an undoing is an event of its own.
            undone = "" if event.active else " (undone)"
            message = words.plain(f"{event.author}: {describe_event(event, names)}")
            st.caption(f"{words.ago(event.created)}, {message}{undone}")


def _name(names: Names, person_id: int | None) -> str:
    return words.display_name(names.get(person_id) if person_id is not None else None)


def describe_split(split: Split | None) -> str:
    """Which side of the test a face is on."""
    return {Split.TRAIN: "to learn from", Split.VAL: "to test on", None: "on neither side"}[split]

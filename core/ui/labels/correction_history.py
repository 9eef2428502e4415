"""What was done, in words, and as a list that opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.base.types import Split
from core.corrections.model import Event, EventKind
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.ui import data, words

Names = Mapping[int, str]

# Events of which the faces alone, or the person alone, say everything; sentences that need both stand in
# ``describe_event``.
_FACES = {
    EventKind.UNNAME: marked("Took the name off {faces}"),
    EventKind.CONFIRM: marked("Confirmed {faces}"),
    EventKind.EXCLUDE: marked("Left out {faces}"),
    EventKind.INCLUDE: marked("Took back in {faces}"),
    EventKind.DISMISS: marked("Said of {faces}: no face"),
    EventKind.STRANGER: marked("Marked {faces} as nobody to name"),
    EventKind.SPLIT: marked("Put {faces} on the other side of the test"),
    EventKind.APART: marked("Said that two groups are two people"),
    EventKind.IMPORT: marked("Took over corrections of {faces}"),
}
_PERSON = {
    EventKind.RENAME: marked("Renamed to {person}"),
    EventKind.COVER: marked("Chose the picture for {person}"),
    EventKind.HIDE: marked("Hid {person}"),
    EventKind.SHOW: marked("Showed {person} again"),
    EventKind.NOTE: marked("Changed the note on {person}"),
}


def describe_event(event: Event, names: Names) -> str:
    """What an event did: "Moved 3 faces from Ann to Ben"."""
    # Events hold the ids of people, so that the sentence tells the names that they have now.
    faces = ngettext("{number} face", "{number} faces", event.n_faces)
    person, origin = _name(names, event.person_id), _name(names, event.from_person_id)
    has_origin = event.from_person_id is not None
    match event.kind:
        case EventKind.MOVE:
            if has_origin:
                return _("Moved {faces} from {origin} to {person}", faces=faces, origin=origin, person=person)
            return _("Named {faces} {person}", faces=faces, person=person)
        case EventKind.DIVIDE:
            if has_origin:
                return _("Made {faces} from {origin} a person: {person}", faces=faces, origin=origin, person=person)
            return _("Made {faces} a person: {person}", faces=faces, person=person)
        case EventKind.MERGE:
            return _("Merged {origin} into {person}", origin=origin, person=person)
        case EventKind.TEACH:
            return _("Taught a face of {person}", person=person)
        case EventKind.DRAW:
            return _("Drew a face of {person}", person=person) if event.person_id is not None else _("Drew a face")
        case EventKind.TURN:
            return _("Turned {photo}", photo=say_again(event.why.removesuffix(".")) or _("a photo"))
        case EventKind.UNDO | EventKind.REDO:
            return _("Undid a correction") if event.kind is EventKind.UNDO else _("Did a correction again")
    return _({**_FACES, **_PERSON}[event.kind], faces=faces, person=person)


def show_history(dataset_id: str, events: Sequence[Event], *, expanded: bool = False) -> None:
    """The events in a list that opens, the newest first; nothing where there are none."""
    if not events:
        return
    names = data.services().store.names(dataset_id)
    with st.expander(ngettext("History: {number} entry", "History: {number} entries", len(events)), expanded=expanded):
        for event in events:
            # What was undone stays in the list: the log is appended to, and an undoing is an event of its own.
            message = words.plain(f"{event.author}: {describe_event(event, names)}")
            line = f"{words.ago(event.created)}, {message}"
            st.caption(line if event.active else _("{line} (undone)", line=line))


def _name(names: Names, person_id: int | None) -> str:
    return words.display_name(names.get(person_id) if person_id is not None else None)


def describe_split(split: Split | None) -> str:
    """Which side of the test a face is on."""
    return {Split.TRAIN: _("to learn from"), Split.VAL: _("to test on"), None: _("on neither side")}[split]

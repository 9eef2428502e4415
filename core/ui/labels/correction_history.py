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

_SENTENCES = {
    EventKind.MOVE: marked("Named {faces} {person}"),
    EventKind.DIVIDE: marked("Made {faces} a person: {person}"),
    EventKind.MERGE: marked("Merged {origin} into {person}"),
    EventKind.TEACH: marked("Taught a face of {person}"),
    EventKind.DRAW: marked("Drew a face of {person}"),
    EventKind.TURN: marked("Turned {photo}"),
    EventKind.UNDO: marked("Undid a correction"),
    EventKind.REDO: marked("Did a correction again"),
    EventKind.UNNAME: marked("Took the name off {faces}"),
    EventKind.CONFIRM: marked("Confirmed {faces}"),
    EventKind.EXCLUDE: marked("Left out {faces}"),
    EventKind.INCLUDE: marked("Took back in {faces}"),
    EventKind.DISMISS: marked("Said of {faces}: no face"),
    EventKind.STRANGER: marked("Marked {faces} as nobody to name"),
    EventKind.SPLIT: marked("Put {faces} on the other side of the test"),
    EventKind.APART: marked("Said that two groups are two people"),
    EventKind.IMPORT: marked("Took over corrections of {faces}"),
    EventKind.RENAME: marked("Renamed to {person}"),
    EventKind.COVER: marked("Chose the picture for {person}"),
    EventKind.HIDE: marked("Hid {person}"),
    EventKind.SHOW: marked("Showed {person} again"),
    EventKind.NOTE: marked("Changed the note on {person}"),
}
_OF_SOMEBODY = {
    EventKind.MOVE: marked("Moved {faces} from {origin} to {person}"),
    EventKind.DIVIDE: marked("Made {faces} from {origin} a person: {person}"),
}
"""What is said where the faces had a name before."""


def describe_event(event: Event, names: Names) -> str:
    """What an event did: "Moved 3 faces from Ann to Ben"."""
    photo = say_again(event.why.removesuffix(".")) or _("a photo") if event.kind is EventKind.TURN else ""
    # Events hold the ids of people, so that the sentence tells the names that they have now.
    return _(
        _choose_sentence(event),
        faces=ngettext("{number} face", "{number} faces", event.n_faces),
        person=_name(names, event.person_id),
        origin=_name(names, event.from_person_id),
        photo=photo,
    )


def _choose_sentence(event: Event) -> str:
    if event.kind is EventKind.MOVE and event.person_id == event.from_person_id:
        return marked("Confirmed {faces} of {person}")  # of two opinions, the name that it has
    if event.kind is EventKind.DRAW and event.person_id is None:
        return marked("Drew a face")
    if event.kind in _OF_SOMEBODY and event.from_person_id is not None:
        return _OF_SOMEBODY[event.kind]
    return _SENTENCES[event.kind]


def show_history(dataset_id: str, events: Sequence[Event], *, expanded: bool = False) -> None:
    """The events in a list that opens, the newest first; nothing where there are none."""
    if not events:
        return
    names = data.services().store.names(dataset_id)
    with st.expander(ngettext("History: {number} entry", "History: {number} entries", len(events)), expanded=expanded):
        for event in events:
            # What was undone stays in the list: the log is appended to, and an undoing is an event of its own.
            message = words.plain(words.titled(event.author, describe_event(event, names)))
            line = f"{words.ago(event.created)}, {message}"
            st.caption(line if event.active else _("{line} (undone)", line=line))


def _name(names: Names, person_id: int | None) -> str:
    return words.display_name(names.get(person_id) if person_id is not None else None)


def describe_split(split: Split | None) -> str:
    """Which side of the test a face is on."""
    return {Split.TRAIN: _("to learn from"), Split.VAL: _("to test on"), None: _("on neither side")}[split]

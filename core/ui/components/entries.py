"""Entries to deal with one after another by keyboard: a list with faces, buttons and a field for a name."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from core.ui.components import outbox
from core.ui.components.mount import ignore_change, register_component

_mount = register_component(
    "face_entries", '<div class="entries" role="list"></div>', module="entries.js", style="entries.css"
)


class EntriesLayout(StrEnum):
    """One below the other, or side by side as a wall of round faces."""

    LIST = "list"
    WALL = "wall"


@dataclass(frozen=True, slots=True)
class FaceStrip:
    """Faces side by side."""

    faces: tuple[str, ...]
    """Pictures, as data addresses."""
    label: str = ""


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """One entry of the list."""

    id: str
    """Stays what it is while others are dealt with."""
    strips: tuple[FaceStrip, ...]
    title: str
    note: str
    buttons: tuple[tuple[str, str], ...] = ()
    """Label, and the name of the command that it gives."""
    question: str = ""
    """Stands before the buttons."""
    field: str = ""
    """What the field for a name invites to; no field without it."""
    click: str = ""
    """The command that a click gives, and Enter where there is no field."""
    wide: bool = False
    """On a wall: a card with a question, of the width of two faces."""


@dataclass(frozen=True, slots=True)
class EntryCommand:
    """What was asked, and of which entries."""

    name: str
    ids: tuple[str, ...]
    text: str = ""
    """The name that was typed."""
    is_gone: bool = False
    """Whether it was about entries, none of which is there any more."""


@dataclass(frozen=True, slots=True)
class Keyboard:
    """What keys and the name field give."""

    keys: Mapping[str, str]
    """Key to the name of a command; Enter and m go to the name field by themselves."""
    names: Sequence[str] = ()
    """Offered in the name field."""
    settling: Sequence[str] = ()
    """Commands after which their entries are dealt with: they go at once, before the page has answered."""
    start: bool = False
    """Put the caret into the first name field when the list comes onto the page."""
    search: str = ""
    """A CSS selector: the key / puts the cursor there."""


def draw_entries(
    key: str,
    entries: Sequence[ReviewEntry],
    keyboard: Keyboard,
    epoch: int,
    layout: EntriesLayout = EntriesLayout.LIST,
    former_ids: Sequence[str] = (),
) -> list[EntryCommand]:
    """Draw the list; gives what was asked a moment ago, in order.

    Parameters
    ----------
    epoch : a new one lets go of what was chosen
    former_ids : entries that are no longer in the list, and may still be asked about by who saw them a moment ago
    """
    payload = {
        "layout": layout.value,
        "start": keyboard.start,
        "search": keyboard.search,
        "entries": [asdict(entry) for entry in entries],
        "names": list(keyboard.names),
        "keys": dict(keyboard.keys),
        "settling": list(keyboard.settling),
        "epoch": epoch,
        **outbox.outbox_state(key),
    }
    answer = _mount(key=key, data=payload, on_commands_change=ignore_change)
    known_ids = [*(entry.id for entry in entries), *former_ids]
    return read_entry_commands(outbox.take_new_commands(key, answer.commands), known_ids)


def read_entry_commands(answers: Iterable[Mapping[str, Any]], entry_ids: Sequence[str]) -> list[EntryCommand]:
    """The browser's answers, as far as they are about entries that are known."""
    known_ids = set(entry_ids)
    # A command without any entry left is passed on all the same: undo and redo are about none.
    return [_read_command(command, known_ids) for command in answers]


def _read_command(command: Mapping[str, Any], known_ids: Container[str]) -> EntryCommand:
    # An entry may be dealt with by then: in another window, or by an earlier command of the same outbox.
    ids = tuple(entry_id for entry_id in command["ids"] if entry_id in known_ids)
    return EntryCommand(command["name"], ids, str(command.get("text") or ""), is_gone=bool(command["ids"]) and not ids)

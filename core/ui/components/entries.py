"""Entries to deal with one after another by keyboard: a list with faces, buttons and a field for a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.ui.components import outbox
from core.ui.components.mount import component, nothing

_mount = component("face_entries", '<div class="entries" role="list"></div>', script="entries", style="entries")


@dataclass(frozen=True, slots=True)
class Strip:
    """Faces side by side."""

    faces: tuple[str, ...]
    """Pictures, as data addresses."""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the list."""

    id: str
    """Stays what it is while others are dealt with."""
    strips: tuple[Strip, ...]
    title: str
    note: str
    buttons: tuple[tuple[str, str], ...] = ()
    """Label, and the name of the command that it gives."""
    question: str = ""
    """Stands before the buttons."""
    field: str = ""
    """What the field for a name invites to; no field without it."""


@dataclass(frozen=True, slots=True)
class Command:
    """What was asked, and of which entries."""

    name: str
    ids: tuple[str, ...]
    text: str = ""
    """The name that was typed."""


@dataclass(frozen=True, slots=True)
class Keyboard:
    """What keys and the name field give."""

    keys: Mapping[str, str]
    """Key to the name of a command; Enter and m go to the name field by themselves."""
    names: Sequence[str] = ()
    """Offered in the name field."""
    settling: Sequence[str] = ()
    """Commands after which their entries are dealt with: they go at once, before the page has answered."""


def entries(key: str, shown: Sequence[Entry], keyboard: Keyboard, epoch: int) -> list[Command]:
    """Draw the list; gives what was asked a moment ago, in order. A new ``epoch`` lets go of what was chosen."""
    given = {
        "entries": [asdict(entry) for entry in shown],
        "names": list(keyboard.names),
        "keys": dict(keyboard.keys),
        "settling": list(keyboard.settling),
        "epoch": epoch,
        **outbox.told(key),
    }
    answer = _mount(key=key, data=given, on_commands_change=nothing)
    return read(outbox.fresh(key, answer.commands), [entry.id for entry in shown])


def read(sent: Iterable[Mapping[str, Any]], shown: Sequence[str]) -> list[Command]:
    """The browser's answers, as far as they are about the entries that are shown now."""
    known = set(shown)
    return [
        Command(
            command["name"],
            tuple(entry_id for entry_id in command["ids"] if entry_id in known),
            str(command.get("text") or ""),
        )
        for command in sent
    ]

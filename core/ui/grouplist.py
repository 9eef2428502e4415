"""Groups of faces to name one after another by keyboard: the list, and what was asked of which groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

KEYS = {"y": "yes", "n": "no", "o": "open", "s": "nobody", "u": "undo", "r": "redo"}
LEGEND = (
    "Keys: arrows walk, Enter names (a name and Enter goes on to the next group), space chooses several that are one "
    "person, y and n answer the question, o looks closer, s nobody to name, u undo, r redo."
)
_FOLDER = Path(__file__).parent
_mount = st.components.v2.component(
    "face_groups",
    html='<div class="groups" role="list"></div>',
    css=(_FOLDER / "grouplist.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "grouplist.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group of the list."""

    id: str
    """Its first face: stays what it is while others are named."""
    faces: tuple[str, ...]
    """Pictures, as data addresses."""
    title: str
    note: str
    guess: str = ""
    """Whom it may be: asked as a question."""


@dataclass(frozen=True, slots=True)
class GroupCommand:
    """What was asked, and of which groups."""

    name: str
    ids: tuple[str, ...]
    text: str = ""
    """The name that was typed."""


def grouplist(key: str, groups: Sequence[GroupRow], names: Sequence[str], epoch: int) -> GroupCommand | None:
    """Draw the list; gives what was asked a moment ago."""
    given = {"groups": [asdict(group) for group in groups], "names": list(names), "keys": KEYS, "epoch": epoch}
    answer = _mount(key=key, data=given, on_command_change=_nothing)
    return read(answer.command, [group.id for group in groups], epoch)


def _nothing() -> None:
    """Streamlit asks for a callback for every value that is to come back."""


def read(command: Any, shown: Sequence[str], epoch: int) -> GroupCommand | None:
    """The browser's answer, as far as it is about the groups that are shown now."""
    if not command or command.get("epoch") != epoch:
        return None
    ids = tuple(group_id for group_id in command["ids"] if group_id in set(shown))
    return GroupCommand(command["name"], ids, str(command.get("text") or ""))

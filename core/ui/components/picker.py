"""A grid of faces to choose from, by mouse or by keyboard alone; what is chosen and what was commanded come back.

The page keeps what the faces are; the browser keeps what is chosen until ``epoch`` changes. Faces travel inside the
page's own connection, never under an address of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from core.ui.components import outbox
from core.ui.components.mount import ignore_change, register_component

_mount = register_component(
    "face_picker",
    '<div class="picker" role="listbox" aria-multiselectable="true"></div>',
    module="picker.js",
    style="picker.css",
)


@dataclass(frozen=True, slots=True)
class Pickable:
    """One face of the grid."""

    id: str
    src: str
    """The picture, as a data address."""
    name: str
    note: str = ""
    alt: str = ""
    badges: tuple[tuple[str, str], ...] = ()
    """A symbol of one or two letters, and what it means."""


@dataclass(frozen=True, slots=True)
class GridCommand:
    """A key that was pressed, and the faces that it is about."""

    name: str
    face_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GridAnswer:
    """What is chosen, which face has the focus, and what was commanded a moment ago, in order."""

    selected: tuple[str, ...] = ()
    focused: str | None = None
    commands: tuple[GridCommand, ...] = ()

    @property
    def command(self) -> GridCommand | None:
        """The last command, for grids whose commands replace one another."""
        return self.commands[-1] if self.commands else None

    @property
    def about(self) -> tuple[str, ...]:
        """What an action is about: the chosen faces, or the one in focus when none is chosen."""
        return self.selected or ((self.focused,) if self.focused else ())


@dataclass(frozen=True, slots=True)
class Grid:
    """How a grid is shown."""

    label: str
    """For screen readers."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Key to the name of the command that it gives."""
    tile_px: int = 104
    name_field: str = ""
    """A CSS selector: the command "name" puts the cursor there instead of coming back."""
    grab: int = 0
    """When it changes, the grid takes the focus back."""
    click: str = ""
    """The command that a click gives; without one a click chooses."""


def draw_picker(key: str, faces: Sequence[Pickable], grid: Grid, epoch: int) -> GridAnswer:
    """Draw the grid. A new ``epoch`` lets go of everything that was chosen."""
    payload = {
        "faces": [asdict(face) for face in faces],
        "keys": dict(grid.keys),
        "label": grid.label,
        "tile_px": grid.tile_px,
        "name_field": grid.name_field,
        "grab": grid.grab,
        "click": grid.click,
        "epoch": epoch,
        **outbox.outbox_state(key),
    }
    answer = _mount(key=key, data=payload, on_picked_change=ignore_change, on_commands_change=ignore_change)
    return read_picked(
        answer.picked, outbox.take_new_commands(key, answer.commands), [face.id for face in faces], epoch
    )


def read_picked(picked: Any, commands: Iterable[Mapping[str, Any]], face_ids: Sequence[str], epoch: int) -> GridAnswer:
    """The browser's answer, as far as it is about the faces that are shown now."""
    known_ids = set(face_ids)
    picked = picked or {}
    # What was chosen before the last action is let go of; the focus stays, so that one walks on from where one was.
    is_current = picked.get("epoch") == epoch
    selected = tuple(face_id for face_id in picked.get("selected", ()) if is_current and face_id in known_ids)
    focused = picked.get("focused")
    # Commands are about what was chosen when they were given, also where the page does not show it any more.
    key_commands = tuple(GridCommand(command["name"], tuple(map(str, command["ids"]))) for command in commands)
    return GridAnswer(selected, focused if focused in known_ids else None, key_commands)

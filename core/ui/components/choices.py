"""A list or a strip of pictures of which one is chosen, by mouse or keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from core.ui.components.mount import ignore_change, register_component

_mount = register_component("choices", '<div class="choices"></div>', module="choices.js", style="choices.css")


class ChoicesLayout(StrEnum):
    """One below the other, closely so, or side by side."""

    LIST = "list"
    COMPACT = "compact"
    STRIP = "strip"


@dataclass(frozen=True, slots=True)
class CertaintyMark:
    """How sure something is."""

    word: str
    likeness: float
    """0..100"""
    threshold: float
    """0..100"""


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """One of the things to choose from."""

    id: str
    title: str
    note: str = ""
    src: str = ""
    """A picture, as a data address; a grey square without one."""
    certainty: CertaintyMark | None = None
    """Drawn as a bar."""
    known: bool = True
    """An unknown face has a dashed frame."""


@dataclass(frozen=True, slots=True)
class DatedChoice:
    """What somebody chose in a component, and when by the browser's clock: the newest of several components counts."""

    id: str
    when: float
    # A state stays until something else is chosen: of two components with the same faces, time tells the newest.

    @classmethod
    def of(cls, answer: Any) -> DatedChoice | None:
        """Read the browser's answer."""
        return cls(str(answer["id"]), float(answer["when"])) if answer else None


def draw_choices(
    key: str,
    label: str,
    lines: Sequence[ChoiceLine],
    chosen_id: str | None,
    *,
    layout: ChoicesLayout = ChoicesLayout.LIST,
    height_px: int = 0,
    link: str = "",
) -> DatedChoice | None:
    """Draw the things to choose from.

    Parameters
    ----------
    label : for screen readers
    height_px : from here on the list scrolls; 0 for as high as it is
    link : what is pointed at lights up in the other components with this link, by its id
    """
    payload = {
        "key": key,
        "label": label,
        "lines": [asdict(line) for line in lines],
        "chosen": chosen_id,
        "layout": layout.value,
        "height_px": height_px,
        "link": link,
    }
    return DatedChoice.of(_mount(key=key, data=payload, on_chosen_change=ignore_change).chosen)

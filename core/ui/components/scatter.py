"""Faces as points on a plane, fluid at a hundred thousand: chosen by circling, seen by pointing at them.

The points travel once: the browser keeps a component's data while they stay the same. What changes with every move of
the pointer, the pictures of the faces near it, goes through a second, small component.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.types import Floats, Ints
from core.ui.charts import Group

_FOLDER = Path(__file__).parent
_FINEST = 65_535
_mount = st.components.v2.component(
    "face_scatter",
    html="""<div class="scatter"><canvas class="plane" tabindex="0" role="application"></canvas>
<div class="card" role="status" hidden></div><div class="bar" role="toolbar" aria-label="The map's tools"></div>
<div class="legend"></div><p class="told"></p></div>""",
    css=(_FOLDER / "scatter.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "scatter.js").read_text(encoding="utf-8"),
)
_deal = st.components.v2.component("face_cards", js=(_FOLDER / "cards.js").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Points as they travel to the browser, and which face each is."""

    of: str
    """Tells these faces at these places from others: what was chosen holds as long as it is the same."""
    face_ids: tuple[str, ...]
    packed: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown of a face that is pointed at."""

    row: int
    src: str
    """A picture, as a data address."""
    alt: str
    lines: tuple[str, ...]
    """The first stands out."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What somebody did on the map."""

    picked: tuple[str, ...]
    """The faces that are chosen."""
    asked: tuple[int, ...]
    """Rows of the faces whose cards are wanted."""


def pack(
    of: str,
    face_ids: Sequence[str],
    points: Floats,
    groups: Sequence[Group],
    names: Mapping[str, tuple[float, float]],
    lines: Iterable[tuple[int, Sequence[int]]] = (),
) -> Cloud:
    """Make points ready to travel.

    Parameters
    ----------
    points : (n, 2), one unit the same length on both axes
    groups : every row is in exactly one; later ones are drawn over earlier ones
    names : what stands on the map, and where
    lines : from a row to other rows
    """
    low = points.min(axis=0) if len(points) else np.zeros(2, np.float32)
    spread = np.ptp(points, axis=0) if len(points) else np.zeros(2, np.float32)
    extent = float(max(spread.max(initial=0.0), 1e-9))
    scaled = np.rint((points - low) / extent * _FINEST).astype("<u2")
    group_of: Ints = np.zeros(len(points), dtype=np.int64)
    for number, group in enumerate(groups):
        group_of[group.rows] = number
    packed = {
        "points": _text(scaled.tobytes()),
        "group_of": _text(group_of.astype(np.uint8).tobytes()),
        "groups": [
            {
                "name": group.name,
                "colour": group.colour,
                "symbol": group.symbol,
                "faded": group.faded,
                "count": len(group.rows),
            }
            for group in groups
        ],
        "names": [[name, *((np.array(place) - low) / extent).tolist()] for name, place in names.items()],
        "lines": [[int(row), [int(other) for other in others]] for row, others in lines],
        "width_share": float(spread[0]) / extent,
        "height_share": float(spread[1]) / extent,
    }
    return Cloud(of, tuple(face_ids), packed)


def scatter(key: str, cloud: Cloud, label: str, height_px: int) -> Looked:
    """Draw the map; ``label`` is for screen readers."""
    answer = _mount(
        key=key,
        data={**cloud.packed, "of": cloud.of, "key": key, "label": label, "height_px": height_px},
        on_picked_change=_nothing,
        on_asked_change=_nothing,
    )
    return read(answer.picked, answer.asked, cloud)


def deal(key: str, cloud: Cloud, cards: Sequence[Card]) -> None:
    """Bring pictures to the map of this key."""
    _deal(key=f"{key}_cards", data={"key": key, "of": cloud.of, "cards": [asdict(card) for card in cards]})


def _nothing() -> None:
    """Streamlit asks for a callback for every value that is to come back."""


def read(picked: Any, asked: Any, cloud: Cloud) -> Looked:
    """The browser's answer, as far as it is about these points."""
    rows = _rows(picked, cloud)
    return Looked(tuple(cloud.face_ids[row] for row in rows), tuple(_rows(asked, cloud)))


def _rows(answer: Any, cloud: Cloud) -> list[int]:
    if not answer or answer.get("of") != cloud.of:
        return []
    return [row for row in map(int, answer.get("rows", ())) if 0 <= row < len(cloud.face_ids)]


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")

"""Faces as points, fluid at a hundred thousand: chosen by circling, seen by pointing at them, on a plane or in space.

The points travel once: the browser keeps a component's data while they stay the same. What changes with every move of
the pointer, the pictures of the faces near it, goes through a second, small component.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from core.base.face_table import FaceRows
from core.base.types import Floats, Ints
from core.language.texts import marked, ngettext
from core.ui.components.browser_words import BrowserWords
from core.ui.components.mount import ignore_change, register_component

# Two bytes a coordinate: a step is far below a pixel of the whole map, and takes half of what float32 would.
_FINEST = 65_535

_WORDS = BrowserWords(
    (
        marked("The map's tools"),
        marked("Circle faces"),
        marked("Choose by a box"),
        marked("Move the map"),
        marked("Turn the map, with Shift move it"),
        marked("Zoom in"),
        marked("Zoom out"),
        marked("The whole map"),
        marked("Save the picture"),
        marked("Picture (PNG)"),
        marked("Drawing (SVG)"),
        marked("Page to explore (HTML)"),
        marked("Not saved, as Face Atlas did not answer. See that it still runs, then reload this page."),
        marked("When photos were taken"),
        marked("From"),
        marked("To"),
        marked("{first} to {last}"),
        marked("Map of faces"),
        marked("Map of faces. {finding}"),
        marked("{map}. Arrows walk, Enter chooses, + and - zoom."),
        marked("{map}. Arrows walk, Enter chooses, + and - zoom. Shift and arrows turn it."),
        marked("Face {which} of the new photo"),
        marked("no name"),
    ),
    (
        lambda number: ngettext(
            "{number} face in view: drawn as dots. Zoom in to see the symbols.",
            "{number} faces in view: drawn as dots. Zoom in to see the symbols.",
            number,
            number="{number}",
        ),
    ),
)
_mount = register_component(
    "face_scatter",
    """<div class="scatter" hidden><p class="finding"></p><div class="stage">
<canvas class="plane" tabindex="0" role="application"></canvas><div class="card" role="status" hidden></div>
<div class="bar" role="toolbar"></div></div>
<div class="time" role="group" hidden></div>
<div class="legend"></div><p class="told"></p></div>""",
    module="scatter/map.js",
    style="scatter/map.css",
    words=_WORDS,
)
_deal = register_component("face_cards", module="scatter/cards.js")


@dataclass(frozen=True, slots=True, eq=False)
class PointGroup:
    """Points that look alike, because they have something in common."""

    name: str
    """Empty where people share a colour and a symbol."""
    rows: Ints
    """Row numbers of its points."""
    colour: str
    symbol: str = "circle"
    faded: bool = False
    """Part of the background: small, faint, never labelled on the map."""
    total: int | None = None
    """How many it has, where not all of them are drawn."""

    @property
    def count(self) -> int:
        """How many it has."""
        return len(self.rows) if self.total is None else self.total


@dataclass(frozen=True, slots=True)
class PointCluster:
    """Where somebody lies on the map, and the face that stands for them."""

    name: str
    row: int
    position: tuple[float, ...]
    """Where the name stands, in the units of the points."""


@dataclass(frozen=True, slots=True)
class FaceCard:
    """What is shown of a face that is pointed at."""

    row: int
    src: str
    """A picture, as a data address."""
    alt: str
    lines: tuple[str, ...]
    """The first stands out."""


@dataclass(frozen=True, slots=True, eq=False)
class PointMoments:
    """When the points' photos were taken, in steps."""

    names: Sequence[str]
    """Of the steps, from the earliest on: years, or months or days."""
    steps: Ints
    """(n,) indices into ``names``, -1 without a date"""


@dataclass(frozen=True, slots=True)
class ScatterMark:
    """A face that is not one of the points, drawn above them with lines to some."""

    number: str
    position: tuple[float, ...]
    """In the units of the points."""
    rows: tuple[int, ...]
    """The points that it has lines to, the most important first."""
    card: FaceCard


@dataclass(frozen=True, slots=True)
class NearFaces:
    """The faces most like one, to which it has lines."""

    row: int
    rows: tuple[int, ...]
    likenesses: tuple[float, ...]
    """How like it they are, 0 to 100: not on the map but in all values of the embedding."""


@dataclass(frozen=True, slots=True, eq=False)
class PointCloud(FaceRows):
    """Points as they travel to the browser, and which face each is."""

    of: str
    """Tells these faces at these places from others: what was chosen holds as long as it is the same."""
    face_ids: tuple[str, ...]
    packed: Mapping[str, Any]
    corner: Floats
    """The smallest coordinate on each axis."""
    extent: float
    """The widest axis, which is 1 in the browser."""

    def with_moments(self, moments: PointMoments | None) -> PointCloud:
        """The same points, of which a stretch of time can be chosen; None for points without dates."""
        if moments is None:
            return self
        steps = np.where(moments.steps < 0, _FINEST, moments.steps).astype("<u2")
        payload = {"names": list(moments.names), "steps": _text(steps.tobytes())}
        return replace(self, packed={**self.packed, "moments": payload})

    def with_marks(self, marks: Sequence[ScatterMark]) -> PointCloud:
        """The same points and faces beside them."""
        payload = [
            {
                "number": mark.number,
                "at": _fractions(mark.position, self.corner, self.extent),
                "lines": list(mark.rows),
                "card": asdict(mark.card),
            }
            for mark in marks
        ]
        return replace(self, packed={**self.packed, "marks": payload})


@dataclass(frozen=True, slots=True, eq=False)
class PointNames:
    """The names of the points."""

    labels: Ints
    """(n,) indices into ``people``, -1 for no name"""
    people: Sequence[str]


@dataclass(frozen=True, slots=True)
class ScatterEvent:
    """What somebody did on the map."""

    picked: tuple[str, ...]
    """The faces that are chosen."""
    asked: tuple[int, ...]
    """Rows of the faces whose cards are wanted."""


def pack_points(
    of: str,
    face_ids: Sequence[str],
    points: Floats,
    groups: Sequence[PointGroup],
    clusters: Sequence[PointCluster],
    who: PointNames,
) -> PointCloud:
    """Make points ready to travel.

    Parameters
    ----------
    points : (n, 2) or (n, 3), one unit the same length on all axes
    groups : every row is in exactly one; later ones are drawn over earlier ones
    clusters : shown on the map with a face and a name where there is room; the first find room first
    """
    dimensions = points.shape[1]
    low = points.min(axis=0) if len(points) else np.zeros(dimensions, np.float32)
    spread = np.ptp(points, axis=0) if len(points) else np.zeros(dimensions, np.float32)
    # One scale for all axes, for distances are to be compared; never 0, as when all faces lie at one point.
    extent = float(max(spread.max(initial=0.0), 1e-9))
    # Little-endian on every machine: the browser reads the bytes so.
    scaled = np.rint((points - low) / extent * _FINEST).astype("<u2")
    group_of: Ints = np.zeros(len(points), dtype=np.int64)
    for number, group in enumerate(groups):
        group_of[group.rows] = number
    # No name is the number after the last person, for unsigned numbers have no -1.
    nameless = len(who.people)
    labels = np.where(who.labels < 0, nameless, who.labels).astype("<u2" if nameless <= _FINEST else "<u4")
    packed = {
        "dimensions": dimensions,
        "points": _text(scaled.tobytes()),
        "group_of": _text(group_of.astype(np.uint8).tobytes()),
        "groups": [
            {
                "name": group.name,
                "colour": group.colour,
                "symbol": group.symbol,
                "faded": group.faded,
                "count": group.count,
            }
            for group in groups
        ],
        "clusters": [[cluster.name, cluster.row, *_fractions(cluster.position, low, extent)] for cluster in clusters],
        "who": _text(labels.tobytes()),
        "people": list(who.people),
        "marks": [],
        "moments": None,
        # Maps that show the same faces in the same order: one moves into the other.
        "faces": f"{zlib.crc32(''.join(face_ids).encode()):08x}",
    }
    return PointCloud(of=of, face_ids=tuple(face_ids), packed=packed, corner=low, extent=extent)


def _fractions(point: Sequence[float], corner: Floats, extent: float) -> list[float]:
    return [(float(value) - float(low)) / extent for value, low in zip(point, corner, strict=True)]


def draw_scatter(key: str, cloud: PointCloud, finding: str) -> ScatterEvent:
    """Draw the map, as high as the window has room; ``finding`` says in a sentence what it shows."""
    answer = _mount(
        key=key,
        data={**cloud.packed, "of": cloud.of, "key": key, "finding": finding},
        on_picked_change=ignore_change,
        on_asked_change=ignore_change,
    )
    return read_scatter_event(answer.picked, answer.asked, cloud)


def send_cards(key: str, cloud: PointCloud, cards: Sequence[FaceCard], near: NearFaces | None = None) -> None:
    """Bring pictures to the map of this key, and whom the face that was chosen is most like."""
    payload = {"cards": [asdict(card) for card in cards], "near": asdict(near) if near else None}
    _deal(key=f"{key}_cards", data={"key": key, "of": cloud.of, **payload})


def read_scatter_event(picked: Any, requested: Any, cloud: PointCloud) -> ScatterEvent:
    """The browser's answer, as far as it is about these points."""
    rows = _rows(picked, cloud)
    return ScatterEvent(tuple(cloud.face_ids[row] for row in rows), tuple(_rows(requested, cloud)))


def _rows(answer: Any, cloud: PointCloud) -> list[int]:
    # A state of the browser's outlives the points that it was about; rows of others would be other faces.
    if not answer or answer.get("of") != cloud.of:
        return []
    return [row for row in map(int, answer.get("rows", ())) if 0 <= row < len(cloud.face_ids)]


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")

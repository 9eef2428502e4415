"""Drawings as values: lines, areas, marks and words on a sheet, and the scales that place them.

A drawing knows nothing of where it is shown: ``html`` writes it as SVG, ``pdf`` as strokes on a page. So both show the
same, words stay words, and the same values always give the same bytes.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

INK, QUIET, GRID = "ink", "quiet", "grid"
"""Colours that follow the page: its text, quieter text, faint lines. All others are written as #RRGGBB."""
RIGHT, WRONG, GREY = "#0072B2", "#D55E00", "#8C9699"
"""Of Okabe and Ito's colours, as on the pages: told apart in the common colour blindnesses, on white and near black."""
TEXT_SIZE = 11.5
_WIDE, _NARROW = 1.0, 0.56
"""Widths of letters as shares of their size: of the full-width scripts, and of others on average."""
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)

Points = Sequence[tuple[float, float]]


class Shape(StrEnum):
    """What a mark looks like, so that no colour stands alone."""

    DISC = "disc"
    SQUARE = "square"
    CROSS = "cross"


class Anchor(StrEnum):
    """Which end of a text its point holds; the names are those of SVG."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True)
class Polyline:
    """A line through points."""

    points: Points
    colour: str = INK
    width: float = 1.0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon."""

    points: Points
    colour: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Marker:
    """A point to be seen."""

    x: float
    y: float
    shape: Shape = Shape.DISC
    colour: str = RIGHT
    size: float = 7.0


@dataclass(frozen=True, slots=True)
class Text:
    """One line of words; ``y`` is their base line."""

    x: float
    y: float
    text: str
    anchor: Anchor = Anchor.START
    colour: str = INK
    size: float = TEXT_SIZE
    bold: bool = False
    turned_deg: float = 0.0
    """Anticlockwise about its point."""


DrawnElement = Polyline | Area | Marker | Text


@dataclass(frozen=True, slots=True)
class Drawing:
    """Things on a sheet; (0, 0) is its top left corner, a unit is a point of 1/72 inch at full size."""

    width: float
    height: float
    elements: tuple[DrawnElement, ...]


def rectangle_points(left: float, top: float, right: float, bottom: float) -> Points:
    """The corners of a rectangle."""
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def text_width(text: str, size: float = TEXT_SIZE) -> float:
    """About how wide a text will be."""
    return size * sum(_WIDE if unicodedata.east_asian_width(sign) in "WF" else _NARROW for sign in text)


def shorten_labels(names: Sequence[str], max_letters: int) -> list[str]:
    """The names in at most so many letters: their end is left out, or the middle where that would make two alike."""
    ends = [name if len(name) <= max_letters else f"{name[: max_letters - 1].rstrip()}…" for name in names]
    half = max_letters // 2
    return [
        end if ends.count(end) == 1 or len(name) <= max_letters else f"{name[: max_letters - half - 1]}…{name[-half:]}"
        for end, name in zip(ends, names, strict=True)
    ]


# scales


@dataclass(frozen=True, slots=True)
class Scale:
    """Places values between two positions of the sheet."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        value, low, high = (math.log10(v) if self.logarithmic else v for v in (value, self.low, self.high))
        share = (value - low) / (high - low)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    def ticks(self, max_ticks: int = 6) -> list[float]:
        """Round values within: at most so many, powers of ten on a logarithmic scale."""
        if self.logarithmic:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            return [10.0**power for power in range(first, last + 1)]
        step = next(
            step
            for power in range(-9, 10)
            for step in (factor * 10.0**power for factor in _STEPS)
            if (self.high - self.low) / step <= max_ticks - 1 + 1e-9
        )
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(number * step, 10) for number in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Axes:
    """Two scales and the lines and words that make them readable."""

    x: Scale
    y: Scale

    @property
    def left(self) -> float:
        return self.x.start

    @property
    def right(self) -> float:
        return self.x.end

    @property
    def top(self) -> float:
        return self.y.end

    @property
    def bottom(self) -> float:
        return self.y.start

    def across(self, values: Sequence[float], words: Sequence[str], title: str) -> list[DrawnElement]:
        """The scale below: a faint line at each value, its word where there is room, and what it measures."""
        elements: list[DrawnElement] = [
            Polyline(((self.x(value), self.top), (self.x(value), self.bottom)), GRID) for value in values
        ]
        free = math.inf
        for value, word in reversed(list(zip(values, words, strict=True))):
            half = text_width(word) / 2
            if self.x(value) + half <= free:
                elements.append(
                    Text(x=self.x(value), y=self.bottom + 16, text=word, anchor=Anchor.MIDDLE, colour=QUIET)
                )
                free = self.x(value) - half - 6
        return [
            *elements,
            Text(x=(self.left + self.right) / 2, y=self.bottom + 34, text=title, anchor=Anchor.MIDDLE, colour=QUIET),
        ]

    def upwards(self, values: Sequence[float], words: Sequence[str], title: str) -> list[DrawnElement]:
        """The scale at the left; what it measures stands above it."""
        elements: list[DrawnElement] = [
            Polyline(((self.left, self.y(value)), (self.right, self.y(value))), GRID) for value in values
        ]
        elements += [
            Text(x=self.left - 7, y=self.y(value) + 4, text=word, anchor=Anchor.END, colour=QUIET)
            for value, word in zip(values, words, strict=True)
        ]
        return [*elements, Text(0, self.top - 12, title, colour=QUIET)]

"""Sketches of what a page will show once there is something: drawn here, since there is nothing yet to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from core.charts.palette import PALETTE
from core.language.texts import marked
from core.ui import menu

WIDTH, HEIGHT = 320, 130
ACCENT = "#13828A"
"""Of the theme, dark enough on white and light enough on black, as is the grey: a picture does not know its page."""
GREY = "#7F8C8F"


class Sketch(NamedTuple):
    """A drawing, and what it shows for those who do not see it."""

    shapes: str
    alt: str

    def draw(self) -> str:
        """The drawing as SVG."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
            f'height="{HEIGHT}">{self.shapes}</svg>'
        )


def _bar(x: float, y: float, width: float, colour: str = GREY, opacity: float = 0.25) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="7" rx="3.5" fill="{colour}" opacity="{opacity}"/>'


def _frame(x: float, y: float, width: float, height: float, colour: str = GREY) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="none" stroke="{colour}" '
        'stroke-width="2" opacity="0.55"/>'
    )


def _face(x: float, y: float, size: float, colour: str = GREY, opacity: float = 0.3) -> str:
    """A head and shoulders in a circle, which begins at (x, y) and is ``size`` wide."""
    middle = x + size / 2
    return (
        f'<g fill="{colour}" opacity="{opacity}">'
        f'<circle cx="{middle}" cy="{y + size / 2}" r="{size / 2}" opacity="0.5"/>'
        f'<circle cx="{middle}" cy="{y + size * 0.4}" r="{size * 0.19}"/>'
        f'<path d="M{middle - size * 0.32} {y + size * 0.88}a{size * 0.32} {size * 0.27} 0 0 1 {size * 0.64} 0z"/></g>'
    )


def _arrow(x: float, y: float) -> str:
    return (
        f'<path d="M{x} {y}h26m-8 -7l8 7l-8 7" fill="none" stroke="{GREY}" stroke-width="2.5" opacity="0.5" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _wall(named: int) -> str:
    """Faces in a row above, the first of them with a name."""
    cells = []
    for index in range(5):
        x, colour = 14 + 62 * index, PALETTE[index] if index < named else GREY
        cells += [_face(x, 22, 46, colour, 0.75 if index < named else 0.3)]
        cells += [_bar(x + 3, 82, 40, opacity=0.4) if index < named else _frame(x, 78, 46, 16)]
    return "".join(cells)


def _map() -> str:
    """Groups of points, each in its colour."""
    offsets = ((0, 0), (11, 4), (5, 12), (-8, 8), (-4, -10), (13, -8), (2, 21))
    centres = ((50, 40), (120, 88), (185, 35), (240, 92), (285, 45))
    return "".join(
        f'<circle cx="{x + dx}" cy="{y + dy}" r="4.5" fill="{PALETTE[index]}" opacity="0.85"/>'
        for index, (x, y) in enumerate(centres)
        for dx, dy in offsets
    )


def _matrix() -> str:
    """A confusion matrix: the diagonal full, one error beside it."""
    shares = {(1, 3): 0.35, **{(index, index): 0.9 for index in range(5)}}
    cells = "".join(
        f'<rect x="{100 + 24 * column}" y="{6 + 24 * row}" width="21" height="21" rx="3" '
        f'fill="{ACCENT if (row, column) in shares else GREY}" opacity="{shares.get((row, column), 0.08)}"/>'
        for row in range(5)
        for column in range(5)
    )
    return cells + "".join(_bar(50, 13 + 24 * row, 40) for row in range(5))


def _learned() -> str:
    faces = [_face(20 + 34 * column, 12 + 50 * row, 30, PALETTE[row], 0.75) for row in range(2) for column in range(3)]
    people = [_face(190, 8 + 50 * row, 40, PALETTE[row], 0.75) + _bar(242, 25 + 50 * row, 60) for row in range(2)]
    return "".join([*faces, _arrow(140, 52), *people])


def _identified() -> str:
    photo = _frame(20, 8, 130, 112) + _face(58, 26, 56, PALETTE[0], 0.75) + _frame(52, 20, 68, 68, ACCENT)
    sure = _bar(178, 62, 120, opacity=0.15) + _bar(178, 62, 96, ACCENT, 0.9)
    return photo + _bar(178, 38, 80, opacity=0.5) + sure


def _rows(*, progress: bool) -> str:
    rows = []
    for row, share in enumerate((1.0, 0.6, 0.25)):
        y = 14 + 38 * row
        rows += [_face(24, y, 28, PALETTE[row], 0.75) if not progress else _frame(24, y, 28, 28)]
        rows += [_bar(66, y + 10, 90, opacity=0.4)]
        rows += [_bar(176, y + 10, 120, opacity=0.15), _bar(176, y + 10, 120 * share, ACCENT, 0.9)]
    return "".join(rows)


def _suspects() -> str:
    pair = _face(70, 26, 60, PALETTE[0], 0.75) + _face(190, 26, 60, PALETTE[1], 0.75)
    question = f'<text x="160" y="70" font-size="34" text-anchor="middle" fill="{GREY}" opacity="0.6">?</text>'
    return pair + question + _bar(74, 98, 52, opacity=0.4) + _bar(194, 98, 52, opacity=0.4)


SKETCHES: Mapping[str, Sketch] = {
    menu.REVIEW: Sketch(_wall(3), marked("A row of faces, some with names")),
    menu.SUSPECTS: Sketch(_suspects(), marked("Two faces and a question mark between them")),
    menu.PEOPLE: Sketch(_wall(5), marked("A row of faces with their names")),
    menu.CLUSTERS: Sketch(_wall(2), marked("A row of faces; under those without a name a field for it")),
    menu.TRAIN: Sketch(_learned(), marked("Faces on the left, and an arrow to two people on the right")),
    menu.EVALUATE: Sketch(_matrix(), marked("A table of who was taken for whom, with one error")),
    menu.MAP: Sketch(_map(), marked("Points in groups, each group in a colour")),
    menu.IDENTIFY: Sketch(_identified(), marked("A face in a photo, and beside it a name and how sure it is")),
    menu.BATCH: Sketch(_rows(progress=False), marked("Rows of faces, each with a name and how sure it is")),
    menu.JOBS: Sketch(_rows(progress=True), marked("Rows of work, each with how far it is")),
}
"""By the page that is empty."""

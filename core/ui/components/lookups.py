"""Many photos with the faces found on them, filtered in the browser: chips, a person, and a page at a time.

The photos travel once. What changes while somebody looks at them, the limit for names and the pictures of the faces on
the page that is shown, goes through a second, small component. What a face is marked with was decided for every limit
beforehand: the browser filters and decides nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.base.types import Ints
from core.language.texts import marked, ngettext
from core.ui.components.browser_words import BrowserWords
from core.ui.components.mount import ignore_change, register_component

_WORDS = BrowserWords(
    (
        marked("Show"),
        marked("Person"),
        marked("Everybody"),
        marked("Pages"),
        marked("Before"),
        marked("The page before"),
        marked("Next"),
        marked("The next page"),
        marked("Page {page} of {pages}"),
        marked("Unknown"),
        marked("Unknown; nearest is {name}"),
        marked("Too poor to tell"),
        marked("Too small, blurred or dark to tell who it is"),
        marked("Too small, blurred or dark to tell who it is: different people look alike so."),
        marked("{name}: {probability}, distance {distance}"),
        marked("Margin of the classifier: {margin}. If it is one of them, how probable each is:"),
        marked("{name} here, {other} on {file}"),
        marked("{name} more than once"),
        marked("over {percentage}"),
        marked("below {percentage}"),
        marked("{word}: likeness {likeness} of 100, and the threshold is {threshold}."),
        *(marked("sure"), marked("likely"), marked("unsure"), marked("unknown")),
    ),
    (lambda number: ngettext("{number} photo", "{number} photos", number, number="{number}"),),
)
_mount = register_component(
    "photo_lookups",
    """<div class="lookup"><div class="chips" role="group"></div>
<div class="bar"></div><ul class="rows"></ul><nav class="pages"></nav></div>""",
    module="lookups/lookups.js",
    style="lookups/lookups.css",
    words=_WORDS,
)
# What changes while somebody looks goes this way: the table would be sent, and drawn, whole each time otherwise.
_deal = register_component("lookup_deal", module="lookups/deal.js")


@dataclass(frozen=True, slots=True)
class FilterChip:
    """A filter."""

    id: str
    label: str
    bit: int
    """Photos with this mark are shown, and of their faces those with it stand out; 0 shows all."""
    hint: str


@dataclass(frozen=True, slots=True)
class FaceRow:
    """One face."""

    candidates: tuple[tuple[int, float, float], ...]
    """The place of a person, the probability and the distance; the most probable first."""
    likeness: float
    """0..100, to the first candidate."""
    margin: float
    """The classifier's for that candidate."""
    rival: int
    """The row of a face that is surely the same person's and may have another name; -1 for none."""
    trusted: bool
    """Whether it shows well enough to tell who it is."""


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """One photo, or a file that was refused."""

    name: str
    reason: str
    faces: int
    """How many of the faces are its own; they stand in the photos' order."""


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """Everything that travels once."""

    of: str
    """Tells these photos from others."""
    people: tuple[str, ...]
    photos: tuple[PhotoRow, ...]
    faces: tuple[FaceRow, ...]
    chips: tuple[FilterChip, ...]
    marks: Mapping[str, tuple[float, Ints, Ints]]
    """By the limit's name: the likeness (0..100) that a name needs, marks of the faces (n_faces,) and of the photos
    (n_photos,). A mark has a bit for each chip, all of them below 256."""


@dataclass(frozen=True, slots=True)
class LookupView:
    """What is shown: a chip, and perhaps a person."""

    chip: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class LookupTableState:
    """What the browser shows now, and the faces whose pictures it wants."""

    view: LookupView | None
    asked: tuple[int, ...]


def draw_lookup_table(key: str, table: LookupTable) -> LookupTableState:
    """Draw the photos."""
    payload = {
        "key": key,
        "of": table.of,
        "people": list(table.people),
        "photos": [[photo.name, photo.reason, photo.faces] for photo in table.photos],
        # Lists, not dictionaries: the names of the fields would travel with each of thousands of faces.
        "faces": [[face.candidates, face.likeness, face.margin, face.rival, face.trusted] for face in table.faces],
        "chips": [[chip.id, chip.label, chip.bit, chip.hint] for chip in table.chips],
        "marks": {
            name: {"needed": needed, "faces": _bytes(faces), "photos": _bytes(photos)}
            for name, (needed, faces, photos) in table.marks.items()
        },
    }
    answer = _mount(key=key, data=payload, on_view_change=ignore_change, on_asked_change=ignore_change)
    return read_table_state(answer.view, answer.asked, table)


def send_lookup_pictures(key: str, of: str, limit: str, first: LookupView, pictures: Mapping[int, str]) -> None:
    """Bring the limit and pictures (data addresses, by the face's row) to the photos of this key.

    ``first`` is what is shown before somebody chose anything.
    """
    payload = {
        "key": key,
        "of": of,
        "limit": limit,
        "first": {"chip": first.chip, "person": first.person},
        "pictures": [[row, src] for row, src in pictures.items()],
    }
    _deal(key=f"{key}_deal", data=payload)


def read_table_state(view: Any, requested: Any, table: LookupTable) -> LookupTableState:
    """The browser's answer, as far as it is about these photos."""
    # The browser may still show another table, and a view may name a chip or a person that this one has not.
    chips = {chip.id for chip in table.chips}
    table_view = None
    if view and view.get("of") == table.of and view.get("chip") in chips:
        person = view.get("person")
        table_view = LookupView(view["chip"], person if person in table.people else "")
    rows = requested.get("rows", ()) if requested and requested.get("of") == table.of else ()
    return LookupTableState(table_view, tuple(row for row in map(int, rows) if 0 <= row < len(table.faces)))


def _bytes(marks: Sequence[int] | Ints) -> str:
    # A byte a face, and base64 rather than a list of numbers, of which each would be text to be parsed.
    return base64.b64encode(np.asarray(marks, dtype=np.uint8).tobytes()).decode("ascii")

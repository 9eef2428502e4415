"""The living picture of the first page: the sample's faces boxed and named, and the little map that they lie on.

All of it is real: the photos were not learned from, the names are what the recogniser said, the points are the map's.
It comes to rest within three seconds, and stands still from the beginning for who has asked for less motion. Words do
not fade: whatever the moment, they can be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from core.base.types import Floats
from core.charts.palette import PALETTE
from core.language.languages import Language
from core.language.texts import current_language
from core.language.texts import gettext as _
from core.services import Services
from core.ui import data, gallery, words
from core.ui.access import kept
from core.ui.projection.map_picture import picture_plane, place_at
from core.workflows.exchange.prepared_sample import PicturedPhoto, SamplePicture

STEP_S = 0.45
"""Between two people."""
CORNER, EXTENT = (0.08, 0.06), (0.84, 0.8)
"""Where the map lies on its plane, which leaves room for dots and names at the edges; in shares."""
LETTER, LINE = 0.026, 0.1
"""How wide a letter of a name and how high its line are, in shares of the plane where it is narrowest."""
BESIDE = 0.08
"""From points to the middle of their name."""
_STYLE = """<style>
.fa-scene {display:grid; grid-template-columns:minmax(0,3fr) minmax(0,2fr); gap:14px; align-items:stretch; margin:0}
.fa-shots {display:flex; gap:10px}
.fa-shot {position:relative; flex:1 1 0; min-width:0; height:224px; overflow:hidden; border-radius:8px}
.fa-shot img {position:absolute; height:100%; max-width:none; display:block}
.fa-found {position:absolute; border:3px solid #fff; outline:2px solid; border-radius:6px; box-sizing:border-box}
.fa-who {position:absolute; left:6px; right:6px; bottom:6px; padding:3px 5px; border-radius:6px; color:#fff;
 background:rgba(14,22,24,.82); font-size:.78rem; line-height:1.25; overflow-wrap:anywhere}
.fa-who i {display:inline-block; width:.6em; height:.6em; border-radius:50%; margin-inline-end:.45em}
.fa-scene .fa-plane {min-height:224px; border:1px solid rgba(128,128,128,.3); background:none}
.fa-scene .fa-plane i {transition:scale .25s}
@media (max-width:900px) {.fa-scene {grid-template-columns:1fr} .fa-shot {height:150px}
 .fa-shots {gap:6px} .fa-who {font-size:.68rem; padding:2px 4px; left:3px; right:3px; bottom:3px}}
@media (prefers-reduced-motion:no-preference) {
 .fa-found {animation:fa-settle .6s ease-out backwards}
 .fa-who {animation:fa-rise .6s ease-out backwards}
 .fa-scene .fa-plane i {animation:fa-grow .6s ease-out backwards}
}
@keyframes fa-settle {from {opacity:0; transform:scale(1.6)}}
@keyframes fa-rise {from {transform:translateY(140%)}}
@keyframes fa-grow {from {scale:0}}
"""


def show_sample_picture(services: Services) -> None:
    """Draw it; nothing where the sample was not prepared."""
    sample = services.prepared_sample()
    if sample.is_ready:
        st.html(_picture_html(str(sample.folder), current_language()))


@kept.cache_data(show_spinner=False, max_entries=2)
def _picture_html(folder: str, language: Language) -> str:
    """The picture with the texts of a language, by which it is remembered."""
    sample = data.services().prepared_sample()
    picture = sample.read_picture()
    people = sorted({point.name for point in picture.points})
    named_photos = [photo for photo in picture.photos if any(face.name for face in photo.faces)]
    shots = "".join(_shot(photo, sample.read_photo(photo.photo_id), people) for photo in named_photos)
    # Pointing at somebody lifts their faces out of the map: the one motion that is asked for.
    styles = "".join(
        f".fa-p{person}, .fa-p{person} * {{animation-delay:{person * STEP_S:.2f}s; outline-color:{PALETTE[person]}}}"
        f".fa-scene:has(.fa-p{person}:hover) .fa-plane .fa-p{person} {{scale:1.7}}"
        for person in range(len(people))
    )
    scene = f"<div class='fa-shots'>{shots}</div>{_draw_plane(picture, people)}"
    return f"{_STYLE}{styles}</style><div class='fa-scene'>{scene}</div>"


def _shot(photo: PicturedPhoto, content: bytes, people: list[str]) -> str:
    """A photo cut to its main face, with the box and the name."""
    face = next(face for face in photo.faces if face.name)
    person, name = people.index(str(face.name)), escape(words.display_name(str(face.name)))
    alt = _("A photo that was not learned from; the face in the box is named {name}", name=name)
    # As wide as the photo's own proportions make it, moved so that the face is in the middle of what is to be seen.
    ratio, centre = photo.width_px / photo.height_px, face.box.centre[0] / photo.width_px
    return (
        f"<div class='fa-shot fa-p{person}'><div style='position:absolute;height:100%;aspect-ratio:{ratio:.4f};"
        f"left:50%;transform:translateX(-{centre:.2%})'><img src='{gallery.jpeg_data_url(content)}' "
        f"alt='{alt}'>"
        f"<span class='fa-found' style='{gallery.place_box(face.box, photo.width_px, photo.height_px)}'></span></div>"
        f"<div class='fa-who' dir='auto'><i style='background:{PALETTE[person]}'></i>{name}</div></div>"
    )


def _draw_plane(picture: SamplePicture, people: list[str]) -> str:
    """The map: every face a dot, and each name below or above where its faces are."""
    points = np.array([(point.x, point.y) for point in picture.points], dtype=np.float32) * EXTENT + CORNER
    numbers = np.array([people.index(point.name) for point in picture.points])
    spoken = [words.display_name(name) for name in people]
    places = place_names(spoken, [points[numbers == person] for person in range(len(people))])
    names = [
        f"<b dir='auto' style='{place_at(x, y)}'>{escape(name)}</b>"
        for name, (x, y) in zip(spoken, places, strict=True)
    ]
    alt = _(
        "Map of the {n_faces} faces of the sample, near where they are alike: {n_people} people",
        n_faces=len(points),
        n_people=len(people),
    )
    return picture_plane(points, numbers.tolist(), names, alt)


def place_names(names: Sequence[str], points: Sequence[Floats]) -> list[tuple[float, float]]:
    """The middle of each name: below its points, or above them where it would touch one before it; inside the plane.

    Parameters
    ----------
    points : (n, 2) of each name, in shares of the plane
    """
    placed: list[tuple[float, float, float]] = []
    for name, (x, y) in zip(names, (own.T for own in points), strict=True):
        half = len(name) * LETTER / 2
        # Of most points: one that lies far off has no say.
        top, bottom = np.quantile(y, [0.1, 0.9]).tolist()
        # Moved inside where it would stand over the edge; one that is wider than the plane stands in its middle.
        middle = min(max(float(np.median(x)), min(half, 0.5)), max(1 - half, 0.5))
        above, below = top - BESIDE, bottom + BESIDE
        touches = any(abs(middle - other) < half + width and abs(below - line) < LINE for other, line, width in placed)
        # Over its own points rather than over the edge.
        line = min(max(above if touches else below, LINE / 2), 1 - LINE / 2)
        placed.append((middle, line, half))
    return [(middle, line) for middle, line, _ in placed]

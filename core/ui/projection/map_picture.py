"""A small still picture of a map: its points in their people's colours, and somebody's face or name where they lie.

It is plain HTML, so that a page may bring motion to it. Whoever shows a picture says how large it is.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import streamlit as st

from core.base.types import Floats, Ints, Revision
from core.charts.palette import GREY, MOST_COLOURED, PALETTE
from core.ui import data, gallery
from core.ui.access import kept

MARGIN = (0.07, 0.11)
"""Of a picture's width and height, around the points of a stored map."""
ASPECT = 3 / 2
MOST_POINTS = 1500
"""A picture of this size shows no more; of larger maps points are taken evenly."""
PORTRAIT_SHARE = 0.092
"""How wide a portrait is, of the picture's width."""
BESIDE = 0.75 * PORTRAIT_SHARE * ASPECT
"""How far from the middle of somebody's points the middle of the portrait stands, of the picture's height."""
_COLOURS = "".join(f".fa-plane .fa-p{number} {{background:{colour}}}" for number, colour in enumerate(PALETTE))
_STYLE = f"""<style>
.fa-plane {{position:relative; border-radius:8px; background:rgba(128,128,128,.1)}}
.fa-plane > * {{position:absolute; transform:translate(-50%,-50%)}}
.fa-plane i {{width:7px; height:7px; border-radius:50%; opacity:.85; background:{GREY}}}
.fa-plane img {{width:{PORTRAIT_SHARE:.1%}; aspect-ratio:1; object-fit:cover; border-radius:50%;
 outline:2px solid #fff}}
.fa-plane b {{font-size:.82rem; font-weight:600; white-space:nowrap}}
.fa-plane span {{left:50%; top:50%; opacity:.72}}
{_COLOURS}
</style>"""


def picture_plane(points: Floats, people: Iterable[int], marks: Iterable[str], alt: str) -> str:
    """A picture of points as HTML.

    Parameters
    ----------
    points : (n, 2) in shares of the picture, from the left and from the top
    people : of each point, the number of the colour, which is its class too: ``fa-p0``; others are grey
    marks : HTML with places of ``place_at``, above the points
    """
    dots = "".join(
        f"<i class='fa-p{person}' style='{place_at(x, y)}'></i>"
        for (x, y), person in zip(points.tolist(), people, strict=True)
    )
    return f"{_STYLE}<div class='fa-plane' role='img' aria-label='{alt}'>{dots}{''.join(marks)}</div>"


def place_at(x: float, y: float) -> str:
    """The style of something whose middle is at a place."""
    return f"left:{x:.1%};top:{y:.1%}"


def show_map_picture(dataset_id: str, revision: Revision, map_id: str | None, alt: str) -> None:
    """A stored map with portraits, or ``alt`` in the room for it while there is none."""
    room = f"<style>.fa-plane {{aspect-ratio:{ASPECT}}}</style>"
    empty = picture_plane(np.empty((0, 2), np.float32), (), [f"<span>{alt}</span>"], alt)
    st.html(room + (_draw_map(dataset_id, revision, map_id, alt) if map_id else empty))


@kept.cache_data(show_spinner=False, max_entries=8)
def _draw_map(dataset_id: str, revision: Revision, map_id: str, alt: str) -> str:
    faces, face_map = data.dataset_faces(dataset_id, revision), data.face_map(dataset_id, revision, map_id)
    map_rows, rows = faces.table.match(face_map.face_ids)
    points, labels = _fit(face_map.points[map_rows, :2]), faces.table.labels[rows]
    # Biggest first, so that those who get a colour and a portrait are those who are seen.
    people = np.argsort(-np.bincount(labels[labels >= 0], minlength=len(faces.table.people)), kind="stable")
    placed = _place_portraits(points, labels, people)
    everybody = data.dataset_people(dataset_id, revision)
    gallery.fetch_crops(dataset_id, [everybody[label].cover_crop_id for label, _, _ in placed])
    crops = {label: gallery.crop_address(dataset_id, everybody[label].cover_crop_id) for label, _, _ in placed}
    portraits = [f"<img src='{crops[label]}' alt='' style='{place_at(x, y)}'>" for label, x, y in placed]
    # By the rank of each person; nobody's rank is that of whoever has no name.
    ranks = np.append(np.argsort(people), len(people))[labels]
    step = max(1, -(-len(points) // MOST_POINTS))
    # The biggest come last, above the grey ones.
    order = np.argsort(-ranks[::step], kind="stable")
    return picture_plane(points[::step][order], ranks[::step][order].tolist(), portraits, alt)


def _fit(points: Floats) -> Floats:
    """Points, (n, 2), in shares of the picture, each axis stretched to its room: a map's axes have no unit."""
    if not len(points):
        return points
    low, high = points.min(axis=0), points.max(axis=0)
    # One point, or points on a line, have no extent: they lie in the middle.
    shares = np.where(high > low, (points - low) / np.where(high > low, high - low, 1.0), 0.5)
    return np.asarray(MARGIN + shares * (1 - 2 * np.array(MARGIN)), dtype=np.float32)


def _place_portraits(points: Floats, labels: Ints, people: Ints) -> list[tuple[int, float, float]]:
    """Labels of people and the middles of their portraits: the biggest first, and nobody on somebody else."""
    placed: list[tuple[int, float, float]] = []
    for label in people[: 4 * MOST_COLOURED].tolist():
        of_person = points[labels == label]
        if not len(of_person):
            continue
        # The median: of a person in two clusters it lies in the larger one more often than the mean, which is between.
        x, y = np.median(of_person, axis=0).tolist()
        # Beside the points and not on them: of a tight cluster nothing else would be seen.
        y += BESIDE if y < 0.5 else -BESIDE
        if all(np.hypot(x - other_x, (y - other_y) / ASPECT) > PORTRAIT_SHARE for _, other_x, other_y in placed):
            placed.append((label, x, y))
    return placed[:MOST_COLOURED]

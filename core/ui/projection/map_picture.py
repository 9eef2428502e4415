"""A small still picture of a stored map: its points in their people's colours, and a portrait where people lie."""

from __future__ import annotations

import base64

import numpy as np
import streamlit as st

from core.base.types import Bools, Floats, Ints, Revision
from core.charts.palette import GREY, MOST_COLOURED, PALETTE
from core.ui import data, gallery

WIDTH, HEIGHT, MARGIN = 480, 320, 34
MOST_POINTS = 1500
"""A picture of this size shows no more; of larger maps points are taken evenly."""
PORTRAIT_PX = 44
BESIDE_PX = 0.75 * PORTRAIT_PX
"""How far from the middle of somebody's points the middle of the portrait stands."""


@st.cache_data(show_spinner=False, max_entries=8)
def draw_map_picture(dataset_id: str, revision: Revision, map_id: str | None) -> str:
    """A drawing as a data address, ``WIDTH`` by ``HEIGHT``; it holds on a light and on a dark page."""
    faces, face_map = data.dataset_faces(dataset_id, revision), data.face_map(dataset_id, revision, map_id)
    map_rows, rows = faces.table.match(face_map.face_ids)
    points, labels = _fit(face_map.points[map_rows, :2]), faces.table.labels[rows]
    # Biggest first, so that those who get a colour and a portrait are those who are seen.
    people = np.argsort(-np.bincount(labels[labels >= 0], minlength=len(faces.table.people)), kind="stable")
    covers = {person.id: person.cover_crop_id for person in data.dataset_people(dataset_id, revision)}
    shapes = _dots(points, labels, people[:MOST_COLOURED])
    for number, (label, position) in enumerate(_portrait_positions(points, labels, people)):
        crop_id = covers[faces.table.person_ids[label]]
        shapes.append(_portrait(number, gallery.crop_address(dataset_id, crop_id), position))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(shapes)}</svg>'
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")


def _fit(points: Floats) -> Floats:
    """Points, (n, 2), in pixels of the picture, each axis stretched to its room: a map's axes have no unit."""
    if not len(points):
        return points
    low, high = points.min(axis=0), points.max(axis=0)
    # One point, or points on a line, have no extent: they lie in the middle.
    spread = np.where(high > low, high - low, 1.0)
    room = np.array([WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN])
    return np.asarray(MARGIN + np.where(high > low, (points - low) / spread, 0.5) * room, dtype=np.float32)


def _dots(points: Floats, labels: Ints, coloured: Ints) -> list[str]:
    """The points as circles: those of the coloured people, and grey ones under them."""
    step = max(1, -(-len(points) // MOST_POINTS))
    points, labels = points[::step], labels[::step]
    radius = 3.4 if len(points) < 400 else 2.2
    groups: list[tuple[str, Bools]] = [(GREY, ~np.isin(labels, coloured))]
    groups += [(PALETTE[number], labels == label) for number, label in enumerate(coloured)]
    return [
        f'<g fill="{colour}" fill-opacity="0.8">'
        + "".join(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius}"/>' for x, y in points[of_group])
        + "</g>"
        for colour, of_group in groups
        if of_group.any()
    ]


def _portrait_positions(points: Floats, labels: Ints, people: Ints) -> list[tuple[int, tuple[float, float]]]:
    """Labels of people and the middles of their portraits: the biggest first, and nobody on somebody else."""
    positions: list[tuple[int, tuple[float, float]]] = []
    for label in people[: 4 * MOST_COLOURED].tolist():
        of_person = points[labels == label]
        if not len(of_person):
            continue
        # The median: of a person in two clusters it lies in the larger one more often than the mean, which is between.
        x, y = np.median(of_person, axis=0).tolist()
        # Beside the points and not on them: of a tight cluster nothing else would be seen.
        y += BESIDE_PX if y < HEIGHT / 2 else -BESIDE_PX
        if all(np.hypot(x - other_x, y - other_y) > PORTRAIT_PX for _, (other_x, other_y) in positions):
            positions.append((label, (x, y)))
    return positions[:MOST_COLOURED]


def _portrait(number: int, address: str, position: tuple[float, float]) -> str:
    x, y, radius = *position, PORTRAIT_PX / 2
    return (
        f'<clipPath id="p{number}"><circle cx="{x:.0f}" cy="{y:.0f}" r="{radius}"/></clipPath>'
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius + 2}" fill="#fff"/>'
        f'<image href="{address}" x="{x - radius:.0f}" y="{y - radius:.0f}" width="{PORTRAIT_PX}" '
        f'height="{PORTRAIT_PX}" clip-path="url(#p{number})" preserveAspectRatio="xMidYMid slice"/>'
    )


def frame_picture(address: str, alt: str) -> str:
    """The picture as HTML, in a frame that is as large before it is there."""
    style = f"width:100%;aspect-ratio:{WIDTH}/{HEIGHT};border-radius:8px;background:rgba(128,128,128,.1)"
    inside = f"<img src='{address}' alt='{alt}' style='width:100%;display:block'>" if address else alt
    centred = "" if address else ";display:grid;place-items:center;opacity:.72"
    return f"<div style='{style}{centred}'>{inside}</div>"

"""The review page's parts: the grid that is chosen from, the actions, and the sheet of the face in focus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.base.types import Ints
from core.store.protocols import Dataset, Run
from core.ui import data, gallery, words
from core.ui.components.picker import Pickable, Picked, picker
from core.ui.data import Faces
from core.ui.labels import corrections, face_filters, face_sheet, faceless_photos, review_queue
from core.ui.labels.corrections import Desk
from core.ui.labels.face_filters import Filter, Show

PER_PAGE = 48
DIGITS = 9
BADGES = {
    "excluded": ("\u2298", "left out"),
    "confirmed": ("\u2713", "looked at"),
    "stranger": ("\u2205", "nobody to name"),
    "poor": ("!", "too poor to tell who it is: not learned from"),
    "val": ("T", "to test on"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The page's choice of faces."""

    dataset: Dataset
    wanted: Filter
    rows: Ints
    """Row numbers of all that the filter lets through."""


def shown(dataset: Dataset, run: Run | None) -> Shown:
    """Let the user choose what to see."""
    like = st.session_state.get("review_like")
    wanted = face_filters.choose(dataset, run.id if run else None, like, review_queue.suspected(dataset))
    return Shown(dataset, wanted, face_filters.rows(dataset.id, dataset.revision, wanted))


@st.fragment
def review(view: Shown) -> None:
    """The faces, what can be done to them, and the one in focus."""
    corrections.keep_in_step()
    if view.wanted.show is Show.FACELESS:
        faceless_photos.photos(view.dataset)
        return
    faces = data.faces(view.dataset.id, view.dataset.revision)
    if not len(view.rows):
        st.info("No face is like that. Choose something else above.", icon=":material/check_circle:")
        return
    actions = st.container()
    left, right = st.columns([7, 3], gap="large")
    with left:
        with st.container():
            part = view.rows[gallery.page_slice(len(view.rows), PER_PAGE, f"review_{view.dataset.id}")]
        desk = Desk(view.dataset, digits(faces, part))
        picked = pick(view.dataset, faces, part, desk)
        st.caption(corrections.LEGEND)
    with actions:
        desk.bar(picked.about, _title(view, picked))
    if desk.obey(picked.commands):
        st.rerun()
    with right:
        if picked.focused:
            _like(picked.focused)
            face_sheet.sheet(view.dataset, picked.focused)
        else:
            st.caption("Click a face, or walk to one with Tab and the arrows, to see all about it here.")
    if picked.command and picked.command.name == "open" and picked.command.face_ids:
        face_sheet.whole_photo(view.dataset, picked.command.face_ids[0])


def pick(dataset: Dataset, faces: Faces, rows: Ints, desk: Desk) -> Picked:
    """A grid of some faces, with the actions on its keys."""
    tiles = [pickable(dataset, faces, int(row)) for row in rows]
    grid = corrections.grid("Faces. Arrows walk, space chooses.", desk.keys)
    return picker(f"picker_{dataset.id}", tiles, grid, corrections.epoch())


def pickable(dataset: Dataset, faces: Faces, row: int, note: str = "") -> Pickable:
    """One face of a grid."""
    table, trusted = faces.table, faces.table.trusted
    name = words.person(table.person(row))
    flags = {
        "excluded": table.excluded[row],
        "confirmed": table.confirmed[row],
        "stranger": table.strangers[row],
        "poor": not trusted[row],
        "val": table.splits[row] == "val",
    }
    return Pickable(
        id=table.ids[row],
        src=gallery.crop_address(dataset.id, table.crop_ids[row]),
        name=name,
        note=note or table.photo_names[row].rpartition("/")[2],
        alt=f"Face of {name}",
        badges=tuple(BADGES[flag] for flag, holds in flags.items() if holds),
    )


def digits(faces: Faces, rows: Ints) -> tuple[str, ...]:
    """The people of the digit keys: those most often seen on this page of the grid, then the largest."""
    here = np.bincount(faces.table.labels[rows][faces.table.labels[rows] >= 0], minlength=len(faces.table.people))
    everywhere = np.bincount(faces.table.labels[faces.table.labels >= 0], minlength=len(faces.table.people))
    order = np.lexsort((-everywhere, -here))[:DIGITS]
    return tuple(faces.table.people[place] for place in sorted(order.tolist()))


def _title(view: Shown, picked: Picked) -> str:
    found = words.count(len(view.rows), "face")
    return f"{words.count(len(picked.selected))} of {found} chosen" if picked.selected else found


def _like(face_id: str) -> None:
    if st.button("Show the faces most like it", key="like", icon=":material/compare:", type="tertiary"):
        st.session_state["review_like"] = face_id
        st.query_params["order"] = face_filters.Order.ALIKE
        st.rerun()

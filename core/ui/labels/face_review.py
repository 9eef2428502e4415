"""The review page's parts: the grid that is chosen from, the actions, and the sheet of the face in focus."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import streamlit as st

from core.base.types import Ints
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.ui import address, data, gallery, state, words
from core.ui.components.picker import GridAnswer, Pickable, draw_picker
from core.ui.data import Faces
from core.ui.labels import corrections, face_filters, face_sheet, faceless_photos, review_queue
from core.ui.labels.corrections import CorrectionDesk
from core.ui.labels.face_filters import FaceCategory, FaceFilter

PER_PAGE = 48
DIGITS = 9
BADGES = {
    "excluded": ("\u2298", marked("left out")),
    "confirmed": ("\u2713", marked("looked at")),
    "stranger": ("\u2205", marked("nobody to name")),
    "poor": ("!", marked("too poor to tell who it is: not learned from")),
    "val": ("T", marked("to test on")),
}


@dataclass(frozen=True, slots=True)
class FilteredFaces:
    """The page's choice of faces."""

    dataset: Dataset
    face_filter: FaceFilter
    rows: Ints
    """(k,) row numbers of all that the filter lets through."""


def choose_faces(dataset: Dataset, run: Run | None) -> FilteredFaces:
    """Let the user choose what to see."""
    like = st.session_state.get(state.LIKE)
    face_filter = face_filters.choose_filter(
        dataset, run.id if run else None, like, review_queue.suspected_faces(dataset)
    )
    return FilteredFaces(dataset, face_filter, face_filters.filter_rows(dataset.id, dataset.revision, face_filter))


@st.fragment
def review_faces(view: FilteredFaces) -> None:
    """The faces, what can be done to them, and the one in focus."""
    corrections.rerun_if_changed()
    if view.face_filter.show is FaceCategory.FACELESS:
        faceless_photos.show_faceless_photos(view.dataset)
        return
    faces = data.dataset_faces(view.dataset.id, view.dataset.revision)
    if not len(view.rows):
        st.info(_("No face is like that. Choose something else above."), icon=":material/check_circle:")
        return
    # The actions stand above the grid, but what they are about is known only when the grid has answered.
    actions = st.container()
    left, right = st.columns([7, 3], gap="large")
    with left:
        # In a container of its own: where the page numbers come or go, the grid is not made anew and keeps the focus.
        with st.container():
            # What was chosen is in the key, so that another choice begins at its first page.
            chosen = view.face_filter
            choice = repr((chosen.show, chosen.person, chosen.split, chosen.order, chosen.taken))
            key = f"review_{view.dataset.id}_{crc32(choice.encode())}"
            part = view.rows[gallery.page_slice(len(view.rows), PER_PAGE, key, address_name="page")]
        desk = CorrectionDesk(view.dataset, people_on_digits(faces, part))
        picked = pick_faces(view.dataset, faces, part, desk)
        st.caption(_(corrections.LEGEND))
    with actions:
        desk.show_actions(picked.about, selection_title(len(view.rows), picked))
    if desk.obey(picked.commands):
        st.rerun()
    with right:
        if picked.focused:
            _offer_similar_faces(picked.focused)
            face_sheet.show_face_sheet(view.dataset, picked.focused)
        else:
            st.caption(_("Click a face, or walk to one with Tab and the arrows, to see all about it here."))
    # Last, so that the page behind the dialog is drawn whole.
    if picked.command and picked.command.name == "open" and picked.command.face_ids:
        face_sheet.open_photo_of_face(view.dataset, picked.command.face_ids[0])


def pick_faces(dataset: Dataset, faces: Faces, rows: Ints, desk: CorrectionDesk) -> GridAnswer:
    """A grid of the faces of ``rows``, (k,) row numbers, with the actions on its keys."""
    tiles = [face_tile(dataset, faces, int(row)) for row in rows]
    grid = corrections.build_grid(_("Faces. Arrows walk, space chooses."), desk.keys)
    return draw_picker(f"picker_{dataset.id}", tiles, grid, corrections.current_epoch())


def face_tile(dataset: Dataset, faces: Faces, row: int, note: str = "") -> Pickable:
    """One face of a grid."""
    table, trusted = faces.table, faces.table.trusted
    name = words.display_name(table.person(row))
    flags = {
        "excluded": table.excluded[row],
        "confirmed": table.confirmed[row],
        "stranger": table.strangers[row],
        "poor": not trusted[row],
        "val": table.splits[row] == "val",
    }
    return Pickable(
        id=table.face_ids[row],
        src=gallery.crop_address(dataset.id, table.crop_ids[row]),
        name=name,
        note=note or table.photo_names[row].rpartition("/")[2],
        alt=_("Face of {name}", name=name),
        badges=tuple((BADGES[flag][0], _(BADGES[flag][1])) for flag, holds in flags.items() if holds),
    )


def people_on_digits(faces: Faces, rows: Ints) -> tuple[str, ...]:
    """The people of the digit keys, by name: those most often seen on this page of the grid, then the largest.

    Parameters
    ----------
    rows : (k,) row numbers of the faces on the page
    """
    labels, n_people = faces.table.labels, len(faces.table.people)
    on_page = np.bincount(labels[rows][labels[rows] >= 0], minlength=n_people)
    overall = np.bincount(labels[labels >= 0], minlength=n_people)
    # ``lexsort`` goes by its last key first.
    order = np.lexsort((-overall, -on_page))[:DIGITS]
    # Which digit goes by the order of people, not by rank: while they are the same people, each keeps their key.
    return tuple(faces.table.people[index] for index in sorted(order.tolist()))


def selection_title(n_faces: int, picked: GridAnswer) -> str:
    """How many of a grid's faces are chosen, or how many there are."""
    if not picked.selected:
        return ngettext("{number} face", "{number} faces", n_faces)
    n_chosen = words.count(len(picked.selected))
    return ngettext("{chosen} of {number} face chosen", "{chosen} of {number} faces chosen", n_faces, chosen=n_chosen)


def _offer_similar_faces(face_id: str) -> None:
    if st.button(_("Show the faces most like it"), key="like", icon=":material/compare:", type="tertiary"):
        st.session_state[state.LIKE] = face_id
        address.set_query_values(order=face_filters.FaceOrder.ALIKE)
        st.rerun()

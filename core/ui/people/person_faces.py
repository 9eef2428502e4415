"""The faces of one person: the grid that is chosen from, its order, and what can be done to them."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.base.types import Ints, Split
from core.language.texts import gettext as _
from core.language.texts import marked
from core.ui import address, gallery, words
from core.ui.components.picker import GridAnswer, GridCommand, Pickable, draw_picker
from core.ui.data import Faces
from core.ui.labels import correction_history, corrections, face_review, face_sheet
from core.ui.labels.corrections import CorrectionDesk
from core.ui.people import confusable_people, person
from core.ui.people.person import PersonView

PER_PAGE = 48
KEYS = {"p": "cover", "Backspace": "everybody", ",": "before", ".": "after"}
_WALKING = {key: command for key, command in KEYS.items() if command != "cover"}
LEGEND = marked(
    "Keys: arrows walk, space chooses, shift extends, a all, Enter the whole photo, m name, c right, x leave out, "
    "n not a face, s nobody to name, p use as picture, u undo, r redo, comma and point the person before and after, "
    "Backspace everybody."
)


class PersonFaceOrder(StrEnum):
    """Which of a person's faces come first."""

    BEST = marked("Best first")
    WORST = marked("Poorest first")
    ODD = marked("Least like the others first")
    SIDE = marked("By side of the test")


def show_person_faces(view: PersonView, actions: DeltaGenerator) -> str | None:
    """The grid, and its actions above; gives the face in focus."""
    faces = view.faces
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        order = _order(view)
        part = order_faces(faces, order)
        key = f"person_{view.person.id}_{order}"
        part = part[gallery.page_slice(len(part), PER_PAGE, key, address_name="faces_page")]
    desk = CorrectionDesk(view.dataset)
    picked = _pick(view, faces, part, desk)
    if desk.may_edit:
        st.caption(_(LEGEND))
    with actions:
        title = face_review.selection_title(len(faces.table), picked)
        desk.show_actions(picked.about, title, more=lambda: _show_more_actions(view, picked.about))
    _obey(view, desk, picked.command)
    return picked.focused


def _order(view: PersonView) -> PersonFaceOrder:
    # Faces that came in before quality was measured have no grade, and no order by it.
    graded = not np.isnan(view.faces.table.grades).all()
    orders = [
        order for order in PersonFaceOrder if graded or order not in (PersonFaceOrder.BEST, PersonFaceOrder.WORST)
    ]
    order_chosen = st.selectbox(
        _("Order of the faces"),
        orders,
        format_func=_,
        index=orders.index(address.query_choice(orders, "faces") or orders[0]),
        key=f"face_order_{len(orders)}",
        label_visibility="collapsed",
        width=250,
    )
    address.set_query_values(faces=order_chosen if order_chosen is not orders[0] else None)
    return order_chosen


def order_faces(faces: Faces, order: PersonFaceOrder) -> Ints:
    """(n,) row numbers of one person's faces in an order; what was left out comes last."""
    table, rows = faces.table, np.arange(len(faces.table))
    match order:
        case PersonFaceOrder.ODD:
            rows = confusable_people.rows_by_typicality(faces, rows)[::-1]
        case PersonFaceOrder.SIDE:
            sides = {Split.TRAIN: 0, Split.VAL: 1, None: 2}
            rows = rows[np.argsort([sides[table.splits[row]] for row in rows.tolist()], kind="stable")]
        case _:
            grades = table.grades[rows]
            rows = rows[np.argsort(grades if order is PersonFaceOrder.WORST else -grades, kind="stable")]
    # A second, stable sort by one flag: the order within those that take part, and within the others, holds.
    return np.asarray(rows[np.argsort(table.excluded[rows], kind="stable")])


def _pick(view: PersonView, faces: Faces, rows: Ints, desk: CorrectionDesk) -> GridAnswer:
    tiles = [_tile(view, faces, int(row)) for row in rows]
    label = _("Faces of {name}. Arrows walk, space chooses.", name=view.name)
    grid = corrections.build_grid(label, desk.keys | (KEYS if desk.may_edit else _WALKING))
    return draw_picker(f"faces_of_{view.person.id}", tiles, grid, corrections.current_epoch())


def _tile(view: PersonView, faces: Faces, row: int) -> Pickable:
    """All have one name here: the photo's name stands in its place."""
    tile, table = face_review.face_tile(view.dataset, faces, row), faces.table
    side = correction_history.describe_split(table.splits[row]) if table.splits[row] else ""
    graded = _("quality {percentage}", percentage=words.percent(float(table.grades[row]), 0))
    note = side if np.isnan(table.grades[row]) else graded
    return replace(tile, name=tile.note, note=note)


def _show_more_actions(view: PersonView, about: tuple[str, ...]) -> None:
    """What can be done to a person's faces only here."""
    st.button(
        _("Use as picture"),
        key="cover",
        icon=":material/account_box:",
        help=_("Let this face stand for the person (p)"),
        disabled=len(about) != 1,
        on_click=_use_as_picture,
        args=(view, about),
    )
    st.text_input(
        _("Make these another person"),
        # Empty again after each action, as the name field is.
        key=f"divide_{corrections.current_epoch()}",
        placeholder=_("A new name"),
        icon=":material/call_split:",
        disabled=not about,
        on_change=_split_off,
        args=(view, about),
    )


def _use_as_picture(view: PersonView, face_ids: tuple[str, ...]) -> None:
    if face_ids:
        corrections.apply_correction(view.dataset, lambda corrector: corrector.cover(view.person.id, face_ids[0]))


def _split_off(view: PersonView, about: tuple[str, ...]) -> None:
    name = st.session_state[f"divide_{corrections.current_epoch()}"]
    corrections.apply_correction(view.dataset, lambda corrector: corrector.divide(about, name))


def _obey(view: PersonView, desk: CorrectionDesk, command: GridCommand | None) -> None:
    """Do what a key asked for."""
    if command is None:
        return
    match command.name:
        # Returns without the rerun below, which would close the dialog.
        case "open":
            if command.face_ids:
                face_sheet.open_photo_of_face(view.dataset, command.face_ids[0])
            return
        case "everybody":
            person.open_person(None)
        case "before" | "after":
            # False is 0, before, and True 1, after; at either end one stays where one is.
            next_id = person.adjacent_people(view)[command.name == "after"]
            person.open_person(view.person.id if next_id is None else next_id)
        case "cover":
            _use_as_picture(view, command.face_ids)
        case _:
            desk.obey([command])
    st.rerun()

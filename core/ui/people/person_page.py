"""The page of one person: head, faces, and what stands beside them."""

from __future__ import annotations

import streamlit as st

from core.ui import gallery, state
from core.ui.labels import corrections, face_sheet
from core.ui.people import merging, person, person_faces, person_side
from core.ui.people.person import View
from core.ui.photos import exports

COVER_PX = 84


def walk(view: View) -> None:
    """Back to everybody, and on to the person before and after in the same order."""
    before, after = person.neighbours(view)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _walk("Everybody", "arrow_back", None, disabled=False)
        _walk("Previous", "chevron_left", before, disabled=before is None)
        _walk("Next", "chevron_right", after, disabled=after is None)


def _walk(label: str, icon: str, person_id: int | None, *, disabled: bool) -> None:
    st.button(
        label,
        key=f"walk_{label}",
        icon=f":material/{icon}:",
        type="tertiary",
        on_click=person.open_person,
        args=(person_id,),
        disabled=disabled,
    )


@st.fragment
def show(view: View) -> None:
    """The person's head, faces and side."""
    corrections.keep_in_step()
    _head(view)
    actions = st.container()
    left, right = st.columns([7, 3], gap="large")
    with left:
        focused = person_faces.show(view, actions)
    with right:
        if focused:
            face_sheet.sheet(view.dataset, focused, view.faces)
            st.divider()
        person_side.show(view)


def _head(view: View) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width=COVER_PX):
            gallery.grid(
                view.dataset.id, [gallery.Tile(view.person.cover_crop_id, "", alt=view.name)], tile_px=COVER_PX
            )
        with st.container(width=260, gap=None):
            _name(view)
            st.caption(person.summary(view))
        if st.button("Merge with", key="merge", icon=":material/merge:"):
            merging.choose(view)
        _hide(view)
        exports.of_person(view.dataset, view.person)
    merging.offer(view, keep=_keep_name)


def _name(view: View) -> None:
    key = _name_key(view)
    st.session_state.setdefault(key, view.name)
    st.text_input("Name", key=key, label_visibility="collapsed", on_change=_renamed, args=(view,))


def _name_key(view: View) -> str:
    """Another one when the name has changed: a field that keeps its key keeps its text."""
    return f"person_name_{view.person.id}_{corrections.epoch()}_{view.name}"


def _renamed(view: View) -> None:
    key, before = _name_key(view), corrections.epoch()
    wanted = st.session_state[key]
    other = person.namesake(view, wanted)
    if other is not None:
        st.session_state[state.NAMESAKE] = (view.person.id, other.id)
        return
    st.session_state.pop(state.NAMESAKE, None)
    corrections.do(view.dataset.id, lambda: corrections.corrector(view.dataset).rename(view.person.id, wanted))
    if corrections.epoch() == before:
        st.session_state[key] = view.name


def _keep_name(view: View) -> None:
    st.session_state.pop(state.NAMESAKE, None)
    st.session_state[_name_key(view)] = view.name


def _hide(view: View) -> None:
    whom, mine = view.person, corrections.corrector(view.dataset)
    label, icon, hint = (
        ("Show again", "visibility", "List, learn and name this person again")
        if whom.hidden
        else ("Hide", "visibility_off", "Neither list, learn nor name this person")
    )
    act = mine.show if whom.hidden else mine.hide
    st.button(
        label,
        key="hide",
        icon=f":material/{icon}:",
        help=hint,
        on_click=corrections.do,
        args=(view.dataset.id, lambda: act(whom.id)),
    )

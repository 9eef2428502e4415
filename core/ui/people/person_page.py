"""The page of one person: head, faces, and what else there is to know of them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.language.texts import gettext as _
from core.language.texts import marked
from core.ui import gallery, state, words
from core.ui.access import offers
from core.ui.labels import corrections, face_sheet
from core.ui.people import merging, person, person_faces, person_side
from core.ui.people.person import PersonView
from core.ui.photos import exports
from core.workflows.labels.correct import Corrector

COVER_PX = 84


def show_person_navigation(view: PersonView) -> None:
    """Back to everybody, and on to the person before and after in the same order."""
    before, after = person.adjacent_people(view)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _walk(marked("Everybody"), "arrow_back", None, disabled=False)
        _walk(marked("Previous"), "chevron_left", before, disabled=before is None)
        _walk(marked("Next"), "chevron_right", after, disabled=after is None)


def _walk(label: str, icon: str, person_id: int | None, *, disabled: bool) -> None:
    st.button(
        _(label),
        key=f"walk_{label}",
        icon=f":material/{icon}:",
        type="tertiary",
        on_click=person.open_person,
        args=(person_id,),
        disabled=disabled,
    )


@st.fragment
def show_person_page(view: PersonView) -> None:
    """The person's head, and under it the faces, and behind tabs who they are seen with, who looks like them, the past.

    The open tab is in the address as ``about``.
    """
    corrections.rerun_if_changed()
    _head(view)
    bodies: dict[str, Callable[[PersonView], None]] = {
        _("Faces"): _show_faces,
        _("Together with"): person_side.show_companions,
        _("Looks like"): person_side.show_look_alikes,
        _("Note and history"): person_side.show_past,
    }
    tabs = st.tabs([words.plain(title) for title in bodies], key="about", bind="query-params")
    for tab, body in zip(tabs, bodies.values(), strict=True):
        # Only what is seen is computed.
        if tab.open:
            with tab:
                body(view)


def _show_faces(view: PersonView) -> None:
    actions = st.container()
    left, right = st.columns([7, 3], gap="large")
    with left:
        focused = person_faces.show_person_faces(view, actions)
    with right:
        if focused:
            face_sheet.show_face_sheet(view.dataset, focused, view.faces)
            st.divider()
        person_side.show_person_advice(view)


def _head(view: PersonView) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width=COVER_PX):
            gallery.show_face_grid(
                view.dataset.id, [gallery.Tile(view.person.cover_crop_id, "", alt=view.name)], tile_px=COVER_PX
            )
        may_edit = offers.may_edit(view.dataset.id)
        with st.container(width=260, gap=None):
            if may_edit:
                _name(view)
            else:
                st.markdown(f"**{words.plain(view.name)}**")
            st.caption(person.summarise_person(view))
        if not may_edit:
            return
        if st.button(_("Merge with"), key="merge", icon=":material/merge:"):
            merging.choose_merge(view)
        _hide(view)
        exports.offer_person_export(view.dataset, view.person)
    merging.offer_namesake_merge(view, keep=_keep_name)


def _name(view: PersonView) -> None:
    key = _name_key(view)
    # By its state and not as a default: Streamlit warns of a field that has both, and the callback below sets it.
    st.session_state.setdefault(key, view.name)
    st.text_input(_("Name"), key=key, label_visibility="collapsed", on_change=_apply_new_name, args=(view,))


def _name_key(view: PersonView) -> str:
    # Another one when the name has changed: a field that keeps its key keeps its text.
    return f"person_name_{view.person.id}_{corrections.current_epoch()}_{view.name}"


def _apply_new_name(view: PersonView) -> None:
    key, before = _name_key(view), corrections.current_epoch()
    new_name = st.session_state[key]
    namesake = person.find_namesake(view, new_name)
    # The store would refuse the name; here it is asked whether the two are one person, who may be merged.
    if namesake is not None:
        st.session_state[state.NAMESAKE] = (view.person.id, namesake.id)
        return
    st.session_state.pop(state.NAMESAKE, None)
    corrections.apply_correction(view.dataset, lambda corrector: corrector.rename(view.person.id, new_name))
    # Refused, so the key is the same and the field would keep what was typed.
    if corrections.current_epoch() == before:
        st.session_state[key] = view.name


def _keep_name(view: PersonView) -> None:
    st.session_state.pop(state.NAMESAKE, None)
    st.session_state[_name_key(view)] = view.name


def _hide(view: PersonView) -> None:
    person = view.person
    label, icon, hint = (
        (_("Show again"), "visibility", _("List, learn and name this person again"))
        if person.hidden
        else (_("Hide"), "visibility_off", _("Neither list, learn nor name this person"))
    )
    act = Corrector.show if person.hidden else Corrector.hide
    st.button(
        label,
        key="hide",
        icon=f":material/{icon}:",
        help=hint,
        on_click=corrections.apply_correction,
        args=(view.dataset, lambda corrector: act(corrector, person.id)),
    )

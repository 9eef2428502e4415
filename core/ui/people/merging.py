"""Two people made one: chosen among those most alike, or offered when one is given the name of the other."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.store.protocols import PersonCount
from core.ui import gallery, state, words
from core.ui.components.picker import Grid, picker
from core.ui.labels import corrections
from core.ui.people import confusable_people, people_grid, person
from core.ui.people.person import View

CANDIDATES = 24


@st.dialog("Who is the same person?", width="large")
def choose(view: View) -> None:
    """Choose whom to merge with: those most alike first."""
    st.caption(
        f"Choose who is the same person as {words.plain(view.name)}. "
        "Those most alike come first; the one with more faces keeps the name. It can be undone."
    )
    search = st.text_input(
        "Find a name",
        key="merge_search",
        placeholder="Find a name",
        label_visibility="collapsed",
        type="search",
        live=True,
    )
    near = confusable_people.most_alike(
        confusable_people.everybody(view.dataset.id, view.dataset.revision), view.person.id
    )
    found = [(other, value) for other_id, value in near if (other := view.other(other_id)) and matches(other, search)]
    if not found:
        st.info("Nobody else is called that." if search else "There is nobody else yet.")
        return
    tiles = [
        people_grid.pickable(view.dataset, other, f"similarity {value:.2f}") for other, value in found[:CANDIDATES]
    ]
    look = Grid(
        "People to merge with. Arrows walk, Enter merges.",
        {"Enter": "open"},
        click="open",
        grab=corrections.epoch() + 1,
    )
    picked = picker(f"merge_{view.person.id}", tiles, look, corrections.epoch())
    if picked.command and picked.command.face_ids:
        merge(view, *survivor(view, int(picked.command.face_ids[0])))
        st.rerun()


def matches(other: PersonCount, search: str) -> bool:
    """Whether somebody's name holds what was typed."""
    return people_grid.plain(search) in people_grid.plain(words.person(other.name))


def survivor(view: View, other_id: int) -> tuple[int, int]:
    """Who goes and who stays when two are merged: who has more photos stays."""
    other = view.other(other_id)
    if other is not None and other.faces > view.person.faces:
        return view.person.id, other.id
    return other_id, view.person.id


def merge(view: View, gone_id: int, kept_id: int) -> None:
    """Make the one person's faces the other's, and show that one."""
    before = corrections.epoch()
    corrections.do(view.dataset.id, lambda: corrections.corrector(view.dataset).merge(gone_id, kept_id))
    st.session_state.pop(state.NAMESAKE, None)
    if corrections.epoch() > before:
        person.open_person(kept_id)


def offer(view: View, keep: Callable[[View], None]) -> None:
    """A name that somebody has already: perhaps it is the same person; otherwise ``keep`` keeps the old name."""
    asked_id, other_id = st.session_state.get(state.NAMESAKE, (None, None))
    other = view.other(other_id) if asked_id == view.person.id else None
    if other is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", border=True):
        name = words.person(other.name)
        with st.container(width=64):
            gallery.grid(view.dataset.id, [gallery.Tile(other.cover_crop_id, "", alt=name)], tile_px=48)
        st.markdown(
            f"There is an **{words.plain(name)}** already, with {words.count(other.faces, 'face')}.", width="content"
        )
        pair = view, view.person.id, other.id
        st.button(f"Merge into {words.plain(name)}", key="merge_namesake", type="primary", on_click=merge, args=pair)
        st.button("Keep the old name", key="keep_name", type="tertiary", on_click=keep, args=(view,))

"""Two people made one: chosen among those most alike, or offered when one is given the name of the other."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.ui import gallery, state, words
from core.ui.components.picker import Grid, draw_picker
from core.ui.labels import corrections
from core.ui.people import confusable_people, people_filter, person, wall_cells
from core.ui.people.person import PersonView

CANDIDATES = 24


def choose_merge(view: PersonView) -> None:
    """Choose whom to merge with: those most alike first."""
    st.dialog(_("Who is the same person?"), width="large")(_choose_merge)(view)


def _choose_merge(view: PersonView) -> None:
    st.caption(
        _(
            "Choose who is the same person as {name}. "
            "Those most alike come first; the one with more faces keeps the name. It can be undone.",
            name=words.plain(view.name),
        )
    )
    search = st.text_input(
        _("Find a name"),
        key="merge_search",
        placeholder=_("Find a name"),
        label_visibility="collapsed",
        type="search",
        live=True,
    )
    similarities = confusable_people.rank_by_likeness(
        confusable_people.measure_likeness(view.dataset.id, view.dataset.revision), view.person.id
    )
    matching_ids = set(view.people.ids[people_filter.match_names(view.people, search or "")].tolist())
    matches = ((other_id, value) for other_id, value in similarities if other_id in matching_ids)
    candidates = [(candidate, value) for other_id, value in matches if (candidate := view.other(other_id))]
    if not candidates:
        st.info(_("Nobody else is called that.") if search else _("There is nobody else yet."))
        return
    gallery.fetch_crops(
        view.dataset.id, [candidate.cover_crop_id for candidate, _similarity in candidates[:CANDIDATES]]
    )
    tiles = [
        wall_cells.person_tile(view.dataset, candidate, wall_cells.describe_similarity(value))
        for candidate, value in candidates[:CANDIDATES]
    ]
    # A click merges at once, without a second question: it can be undone, and the row of undo says what was done.
    options = Grid(
        _("People to merge with. Arrows walk, Enter merges."),
        {"Enter": "open"},
        click="open",
        # Never 0, which asks for nothing: the grid takes the focus as soon as the dialog is open.
        grab=corrections.current_epoch() + 1,
    )
    picked = draw_picker(f"merge_{view.person.id}", tiles, options, corrections.current_epoch())
    if picked.command and picked.command.face_ids:
        merge_people(view, *choose_survivor(view, int(picked.command.face_ids[0])))
        st.rerun()


def choose_survivor(view: PersonView, other_id: int) -> tuple[int, int]:
    """Who goes and who stays when two are merged: who has more photos stays."""
    candidate = view.other(other_id)
    if candidate is not None and candidate.faces > view.person.faces:
        return view.person.id, candidate.id
    return other_id, view.person.id


def merge_people(view: PersonView, merged_id: int, kept_id: int) -> None:
    """Make the one person's faces the other's, and show that one."""
    before = corrections.current_epoch()
    corrections.apply_correction(view.dataset, lambda corrector: corrector.merge(merged_id, kept_id))
    st.session_state.pop(state.NAMESAKE, None)
    # The epoch is raised by what was done: a refused merge leaves this person's page where the refusal is told.
    if corrections.current_epoch() > before:
        person.open_person(kept_id)


def offer_namesake_merge(view: PersonView, keep: Callable[[PersonView], None]) -> None:
    """A name that somebody has already: perhaps it is the same person; otherwise ``keep`` keeps the old name."""
    renamed_id, other_id = st.session_state.get(state.NAMESAKE, (None, None))
    # The offer was made to one person's page; on another's it would merge the wrong two.
    namesake = view.other(other_id) if renamed_id == view.person.id else None
    if namesake is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", border=True):
        name = words.display_name(namesake.name)
        with st.container(width=64):
            gallery.show_face_grid(view.dataset.id, [gallery.Tile(namesake.cover_crop_id, "", alt=name)], tile_px=48)
        st.markdown(
            ngettext(
                "There is an **{name}** already, with {number} face.",
                "There is an **{name}** already, with {number} faces.",
                namesake.faces,
                name=words.plain(name),
            ),
            width="content",
        )
        pair = view, view.person.id, namesake.id
        st.button(
            _("Merge into {name}", name=words.plain(name)),
            key="merge_namesake",
            type="primary",
            on_click=merge_people,
            args=pair,
        )
        st.button(_("Keep the old name"), key="keep_name", type="tertiary", on_click=keep, args=(view,))

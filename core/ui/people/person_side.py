"""What else there is to know of a person: what would help, who is seen with them or looks like them, and the past."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

import streamlit as st

from core.access.permissions import Action
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.ui import data, gallery, words
from core.ui.access import offers
from core.ui.components.picker import Grid, draw_picker
from core.ui.labels import correction_history, corrections
from core.ui.people import confusable_people, person, photos_needed, wall_cells
from core.ui.people.person import PersonView
from core.ui.retention import terms_form
from core.workflows.labels.companions import count_companions

PARTS_SHOWN = 4
FACES_SHOWN = 3
LAST_EVENTS = 50
PEOPLE_SHOWN = 24
NOTE_CHARS = 2000


def show_person_advice(view: PersonView) -> None:
    """Whether they may be two people, and which photos would help most."""
    _show_parts(view)
    photos_needed.show_photo_advice(view.dataset, view.person.id)


def show_companions(view: PersonView) -> None:
    """Who is on the same photos, and on how many; a click opens them."""
    table = data.dataset_faces(view.dataset.id, view.dataset.revision).table
    notes = {
        companion.person_id: ngettext("together on {number} photo", "together on {number} photos", companion.n_photos)
        for companion in count_companions(table, view.person.id)
    }
    nobody = _("Nobody with a name is on a photo with {name}.", name=view.name)
    _show_people(view, notes, nobody, "companions")


def show_look_alikes(view: PersonView) -> None:
    """Who is most like the person; a click opens them."""
    likeness = confusable_people.measure_likeness(view.dataset.id, view.dataset.revision)
    ranked = confusable_people.rank_by_likeness(likeness, view.person.id)
    notes = {person_id: wall_cells.describe_similarity(similarity) for person_id, similarity in ranked[:PEOPLE_SHOWN]}
    st.caption(_("The most alike first; about 1 is one person."))
    _show_people(view, notes, _("There is nobody else to compare with yet."), "look_alikes")


def _show_people(view: PersonView, notes: Mapping[int, str], nobody: str, key: str) -> None:
    """Some people with a note each; a click opens one."""
    people = [(candidate, note) for person_id, note in notes.items() if (candidate := view.other(person_id))]
    if not people:
        st.info(words.plain(nobody), icon=":material/group_off:")
        return
    part = people[gallery.page_slice(len(people), PEOPLE_SHOWN, f"{key}_{view.person.id}")]
    gallery.fetch_crops(view.dataset.id, [candidate.cover_crop_id for candidate, _note in part])
    tiles = [wall_cells.person_tile(view.dataset, candidate, note) for candidate, note in part]
    grid = Grid(_("People. Arrows walk, Enter opens."), {"Enter": "open"}, tile_px=112, click="open")
    picked = draw_picker(f"{key}_{view.person.id}", tiles, grid, corrections.current_epoch())
    if picked.command and picked.command.face_ids:
        person.open_person(int(picked.command.face_ids[0]))
        st.rerun()


def show_past(view: PersonView) -> None:
    """What somebody noted about the person, and what was done."""
    st.text_area(
        _("Note"),
        view.person.note,
        key=_note_key(view),
        placeholder=_("Anything worth keeping about this person"),
        max_chars=NOTE_CHARS,
        height=90,
        disabled=not offers.may_edit(view.dataset.id),
        on_change=_save_note,
        args=(view,),
    )
    if offers.may(Action.ERASE, view.dataset.id):
        terms_form.show_person_terms(view.dataset, view.person.id)
    events = data.services().log.events(view.dataset.id, person_id=view.person.id, limit=LAST_EVENTS)
    correction_history.show_history(view.dataset.id, events, expanded=True)


def _note_key(view: PersonView) -> str:
    # A note that another tab changed is another field too, or this one would show the old text; the checksum keeps the
    # key short, and a note out of the page's source.
    return f"note_{view.person.id}_{corrections.current_epoch()}_{crc32(view.person.note.encode())}"


def _save_note(view: PersonView) -> None:
    text = st.session_state[_note_key(view)]
    corrections.apply_correction(view.dataset, lambda corrector: corrector.note(view.person.id, text))


def _show_parts(view: PersonView) -> None:
    """The groups that the faces fall into, when they are so different that they may be two people."""
    parts = confusable_people.find_person_parts(view.dataset.id, view.dataset.revision, view.person.id)
    if not parts.probably_two:
        return
    table = view.faces.table
    with st.container(border=True):
        st.markdown(_("**These may be two people**"))
        for number, face_ids in enumerate(parts.face_ids[:PARTS_SHOWN]):
            rows = table.indices(face_ids[:FACES_SHOWN])
            tiles = [gallery.Tile(table.crop_ids[row], "", alt=view.name) for row in rows]
            gallery.show_face_grid(view.dataset.id, tiles, tile_px=56)
            if not offers.may_edit(view.dataset.id):
                continue
            st.button(
                _("Split off these {number}", number=words.count(len(face_ids))),
                key=f"part_{number}",
                icon=":material/call_split:",
                type="tertiary",
                help=_("Make them another person"),
                on_click=_split_off,
                args=(view, face_ids),
            )


def _split_off(view: PersonView, face_ids: tuple[str, ...]) -> None:
    corrections.apply_correction(view.dataset, lambda corrector: corrector.divide(face_ids, person.free_name(view)))

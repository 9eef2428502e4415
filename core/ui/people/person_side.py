"""Beside the faces of a person: whether they may be two, what would help, the note, and what was done."""

from __future__ import annotations

from zlib import crc32

import streamlit as st

from core.ui import data, gallery, words
from core.ui.labels import correction_history, corrections
from core.ui.people import confusable_people, person, photos_needed
from core.ui.people.person import PersonView

PARTS_SHOWN = 4
FACES_SHOWN = 3
LAST_EVENTS = 12
NOTE_CHARS = 2000


def show_person_details(view: PersonView) -> None:
    """Whether they may be two people, what would help, the note, and the past."""
    _show_parts(view)
    photos_needed.show_photo_advice(view.dataset, view.person.id)
    st.text_area(
        "Note",
        view.person.note,
        key=_note_key(view),
        placeholder="Anything worth keeping about this person",
        max_chars=NOTE_CHARS,
        height=90,
        on_change=_save_note,
        args=(view,),
    )
    events = data.services().log.events(view.dataset.id, person_id=view.person.id, limit=LAST_EVENTS)
    correction_history.show_history(view.dataset.id, events)


def _note_key(view: PersonView) -> str:
    # A note that another tab changed is another field too, or this one would show the old text; the checksum keeps the
    # key short, and a note out of the page's source.
    return f"note_{view.person.id}_{corrections.current_epoch()}_{crc32(view.person.note.encode())}"


def _save_note(view: PersonView) -> None:
    text = st.session_state[_note_key(view)]
    corrections.apply_correction(
        view.dataset.id, lambda: corrections.build_corrector(view.dataset).note(view.person.id, text)
    )


def _show_parts(view: PersonView) -> None:
    """The groups that the faces fall into, when they are so different that they may be two people."""
    parts = confusable_people.find_person_parts(view.dataset.id, view.dataset.revision, view.person.id)
    if not parts.probably_two:
        return
    table = view.faces.table
    with st.container(border=True):
        st.markdown("**These may be two people**")
        for number, face_ids in enumerate(parts.face_ids[:PARTS_SHOWN]):
            rows = table.indices(face_ids[:FACES_SHOWN])
            tiles = [gallery.Tile(table.crop_ids[row], "", alt=view.name) for row in rows]
            gallery.show_face_grid(view.dataset.id, tiles, tile_px=56)
            st.button(
                f"Split off these {words.count(len(face_ids))}",
                key=f"part_{number}",
                icon=":material/call_split:",
                type="tertiary",
                help="Make them another person",
                on_click=_split_off,
                args=(view, face_ids),
            )


def _split_off(view: PersonView, face_ids: tuple[str, ...]) -> None:
    corrections.apply_correction(
        view.dataset.id, lambda: corrections.build_corrector(view.dataset).divide(face_ids, person.free_name(view))
    )

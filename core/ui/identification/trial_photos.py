"""Photos to try the recogniser of the sample on: some that it has not learned from, and a stranger."""

from __future__ import annotations

import streamlit as st

from core.base.types import Revision
from core.language.languages import Language
from core.language.texts import current_language, marked
from core.language.texts import gettext as _
from core.store.values.datasets import Dataset
from core.ui import data, frame, gallery, menu, words
from core.ui.access import kept
from core.ui.identification import photo_input
from core.ui.identification.photo_input import TabPhoto

STRANGER = marked("A stranger")
TILE_PX = 112
WHAT_THEY_ARE = marked(
    "Try one of these: it has learned from none of them. The stranger stands beside one of the five on another photo."
)


def offer_trial_photos(dataset: Dataset) -> None:
    """Let somebody try the recogniser with one click; nothing is offered where it is not the sample's."""
    run = data.newest_run(dataset)
    photos = _trial_photos(dataset.id, dataset.revision, run.id, current_language()) if run else []
    if not photos:
        return
    st.caption(_(WHAT_THEY_ARE))
    # No columns: on a phone they would stand below each other, each as wide as the page.
    row = st.container(horizontal=True, gap="small")
    for number, photo in enumerate(photos):
        with row.container(width=TILE_PX):
            st.html(gallery.picture_html(gallery.jpeg_data_url(photo.content), photo.name))
            if st.button(words.plain(photo.name), key=f"trial_{number}", width="stretch"):
                photo_input.remember_photos([photo])
                frame.open_page(menu.IDENTIFY, dataset.id)


@kept.cache_data(show_spinner=False, max_entries=4)
def _trial_photos(dataset_id: str, revision: Revision, run_id: str, language: Language) -> list[TabPhoto]:
    """In the language that is spoken; none where the dataset lacks the sample's photos, or one was learned from."""
    prepared = data.services().prepared_sample()
    if not prepared.is_ready:
        return []
    photo_ids = [photo.photo_id for photo in prepared.read_picture().photos]
    if not data.services().transfer.photo_ids(dataset_id).keys() >= set(photo_ids):
        return []
    # The same photos in other folders: without sides to learn from and to test on, every one of them is learned from.
    table = data.dataset_faces(dataset_id, revision).table
    learned_rows = table.match(data.run_predictions(run_id).learned_ids)[1]
    if {table.photo_ids[row] for row in learned_rows} & set(photo_ids):
        return []
    photos = [
        TabPhoto.of(_("Photo {which}", which=number), prepared.read_photo(photo_id))
        for number, photo_id in enumerate(photo_ids, 1)
    ]
    stranger = prepared.read_stranger()
    return [*photos, TabPhoto.of(_(STRANGER), stranger)] if stranger else photos

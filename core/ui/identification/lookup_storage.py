"""Keeping what was found on the photos of a tab, to be seen again under "Many photos"."""

from __future__ import annotations

import streamlit as st

from core.base.errors import ImageRefused
from core.language.languages import ENGLISH
from core.language.texts import gettext as _
from core.language.texts import ngettext, speaking
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.ui import data, frame
from core.ui.identification import photo_answer, photo_input
from core.workflows.identification.lookups import lookup
from core.workflows.identification.lookups.lookup import PhotoToKeep


def keep_tab_photos(dataset: Dataset, run: Run) -> None:
    """Keep all photos of this tab that can be read, with their faces, until they are forgotten there."""
    services = data.services()
    photos = []
    for photo in photo_input.tab_photos():
        try:
            # Those that were looked at come out of the session's cache; the others are looked at now.
            identified = photo_answer.identify_photo(run, dataset.revision, photo)
            photos.append(PhotoToKeep(photo.name, photo.content, identified.turn, identified.faces))
        except ImageRefused:
            # A photo that cannot be read says so where it is shown, and is no reason not to keep the others.
            continue
    if not photos:
        st.toast(_("None of these photos can be read, so there is nothing to keep."))
        return
    title = _title(photos)
    lookup.keep_identified_photos(services.lookup_tools(), dataset.id, run, services.identifier(run), title, photos)
    if not dataset.keeps_photos:
        frame.queue_toast(_("The names are kept under Many photos; this dataset keeps no photos."))
        return
    frame.queue_toast(
        ngettext(
            "The photo is kept with the names, under Many photos.",
            "{number} photos are kept with the names, under Many photos.",
            len(photos),
        )
    )


def _title(photos: list[PhotoToKeep]) -> str:
    # It is kept, so in English: it is said again in the language of whoever opens the result.
    newest, n_more = photos[-1].name, len(photos) - 1
    with speaking(ENGLISH):
        more = ngettext("{photo} and {number} more photo", "{photo} and {number} more photos", n_more, photo=newest)
    return more if n_more else newest

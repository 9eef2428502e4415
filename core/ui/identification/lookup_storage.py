"""Keeping what was found on the photos of a tab, to be seen again under "Many photos"."""

from __future__ import annotations

import streamlit as st

from core.base.errors import ImageRefused
from core.store.protocols import Dataset, Run
from core.ui import data, frame, words
from core.ui.identification import photo_answer, photo_input
from core.workflows.identification.lookups import lookup
from core.workflows.identification.lookups.lookup import KeptPhoto


def keep(dataset: Dataset, run: Run) -> None:
    """Keep all photos of this tab that can be read, with their faces, until they are forgotten there."""
    services = data.services()
    looked = []
    for photo in photo_input.all_given():
        try:
            seen = photo_answer.look(run, dataset.revision, photo)
            looked.append(KeptPhoto(photo.name, photo.content, seen.turn, seen.faces))
        except ImageRefused:
            continue  # it says so itself when it is shown
    if not looked:
        st.toast("None of these photos can be read, so there is nothing to keep.")
        return
    more = f" and {words.count(len(looked) - 1, 'more photo')}" if len(looked) > 1 else ""
    title = f"{looked[-1].name}{more}"
    lookup.keep_one(services.lookup_tools(), dataset.id, run, services.identifier(run), title, looked)
    kept = "The photo is" if len(looked) == 1 else f"{words.count(len(looked), 'photo')} are"
    frame.say_next(f"{kept} kept with the names, under Many photos.")

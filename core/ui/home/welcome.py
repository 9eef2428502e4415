"""The first visit: what the app does, on the sample, and three doors: the sample, photos in folders, loose photos."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.language.texts import gettext as _
from core.language.texts import marked
from core.ui import data, frame, menu, state, words
from core.ui.access import offers, sharing
from core.ui.components.page_drop import accept_drops_anywhere
from core.ui.home.living_picture import show_sample_picture
from core.ui.keeping import photo_choice
from core.ui.photos import uploads
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.exchange.prepared_sample import adopt_sample

SAMPLE_NAME = "Five celebrities"
"""The same in every language: by it the sample is known."""
INVITATION = marked("Drop zips, folders or photos anywhere")


def show_welcome() -> None:
    """The whole page of somebody who has no dataset yet."""
    if not offers.may_create():
        sharing.show_nothing_shared()
        return
    show_sample_picture(data.services())
    sample_door, folders_door, photos_door = (column.container(border=True) for column in st.columns(3))
    with sample_door:
        st.header(_("Look at the sample"), anchor=False)
        st.markdown(_("118 photos of 5 well-known people: names, how sure they are, a map, and photos to try it on."))
        offer_sample(primary=True)
    with folders_door:
        st.header(_("My photos in folders"), anchor=False)
        st.markdown(_("One folder a person, as a zip or as it lies on your disk. The folders give the names."))
        files = uploads.drop_files(_("A zip or a folder"))
    with photos_door:
        st.header(_("My loose photos"), anchor=False)
        st.markdown(_("No folders, no names. Faces of one person are put together, and you say who it is."))
        files += _loose_photos()
    st.caption(_("Or drop them anywhere on this page. Photos stay on this computer."))
    with st.popover(_("Options"), icon=":material/tune:"):
        keeps_photos = photo_choice.ask_whether_kept("first_keeps_photos")
    accept_drops_anywhere("anywhere", _(INVITATION))
    if files:
        uploads.create_dataset_of(files, keeps_photos=keeps_photos)


def _loose_photos() -> list[UploadedFile]:
    turn = st.session_state[state.UPLOAD_ROUND]
    files = list(st.file_uploader(_("Photos, or a zip of them"), accept_multiple_files=True, key=f"loose_{turn}") or [])
    uploads.require_room(sum(file.size for file in files))
    return files


def offer_sample(*, primary: bool) -> None:
    """The button that opens the sample."""
    if st.button(
        _("Look at the sample"),
        type="primary" if primary else "tertiary",
        icon=":material/play_arrow:",
        key="sample",
    ):
        open_sample()


def open_sample() -> None:
    """Open the sample as it was prepared; where it was not, begin with its photos."""
    services = data.services()
    name = words.number_name(SAMPLE_NAME, services.store.dataset_names())
    prepared = services.prepared_sample()
    if not prepared.is_ready:
        keeps_photos = services.settings.keeps_photos
        dataset = services.store.create_dataset(name, DEFAULT_VECTORS_ID, keeps_photos=keeps_photos)
        uploads.submit_sample_ingest(dataset)
    with st.spinner(_("Opening the sample")):
        dataset = adopt_sample(services.adoption_tools(), prepared, name)
    frame.open_page(menu.INGEST, dataset.id)

"""A new photo on the map: its faces beside those most like them, with lines to their nearest people."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.base.errors import ImageRefused
from core.base.types import Revision
from core.imaging.decoding import encode_jpeg
from core.store.protocols import Dataset
from core.ui import data, gallery, words
from core.ui.components.scatter import Card, Cloud, Mark
from core.ui.data import Faces
from core.ui.projection.map_chart import View
from core.workflows.projection import newcomers
from core.workflows.projection.newcomers import Guest
from core.workflows.verification.verify import Looked

PER_PAGE = 4
CROP_PX = 64


@dataclass(frozen=True, slots=True, eq=False)
class Arrived:
    """A photo that was dropped on the map."""

    guests: list[Guest]
    is_there: bool
    """It is in the dataset already."""


def ask(dataset: Dataset, view: View) -> Arrived | None:
    """Ask for a photo to place on the map."""
    with st.popover("Where would a new photo lie?", icon=":material/add_photo_alternate:", type="tertiary"):
        given = st.file_uploader("Drop a photo", key=f"guest_{dataset.id}", max_upload_size=256)
        st.caption("It is looked at on this computer and not kept.")
    return _arrived(dataset, view, given) if given is not None else None


def _arrived(dataset: Dataset, view: View, given: UploadedFile) -> Arrived | None:
    """What was found on the photo; None, and why in words, when there is nothing to place."""
    content = given.getvalue()
    try:
        looked = _look(dataset.model_id, sha256(content).hexdigest(), content)
    except ImageRefused as refusal:
        st.error(f"**{words.plain(given.name)}**: {words.plain(refusal)}", icon=":material/error:")
        return None
    if not looked.faces:
        st.info(
            f"No face could be found in **{words.plain(given.name)}**. "
            "A face needs to be at least about 20 pixels wide and turned towards the camera. Try another photo.",
            icon=":material/info:",
        )
        return None
    placed = _place(dataset.id, dataset.revision, view.map_id, view.dimensions, looked.photo_id, looked)
    if not placed:
        st.info("There is no other face on the map to place it beside.", icon=":material/info:")
        return None
    return Arrived(placed, newcomers.is_there(looked, data.faces(dataset.id, dataset.revision).table))


@st.cache_data(show_spinner="Looking for faces", max_entries=3, scope="session")
def _look(model_id: str, photo_id: str, _content: bytes) -> Looked:
    return data.services().verifier(model_id).look(_content)


@st.cache_data(show_spinner=False, max_entries=6, scope="session")
def _place(
    dataset_id: str, revision: Revision, map_id: str | None, dimensions: int, photo_id: str, _looked: Looked
) -> list[Guest]:
    faces = data.faces(dataset_id, revision)
    made = data.face_map(dataset_id, revision, map_id, dimensions)
    return newcomers.place_guests(_looked, made, faces.table, faces.embeddings)


def drawn(dataset: Dataset, cloud: Cloud, arrived: Arrived) -> Cloud:
    """The map with the faces of the photo as marks."""
    faces, place = data.faces(dataset.id, dataset.revision), {face: row for row, face in enumerate(cloud.face_ids)}
    return cloud.with_marks(
        [_mark(faces, guest, number, place) for number, guest in enumerate(arrived.guests, start=1)]
    )


def _mark(faces: Faces, guest: Guest, number: int, place: dict[str, int]) -> Mark:
    title = f"Face {number} of the new photo"
    near = tuple(f"{_name(faces, near.face_id)}: {near.distance:.2f}" for near in guest.nearest)
    card = Card(-1, gallery.jpeg_address(encode_jpeg(guest.crop)), title, (title, *near))
    rows = tuple(place[near.face_id] for near in guest.nearest if near.face_id in place)
    return Mark(str(number), tuple(guest.place.tolist()), rows, card)


def _name(faces: Faces, face_id: str) -> str:
    return words.person(faces.table.person(faces.row[face_id]))


def told(dataset: Dataset, arrived: Arrived) -> None:
    """Every face of the photo, and whom it is most like."""
    n = len(arrived.guests)
    st.markdown(f"**{words.count(n, 'face')} of the new photo: the {'star' if n == 1 else 'stars'} on the map**")
    if arrived.is_there:
        st.caption("This photo is in the dataset already. Its own faces are not compared with themselves.")
    st.caption("The nearest people by the nearest face of theirs, with its distance in the 128 numbers.")
    faces = data.faces(dataset.id, dataset.revision)
    shown = range(n)[gallery.page_slice(n, PER_PAGE, "guests")]
    for number in shown:
        _guest(dataset, faces, arrived.guests[number], number + 1)
    st.divider()


def _guest(dataset: Dataset, faces: Faces, guest: Guest, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.image(encode_jpeg(guest.crop), width=CROP_PX, alt=f"Face {number} of the new photo")
        st.markdown(f"**Face {number}** is most like", width="content")
    tiles = [
        gallery.Tile(faces.table.crop_ids[faces.row[face.face_id]], _name(faces, face.face_id), f"{face.distance:.2f}")
        for face in guest.nearest
    ]
    gallery.grid(dataset.id, tiles, tile_px=76)

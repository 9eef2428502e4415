"""A new photo on the map: its faces beside those most like them, with lines to their nearest people."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.base.face_table import take_items
from core.base.types import Revision
from core.imaging.pixels import encode_jpeg
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.store.values.datasets import Dataset
from core.ui import data, gallery, words
from core.ui.access import kept
from core.ui.certainty import bar
from core.ui.components.scatter import FaceCard, PointCloud, ScatterMark
from core.ui.data import Faces
from core.ui.photos.dropped_photo import NO_FACE_ADVICE, read_dropped_photo
from core.ui.projection.map_chart import MapView
from core.vision.pipeline import PhotoFaces
from core.workflows.projection import newcomers
from core.workflows.projection.newcomers import PlacedFace

PER_PAGE = 4
CROP_PX = 64


@dataclass(frozen=True, slots=True, eq=False)
class NewPhoto:
    """A photo that was dropped on the map."""

    guests: list[PlacedFace]
    is_in_dataset: bool
    """It is in the dataset already."""


def ask_for_photo(dataset: Dataset) -> UploadedFile | None:
    """Ask for a photo to place on the map."""
    with st.popover(_("New photo"), icon=":material/add_photo_alternate:"):
        upload = st.file_uploader(
            _("Where would a new photo lie? Drop it"), key=f"guest_{dataset.id}", max_upload_size=256
        )
        st.caption(_("It is looked at on this computer and not kept."))
    return upload


def place_photo(dataset: Dataset, view: MapView, upload: UploadedFile) -> NewPhoto | None:
    """What was found on the photo; None, and why in words, when there is nothing to place."""
    photo = read_dropped_photo(dataset.model_id, upload)
    if photo is None:
        return None
    if not photo.faces:
        st.info(
            _(
                "No face could be found in **{photo}**. {advice}",
                photo=words.plain(upload.name),
                advice=_(NO_FACE_ADVICE),
            ),
            icon=":material/info:",
        )
        return None
    guests = _place_guests(dataset.id, dataset.revision, view.map_id, view.dimensions, photo.photo_id, photo)
    if not guests:
        st.info(_("There is no other face on the map to place it beside."), icon=":material/info:")
        return None
    return NewPhoto(guests, newcomers.is_in_dataset(photo, data.dataset_faces(dataset.id, dataset.revision).table))


# The photo's id stands for the photo in the key. The map and its dimensions are in it: a guest lies elsewhere on each.
@kept.cache_data(show_spinner=False, max_entries=6, scope="session")
def _place_guests(
    dataset_id: str, revision: Revision, map_id: str | None, dimensions: int, photo_id: str, _photo: PhotoFaces
) -> list[PlacedFace]:
    faces = data.dataset_faces(dataset_id, revision)
    face_map = data.face_map(dataset_id, revision, map_id, dimensions)
    return newcomers.place_photo_faces(_photo, face_map, faces.table, faces.embeddings)


def add_photo_marks(dataset: Dataset, cloud: PointCloud, new_photo: NewPhoto) -> PointCloud:
    """The map with the faces of the photo as marks."""
    faces = data.dataset_faces(dataset.id, dataset.revision)
    return cloud.with_marks(
        [_mark(faces, guest, number, cloud) for number, guest in enumerate(new_photo.guests, start=1)]
    )


def _mark(faces: Faces, guest: PlacedFace, number: int, cloud: PointCloud) -> ScatterMark:
    title = _("Face {which} of the new photo", which=number)
    neighbour_lines = tuple(
        words.titled(_name(faces, neighbour.face_id), bar.format_pair_likeness(neighbour.distance))
        for neighbour in guest.nearest
    )
    # The card has no row, as the face is none of the points: it travels with its mark.
    card = FaceCard(-1, gallery.jpeg_data_url(encode_jpeg(guest.crop)), title, (title, *neighbour_lines))
    # Lines lead to those of the nearest who are on the map; all of them are named on the card.
    rows = cloud.match(neighbour.face_id for neighbour in guest.nearest)[1]
    return ScatterMark(str(number), tuple(guest.point.tolist()), tuple(rows.tolist()), card)


def _name(faces: Faces, face_id: str) -> str:
    return words.display_name(faces.table.person(faces.table.index(face_id)))


def show_new_faces(dataset: Dataset, new_photo: NewPhoto) -> None:
    """Every face of the photo, and whom it is most like."""
    n = len(new_photo.guests)
    st.markdown(
        ngettext(
            "**{number} face of the new photo: the star on the map**",
            "**{number} faces of the new photo: the stars on the map**",
            n,
        )
    )
    if new_photo.is_in_dataset:
        st.caption(_("This photo is in the dataset already. Its own faces are not compared with themselves."))
    st.caption(
        _("The nearest people by the nearest face of theirs, with how like it is in the 128 numbers (0 to 100).")
    )
    faces = data.dataset_faces(dataset.id, dataset.revision)
    indices = range(n)[gallery.page_slice(n, PER_PAGE, "guests")]
    for index in indices:
        _show_guest(dataset, faces, new_photo.guests[index], index + 1)
    st.divider()


def _show_guest(dataset: Dataset, faces: Faces, guest: PlacedFace, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.image(encode_jpeg(guest.crop), width=CROP_PX, alt=_("Face {which} of the new photo", which=number))
        st.markdown(_("**Face {which}** is most like", which=number), width="content")
    crop_ids = take_items(faces.table.crop_ids, faces.table.indices(face.face_id for face in guest.nearest))
    tiles = [
        gallery.Tile(crop_id, _name(faces, face.face_id), bar.format_pair_likeness(face.distance))
        for crop_id, face in zip(crop_ids, guest.nearest, strict=True)
    ]
    gallery.show_face_grid(dataset.id, tiles, tile_px=76)

"""Photos on which no face was found: to be looked at, turned upright, or given a face by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.base.errors import ImageRefused, NotFound
from core.base.types import Photo
from core.imaging.pixels import encode_jpeg, shrink_image
from core.isolation.photos import decode_photo
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.store.artifacts import ArtifactKind
from core.store.values.datasets import Dataset
from core.ui import data, gallery, words
from core.ui.access import kept
from core.ui.components.picker import GridCommand, Pickable, draw_picker
from core.ui.labels import corrections, face_sheet

PER_PAGE = 24
THUMBNAIL_PX = 320
TILE_PX = 160
KEYS = {"Enter": "open", "q": "left", "e": "right", "u": "undo", "r": "redo"}
LEGEND = marked(
    "Keys: arrows walk, space chooses, shift extends, a all, Enter opens the photo, where a face can be drawn, "
    "q turns left, e right, u undo, r redo."
)


def show_faceless_photos(dataset: Dataset) -> None:
    """The photos without a face, and what can be done to them."""
    photos = data.photos_without_face(dataset.id, dataset.revision)
    if not photos:
        st.info(_("There is a face on every photo."), icon=":material/check_circle:")
        return
    if not dataset.keeps_photos:
        _list_names(photos)
        return
    actions = st.container()
    part = photos[gallery.page_slice(len(photos), PER_PAGE, f"faceless_{dataset.id}")]
    grid = corrections.build_grid(_("Photos without a face. Arrows walk, space chooses."), KEYS, TILE_PX)
    picked = draw_picker(
        f"faceless_{dataset.id}", [_tile(dataset, photo) for photo in part], grid, corrections.current_epoch()
    )
    st.caption(_(LEGEND))
    with actions:
        n_chosen = words.count(len(picked.about))
        title = ngettext(
            "{chosen} of {number} photo chosen", "{chosen} of {number} photos chosen", len(photos), chosen=n_chosen
        )
        _bar(dataset, picked.about, title)
    for command in picked.commands:
        _obey(dataset, command)
    # Opening only draws a dialog, which a rerun would close.
    if any(command.name != "open" for command in picked.commands):
        st.rerun()


def _list_names(photos: Sequence[Photo]) -> None:
    """What is known of photos that are not kept."""
    st.info(
        _(
            "This dataset keeps no photos, so these cannot be looked at, turned or drawn on. To name somebody on one, "
            "give it on *Who is this?* and name the face there."
        ),
        icon=":material/no_photography:",
    )
    size, name = _("Pixels"), _("Photo")
    rows = [{name: photo.name, size: f"{photo.width_px} x {photo.height_px}"} for photo in photos]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt=_("Photos on which no face was found"), width="content")


def _bar(dataset: Dataset, about: Sequence[str], title: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for label, icon, _key, quarters in face_sheet.TURNS:
            st.button(
                _(label),
                key=f"faceless_{label}",
                icon=f":material/{icon}:",
                on_click=corrections.turn_photos,
                args=(dataset, about, quarters),
                disabled=not about,
                help=_("Faces are looked for anew. It can be undone."),
            )
        hint = _("See it whole, and draw a face that was missed")
        if st.button(_("Open"), key="faceless_open", icon=":material/photo:", disabled=len(about) != 1, help=hint):
            face_sheet.open_photo(dataset, about[0], {})
        st.markdown(f"**{title}**", width="content")


def _obey(dataset: Dataset, command: GridCommand) -> None:
    quarters = {"left": -1, "right": 1}
    if command.name in quarters:
        corrections.turn_photos(dataset, command.face_ids, quarters[command.name])
    elif command.name == "open" and command.face_ids:
        face_sheet.open_photo(dataset, command.face_ids[0], {})
    elif command.name in ("undo", "redo"):
        corrections.undo_or_redo(dataset, command.name)


def _tile(dataset: Dataset, photo: Photo) -> Pickable:
    name = photo.name.rpartition("/")[2]
    try:
        picture, note = _thumbnail(dataset.id, photo.id, photo.turn), ""
    except (NotFound, ImageRefused):
        picture, note = gallery.GREY, _("its file is missing or damaged")
    return Pickable(id=photo.id, src=picture, name=name, note=note, alt=_("The photo {name}", name=name))


@kept.cache_data(show_spinner=False, max_entries=4 * PER_PAGE, ttl="10m")
def _thumbnail(dataset_id: str, photo_id: str, turn: int) -> str:
    """The photo as it is turned, small, as a data address. Raises NotFound or ImageRefused."""
    # Cached, since a child decodes it. The turn is an argument so that a photo is not shown as it lay before.
    services = data.services()
    content = services.artifacts.read(dataset_id, ArtifactKind.PHOTO, photo_id)
    picture = decode_photo(content, services.settings.images, THUMBNAIL_PX).turned(turn)
    return gallery.jpeg_data_url(encode_jpeg(shrink_image(picture.pixels, THUMBNAIL_PX)))

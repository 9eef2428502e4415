"""One face, whole: its picture, who it is, how it shows, the faces most like it, and what was done to it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import streamlit as st

from core.errors import NotFound
from core.isolation.photos import decode
from core.store.artifacts import Kind
from core.store.base import Dataset
from core.types import Face, Quality
from core.ui import data, gallery, state, words
from core.ui.components import boxes
from core.ui.correcting import acting, history
from core.ui.data import Faces
from core.workflows import relook

NEIGHBOURS = 8
LAST_EVENTS = 8


def sheet(dataset: Dataset, face_id: str, among: Faces | None = None) -> None:
    """The sheet of a face, for a column of a page; the faces most like it are looked for ``among`` all, or these."""
    services = data.services()
    (face,) = services.store.faces(dataset.id, [face_id])
    photo, _ = services.store.photo(dataset.id, face.photo_id)
    left, right = st.columns([2, 3], vertical_alignment="center")
    with left:
        gallery.grid(
            dataset.id, [gallery.Tile(face.crop_id, "", alt=f"Face of {words.person(face.person)}")], tile_px=96
        )
    with right:
        st.markdown(f"**{words.person(face.person)}**")
        st.caption("  \n".join([photo.name, *standing(face)]))
        if st.button("Whole photo", key="sheet_photo", icon=":material/photo:", type="tertiary"):
            whole_photo(dataset, face_id)
    if face.quality is not None:
        st.caption(" · ".join(quality_words(face.quality)))
    _neighbours(dataset, face_id, among or data.faces(dataset.id, dataset.revision))
    _history(dataset, face_id)


def standing(face: Face) -> Iterator[str]:
    """How a face takes part, in words."""
    yield history.side(face.split).capitalize()
    if face.excluded:
        yield "Left out of learning and testing"
    if face.confirmed:
        yield "Somebody has looked at it"
    if face.stranger:
        yield "Nobody to name"
    if face.drawn:
        yield "Shown by hand: its box is not the ingest's"


def quality_words(quality: Quality) -> Iterator[str]:
    """How well a face shows, plainest first."""
    yield f"quality {words.percent(quality.grade, 0)}"
    yield f"{quality.size_px:.0f} pixels"
    yield f"sharpness {words.percent(quality.sharpness, 0)}"
    yield f"brightness {words.percent(quality.brightness, 0)}"
    yield f"turned {abs(quality.yaw_deg):.0f}° {'right' if quality.yaw_deg > 0 else 'left'}"
    if quality.cut_frac > 0.01:
        yield f"{words.percent(quality.cut_frac, 0)} beyond the edge"


def _neighbours(dataset: Dataset, face_id: str, faces: Faces) -> None:
    row = faces.row.get(face_id)
    if row is None or len(faces.table) < 2:
        return
    similarity = faces.embeddings.vectors @ faces.embeddings.vectors[row]
    similarity[row] = -np.inf
    count = min(NEIGHBOURS, len(similarity) - 1)
    nearest = np.argpartition(-similarity, count - 1)[:count]
    nearest = nearest[np.argsort(-similarity[nearest])]
    st.markdown("**Most like it**")
    tiles = [
        gallery.Tile(
            faces.table.crop_ids[near],
            words.person(faces.table.person(near)),
            f"distance {np.sqrt(max(0.0, 2 - 2 * float(similarity[near]))):.2f}",
        )
        for near in nearest.tolist()
    ]
    gallery.grid(dataset.id, tiles, tile_px=72)


def _history(dataset: Dataset, face_id: str) -> None:
    services = data.services()
    events = services.log.events(dataset.id, face_id=face_id, limit=LAST_EVENTS)
    if not events:
        return
    names = services.store.names(dataset.id)
    with st.expander(f"History: {words.count(len(events), 'entry', 'entries')}"):
        for event in events:
            undone = "" if event.active else " (undone)"
            st.caption(f"{words.ago(event.created)}, {event.author}: {history.sentence(event, names)}{undone}")


@st.dialog("The whole photo", width="large")
def whole_photo(dataset: Dataset, face_id: str, label: str | None = None) -> None:
    """The photo of a face with a box on everybody in it; a face that is missing can be drawn."""
    acting.keep_in_step()
    services = data.services()
    photo_id = services.store.faces(dataset.id, [face_id])[0].photo_id
    photo, faces = services.store.photo(dataset.id, photo_id)
    try:
        image = decode(services.artifacts.read(dataset.id, Kind.PHOTO, photo_id), services.settings.images)
    except NotFound as missing:
        st.error(str(missing))
        return
    shown = [
        boxes.BoxOnPhoto(
            face.id,
            face.box,
            label if label and face.id == face_id else words.person(face.person),
            known=face.person is not None,
        )
        for face in faces
    ]
    asked = boxes.photo(f"boxes_{photo_id}", image, shown, f"The photo {photo.name}")
    st.caption(f"{photo.name}, {photo.width_px} x {photo.height_px} pixels. Choose a face to name or dismiss it.")
    if asked is not None and asked.drawn is not None:
        drawn = asked.drawn
        tools = services.ingestor(dataset.id)
        acting.do(dataset.id, lambda: relook.draw(tools, acting.corrector(dataset), photo_id, drawn))
        st.rerun()
    chosen = next((face for face in faces if asked is not None and face.id == asked.face_id), None)
    if chosen is not None:
        st.session_state[state.ON_PHOTO] = chosen.id
    on_photo = next((face for face in faces if face.id == st.session_state.get(state.ON_PHOTO)), None)
    if on_photo is not None:
        st.markdown(f"**{words.person(on_photo.person)}**")
        acting.Desk(dataset, place="photo").bar([on_photo.id], "")

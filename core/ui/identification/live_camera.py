"""A camera that is watched: who is in front of it now."""

from __future__ import annotations

import streamlit as st

from core.base.types import Box
from core.isolation.photos import decode_photo
from core.language.texts import gettext as _
from core.learn.open_set.certainty import Sureness
from core.learn.open_set.rejection_rule import Threshold
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.ui import data, state, words
from core.ui.audit import recording
from core.ui.certainty import bar
from core.ui.components import live
from core.ui.components.live import FaceInView
from core.workflows.identification.live import FaceTracker, FollowedFace


def show_camera_privacy() -> None:
    """What happens with the picture."""
    st.caption(
        _(
            "The picture is looked at on this computer, one still after the other, and nothing of it is kept. A name "
            "is shown when it has held for a moment. Whether a face is that of a living person, or of a picture held "
            "before the camera, is not tested."
        )
    )


@st.fragment
def watch_camera(dataset: Dataset, run: Run, threshold: Threshold) -> None:
    """The camera with names; it runs again for every still."""
    key = f"live_{dataset.id}"
    still = live.draw_live_camera(key)
    if still is None:
        return
    services = data.services()
    # What comes from a browser is bytes of others, whoever drew the picture: a child decodes it.
    frame = decode_photo(still.jpeg, services.settings.images).pixels
    height, width = frame.shape[:2]
    followed = _watch(run, dataset).track_frame(frame, threshold, still.at_s)
    settled = {face.name for face in followed if face.settled and face.name}
    recording.record_names(dataset, recording.CAMERA, key, settled)
    live.send_faces_in_view(key, still.number, [_in_view(face, width, height) for face in followed])


def _watch(run: Run, dataset: Dataset) -> FaceTracker:
    """The watch of the tab; a new one after another training or a change of the dataset."""
    # It follows faces from still to still, so it outlives the run of the page. Names that were settled by an earlier
    # recogniser, or of somebody who was renamed or erased since, must not stay on the picture.
    watched = run.id, dataset.revision
    before: tuple[tuple[str, int], FaceTracker] | None = st.session_state.get(state.WATCH)
    if before is not None and before[0] == watched:
        return before[1]
    watch = FaceTracker(data.services().identifier(run))
    st.session_state[state.WATCH] = (watched, watch)
    return watch


def _in_view(face: FollowedFace, width_px: int, height_px: int) -> FaceInView:
    # As fractions: the browser draws on the picture in whatever size it shows it.
    left, top, right, bottom = face.box.as_tuple()
    box = Box(left / width_px, top / height_px, right / width_px, bottom / height_px)
    if not face.settled:
        return FaceInView(box, "\u2026", known=False)
    title = words.display_name(face.name) if face.name else _("Unknown")
    # Two words on a moving picture: the bar would jump with every still.
    sureness = face.certainty.sureness if face.certainty is not None else Sureness.UNKNOWN
    label = title if sureness is Sureness.UNKNOWN else f"{title}, {bar.sureness_word(sureness)}"
    return FaceInView(box, label, known=face.name is not None)

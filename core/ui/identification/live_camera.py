"""A camera that is watched: who is in front of it now."""

from __future__ import annotations

import streamlit as st

from core.base.types import Box
from core.isolation.photos import decode
from core.learn.open_set.rejection_rule import Threshold
from core.store.protocols import Dataset, Run
from core.ui import data, state, words
from core.ui.components import live
from core.ui.components.live import InView
from core.workflows.identification.live import Followed, Watch


def promise() -> None:
    """What happens with the picture."""
    st.caption(
        "The picture is looked at on this computer, one still after the other, and nothing of it is kept. A name is "
        "shown when it has held for a moment."
    )


@st.fragment
def watch(dataset: Dataset, run: Run, threshold: Threshold) -> None:
    """The camera with names; it runs again for every still."""
    key = f"live_{dataset.id}"
    still = live.live(key)
    if still is None:
        return
    services = data.services()
    frame = decode(still.jpeg, services.settings.images)
    height, width = frame.shape[:2]
    followed = _watch(run, dataset).see(frame, threshold, still.at_s)
    live.seen(key, still.number, [_in_view(face, width, height) for face in followed])


def _watch(run: Run, dataset: Dataset) -> Watch:
    """This tab's watch; a new one after another training or a change of the dataset."""
    of = run.id, dataset.revision
    before: tuple[tuple[str, int], Watch] | None = st.session_state.get(state.WATCH)
    if before is not None and before[0] == of:
        return before[1]
    made = Watch(data.services().identifier(run))
    st.session_state[state.WATCH] = (of, made)
    return made


def _in_view(face: Followed, width_px: int, height_px: int) -> InView:
    left, top, right, bottom = face.box.as_tuple()
    box = Box(left / width_px, top / height_px, right / width_px, bottom / height_px)
    if face.name:
        return InView(box, f"{words.person(face.name)} {words.probability(face.prob)}", known=True)
    return InView(box, "Unknown" if face.settled else "\u2026", known=False)

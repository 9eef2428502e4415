"""Photos on their way to being looked at: dropped, pasted or taken; the tab remembers them until it is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

import streamlit as st

from core.base.errors import ImageRefused
from core.imaging.decoding import encode_jpeg, shrink
from core.isolation.photos import decode_reduced
from core.ui import data, gallery, state, words
from core.ui.components import choices
from core.ui.components.choices import Layout, Line
from core.ui.components.paste import pasted

PHOTOS, CAMERA, LIVE = "Photos", "Take a photo", "Live camera"
MOST_PHOTOS, MOST_BYTES = 40, 400_000_000
"""What a tab remembers; the oldest go first."""
THUMBNAIL_PX = 160


@dataclass(frozen=True, slots=True)
class Given:
    """A photo that was given to this tab."""

    id: str
    """The sha256 of its file."""
    name: str
    content: bytes

    @classmethod
    def of(cls, name: str, content: bytes) -> Given:
        return cls(sha256(content).hexdigest(), name, content)


def ask_for_way() -> str:
    """Where photos come from; a camera is asked for only when it is chosen."""
    return st.segmented_control(
        "Photos from",
        [PHOTOS, CAMERA, LIVE],
        default=PHOTOS,
        required=True,
        key="photo_from",
        label_visibility="collapsed",
    )


def arrive(way: str) -> None:
    """A place for photos to come to; the page runs again with the first of them shown."""
    key = f"given_{st.session_state.setdefault(state.GIVING_ROUND, 0)}"
    if way == CAMERA:
        st.camera_input("Take a photo", key=key, on_change=_taken, args=(key,))
        st.caption(
            "If no picture appears, the browser keeps the camera from this page: allow it by the camera symbol in the "
            "address bar, or choose Photos and drop a file."
        )
        return
    st.file_uploader(
        "Drop photos",
        accept_multiple_files=True,
        key=key,
        on_change=_dropped,
        args=(key,),
        max_upload_size=256,
        label_visibility="collapsed",
    )
    new = [Given.of(each.name, each.content) for each in pasted("pasted")]
    if new:
        _remember(new)
        st.rerun()


def _dropped(key: str) -> None:
    _remember(Given.of(file.name, file.getvalue()) for file in st.session_state[key])


def _taken(key: str) -> None:
    if (picture := st.session_state[key]) is not None:
        _remember([Given.of(f"Camera {st.session_state[state.GIVING_ROUND] + 1}", picture.getvalue())])


def _remember(new: Iterable[Given]) -> None:
    there: dict[str, Given] = st.session_state.setdefault(state.GIVEN, {})
    arrived = {photo.id: photo for photo in new}
    if not arrived:
        return
    for photo_id in arrived:
        there.pop(photo_id, None)
    there.update(arrived)
    dropped = 0
    while len(there) > MOST_PHOTOS or (
        len(there) > 1 and sum(len(each.content) for each in there.values()) > MOST_BYTES
    ):
        there.pop(next(iter(there)))
        dropped += 1
    if dropped:
        left = f"the {MOST_PHOTOS} newest photos, up to {words.size(MOST_BYTES)}"
        st.session_state[state.TOAST] = f"This tab remembers {left}. For more, see Many photos."
    st.session_state[state.SHOWN] = next((photo_id for photo_id in arrived if photo_id in there), None)
    st.session_state[state.GIVING_ROUND] += 1


def shown() -> Given | None:
    """The photo to look at: the one that was chosen, or the newest."""
    there: dict[str, Given] = st.session_state.get(state.GIVEN, {})
    if not there:
        return None
    return there.get(st.session_state.get(state.SHOWN) or "") or next(reversed(there.values()))


def strip() -> None:
    """The photos of this tab side by side, to choose from."""
    there: dict[str, Given] = st.session_state.get(state.GIVEN, {})
    now = shown()
    if now is not None and len(there) > 1:
        lines = [
            Line(photo.id, photo.name, src=_thumbnail(photo.id, photo.content)) for photo in reversed(there.values())
        ]
        chosen = choices.choices("given", "Photos of this tab", lines, now.id, layout=Layout.STRIP)
        if chosen and chosen.when > st.session_state.get(state.SHOWN_WHEN, 0.0):
            st.session_state[state.SHOWN_WHEN] = chosen.when
            if chosen.id in there and chosen.id != now.id:
                st.session_state[state.SHOWN] = chosen.id
                st.rerun()


def all_given() -> list[Given]:
    """The photos of this tab, the newest last."""
    there: dict[str, Given] = st.session_state.get(state.GIVEN, {})
    return list(there.values())


def standing(keep: Callable[[], None]) -> None:
    """Where the photos of this tab are, how to keep what was found, and how to be rid of them."""
    there = all_given()
    if not there:
        st.caption("Photos are looked at on this computer, and forgotten when this tab is closed.")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        kept = words.count(len(there), "photo")
        st.caption(f"{kept} in this tab, forgotten when it is closed.", width="content")
        st.button("Keep", key="keep_given", type="tertiary", on_click=keep, help="With the names, in the data folder")
        st.button("Forget now", key="forget_given", type="tertiary", on_click=_forget)


@st.cache_data(show_spinner=False, max_entries=MOST_PHOTOS, scope="session")
def _thumbnail(photo_id: str, _content: bytes) -> str:
    """A small picture as a data address; none of what is no photo."""
    try:
        pixels = decode_reduced(_content, data.services().settings.images, THUMBNAIL_PX).pixels
    except ImageRefused:
        return ""
    return gallery.jpeg_address(encode_jpeg(shrink(pixels, THUMBNAIL_PX)))


def _forget() -> None:
    st.session_state.pop(state.GIVEN, None)
    st.session_state.pop(state.SHOWN, None)

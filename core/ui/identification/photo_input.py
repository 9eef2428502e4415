"""Photos on their way to being looked at: dropped, pasted or taken; the tab remembers them until it is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

import streamlit as st

from core.base.errors import ImageRefused
from core.imaging.pixels import encode_jpeg, shrink_image
from core.isolation.photos import decode_photo
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.ui import data, gallery, state, words
from core.ui.access import kept
from core.ui.components import choices
from core.ui.components.choices import ChoiceLine, ChoicesLayout
from core.ui.components.paste import pasted_pictures

PHOTOS, CAMERA, LIVE = marked("Photos"), marked("Take a photo"), marked("Live camera")
MOST_PHOTOS, MOST_BYTES = 40, 400_000_000
"""What a tab remembers; the oldest go first."""
THUMBNAIL_PX = 160


@dataclass(frozen=True, slots=True)
class TabPhoto:
    """A photo that was given to this tab."""

    id: str
    """The sha256 of its file."""
    name: str
    content: bytes

    @classmethod
    def of(cls, name: str, content: bytes) -> TabPhoto:
        """A photo whose id is that of its bytes: given twice, it is one."""
        return cls(sha256(content).hexdigest(), name, content)


def choose_photo_source() -> str:
    """Where photos come from; a camera is asked for only when it is chosen."""
    return st.segmented_control(
        _("Photos from"),
        [PHOTOS, CAMERA, LIVE],
        default=PHOTOS,
        required=True,
        format_func=_,
        key="photo_from",
        label_visibility="collapsed",
    )


def accept_photos(source: str) -> None:
    """A place for photos to come to; the page runs again with the first of them shown."""
    # Each round has widgets of its own, which are empty: there is no way to empty one that is on the page. What they
    # hold is taken over in callbacks, as the value of a widget is there again at every further run.
    key = f"given_{st.session_state.setdefault(state.PHOTO_INPUT_ROUND, 0)}"
    if source == CAMERA:
        st.camera_input(_(CAMERA), key=key, on_change=_add_camera_picture, args=(key,))
        st.caption(
            _(
                "If no picture appears, the browser keeps the camera from this page: allow it by the camera symbol in "
                "the address bar, or choose Photos and drop a file. Whether a face is that of a living person is not "
                "tested."
            )
        )
        return
    # Of any ending: a file is a photo by what it holds, and one that is none is refused in words, not by the uploader.
    st.file_uploader(
        _("Drop photos"),
        accept_multiple_files=True,
        key=key,
        on_change=_add_dropped_files,
        args=(key,),
        max_upload_size=256,
        label_visibility="collapsed",
    )
    new = [TabPhoto.of(picture.name, picture.content) for picture in pasted_pictures("pasted")]
    if new:
        remember_photos(new)
        st.rerun()


def _add_dropped_files(key: str) -> None:
    remember_photos(TabPhoto.of(file.name, file.getvalue()) for file in st.session_state[key])


def _add_camera_picture(key: str) -> None:
    if (picture := st.session_state[key]) is not None:
        name = _("Camera {which}", which=st.session_state[state.PHOTO_INPUT_ROUND] + 1)
        remember_photos([TabPhoto.of(name, picture.getvalue())])


def remember_photos(new: Iterable[TabPhoto]) -> None:
    """Add photos to those of this tab, and look at the first of them."""
    tab_photos: dict[str, TabPhoto] = st.session_state.setdefault(state.TAB_PHOTOS, {})
    added = {photo.id: photo for photo in new}
    if not added:
        return
    # A dictionary keeps its order of insertion, and a key that is there keeps its place: one that was dropped again is
    # taken out first, to be the newest.
    for photo_id in added:
        tab_photos.pop(photo_id, None)
    tab_photos.update(added)
    dropped = 0
    # One photo stays however large it is: it was just dropped to be looked at.
    while len(tab_photos) > MOST_PHOTOS or (
        len(tab_photos) > 1 and sum(len(given.content) for given in tab_photos.values()) > MOST_BYTES
    ):
        tab_photos.pop(next(iter(tab_photos)))
        dropped += 1
    if dropped:
        st.session_state[state.TOAST] = _(
            "This tab remembers the {most} newest photos, up to {size}. For more, see Many photos.",
            most=MOST_PHOTOS,
            size=words.format_size(MOST_BYTES),
        )
    # The first of those that came, unless so many came that it was the first to go.
    st.session_state[state.SHOWN] = next((photo_id for photo_id in added if photo_id in tab_photos), None)
    st.session_state[state.PHOTO_INPUT_ROUND] = st.session_state.get(state.PHOTO_INPUT_ROUND, 0) + 1


def _photos_by_id() -> dict[str, TabPhoto]:
    photos: dict[str, TabPhoto] = st.session_state.get(state.TAB_PHOTOS, {})
    return photos


def shown_photo() -> TabPhoto | None:
    """The photo to look at: the one that was chosen, or the newest."""
    photos = _photos_by_id()
    if not photos:
        return None
    return photos.get(st.session_state.get(state.SHOWN) or "") or next(reversed(photos.values()))


def show_photo_strip() -> None:
    """The photos of this tab side by side, to choose from."""
    photos = _photos_by_id()
    current = shown_photo()
    if current is not None and len(photos) > 1:
        lines = [
            ChoiceLine(photo.id, photo.name, src=_thumbnail(photo.id, photo.content))
            for photo in reversed(photos.values())
        ]
        choice = choices.draw_choices("given", _("Photos of this tab"), lines, current.id, layout=ChoicesLayout.STRIP)
        # What was clicked last is said again at every run; a photo that was dropped since is shown in spite of it.
        if choice and choice.when > st.session_state.get(state.SHOWN_WHEN, 0.0):
            st.session_state[state.SHOWN_WHEN] = choice.when
            if choice.id in photos and choice.id != current.id:
                st.session_state[state.SHOWN] = choice.id
                st.rerun()


def tab_photos() -> list[TabPhoto]:
    """The photos of this tab, the newest last."""
    return list(_photos_by_id().values())


def show_tab_photos_status(keep: Callable[[], None]) -> None:
    """Where the photos of this tab are, how to keep what was found, and how to be rid of them."""
    photos = tab_photos()
    if not photos:
        st.caption(_("Photos are looked at on this computer, and forgotten when this tab is closed."))
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        status = ngettext(
            "{number} photo in this tab, forgotten when it is closed.",
            "{number} photos in this tab, forgotten when it is closed.",
            len(photos),
        )
        st.caption(status, width="content")
        st.button(
            _("Keep"), key="keep_given", type="tertiary", on_click=keep, help=_("With the names, in the data folder")
        )
        st.button(_("Forget now"), key="forget_given", type="tertiary", on_click=_forget)


@kept.cache_data(show_spinner=False, max_entries=MOST_PHOTOS, scope="session")
def _thumbnail(photo_id: str, _content: bytes) -> str:
    """A small picture as a data address; none of what is no photo."""
    try:
        pixels = decode_photo(_content, data.services().settings.images, THUMBNAIL_PX).pixels
    except ImageRefused:
        return ""
    return gallery.jpeg_data_url(encode_jpeg(shrink_image(pixels, THUMBNAIL_PX)))


def _forget() -> None:
    st.session_state.pop(state.TAB_PHOTOS, None)
    st.session_state.pop(state.SHOWN, None)

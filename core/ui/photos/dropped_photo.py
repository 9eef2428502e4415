"""One photo that is dropped on a page to be looked at and not kept: its faces, or in words why it has none."""

from __future__ import annotations

from hashlib import sha256

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.base.errors import InputRefused
from core.language.texts import marked
from core.ui import data, words
from core.ui.access import kept
from core.vision.pipeline import PhotoFaces

NO_FACE_ADVICE = marked(
    "A face needs to be at least about 20 pixels wide and turned towards the camera. Try another photo."
)


def read_dropped_photo(model_id: str, upload: UploadedFile) -> PhotoFaces | None:
    """The faces of a photo, with vectors of the model; None where the file cannot be read, which is said."""
    content = upload.getvalue()
    try:
        return _detect_faces(model_id, sha256(content).hexdigest(), content)
    except InputRefused as refusal:
        st.error(words.titled(f"**{words.plain(upload.name)}**", words.plain(refusal)), icon=":material/error:")
        return None


# Of the session alone, and few: each holds a photo of somebody with all its pixels, and goes with the tab. The content
# is left out of the key, as its hash says the same and is there already.
@kept.cache_data(show_spinner=marked("Looking for faces"), max_entries=6, scope="session")
def _detect_faces(model_id: str, photo_id: str, _content: bytes) -> PhotoFaces:
    return data.services().pipeline(model_id).read_photo(_content)

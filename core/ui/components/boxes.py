"""A photo with a box on every face, on which a face that is missing can be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.images import encode_jpeg, shrink
from core.types import Box, RgbImage
from core.ui.gallery import PHOTO_PX, jpeg_address

_FOLDER = Path(__file__).parent
_mount = st.components.v2.component(
    "photo_boxes",
    html='<div class="photo"></div>',
    css=(_FOLDER / "boxes.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "boxes.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class BoxOnPhoto:
    """One face on the photo."""

    id: str
    box: Box
    """Pixels of the photo."""
    label: str
    known: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody did on the photo: chose a face, or drew a box, in pixels of the photo."""

    face_id: str | None = None
    drawn: Box | None = None


def photo(key: str, image: RgbImage, boxes: Sequence[BoxOnPhoto], alt: str, *, can_draw: bool = True) -> Asked | None:
    """Draw the photo with its boxes."""
    height, width = image.shape[:2]
    given = {
        "src": jpeg_address(encode_jpeg(shrink(image, PHOTO_PX), quality=88)),
        "alt": alt,
        "width": width,
        "height": height,
        "can_draw": can_draw,
        "boxes": [
            {"id": face.id, "box": _fractions(face.box, width, height), "label": face.label, "known": face.known}
            for face in boxes
        ],
    }
    answer = _mount(key=key, data=given, on_asked_change=_nothing)
    return read(answer.asked, width, height)


def _nothing() -> None:
    """Streamlit asks for a callback for every value that is to come back."""


def _fractions(box: Box, width_px: int, height_px: int) -> list[float]:
    left, top, right, bottom = box.as_tuple()
    return [left / width_px, top / height_px, right / width_px, bottom / height_px]


def read(asked: Any, width_px: int, height_px: int) -> Asked | None:
    """The browser's answer in pixels of the photo."""
    if not asked:
        return None
    if asked.get("drawn"):
        left, top, right, bottom = (float(part) for part in asked["drawn"])
        return Asked(drawn=Box(left * width_px, top * height_px, right * width_px, bottom * height_px))
    return Asked(face_id=str(asked["face"]))

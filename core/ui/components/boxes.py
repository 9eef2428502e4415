"""A photo with a box on every face: one of them is chosen, or a face that is missing is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.base.types import Box, RgbImage
from core.language.texts import marked
from core.ui.components.browser_words import BrowserWords
from core.ui.components.choices import DatedChoice
from core.ui.components.mount import ignore_change, register_component
from core.ui.gallery import photo_data_url

_WORDS = BrowserWords(
    (
        marked("Draw a face that is missing"),
        marked("Draw around the face, or stop with Escape"),
        marked("Face of {name}"),
        marked("The new face: arrows move it, with shift they size it, Enter takes it"),
    )
)
_mount = register_component(
    "photo_boxes", '<div class="photo"></div>', module="boxes.js", style="boxes.css", words=_WORDS
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
class PhotoAction:
    """What somebody did on the photo: chose a face, or drew a box, in pixels of the photo."""

    face_id: str | None = None
    drawn_box: Box | None = None


@dataclass(frozen=True, slots=True)
class EncodedPhoto:
    """A photo as it travels to the browser."""

    src: str
    """A data address."""
    width_px: int
    """Of the photo itself."""
    height_px: int

    @classmethod
    def of(cls, image: RgbImage) -> EncodedPhoto:
        """Encode a photo, (height, width, 3) uint8 RGB."""
        height, width = image.shape[:2]
        # The size is the photo's, not that of the smaller picture: boxes are in pixels of the photo.
        return cls(photo_data_url(image), width, height)


def draw_photo(
    key: str, image: RgbImage, boxes: Sequence[BoxOnPhoto], alt: str, *, can_draw: bool = True
) -> PhotoAction | None:
    """Draw a photo, (height, width, 3) uint8 RGB, with its boxes; a face is chosen, or one that is missing is drawn."""
    sheet = EncodedPhoto.of(image)
    payload = _payload(key, sheet, boxes, alt) | {"can_draw": can_draw}
    answer = _mount(key=key, data=payload, on_asked_change=ignore_change)
    return read_photo_action(answer.asked, sheet.width_px, sheet.height_px)


def choose_box(
    key: str, sheet: EncodedPhoto, boxes: Sequence[BoxOnPhoto], alt: str, face_id: str | None, link: str
) -> DatedChoice | None:
    """Draw the photo with its boxes, of which one is chosen; ``link`` ties it to a list of the same faces."""
    payload = _payload(key, sheet, boxes, alt) | {"chosen": face_id, "link": link}
    return DatedChoice.of(_mount(key=key, data=payload, on_chosen_change=ignore_change).chosen)


def _payload(key: str, sheet: EncodedPhoto, boxes: Sequence[BoxOnPhoto], alt: str) -> dict[str, Any]:
    width, height = sheet.width_px, sheet.height_px
    return {
        "key": key,
        "src": sheet.src,
        "alt": alt,
        "width": width,
        "height": height,
        "can_draw": False,
        "boxes": [
            {"id": face.id, "box": _fractions(face.box, width, height), "label": face.label, "known": face.known}
            for face in boxes
        ],
    }


def _fractions(box: Box, width_px: int, height_px: int) -> list[float]:
    # The picture is as wide as the page has room: only fractions fit it whatever its size is.
    left, top, right, bottom = box.as_tuple()
    return [left / width_px, top / height_px, right / width_px, bottom / height_px]


def read_photo_action(answer: Any, width_px: int, height_px: int) -> PhotoAction | None:
    """The browser's answer in pixels of the photo."""
    if not answer:
        return None
    # A trigger: the answer is there in one run and gone in the next, so no box is taken in twice.
    if answer.get("drawn"):
        left, top, right, bottom = (float(part) for part in answer["drawn"])
        return PhotoAction(drawn_box=Box(left * width_px, top * height_px, right * width_px, bottom * height_px))
    return PhotoAction(face_id=str(answer["face"]))

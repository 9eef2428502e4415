"""A camera whose picture is looked at while it runs; it is never asked for before somebody presses Start."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.base.types import Box
from core.language.texts import marked, ngettext
from core.ui.components.browser_words import BrowserWords
from core.ui.components.mount import ignore_change, register_component

_WORDS = BrowserWords(
    (
        marked("Start the camera"),
        marked("Stop"),
        marked("In view"),
        marked("Waiting for the camera"),
        marked("Browsers lend the camera only to pages on this computer (127.0.0.1) or under https."),
        marked(
            "The browser does not let this page use the camera. Allow it by the camera symbol in the address bar, then "
            "start again."
        ),
        marked("No camera was found. Connect one, then start again; or upload a photo instead."),
        marked("Another program is using the camera. Close it, then start again."),
        marked("The camera cannot be used ({name}). Upload a photo instead."),
    ),
    (lambda number: ngettext("{number} look a second", "{number} looks a second", number, number="{number}"),),
)
_mount = register_component(
    "live_camera",
    '<div class="live" hidden><button type="button"></button><div class="view"><video muted playsinline></video>'
    '<canvas aria-hidden="true"></canvas></div><p class="told"></p>'
    '<ul aria-live="polite"></ul></div>',
    module="camera/camera.js",
    style="camera/camera.css",
    words=_WORDS,
)
# A component of its own: new data would draw the camera anew, while what was seen is to lie over the moving picture.
_answer = register_component("camera_seen", module="camera/answer.js")


@dataclass(frozen=True, slots=True)
class CameraStill:
    """One picture of the camera."""

    number: int
    jpeg: bytes
    at_s: float
    """By the browser's clock, from some moment on."""


@dataclass(frozen=True, slots=True)
class FaceInView:
    """A face in view."""

    box: Box
    """Fractions of the picture's width and height."""
    label: str
    known: bool


def draw_live_camera(key: str) -> CameraStill | None:
    """Draw the camera; the next still, when there is one."""
    return read_still(_mount(key=key, data={"key": key}, on_still_change=ignore_change).still)


def send_faces_in_view(key: str, number: int, faces: Sequence[FaceInView]) -> None:
    """Bring what was seen on a still to the camera of this key."""
    payload = [{"box": list(face.box.as_tuple()), "label": face.label, "known": face.known} for face in faces]
    _answer(key=f"{key}_seen", data={"key": key, "number": number, "faces": payload})


def read_still(answer: Any) -> CameraStill | None:
    """The browser's answer."""
    if not answer:
        return None
    # The number goes back with what was seen on it: an answer that comes late is about an earlier picture.
    return CameraStill(int(answer["number"]), base64.b64decode(answer["jpeg"]), float(answer["at_s"]))

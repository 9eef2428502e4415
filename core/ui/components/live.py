"""A camera whose picture is looked at while it runs; it is never asked for before somebody presses Start."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.base.types import Box
from core.ui.components.mount import ignore_change, register_component

_mount = register_component(
    "live_camera",
    '<div class="live" hidden><button type="button"></button><div class="view"><video muted playsinline></video>'
    '<canvas aria-hidden="true"></canvas></div><p class="told"></p>'
    '<ul aria-live="polite" aria-label="In view"></ul></div>',
    module="camera/camera.js",
    style="camera/camera.css",
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

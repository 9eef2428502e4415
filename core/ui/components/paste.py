"""Pictures from the clipboard."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from core.language.texts import gettext as _
from core.ui.components.mount import ignore_change, register_component

# It travels as base64 in one message, a third larger than it is, and lies in memory whole.
MOST_BYTES = 40_000_000
_mount = register_component("paste", "<p></p>", module="paste.js", style="paste.css")


@dataclass(frozen=True, slots=True)
class PastedPicture:
    """A picture of the clipboard."""

    name: str
    content: bytes


def pasted_pictures(key: str) -> list[PastedPicture]:
    """What was pasted since the last run."""
    payload = {
        "label": _("Or paste a picture with Ctrl+V (\u2318V)."),
        "most_bytes": MOST_BYTES,
        "too_large": _(
            "That picture has more than {megabytes} MB. Save it, and drop the file here.",
            megabytes=MOST_BYTES // 1_000_000,
        ),
    }
    return read_pasted_pictures(_mount(key=key, data=payload, on_pasted_change=ignore_change).pasted)


def read_pasted_pictures(answer: Any) -> list[PastedPicture]:
    """The browser's answer."""
    if not answer:
        return []
    return [PastedPicture(str(picture["name"]), base64.b64decode(picture["content"])) for picture in answer["pictures"]]

"""A whole page that files and folders can be dropped on: they go to the page's first uploader."""

from __future__ import annotations

from core.ui.components.mount import register_component

_SHEET = '<div class="sheet" hidden aria-hidden="true"><p></p></div>'
_mount = register_component("page_drop", _SHEET, module="page_drop.js", style="page_drop.css")


def accept_drops_anywhere(key: str, invitation: str) -> None:
    """Take what is dropped beside an uploader too, and say so while something is dragged over the page."""
    _mount(key=key, data={"invitation": invitation})

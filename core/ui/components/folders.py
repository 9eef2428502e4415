"""Folders that are dropped on an uploader come with the paths of their files."""

from __future__ import annotations

from core.ui.components.mount import component

_mount = component("folders", "", script="folders")


def keep_structure(key: str) -> None:
    """Let every uploader of the page send where in a dropped folder each file lay."""
    _mount(key=key)

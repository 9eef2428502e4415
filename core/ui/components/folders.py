"""What an uploader leaves to its page: the paths of files in dropped folders, and words for one that is too large."""

from __future__ import annotations

from core.ui.components.mount import register_component

# Streamlit's uploader finds out where in a dropped folder a file lay, but sends that for chosen folders only. Its chip
# for a file that is too large goes as soon as others have come: the note stays.
_mount = register_component("folders", '<p role="alert" hidden></p>', module="folders.js", style="folders.css")


def keep_folder_paths(key: str, most_bytes: int, too_large: str) -> None:
    """Let every uploader of the page send where in a dropped folder each file lay, and name what is too large for it.

    Parameters
    ----------
    most_bytes : of one file
    too_large : what is said after the names of larger ones
    """
    _mount(key=key, data={"most_bytes": most_bytes, "too_large": too_large})

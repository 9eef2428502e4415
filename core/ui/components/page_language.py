"""Tells the page itself in which language it is, and lets the browser remember that it was chosen."""

from __future__ import annotations

from core.language.languages import Language
from core.ui.components.mount import register_component

_mount = register_component("page_language", module="page_language.js")


def tell_page_language(language: Language, *, cookie: str) -> None:
    """Let the page be of a language.

    Parameters
    ----------
    cookie : by which name the browser remembers it; "" where nobody chose it just now
    """
    direction = "rtl" if language.is_right_to_left else "ltr"
    _mount(key="page_language", data={"code": language.code, "direction": direction, "cookie": cookie})

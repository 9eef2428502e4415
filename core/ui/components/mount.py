"""How a component of our own comes onto a page: its html, and the script and the style sheet that lie beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent


def register_component(
    name: str, html: str = "", *, script: str, style: str | None = None, before: tuple[str, ...] = ()
) -> Any:
    """Register a component; call what comes back to draw it.

    Parameters
    ----------
    script, style : file names without their endings; of the script comes the component's default function
    before : scripts that it uses, put before it
    """
    scripts = [(_FOLDER / f"{file_name}.js").read_text(encoding="utf-8") for file_name in (*before, script)]
    css = (_FOLDER / f"{style}.css").read_text(encoding="utf-8") if style else None
    return st.components.v2.component(name, html=html, css=css, js="\n".join(scripts))


def ignore_change() -> None:
    """Streamlit asks for a callback for every value that is to come back."""

"""Commands from a grid or a list, each obeyed once: what is pressed while the page is still busy waits in the browser.

The browser numbers its commands and sends all that were not acknowledged; the page remembers the last number that it
obeyed, and tells it with everything that it draws. Every drawing differs from the one before, so that the browser
looks at its outbox each time: a run that ends before it reaches the component loses what it was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from core.ui import state


def last_obeyed_number(key: str) -> int:
    """The number of the last command of this component that was obeyed."""
    return int(st.session_state.get(state.OBEYED, {}).get(key, 0))


def outbox_state(key: str) -> dict[str, str | int]:
    """What the browser needs with a drawing: whose it is, the last command that was obeyed, and which drawing it is."""
    drawings = st.session_state.setdefault(state.DRAWINGS, {})
    # Nobody reads the number; it only makes the data of this drawing differ, or the browser would not be called.
    drawings[key] = drawings.get(key, 0) + 1
    return {"key": key, "seen": last_obeyed_number(key), "drawing": drawings[key]}


def take_new_commands(key: str, sent: Iterable[Mapping[str, Any]] | None) -> list[Mapping[str, Any]]:
    """The commands that were not obeyed yet, which from now on they are."""
    # A command may come several times, as all that wait are sent each time.
    new = sorted(
        (command for command in sent or () if command["n"] > last_obeyed_number(key)), key=lambda command: command["n"]
    )
    # Marked as obeyed before it is obeyed: a fault, or the rerun that follows, must not make it happen twice.
    if new:
        st.session_state.setdefault(state.OBEYED, {})[key] = new[-1]["n"]
    return new

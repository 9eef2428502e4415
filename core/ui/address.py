"""What a page shows, kept in the address: a link or a reload shows the same."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

import streamlit as st

Choice = TypeVar("Choice", bound=StrEnum)


def query_value(name: str) -> str | None:
    """What the address says, if it says anything."""
    return st.query_params.get(name)


def query_number(name: str) -> int | None:
    """The number that the address gives; None when it gives none, or something else."""
    # Anybody may have written the address. ``isdigit`` alone lets "²" through, of which ``int`` makes no number.
    text = query_value(name) or ""
    return int(text) if text.isascii() and text.isdigit() else None


def query_choice(known: Sequence[Choice], name: str) -> Choice | None:
    """Which of the known values the address names."""
    text = query_value(name)
    return next((value for value in known if value == text), None)


def set_query_values(**values: str | None) -> None:
    """Put values into the address; None takes one out."""
    for name, value in values.items():
        # What is there already is not written again: each writing sends the browser a new address.
        if value is None:
            st.query_params.pop(name, None)
        elif query_value(name) != value:
            st.query_params[name] = value

"""Names that people give: to datasets and to people."""

from __future__ import annotations

import unicodedata

from core.base.errors import InputRefused

LONGEST_NAME = 80


def compose_name(name: str) -> str:
    """The name without spaces at its ends, letters with their accents composed."""
    # A name typed on macOS and one typed on Windows are then the same text to the database.
    return unicodedata.normalize("NFC", name).strip()


def checked_name(name: str, of_what: str) -> str:
    """The name without spaces at its ends, letters with their accents composed. Raises InputRefused."""
    name = compose_name(name)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputRefused(f"The name of a {of_what} has 1 to {LONGEST_NAME} printable characters; got {len(name)}.")
    return name

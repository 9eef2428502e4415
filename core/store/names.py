"""Names that people give: to datasets and to people."""

from __future__ import annotations

import unicodedata

from core.base.errors import InputRefused
from core.language.texts import marked

LONGEST_NAME = 80
_REFUSALS = {
    "dataset": marked("The name of a dataset has 1 to {longest} printable characters; got {got}."),
    "person": marked("The name of a person has 1 to {longest} printable characters; got {got}."),
}


def compose_name(name: str) -> str:
    """The name without spaces at its ends, letters with their accents composed."""
    # A name typed on macOS and one typed on Windows are then the same text to the database.
    return unicodedata.normalize("NFC", name).strip()


def checked_name(name: str, of_what: str) -> str:
    """The name without spaces at its ends, letters with their accents composed. Raises InputRefused."""
    name = compose_name(name)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputRefused(_REFUSALS[of_what].format(longest=LONGEST_NAME, got=len(name)))
    return name

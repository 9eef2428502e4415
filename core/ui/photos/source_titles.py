"""What sources of photos are called that have no name of their own: kept in English, shown as whoever reads says it."""

from __future__ import annotations

import re

from core.language.languages import ENGLISH
from core.language.said_before import say_again
from core.language.texts import marked, ngettext, speaking

SAMPLE_TITLE = marked("the sample")
OWN_PHOTOS_TITLE = marked("Names inside of the photos")
_COUNTED_FILES = re.compile(r"[\d\u202f]+ files?")


def count_files(number: int) -> str:
    """The title of loose files: "12 files"."""
    with speaking(ENGLISH):
        return ngettext("{number} file", "{number} files", number)


def say_title(title: str) -> str:
    """A title in the language of whoever reads; names of files and folders stay, whatever they mean."""
    is_ours = title in (SAMPLE_TITLE, OWN_PHOTOS_TITLE) or _COUNTED_FILES.fullmatch(title)
    return say_again(title) if is_ours else title

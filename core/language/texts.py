"""The texts of the interface: English where they are used, said in the language of whoever reads them.

A text is one whole sentence with names for what it is about, so that other languages can put their words in their own
order::

    gettext("Renamed to '{name}'.", name=plain(name))
    ngettext("{number} photo", "{number} photos", counts.photos)

``message`` is always written out, as ``make words`` collects the texts by reading the code. Where it stands before
anybody's language is known, in a constant, ``marked`` has it collected and ``gettext`` is called where it is shown.
What is remembered longer than a page's run (``st.cache_data``, a stored result) holds values, not texts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from core.language.languages import ENGLISH, Language, load_translations

THIN_SPACE = "\u202f"
"""Between thousands in every language: a point or a comma there means something else to the neighbour."""
_ELIDED = re.compile(r"\b(?P<word>d|qu)e (?P<marks>[*]*)(?=\{(?P<name>\w+)\})", re.IGNORECASE)
_VOWELS = frozenset("aeiouœæ")
_spoken: ContextVar[Language | None] = ContextVar("spoken", default=None)
_readers: list[Callable[[], Language]] = []


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Say everything inside in this language."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def ask_for_language(find: Callable[[], Language]) -> None:
    """Let ``find`` say who reads, wherever no ``speaking`` does: every tab of a browser may read another language."""
    _readers[:] = [find]


def current_language() -> Language:
    """The language in which texts are said now."""
    return _spoken.get() or (_readers[0]() if _readers else ENGLISH)


def gettext(message: str, **values: object) -> str:
    """A text; ``values`` stand for the names in its braces, as they are."""
    return _fill(load_translations(current_language()).gettext(message), values)


def ngettext(singular: str, plural: str, number: int, /, **values: object) -> str:
    """A text about a number of things, which is written at ``{number}`` unless a value of that name is."""
    text = load_translations(current_language()).ngettext(singular, plural, number)
    return _fill(text, {"number": format_count(number), **values})


def pgettext(context: str, message: str, **values: object) -> str:
    """A text that means something else elsewhere, as "Right" of an answer and of a side."""
    return _fill(load_translations(current_language()).pgettext(context, message), values)


def marked(message: str) -> str:
    """A text that is said later; it stays as it is."""
    return message


def format_count(number: int) -> str:
    """A whole number: "12 345", with thin spaces."""
    return f"{number:,}".replace(",", THIN_SPACE)


def localise_decimals(number: str) -> str:
    """A number that Python wrote, with the sign that the language writes before decimals: "97.6", "97,6"."""
    return number.replace(".", current_language().decimal_sign)


def _fill(text: str, values: dict[str, object]) -> str:
    # A text without values may have braces of its own.
    if not values:
        return text
    return (_elide(text, values) if current_language().has_elisions else text).format_map(values)


def _elide(text: str, values: dict[str, object]) -> str:
    """A French text whose "de" and "que" fit the values behind them: "de {name}" becomes "d’{name}" for Ann."""

    def shorten(before_value: re.Match[str]) -> str:
        value = unicodedata.normalize("NFD", str(values.get(before_value["name"], "")))
        return f"{before_value['word']}’{before_value['marks']}" if value[:1].lower() in _VOWELS else before_value[0]

    return _ELIDED.sub(shorten, text)

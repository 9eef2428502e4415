"""The texts that the browser's modules say themselves, on their way there in the language of who reads.

A module has its texts in English (``browser/shared/words.js``), and the component that draws with it declares them, so
that they come into the catalogue. English needs no table; other languages travel keyed by the English text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from core.language.languages import ENGLISH, Language, plural_category
from core.language.texts import current_language, gettext, speaking

CountedText = Callable[[int], str]
"""``ngettext`` of a number, which it leaves as ``{number}`` in the text."""
_COUNTED = range(200)
"""Among these every plural of every language occurs but those of millions, which are as the others then."""


@dataclass(frozen=True, slots=True)
class BrowserWords:
    """What the modules of a component say."""

    texts: tuple[str, ...]
    """Texts that were ``marked``."""
    counted: tuple[CountedText, ...] = ()


def words_for_reader(words: BrowserWords) -> dict[str, object]:
    """The words as they travel, in the language that is spoken now."""
    return _words_in(words, current_language())


@lru_cache(maxsize=64)
def _words_in(words: BrowserWords, language: Language) -> dict[str, object]:
    texts: dict[str, str | dict[str, str]] = {}
    if language is not ENGLISH:
        with speaking(language):
            texts.update({text: said for text in words.texts if (said := gettext(text)) != text})
        texts.update({english_plural(counted): _forms_in(counted, language) for counted in words.counted})
    return {"language": language.code, "decimal_sign": language.decimal_sign, "texts": texts}


def english_plural(counted: CountedText) -> str:
    """The text of several things, by which its forms are found in the browser."""
    with speaking(ENGLISH):
        return counted(2)


def _forms_in(counted: CountedText, language: Language) -> dict[str, str]:
    """A form for each category of plurals, as the browser's ``Intl.PluralRules`` calls them: "one", "few", "other"."""
    with speaking(language):
        # Some languages keep "other" for fractions; numbers beyond the counted ones need it too.
        return {"other": counted(_COUNTED[-1])} | {
            plural_category(number, language): counted(number) for number in _COUNTED
        }

"""Texts that were said in English and kept, in the language of whoever reads them now.

A job in another process, a stored run, an export of another installation: what they say of themselves was written in
English and is kept so, as nobody knows who will read it. The catalogue has the text that it was written by; from that,
its values can be read again. What the catalogue lacks stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from core.language.languages import ENGLISH, Language, load_translations, read_catalogue
from core.language.texts import current_language, gettext, localise_decimals, ngettext, speaking

_FEWEST_LETTERS = 4
"""Of a text between its values: with fewer, as in "{low} to {high}", it would be seen where it is not."""
_MANY_LETTERS = 12
_VALUE = re.compile(r"\{(\w+)\}")
_NUMBER = r"\d[\d\u202f]*"
_NUMBER_OF_THINGS = re.compile(rf"{_NUMBER} \w")
_COUNTED = re.compile(rf"({_NUMBER}: )([^.]+\.)")
_DECIMALS = re.compile(r"[+\u2212-]?\d+\.\d+(\u00a0%)?")
_SENTENCE_END = re.compile(r"(?<=[.!?]) ")
_MOST_WORDS_OF_A_NAME = 4


@dataclass(frozen=True, slots=True)
class _Pattern:
    """How a text of the catalogue looks with its values."""

    pattern: re.Pattern[str]
    message: str | tuple[str, str]
    """Singular and plural where a number decides."""
    n_letters: int
    begins_with_words: bool


def say_again(text: str) -> str:
    """A text that was said in English before, in the language that is spoken now."""
    language = current_language()
    return text if language is ENGLISH or not text else _say_again(text, language)


@lru_cache(maxsize=2_048)
def _say_again(text: str, language: Language) -> str:
    # As it stands first: a text without values need not be searched for.
    if (translated := load_translations(language).gettext(text)) != text:
        return translated
    n_letters = _count_letters(text)
    for known in _patterns_of(language):
        # A few words that stand anywhere, as "{number} faces of {names}", would be seen in every long text.
        is_likely = known.n_letters >= min(_MANY_LETTERS, n_letters / 3)
        if is_likely and (match := known.pattern.fullmatch(text)):
            with speaking(language):
                return _fill(known, match.groupdict())
    if (short := _say_short_again(text, language)) is not None:
        return short
    if counted := _COUNTED.fullmatch(text):
        return counted[1] + _say_again(counted[2], language)
    sentences = _SENTENCE_END.split(text)
    return " ".join(_say_again(sentence, language) for sentence in sentences) if len(sentences) > 1 else text


def forget_texts() -> None:
    """Drop from memory what was said again: names of people who are erased may stand in it."""
    _say_again.cache_clear()


def _say_short_again(text: str, language: Language) -> str | None:
    """A text with few words of its own, as "left out: {reason}", where a value is all of another text."""
    translations = load_translations(language)
    for known in _patterns_of(language):
        if known.begins_with_words and (match := known.pattern.fullmatch(text)):
            values = match.groupdict()
            if any(" " in value and translations.gettext(value) != value for value in values.values()):
                with speaking(language):
                    return _fill(known, values)
    return None


def _fill(known: _Pattern, values: Mapping[str, str]) -> str:
    values_again = {name: _say_value_again(value) for name, value in values.items()}
    if isinstance(known.message, str):
        return gettext(known.message, **values_again)
    singular, plural = known.message
    number = int(re.sub(r"\D", "", values_again.pop("number", "1")))
    return ngettext(singular, plural, number, **values_again)


def _say_value_again(value: str) -> str:
    if _DECIMALS.fullmatch(value):
        return localise_decimals(value)
    # A number of things, as "3 faces" in a sentence, is a text of its own, and so is a clause. Other values are names,
    # which stay, also where somebody is called by a word of the interface.
    if _NUMBER_OF_THINGS.match(value) or len(value.split()) > _MOST_WORDS_OF_A_NAME:
        return say_again(value)
    return gettext(value) if " " in value else value


@lru_cache(maxsize=8)
def _patterns_of(language: Language) -> tuple[_Pattern, ...]:
    """Those with the most letters first: "{number} face of {name}" before "{number} {noun}"."""
    patterns = []
    for message in read_catalogue(language):
        forms = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        if not forms[0] or not _VALUE.search(forms[-1]) or message.context:
            continue
        of = message.id if isinstance(message.id, str) else (forms[0], forms[1])
        patterns += [
            _Pattern(_compile(form), of, _count_letters(form), form[:_FEWEST_LETTERS].isalpha()) for form in forms
        ]
    return tuple(
        sorted((known for known in patterns if known.n_letters >= _FEWEST_LETTERS), key=lambda known: -known.n_letters)
    )


def _count_letters(form: str) -> int:
    return sum(letter.isalpha() for letter in _VALUE.sub("", form))


def _compile(form: str) -> re.Pattern[str]:
    parts, fields_met, end = [], set[str](), 0
    for value in _VALUE.finditer(form):
        name = value[1]
        values = _NUMBER if name == "number" else ".+?"
        parts += [
            re.escape(form[end : value.start()]),
            f"(?P={name})" if name in fields_met else f"(?P<{name}>{values})",
        ]
        fields_met.add(name)
        end = value.end()
    return re.compile("".join([*parts, re.escape(form[end:])]), re.DOTALL)

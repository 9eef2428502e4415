"""How probable a text is as a name that people have, in one language: by its letters, their case and their scripts.

References
----------
W. B. Cavnar, J. M. Trenkle, "N-gram-based text categorization", SDAIR 1994: languages told apart by their letters.
G. K. Zipf, "Human Behavior and the Principle of Least Effort", 1949: frequency falls with the inverse of the rank.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

from core.archives.spelling import letters

_WORD: Final = re.compile(r"[^\W\d_]+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SpelledName:
    """A name as it reads in a code page, with what is the same for every language: found out once for all of them."""

    words: tuple[str, ...]
    """And all that stands between them, sign by sign."""
    n_ascii: int
    beyond_ascii: tuple[tuple[str, str, float], ...]
    """The other letters: each as it is, as a small one, and its log probability where the language has neither."""
    log_prob_of_shape: float
    """Of the case and the scripts of its words."""
    log_prob_of_order: float
    """Of its vowels and consonants taking turns, in Latin languages."""

    @classmethod
    def of(cls, text: str) -> SpelledName:
        """Take a text apart."""
        words = tuple(_WORD.findall(text))
        # The case of a letter by itself says nothing.
        longer = [word for word in words if len(word) > 1]
        beyond_ascii = tuple((letter, letter.lower(), _foreign(letter)) for letter in text if not letter.isascii())
        return cls(
            words=words,
            n_ascii=len(text) - len(beyond_ascii),
            beyond_ascii=beyond_ascii,
            log_prob_of_shape=sum(_case(word) + (_MIXED_SCRIPTS if _mixes_scripts(word) else 0.0) for word in longer),
            log_prob_of_order=sum(map(_alternation, words)),
        )


def log_prob_in_language(name: SpelledName, language: str) -> float:
    """How probable a name is in a language, as the sum over its letters.

    Latin languages share a to z, so what tells them apart is which other letters they have, and that vowels and
    consonants take turns: gibberish of the right letters does not.
    """
    if language in _CJK:
        characters = _characters_of(language)
        return sum(map(characters.log_prob, name.words))
    table = _alphabet(language)
    # A capital is as usual as its small letter; what case says is judged once, for the whole word.
    of_letters = sum(
        table[letter] if letter in table else table.get(small, foreign) for letter, small, foreign in name.beyond_ascii
    )
    of_order = name.log_prob_of_order if language in letters.LATIN else 0.0
    return name.n_ascii * _log_ascii(language) + of_letters + name.log_prob_of_shape + of_order


# --- alphabets

_ACCENTED_SHARE: Final = 0.08
"""Of the letters in names of Latin languages those beside a to z, roughly; other scripts use few of a to z."""
_OWN_SHARE: Final = 0.95
_FOREIGN_LETTER: Final = math.log(2e-5)
_SYMBOL: Final = math.log(1e-6)
_PUNCTUATION: Final = {
    "’": 2e-3, "´": 1e-3, "–": 5e-4, "‘": 2e-4, "—": 2e-4, "№": 2e-4, **dict.fromkeys("«»„“”°ªº·\xa0", 1e-4),
}  # fmt: skip
_ODD_CASE: Final = math.log(1e-3)
"""Of a capital after a small letter, or a small letter after two capitals."""
_MIXED_SCRIPTS: Final = math.log(1e-4)


@cache
def _alphabet(language: str) -> Mapping[str, float]:
    """Log probability of every letter of a language that is not ASCII, by its rank (Zipf)."""
    # No counts of letters are needed: by Zipf the rank in running text tells them well enough to compare readings.
    # Other scripts have no a to z besides, so their letters are nearer to each other in frequency.
    latin_letters = letters.LATIN.get(language)
    share = _ACCENTED_SHARE if latin_letters else _OWN_SHARE
    alphabet = dict.fromkeys(latin_letters or letters.ALPHABETS[language])
    flatness = 1.0 if latin_letters else 8.0
    weights = {letter: 1 / (rank + flatness) for rank, letter in enumerate(alphabet)}
    total = sum(weights.values())
    return {letter: math.log(share * weight / total) for letter, weight in weights.items()}


@cache
def _log_ascii(language: str) -> float:
    return math.log(((1 - _ACCENTED_SHARE) if language in letters.LATIN else (1 - _OWN_SHARE)) / 30)


_PUNCTUATION_LOG: Final = {sign: math.log(share) for sign, share in _PUNCTUATION.items()}


@cache
def _foreign(letter: str) -> float:
    """Log probability of a sign that is no letter of the language."""
    if letter in _PUNCTUATION_LOG:
        return _PUNCTUATION_LOG[letter]
    return _FOREIGN_LETTER if letter.isalpha() and unicodedata.category(letter) in ("Lu", "Ll", "Lo", "Mn") else _SYMBOL


def _case(word: str) -> float:
    """How usual the pattern of capitals is: Ann and ann often, ANN seldom, aNN and AnN hardly ever."""
    if not (word.upper() != word or word.lower() != word):
        return 0.0
    # A wrong code page turns small letters into capitals amid a word, which is what gives it away.
    if word.isupper():
        return math.log(0.08)
    odd = sum(before.islower() and after.isupper() for before, after in pairwise(word))
    odd += sum(
        first.isupper() and second.isupper() and third.islower()
        for first, second, third in zip(word, word[1:], word[2:], strict=False)
    )
    start = math.log(0.7) if word[0].isupper() else math.log(0.2)
    return start + odd * _ODD_CASE


def _alternation(word: str) -> float:
    """How usual the order of vowels and consonants is in Latin languages, against letters in any order."""
    if word.isascii():
        return 0.0
    vowels = [_is_vowel(letter) for letter in word.lower()]
    return sum(_NEXT[pair] for pair in pairwise(vowels))


_NEXT: Final = {
    (False, True): math.log(0.65 / 0.42), (False, False): math.log(0.35 / 0.58),
    (True, True): math.log(0.15 / 0.42), (True, False): math.log(0.85 / 0.58),
}  # fmt: skip
"""Log of how much more often a vowel (True) or consonant follows one than it stands anywhere (42 of 100 are vowels)."""


@cache
def _is_vowel(letter: str) -> bool:
    # The letter under its accents decides: é is a vowel as e is.
    return unicodedata.normalize("NFD", letter)[0] in "aeiouyæøœı"


def _mixes_scripts(word: str) -> bool:
    return not word.isascii() and len({_script(letter) for letter in word if letter.isalpha()}) > 1


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0] if not letter.isascii() else "LATIN"


# --- scripts of many characters


@dataclass(frozen=True, slots=True)
class _Characters:
    """Characters of a language by how often they stand in names."""

    first: Mapping[str, float]
    """Log probability at the beginning of a word: family names."""
    usual: Mapping[str, float]
    levels: tuple[tuple[frozenset[str], float], ...]
    """Log probability of the other characters, by how common the standard holds them to be."""

    def log_prob(self, token: str) -> float:
        return sum(self._of(letter, at_start=index == 0) for index, letter in enumerate(token))

    def _of(self, letter: str, *, at_start: bool) -> float:
        if letter.isascii():
            return _ASCII_BESIDE
        best = max(self.usual.get(letter, -99.0), self.first.get(letter, -99.0) if at_start else -99.0)
        if best > -99.0:
            return best
        return next((log_prob for level, log_prob in self.levels if letter in level), _NO_LEVEL)


_ASCII_BESIDE: Final = math.log(0.3 / 60)
_NO_LEVEL: Final = math.log(1e-8)


def _characters(first: str, usual: str, levels: Iterable[tuple[frozenset[str], float]]) -> _Characters:
    """``levels`` come with the share of all characters that are of them."""
    family = {letter: 1 / (rank + 10) for rank, letter in enumerate(dict.fromkeys(first))}
    total = sum(family.values()) or 1.0
    all_usual = dict.fromkeys(usual + first)
    return _Characters(
        first={letter: math.log(0.75 * weight / total) for letter, weight in family.items()},
        usual={letter: math.log(0.6 / len(all_usual)) for letter in all_usual},
        levels=tuple((level, math.log(share / len(level))) for level, share in levels),
    )


def _block(codec: str, leads: range, trails: Iterable[int]) -> frozenset[str]:
    """Characters of a block of a double-byte code page."""
    pairs = (bytes((lead, trail)).decode(codec, "ignore") for lead in leads for trail in trails)
    return frozenset(character for character in pairs if len(character) == 1)


def _span(first: int, last: int) -> frozenset[str]:
    return frozenset(map(chr, range(first, last + 1)))


def _chinese(codec: str, family: str, given_names: str) -> _Characters:
    high, trail_bytes = range(0xA1, 0xFF), [*range(0x40, 0x7F), *range(0xA1, 0xFF)]
    common = (
        _block("gb2312", range(0xB0, 0xD8), high) if codec == "gbk" else _block("big5", range(0xA4, 0xC7), trail_bytes)
    )
    less = (
        _block("gb2312", range(0xD8, 0xF8), high) if codec == "gbk" else _block("big5", range(0xC9, 0xFA), trail_bytes)
    )
    return _characters(family, given_names, [(common, 0.2), (less, 0.02), (_span(0x4E00, 0x9FFF), 0.003)])


@cache
def _characters_of(language: str) -> _Characters:
    """Collected when they are first asked for: decoding whole blocks takes longer than all else that a zip needs."""
    if language == "Chinese, simplified":
        return _chinese("gbk", letters.HAN_SIMPLIFIED, letters.HAN_SIMPLIFIED_GIVEN)
    if language == "Chinese, traditional":
        return _chinese("big5", letters.HAN_TRADITIONAL, letters.HAN_TRADITIONAL_GIVEN)
    high = range(0xA1, 0xFF)
    if language == "Korean":
        hangul, hanja = _block("euc_kr", range(0xB0, 0xC9), high), _block("euc_kr", range(0xCA, 0xFE), high)
        levels = [(hangul, 0.1), (_span(0xAC00, 0xD7A3), 0.003), (hanja, 0.01)]
        return _characters(letters.HANGUL_FAMILY, letters.HANGUL_GIVEN, levels)
    common, less = _block("euc_jp", range(0xB0, 0xD0), high), _block("euc_jp", range(0xD0, 0xF5), high)
    kana = _span(0x3041, 0x30FF) | {"々", "ー", "・"}
    levels = [(kana, 0.15), (common, 0.1), (less, 0.01), (_span(0xFF61, 0xFF9F), 0.003)]
    return _characters("", letters.HAN_JAPANESE + letters.KANA, levels)


_CJK: Final = ("Japanese", "Chinese, simplified", "Chinese, traditional", "Korean")
LANGUAGES: Final = (*letters.LATIN, *letters.ALPHABETS, *_CJK)
"""Every language that is known."""

"""The ways in which a name is written, and where a text that holds its letters speaks of somebody else.

Any case, accents composed, decomposed or left out, 'Ann_Lee_0001.jpg', 'AnnLee', 'ann.lee', 'Ann%20Lee'.
A mention is sure where the name stands alone, and possible where it is part of a longer word, is run together with
one, or stands the other way round. Names of one letter or of a few digits occur everywhere: only a whole folder or
text is one. Names that others have now hold their ground, however they are written.

References
----------
Unicode Standard Annex 15, "Unicode Normalization Forms": what accents are taken off by.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from urllib.parse import unquote

UNREADABLE = "\ufffd"
"""What stands for bytes that could not be decoded, as of an accented letter in another code page."""
LEAST_DIGITS = 5
"""A name of fewer digits, and nothing else, is not looked for inside texts."""
LEAST_IN_CAMEL = 5
"""Letters that a single word needs to be told in 'MadonnaLive'; 'JoAnn' is no Ann."""
LEAST_IN_WORDS = 6
"""Letters that a name needs to be noticed inside a longer word."""
LEAST_BESIDE_UNREADABLE = 3
_KEPT_MARKS = (7, 8, 9)
"""Combining classes of marks that make another letter: nukta, the voiced sound of kana, virama."""
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
_SPELLED_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
_SCRIPTS_WITHOUT_SPACES = ("CJK", "THAI", "LAO", "KHMER", "MYANMAR")
_LONG_SCRIPTS = ("CJK", "HANGUL", "HIRAGANA", "KATAKANA")
"""A letter of these weighs as much as three."""
_BETWEEN = r"(?:[\W_]|%20){0,3}"
_NO_LETTER_BEFORE, _NO_LETTER_BEHIND = r"(?<![^\W\d_])", r"(?![^\W\d_])"


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a name stands in a text with its accents composed."""

    start: int
    end: int
    sure: bool


@lru_cache(maxsize=1 << 14)
def _fold_letter(letter: str) -> str:
    # Taken apart, rid of accents, put together again: Hangul falls apart into its letters and must not stay so.
    parts = unicodedata.normalize("NFKD", letter.casefold())
    base_letters = "".join(part for part in parts if unicodedata.combining(part) in (0, *_KEPT_MARKS))
    return unicodedata.normalize("NFC", base_letters).casefold().translate(_PLAIN)


def compose_accents(text: str) -> str:
    """The text with its accents composed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def fold_name(text: str) -> str:
    """The text without case and accents."""
    return text.lower() if text.isascii() else "".join(map(_fold_letter, compose_accents(text)))


@lru_cache(maxsize=1 << 12)
def _is_letter(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LM"


@lru_cache(maxsize=1 << 12)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0]


def _class_of(letter: str) -> str:
    return "letters" if _is_letter(letter) else "digits" if letter.isdecimal() else ""


def split_words(name: str) -> tuple[str, ...]:
    """The runs of letters and of digits of a name, folded: what two spellings of a name have in common."""
    runs = groupby(fold_name(name), _class_of)
    return tuple("".join(run) for kind, run in runs if kind)


def spelling_key(name: str) -> str:
    """The same for every spelling of a name."""
    return "".join(split_words(name)) or fold_name(name)


def _weight(folded: str) -> int:
    return sum(3 if _script(letter) in _LONG_SCRIPTS else 1 for letter in folded if _is_letter(letter))


def text_readings(text: str) -> Iterator[str]:
    """The text with its accents composed, and what it says where it is written as an address."""
    yield compose_accents(text)
    if "%" in text:
        yield compose_accents(unquote(text))


# patterns


def _pattern(name: str, between: str = _BETWEEN) -> str:
    """A name as a pattern for folded texts."""
    composed = compose_accents(name)
    # Letters with accents come out of a wrong code page as one to three marks that cannot be read. A name with few
    # other letters would then be found everywhere.
    blurred = sum(letter.isascii() and letter.isalpha() for letter in composed) >= LEAST_BESIDE_UNREADABLE
    letters = [(_fold_letter(letter), letter.isascii()) for letter in composed]
    runs = groupby(
        ((piece, plain) for piece, plain in letters if piece), lambda folded_letter: _class_of(folded_letter[0][0])
    )
    words = [
        "".join(_letter_pattern(*folded_letter, blurred=blurred) for folded_letter in run) for kind, run in runs if kind
    ]
    return between.join(words) or re.escape(fold_name(name))


def _letter_pattern(piece: str, plain: bool, *, blurred: bool) -> str:
    return re.escape(piece) if plain or not blurred else f"(?:{re.escape(piece)}|{UNREADABLE}{{1,3}})"


def _spelled_out(name: str) -> Iterator[str]:
    yield name
    lower = compose_accents(name).lower()
    if any(letter in _SPELLED_OUT for letter in lower):
        yield "".join(_SPELLED_OUT.get(letter, letter) for letter in lower)


def _is_bare(name: str) -> bool:
    """Whether a name is too little to be looked for inside texts."""
    words = split_words(name)
    if any(map(_is_letter, "".join(words))):
        return sum(map(len, words)) < 2
    return sum(map(len, words)) < LEAST_DIGITS


@dataclass(frozen=True)
class Spellings:
    """Finds names in texts, but not as part of names that others have."""

    names: tuple[str, ...]
    spared: tuple[str, ...] = ()

    @cached_property
    def _name_patterns(self) -> list[re.Pattern[str]]:
        written = {name for original in self.names for name in _spelled_out(original)}
        plain = {_pattern(name) for name in written if not _is_bare(name)}
        whole = {rf"(?:^|(?<=/)){re.escape(fold_name(name))}(?=/|$)" for name in written if _is_bare(name)}
        return [re.compile(pattern) for pattern in sorted(plain | whole, key=lambda source: (-len(source), source))]

    @cached_property
    def _any_pattern(self) -> re.Pattern[str] | None:
        return re.compile("|".join(pattern.pattern for pattern in self._name_patterns)) if self._name_patterns else None

    @cached_property
    def _spared_pattern(self) -> re.Pattern[str] | None:
        """Spared names in any spelling; one that only digits tell from a name that goes, just as it is."""
        erased_letters = {"".join(filter(_is_letter, spelling_key(name))) for name in self.names}
        # 'Ann 2' is spared when 'Ann 1' goes: in a loose spelling, without its digits, either would be the other.
        near = {name for name in self.spared if "".join(filter(_is_letter, spelling_key(name))) in erased_letters}
        loose = [_pattern(name) for name in self.spared if name not in near]
        exact = [re.escape(fold_name(name)) for name in near if spelling_key(name) not in self._keys]
        patterns = sorted(filter(None, {*loose, *exact}), key=lambda source: (-len(source), source))
        alternatives = "|".join(patterns)
        return re.compile(rf"{_NO_LETTER_BEFORE}(?:{alternatives})(?!\d){_NO_LETTER_BEHIND}") if alternatives else None

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(spelling_key(name) for original in self.names for name in _spelled_out(original))

    @cached_property
    def _twins(self) -> frozenset[str]:
        """Spared names that are the same but for their spelling: only that very spelling is theirs."""
        return frozenset(compose_accents(name) for name in self.spared if spelling_key(name) in self._keys)

    @cached_property
    def _reversed_pattern(self) -> re.Pattern[str] | None:
        """'Lee, Ann' of 'Ann Lee'."""
        pairs = [split_words(name) for name in self.names]
        turned = [rf"{re.escape(last)}[\W_]{{1,3}}{re.escape(first)}" for first, last in filter(_is_turnable, pairs)]
        return re.compile(f"{_NO_LETTER_BEFORE}(?:{'|'.join(turned)}){_NO_LETTER_BEHIND}") if turned else None

    def is_name(self, text: str) -> bool:
        """Whether the text is one of the names in any spelling, and is nobody else's name."""
        return text not in self.spared and spelling_key(text) in self._keys

    def may_mention(self, text: str) -> bool:
        """Whether the letters of a name are in the text; quick, and too often true."""
        folded = fold_name(text)
        return any(
            pattern is not None and pattern.search(folded) for pattern in (self._any_pattern, self._reversed_pattern)
        )

    def mentions(self, text: str) -> Iterator[Mention]:
        """Where the names stand in a text whose accents are composed (``compose_accents``)."""
        # One search for all names: nearly every text has none, and is done with.
        if not self.may_mention(text):
            return
        folded, origin = _fold_with_origin(text)
        spared_spans = [match.span() for match in self._spared_pattern.finditer(folded)] if self._spared_pattern else []
        for start, end, sure in self._spans(folded, text, origin):
            if not any(first <= start and end <= last for first, last in spared_spans):
                bounds = origin[start], _end(text, origin, end)
                if not self._is_twin(text, *bounds):
                    yield Mention(*bounds, sure)

    def _spans(self, folded: str, text: str, origin: list[int]) -> Iterator[tuple[int, int, bool]]:
        position = 0
        while self._any_pattern and (match := self._any_pattern.search(folded, position)):
            # The names are tried longest first where one begins: of 'Ann Lee' and 'Ann' the longer one is meant, where
            # it stands alone; else the shorter one may.
            matches = (candidate.match(folded, match.start()) for candidate in self._name_patterns)
            spans = [candidate.span() for candidate in matches if candidate]
            whole = [span for span in spans if self._is_whole(text, origin[span[0]], _end(text, origin, span[1]))]
            for start, end in (whole or spans)[:1]:
                if whole or _weight(folded[start:end]) >= LEAST_IN_WORDS or _is_hump(text, origin, start, end):
                    yield start, end, bool(whole)
            # What is only part of a word may hide a name that begins inside of it.
            position = whole[0][1] if whole else match.start() + 1
        if self._reversed_pattern:
            yield from ((*match.span(), False) for match in self._reversed_pattern.finditer(folded))

    def _is_whole(self, text: str, start: int, end: int) -> bool:
        long = len(split_words(text[start:end])) > 1 or end - start >= LEAST_IN_CAMEL
        before = start == 0 or _parts(text[start - 1], text[start], camel=long)
        return before and (end >= len(text) or _parts(text[end - 1], text[end], camel=long))

    def _is_twin(self, text: str, start: int, end: int) -> bool:
        alone = not any(_is_letter(letter) for letter in text[max(start - 1, 0) : start] + text[end : end + 1])
        return alone and text[start:end] in self._twins


def _is_turnable(words: tuple[str, ...]) -> bool:
    return len(words) == 2 and all(len(word) > 1 and _is_letter(word[0]) for word in words)


def _parts(left: str, right: str, *, camel: bool) -> bool:
    """Whether a word ends between two letters, of which one belongs to a name."""
    if left.isdecimal() and right.isdecimal():
        return False
    if not (_is_letter(left) and _is_letter(right)):
        return True
    # Where scripts change a word ends, and in some of them every letter may begin one: no space says where.
    scripts = _script(left), _script(right)
    if scripts[0] != scripts[1] or scripts[0] in _SCRIPTS_WITHOUT_SPACES:
        return True
    return camel and left.islower() and right.isupper()


def _is_hump(text: str, origin: list[int], start: int, end: int) -> bool:
    """Whether a short name begins and ends like a word of 'JoAnn'."""
    first, last = origin[start], _end(text, origin, end)
    begins = first == 0 or _parts(text[first - 1], text[first], camel=True)
    return begins and (last >= len(text) or _parts(text[last - 1], text[last], camel=True))


def _fold_with_origin(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its letters the index of the one that it comes from."""
    if text.isascii():
        return text.lower(), list(range(len(text)))
    pieces = [_fold_letter(letter) for letter in text]
    return "".join(pieces), [index for index, piece in enumerate(pieces) for _ in piece]


def _end(text: str, origin: list[int], end: int) -> int:
    """The index behind the letter from which the last folded one comes, and behind its accents."""
    # Marks that fold to nothing belong to the letter before them, and go with it.
    behind = origin[end - 1] + 1
    while behind < len(text) and not _fold_letter(text[behind]):
        behind += 1
    return behind


def find_mentions(spellings: Spellings, texts: Iterable[str]) -> list[bool]:
    """For every mention in the texts, whether it is sure."""
    return [mention.sure for text in texts for read in text_readings(text) for mention in spellings.mentions(read)]

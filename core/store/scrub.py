"""Taking a person's names out of texts, and only theirs: erasing Ann leaves Anna and Mary Ann as they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

REPLACEMENT = "erased"


@dataclass(frozen=True)
class Scrubber:
    """Replaces names as whole words, in any case and however accents are composed, and ids as whole texts."""

    names: tuple[str, ...]
    spared: tuple[str, ...] = ()
    """Texts in which a name may stay."""
    ids: frozenset[str] = frozenset()

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        if not self.names:
            return None
        kept = "|".join(map(re.escape, longest_first(composed(self.spared))))
        gone = "|".join(map(re.escape, longest_first(composed(self.names))))
        named = rf"(?i:(?P<name>(?<!\w)(?:{gone})(?!\w)))"
        return re.compile(rf"(?<!\w)(?:{kept})(?!\w)|{named}" if kept else named)

    def text(self, value: str) -> str:
        """The text without the names."""
        if value in self.ids:
            return REPLACEMENT
        if self._pattern is None or not self.may_name(value):
            return value
        return self._pattern.sub(lambda found: REPLACEMENT if found["name"] else found[0], value)

    @cached_property
    def _folded(self) -> tuple[str, ...]:
        return tuple(name.casefold() for name in composed(self.names))

    def may_name(self, value: str) -> bool:
        """Whether one of the names is in the text, be it as part of a word."""
        folded = value.casefold()
        return any(name in folded for name in self._folded)

    def names_somebody(self, value: str) -> bool:
        """Whether the text is one of the names, and nobody else's."""
        return value not in self.spared and value.casefold() in self._folded

    def json(self, value: Any) -> Any:
        """A JSON value of which every text is without the names; keys are the program's own words and stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(entry) for entry in value]
        if isinstance(value, dict):
            return {key: self.json(entry) for key, entry in value.items()}
        return value


def words_with(value: str, scrubber: Scrubber) -> set[str]:
    """The words of a text that hold one of the names, and the spared names in it."""
    if not scrubber.may_name(value):
        return set()
    kept = "|".join(map(re.escape, longest_first(composed(scrubber.spared))))
    gone = "|".join(map(re.escape, longest_first(composed(scrubber.names))))
    words = rf"\w*(?i:{gone})\w*"
    return {found[0] for found in re.finditer(rf"(?:{kept})|{words}" if kept else words, value)}


def composed(names: Iterable[str]) -> list[str]:
    """The names with their accents composed and decomposed: archives hold both."""
    forms = (unicodedata.normalize(form, name) for name in names for form in ("NFC", "NFD"))
    return list(dict.fromkeys(forms))


def longest_first(names: Collection[str]) -> list[str]:
    """So that of two names that begin alike the longer is found."""
    return sorted(names, key=lambda name: (-len(name), name))

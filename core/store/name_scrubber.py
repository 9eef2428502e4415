"""Taking a person's names out of texts, and only theirs: erasing Ann leaves Anna and Mary Ann as they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.store.name_spelling import Spellings, text_readings

REPLACEMENT = "erased"


@dataclass(frozen=True)
class Scrubber:
    """Replaces names that stand alone, however they are written, and ids as whole texts."""

    names: tuple[str, ...]
    spared: tuple[str, ...] = ()
    """Names of others in which a name may stay."""
    ids: frozenset[str] = frozenset()

    @cached_property
    def _spellings(self) -> Spellings:
        return Spellings(self.names, self.spared)

    def text(self, value: str) -> str:
        """The text without the names."""
        if value in self.ids:
            return REPLACEMENT
        # An address is given back as what it says: with percent signs put back, half a letter could be left of the
        # name.
        for reading in text_readings(value):
            spans = [(mention.start, mention.end) for mention in self._spellings.mentions(reading) if mention.sure]
            if spans:
                return _without(reading, spans)
        return value

    def names_somebody(self, value: str) -> bool:
        """Whether the text is one of the names, and nobody else's."""
        return self._spellings.is_name(value)

    def json(self, value: Any) -> Any:
        """A JSON value of which every text is without the names; keys are the program's own words and stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(entry) for entry in value]
        if isinstance(value, dict):
            return {key: self.json(entry) for key, entry in value.items()}
        return value


def _without(text: str, mention_spans: list[tuple[int, int]]) -> str:
    parts, position = [], 0
    for start, end in sorted(mention_spans):
        # A mention within the one before ('Ann' of 'Ann Lee') is gone already.
        if start >= position:
            parts += [text[position:start], REPLACEMENT]
            position = end
    return "".join(parts) + text[position:]

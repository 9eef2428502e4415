"""In which language somebody reads: as they chose, else as the installation says, else as their browser prefers.

Only a complete language is taken without being asked for: half of a page in another language is worse than English.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.language.languages import ENGLISH, Language, find_language

CHOICE_COOKIE = "face_atlas_language"
"""In which the browser remembers what was chosen."""


@dataclass(frozen=True, slots=True)
class Preference:
    """What is known of a reader's language; codes as "de-AT", empty where nothing is."""

    chosen: str = ""
    of_installation: str = ""
    accepted: str = ""
    """What the browser sends as ``Accept-Language``: "de-AT,de;q=0.9,en;q=0.5"."""

    def resolve(self) -> Language:
        """The language to be read."""
        if code := self.chosen or self.of_installation:
            return find_language(code)
        of_browser = (find_language(wish, otherwise=None) for wish in _sort_wishes(self.accepted))
        return next((language for language in of_browser if language and language.is_complete), ENGLISH)


def _sort_wishes(accepted: str) -> list[str]:
    """The languages of an ``Accept-Language``, the dearest first; what cannot be read counts least."""
    weighted = []
    for entry in accepted.split(","):
        wish, _, weight = entry.partition(";")
        if wish.strip():
            weighted.append((wish.strip(), _read_weight(weight)))
    # Sorting is stable: of equals the first one stays first.
    return [wish for wish, weight in sorted(weighted, key=lambda pair: -pair[1]) if weight > 0]


def _read_weight(weight: str) -> float:
    value = weight.strip().removeprefix("q=")
    if not value:
        return 1.0
    return float(value) if value.replace(".", "", 1).isdecimal() else 0.001

"""Numbers and names as people read them, on pages and in reports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from core.language.texts import format_count, gettext, localise_decimals, ngettext

PERCENT_SIGN = "\u00a0%"
"""With the space before it, at which no line ends."""
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def count(number: int, singular: str = "", plural: str = "") -> str:
    """A count with thin spaces, and its noun when one is given: "1 face", "12 345 faces"."""
    noun = singular if number == 1 else (plural or f"{singular}s" if singular else "")
    return f"{format_count(number)} {noun}".strip()


def format_people_count(number: int) -> str:
    """A count of people: "1 person", "3 people"."""
    return ngettext("{number} person", "{number} people", number)


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage; 100 % only when it is exactly that."""
    # 99.96 % of the faces must not read as all of them.
    if share < 1 and round(share * 100, digits) >= 100:
        limit = localise_decimals(f"{100 - 10**-digits:.{digits}f}")
        return gettext("over {percentage}", percentage=limit + PERCENT_SIGN)
    return localise_decimals(f"{share * 100:.{digits}f}".removesuffix(".0")) + PERCENT_SIGN


def format_interval(low: float, high: float, *, digits: int = 1) -> str:
    """The ends of an interval of shares: "55.2 % to 95.3 %"."""
    return gettext("{low} to {high}", low=percent(low, digits), high=percent(high, digits))


class PromisedShare(Protocol):
    """The share of strangers that a threshold promises to let pass, each 0..1."""

    @property
    def expected(self) -> float:
        """The mean share."""

    @property
    def low(self) -> float:
        """Lower end of its 95 % interval."""

    @property
    def high(self) -> float:
        """Upper end of it."""


def format_strangers_share(threshold: PromisedShare) -> str:
    """The share of strangers who get a name at a threshold: the one statement that pages, reports and commands make."""
    interval = format_interval(threshold.low, threshold.high)
    return gettext("about {percentage} ({interval})", percentage=percent(threshold.expected), interval=interval)


def format_probability(prob: float) -> str:
    """A probability as a percentage that never claims certainty: from "below 1 %" to "over 99 %"."""
    if prob >= 0.99:
        return gettext("over {percentage}", percentage=f"99{PERCENT_SIGN}")
    if prob < 0.01:
        return gettext("below {percentage}", percentage=f"1{PERCENT_SIGN}")
    return f"{prob * 100:.0f}{PERCENT_SIGN}"


def format_duration(seconds: float) -> str:
    """A duration in the unit that suits it."""
    if seconds < 1:
        return gettext("under a second")
    # Up to one and a half of the next unit: "1 minute" for 89 seconds would be a third too short.
    if seconds < 1.5 * MINUTE_S:
        return ngettext("{number} second", "{number} seconds", round(seconds))
    if seconds < 1.5 * HOUR_S:
        return ngettext("{number} minute", "{number} minutes", round(seconds / MINUTE_S))
    return gettext("{hours} hours", hours=localise_decimals(f"{seconds / HOUR_S:.1f}"))


def format_photo_rate(per_second: float) -> str:
    """How fast photos are done; less than one a second is told by the minute, and less than that by the hour."""
    if round(per_second) >= 1:
        return ngettext("{number} photo a second", "{number} photos a second", round(per_second))
    if round(per_second * MINUTE_S) >= 1:
        return ngettext("{number} photo a minute", "{number} photos a minute", round(per_second * MINUTE_S))
    return ngettext("{number} photo an hour", "{number} photos an hour", round(per_second * HOUR_S))


def format_size(n_bytes: float) -> str:
    """A file size."""
    for unit in (gettext("bytes"), "kB", "MB"):
        if n_bytes < 1000:
            # A tenth of a kB tells nobody anything; a tenth of a MB does.
            return localise_decimals(f"{round(n_bytes, int(unit == 'MB')):g}") + f" {unit}"
        n_bytes /= 1000
    return localise_decimals(f"{round(n_bytes, 1):g}") + " GB"


def utc_time(moment_s: float) -> str:
    """A moment (seconds since 1970) in UTC to the second, as ISO 8601: "2026-11-28T12:00:00+00:00"."""
    return datetime.fromtimestamp(moment_s, UTC).isoformat(timespec="seconds")


def display_name(name: str | None) -> str:
    """A folder's name as a person's: underscores become spaces."""
    return name.replace("_", " ") if name else gettext("no name")

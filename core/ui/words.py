"""Words on pages: numbers as people read them (those of ``core.base.words``), how long ago it was, and text as text."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Container
from itertools import count as count_from

from core.base.words import (
    DAY_S,
    HOUR_S,
    MINUTE_S,
    PERCENT_SIGN,
    count,
    display_name,
    format_duration,
    format_interval,
    format_people_count,
    format_photo_rate,
    format_probability,
    format_size,
    format_strangers_share,
    percent,
)
from core.language.said_before import say_again
from core.language.texts import current_language, gettext, ngettext

__all__ = [
    "PERCENT_SIGN",
    "ago",
    "bar_percent",
    "bar_scale",
    "count",
    "display_name",
    "format_duration",
    "format_interval",
    "format_people_count",
    "format_photo_rate",
    "format_probability",
    "format_size",
    "format_strangers_share",
    "inside",
    "isolate_name",
    "name",
    "number_name",
    "percent",
    "plain",
    "titled",
]

_JOINER = "\u2060"
"""Takes no room: it keeps apart what Streamlit looks for in the text itself, where a backslash is gone already."""
_ISOLATE, _ISOLATE_END = "\u2068", "\u2069"
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_LINE_BREAK = re.compile(r"[^\S\n]*\n\s*")
_KEPT_APART = (
    re.compile(r"(?<=:)(?=[\w+-]+:|material/)"),  # :heart:, :material/home:, :streamlit:
    re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)(?=[\w-]+\.)", re.I),  # addresses of pages and of mail
    re.compile(r"(?:(?<=^.)|(?<=\s.))(?<=[-<>~])(?=(?:[-=>]|->)(?:\s|$))", re.M),  # arrows, dashes, comparisons
)
_MARKUP = re.compile(
    r"[\\`*\[\]<$~|]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word an underscore is one
    r"|:(?=[^\s\d])"  # :red[...]
    r"|&(?=#?\w+;)"
    r"|^[-+=#>]",
    re.M,
)
_NUMBERED = re.compile(r"^(\d+)(?=[.)](?:\s|$))", re.M)


def plain(text: object) -> str:
    """What somebody else wrote, as Markdown that shows it as it is: a name, a note, a file's name, an error's text.

    Every element of Streamlit that renders Markdown gets such texts through here: as they are they could draw a picture
    from a server, be a link, or a heading. Right-to-left text is set apart, so that what stands around it keeps its
    order. What shows plain text (``selectbox``, ``text_input``, data frames, ``alt``, our own components) needs it not.

    References
    ----------
    https://spec.commonmark.org/0.31.2/#backslash-escapes, https://github.github.com/gfm/, Unicode UAX 9.
    """
    # An error may have been raised where nobody knew who reads it.
    said = say_again(str(text)) if isinstance(text, Exception) else str(text)
    # What is kept apart is found in the text as it was written: after escaping, backslashes would stand in between.
    escaped = _BIDI_CONTROLS.sub("", "\n".join(said.splitlines())).strip()
    for boundary in _KEPT_APART:
        escaped = boundary.sub(_JOINER, escaped)
    escaped = _MARKUP.sub(lambda mark: f"\\{mark[0]}", _LINE_BREAK.sub("\n", escaped))
    escaped = _NUMBERED.sub(r"\1\\", escaped).replace("\n", "  \n")
    return _isolate_turned(escaped)


def _isolate_turned(text: str) -> str:
    is_turned = any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text)
    return f"{_ISOLATE}{text}{_ISOLATE_END}" if is_turned else text


def isolate_name(of: str | None) -> str:
    """A person's name for a sentence in what shows plain text: one from right to left turns nothing around it."""
    return _isolate_turned(_BIDI_CONTROLS.sub("", display_name(of)))


def name(of: str | None) -> str:
    """A person's name for an element that renders Markdown."""
    return plain(display_name(of))


def titled(title: str, content: str) -> str:
    """What is said of something, behind what it is: "Ann: 3 faces"; some languages leave room before the colon."""
    return gettext("{title}: {content}", title=title, content=content)


def number_name(name: str, used_names: Container[str], first: int = 1) -> str:
    """The first of "Ann", "Ann 2", "Ann 3" .. that nobody has; with ``first`` 2 never the name itself."""
    # It ends: of n + 1 such names, n people leave one free.
    numbered = (name if number == 1 else f"{name} {number}" for number in count_from(first))
    return next(candidate for candidate in numbered if candidate not in used_names)


def inside(title: str) -> str:
    """A heading inside of a sentence."""
    return title if current_language().has_capital_nouns else title.lower()


def bar_percent(share: float, digits: int = 1) -> float:
    """A share in per cent for a progress column, which rounds it to so many digits: 0 and 100 only when it is that."""
    step = 10.0**-digits
    return min(100 - step, max(step, 100 * share)) if 0 < share < 1 else 100 * share


def bar_scale() -> tuple[float, str]:
    """How a progress column writes a share to a tenth of a per cent: the share at which it is full, and the format."""
    # A format as C has it knows the point alone. The other way is as the browser writes numbers, which is mostly right.
    return (100.0, "%.1f\u00a0%%") if current_language().decimal_sign == "." else (1.0, "percent")


def ago(moment_s: float) -> str:
    """How long ago a moment (seconds since 1970) was."""
    # A clock that was set back must not say that something is to come.
    passed = max(0.0, time.time() - moment_s)
    if passed < MINUTE_S:
        return gettext("just now")
    if passed < HOUR_S:
        return ngettext("{number} minute ago", "{number} minutes ago", round(passed / MINUTE_S))
    if passed < DAY_S:
        return ngettext("{number} hour ago", "{number} hours ago", round(passed / HOUR_S))
    return ngettext("{number} day ago", "{number} days ago", round(passed / DAY_S))

"""Numbers as people read them: those of ``core.words``, and how long ago something was."""

from __future__ import annotations

import time

from core.words import (
    DAY_S,
    HOUR_S,
    MINUTE_S,
    count,
    duration,
    percent,
    person,
    probability,
    rate,
    size,
    strangers_share,
)

__all__ = ["ago", "count", "duration", "percent", "person", "probability", "rate", "size", "strangers_share"]


def ago(moment_s: float) -> str:
    """How long ago a moment (seconds since 1970) was."""
    passed = max(0.0, time.time() - moment_s)
    if passed < MINUTE_S:
        return "just now"
    if passed < HOUR_S:
        return f"{count(round(passed / MINUTE_S), 'minute')} ago"
    if passed < DAY_S:
        return f"{count(round(passed / HOUR_S), 'hour')} ago"
    return f"{count(round(passed / DAY_S), 'day')} ago"

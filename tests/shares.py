"""How far work is, heard as shares."""

from __future__ import annotations

from collections.abc import Callable

from core.base.progress import Progress

STEPS = 1_000_000


def hear_shares(hear: Callable[[float], None]) -> Progress:
    """A progress that says to ``hear`` what share is done, 0..1; what ``hear`` raises stops the work."""
    return Progress(lambda done, total, message: hear(done / total)).over(STEPS, "")

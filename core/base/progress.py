"""How long work tells how far it is, and is stopped on the way."""

from __future__ import annotations

from collections.abc import Callable

Watch = Callable[[float], None]
"""Told the finished share, 0..1, several times a second; it may raise to stop the work."""


def unwatched(share: float) -> None:
    """Ignore progress: the default ``Watch``."""


def watch_part(watch: Watch, start: float, end: float) -> Watch:
    """Watch a part of the work, which begins and ends at these shares of the whole, as if it were the whole."""

    def watch_share(share: float) -> None:
        watch(start + share * (end - start))

    return watch_share

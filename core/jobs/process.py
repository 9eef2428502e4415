"""How the worker's process stands beside others: it lets them go first, and goes with whoever started it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

BACKGROUND_NICENESS = 10


def lower_priority() -> None:
    """Let the processes that answer somebody go first: pages stay quick while a map is computed."""
    if hasattr(os, "nice"):
        os.nice(BACKGROUND_NICENESS)


def stop_with_parent(stop: threading.Event, exit_now: Callable[[], None]) -> None:
    """Leave when standard input closes, which it does when the parent process ends in any way."""

    def watch() -> None:
        # A closed pipe is the one sign that every kind of end gives: a parent that is killed runs no handler and sends
        # no signal.
        while sys.stdin.buffer.read(1024):
            pass
        # The event alone would let the job in hand run to its end. It is left as it is: the next worker finds it
        # interrupted and resumes it.
        stop.set()
        exit_now()

    threading.Thread(target=watch, name="parent", daemon=True).start()

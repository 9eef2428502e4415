"""What the app has freed goes back to the system.

glibc keeps freed memory in arenas, by default of nearly each thread its own; with twenty people's sessions, which are
threads that come and go, that came to 70 MB and more of nothing. So there are few arenas, and once a minute they give
back what they can. Elsewhere than on glibc nothing is done.

References
----------
malloc_trim(3), mallopt(3)
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable

EVERY_S = 60.0
"""It takes some milliseconds."""
ARENAS = 2
"""A thread seldom waits for another: the interpreter lets one at a time work with Python's memory."""
_ARENA_MAX = -8
"""What ``malloc.h`` calls M_ARENA_MAX."""


def limit_arenas() -> None:
    """Have threads that are yet to start share the arenas."""
    limit = _find("mallopt")
    if limit is not None:
        limit(_ARENA_MAX, ARENAS)


def find_trim() -> Callable[[int], int] | None:
    """The function of the system's C library that gives memory back; None where it has none."""
    return _find("malloc_trim")


def give_back_regularly(stop: threading.Event) -> None:
    """Give freed memory back once a minute, until ``stop`` is set."""
    trim = find_trim()
    while trim is not None and not stop.wait(EVERY_S):
        trim(0)


def start_giving_back() -> threading.Event:
    """Keep freed memory in few arenas, and give it back beside everything else; the event ends it."""
    limit_arenas()
    stop = threading.Event()
    threading.Thread(target=give_back_regularly, args=(stop,), name="freed-memory", daemon=True).start()
    return stop


def _find(name: str) -> Callable[..., int] | None:
    try:
        function: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):  # another library than glibc; TypeError is Windows'
        return None
    return function

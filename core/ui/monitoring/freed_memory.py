"""What the app has freed goes back to the system.

glibc keeps freed memory for each thread that had it; with twenty people's sessions, which are threads that come and go,
that came to 70 MB and more of nothing. Elsewhere than on glibc nothing is done.

References
----------
malloc_trim(3)
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable

EVERY_S = 60.0
"""It takes some milliseconds."""


def find_trim() -> Callable[[int], int] | None:
    """The function of the system's C library that gives memory back; None where it has none."""
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another library than glibc; TypeError is Windows'
        return None
    return trim


def give_back_regularly(stop: threading.Event) -> None:
    """Give freed memory back once a minute, until ``stop`` is set."""
    trim = find_trim()
    while trim is not None and not stop.wait(EVERY_S):
        trim(0)


def start_giving_back() -> threading.Event:
    """The same beside everything else; the event ends it."""
    stop = threading.Event()
    threading.Thread(target=give_back_regularly, args=(stop,), name="freed-memory", daemon=True).start()
    return stop

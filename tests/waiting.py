"""How long tests wait for what must come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

LONGEST_S = 300
"""Then it will not come. Nothing that works takes as long, on half of a slow processor beside other work either: a test
that passes never waits for the clock."""


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Look again and again; another process's progress can only be looked at."""
    limit = time.monotonic() + LONGEST_S
    while not true():
        if time.monotonic() > limit:
            pytest.fail(f"{what} did not come within {LONGEST_S} s")
        threading.Event().wait(0.05)

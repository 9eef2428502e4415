"""The threads of numpy's BLAS: for many small products one is faster, as several only wait for each other there."""

from __future__ import annotations

from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def find_blas() -> ThreadpoolController:
    """What limits the threads of numpy's BLAS. To find it takes milliseconds, longer than a small problem."""
    return ThreadpoolController()

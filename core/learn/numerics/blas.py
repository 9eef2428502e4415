"""The threads of numpy's BLAS: for many small products one is faster, as several only wait for each other there.

How many there are is the whole process's. So all who want one share a limit, which the last of them lifts: pages that
each put back what they had met would leave the process with one for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let products inside be computed by one thread, and meanwhile those of the process's other threads too."""
    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()


def count_blas_threads() -> int:
    """How many threads a product has where nobody limits them."""
    return _LIMIT.count_threads()


@cache
def _find_blas() -> ThreadpoolController:
    # To find it takes milliseconds, longer than a small problem.
    return ThreadpoolController()


class _Limit:
    """One thread, for as long as anybody is inside."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._n_inside = 0
        self._n_threads = 1
        """Before the first who is inside."""
        self._limiter: Any = None

    def enter(self) -> None:
        with self._lock:
            if not self._n_inside:
                self._n_threads = _most_threads()
                self._limiter = _find_blas().limit(limits=1)
            self._n_inside += 1

    def leave(self) -> None:
        with self._lock:
            self._n_inside -= 1
            if not self._n_inside:
                self._limiter.restore_original_limits()

    def count_threads(self) -> int:
        with self._lock:
            return self._n_threads if self._n_inside else _most_threads()


def _most_threads() -> int:
    return max((library["num_threads"] for library in _find_blas().info()), default=1)


_LIMIT = _Limit()

"""Memory that was freed goes back to the system, which would else keep it for the thread that had it."""

from __future__ import annotations

import threading

import psutil
import pytest

from core.ui.monitoring import freed_memory

BLOCKS, BLOCK_BYTES = 1_000, 100_000
"""Below the size from which glibc asks the system for each block alone."""


def test_what_a_thread_freed_goes_back_to_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    trim = freed_memory.find_trim()
    if trim is None:
        pytest.skip("the C library here gives nothing back when it is asked to")
    kept: list[bytes] = []

    def work() -> None:
        blocks = [bytes([number % 256]) * BLOCK_BYTES for number in range(BLOCKS)]
        # The last one stays: what lies below it cannot go back by itself.
        kept.append(blocks[-1])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    process = psutil.Process()
    before = process.memory_info().rss
    stop = threading.Event()

    def trim_and_stop(padding: int) -> int:
        stop.set()
        return trim(padding)

    monkeypatch.setattr(freed_memory, "EVERY_S", 0.01)
    monkeypatch.setattr(freed_memory, "find_trim", lambda: trim_and_stop)
    freed_memory.give_back_regularly(stop)
    assert kept
    assert process.memory_info().rss < before - BLOCKS * BLOCK_BYTES / 2

"""Memory that was freed goes back to the system, which would else keep it for the thread that had it."""

from __future__ import annotations

import subprocess
import sys
import threading

import psutil
import pytest

from core.ui.monitoring import freed_memory
from tests.conftest import PROJECT_DIR

COUNT_ARENAS = """
import ctypes, sys, tempfile, threading
from core.ui.monitoring import freed_memory
if sys.argv[1] == "few":
    freed_memory.limit_arenas()
kept, ended = [], threading.Event()
def have_memory():
    kept.append([bytes(5_000) for _ in range(50)])
    ended.wait()
threads = [threading.Thread(target=have_memory) for _ in range(12)]
for thread in threads:
    thread.start()
library = ctypes.CDLL(None)
library.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as file:
    stream = ctypes.c_void_p(library.fopen(file.name.encode(), b"w"))
    library.malloc_info(0, stream)
    library.fclose(stream)
    print(file.read().count(b"<heap nr"))
ended.set()
"""
BLOCKS, BLOCK_BYTES = 1_000, 100_000
"""Below the size from which glibc asks the system for each block alone."""


def count_arenas(how: str) -> int:
    """Of a process with a dozen threads that have memory."""
    command = [sys.executable, "-c", COUNT_ARENAS, how]
    return int(subprocess.run(command, capture_output=True, check=True, text=True, cwd=PROJECT_DIR).stdout)


@pytest.mark.skipif(freed_memory.find_trim() is None, reason="the C library here has no arenas")
def test_many_threads_share_few_arenas() -> None:
    assert count_arenas("few") <= freed_memory.ARENAS < count_arenas("any")


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

"""What the child lets itself take: memory and time of the processor for one file, and nothing of what it never needs.

References
----------
Linux: setrlimit(2), RLIMIT_DATA counts private memory that can be written since 4.7 and not what is only reserved, as
the arenas of malloc and the stacks of threads are for RLIMIT_AS; setitimer(2), ITIMER_PROF; prctl(2); proc(5), statm
and oom_score_adj.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_FIRST_TO_GO: Final = "1000"
_MEMORY: Final = Path("/proc/self/statm")
_DATA_PAGES: Final = 5


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one file may cost in the child."""

    memory_bytes: int
    """Beyond what the child takes anyway; held where the system can (Linux)."""
    seconds: float
    """Of the processor; everywhere but on Windows. Waiting counts from four times as long on."""

    @property
    def wall_s(self) -> float:
        """When the parent ends the child: on a busy machine a little work takes long."""
        return 4 * self.seconds + 2


def confine_process(parent_pid: int) -> None:
    """Let this process go when its parent goes, before anybody else when memory is short, and gain no rights."""
    if sys.platform == "win32":
        return
    # A service manager and a terminal send these to all processes at once: the file in hand would count as one that
    # ended its reader, while the parent only wants to finish it before it goes.
    for asked_to_end in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked_to_end, signal.SIG_IGN)
    import resource

    # A core dump would hold the photo; and no decoder has to write a file: pictures go back through the pipe.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":
        # A parent that is killed closes nothing in order: without this its children would live on and wait.
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)
    # The parent may have gone before the line above asked to be told of it.
    if os.getppid() != parent_pid:
        sys.exit()


@contextmanager
def enforce_bounds(bounds: Bounds) -> Iterator[None]:
    """End this process when its work takes more time; let it be refused memory beyond its share."""
    if sys.platform == "win32":
        yield
        return
    import resource

    # Nothing handles this signal, so it ends the process even within a decoder that never comes back to Python.
    signal.setitimer(signal.ITIMER_PROF, bounds.seconds)
    if sys.platform == "linux":
        # The soft limit alone, which can be raised again for the next file; what the child holds already is its own.
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (_data_bytes() + bounds.memory_bytes, hard))
    try:
        yield
    finally:
        # Sending the answer and waiting for the next request are no file's fault.
        signal.setitimer(signal.ITIMER_PROF, 0)
        if sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def _data_bytes() -> int:
    return int(_MEMORY.read_text().split()[_DATA_PAGES]) * os.sysconf("SC_PAGE_SIZE")

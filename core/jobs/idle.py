"""What the worker does while there is nothing to do: prepares what would make somebody wait, and drops it for a job.

The preparing is a process of its own, as it would hold the interpreter's lock in the worker's: a job that comes ends it
at once, and it begins again when the queue is empty.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

QUIET_S = 3.0
"""It begins when there was nothing to do for so long."""
_ROOT = Path(__file__).resolve().parents[2]
log = logging.getLogger("face_atlas.worker")


@dataclass
class IdleTask:
    """Runs a command once, in spare time, and then something in the worker itself."""

    command: Sequence[str]
    afterwards: Callable[[], None]
    """Short; it runs on a thread of its own."""
    is_prepared: Callable[[], bool] = lambda: False
    """Whether the command has nothing to do here: no process is started for that."""
    _process: subprocess.Popen[bytes] | None = None
    _idle_since: float | None = None
    # Once in a worker's life: what is compiled stays on the disk for every process after it.
    _ended: bool = False

    def tend(self) -> None:
        """There is nothing to do just now."""
        if self._ended:
            return
        if self._process is None:
            # Between two jobs of somebody at work the queue is empty for a moment: what began there would be killed at
            # once, and begin again.
            self._idle_since = self._idle_since or time.monotonic()
            if time.monotonic() - self._idle_since < QUIET_S:
                return
            if self.is_prepared():
                self._end(0)
            else:
                self._process = subprocess.Popen(self.command, cwd=_ROOT, stdin=subprocess.DEVNULL)
        elif (status := self._process.poll()) is not None:
            self._end(status)

    def _end(self, status: int) -> None:
        # A command that failed is not tried again: what it prepares is then made when it is asked for, only slower.
        self._process, self._ended = None, True
        log.info("prepared for maps, status %d", status)
        if status == 0:
            # On a thread, as ``tend`` is called between two looks at the queue: a job must not wait for it.
            threading.Thread(target=self.afterwards, name="spare", daemon=True).start()

    def drop(self) -> None:
        """There is something to do."""
        self._idle_since = None
        if self._process is not None:
            # Killed and not asked: it may be compiling for seconds, and the job is to have the processors now. Waited
            # for, so that no zombie is left.
            self._process.kill()
            self._process.wait()
            self._process = None

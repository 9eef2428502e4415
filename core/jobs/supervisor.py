"""Keeps one worker process alive beside the app."""

from __future__ import annotations

import atexit
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from core.jobs.process import HAND_ON_S

CHECK_S = 1.0
FIRST_START_S = 1.5
"""The first page is drawn before the worker loads: nobody can have asked it for anything yet."""
LONGEST_BACKOFF_S = 30.0
STEADY_S = 20.0
"""A worker that lived this long counts as healthy again."""


@dataclass
class Supervisor:
    """Starts ``python -m core worker`` and starts it again when it dies."""

    data_dir: Path
    _process: subprocess.Popen[bytes] | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to supervise, on a thread of its own that never touches a page."""
        threading.Thread(target=self._watch, name="supervisor", daemon=True).start()
        # In a container all other processes are killed as soon as this one is gone.
        atexit.register(self.stop)

    def stop(self) -> None:
        """Ask the worker to end, start no other, and wait while it hands its job on."""
        self._stop.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            # One that does not even hear its deadline is left: its pipe closes with this process.
            with suppress(subprocess.TimeoutExpired):
                process.wait(HAND_ON_S + 1)

    @property
    def worker_pid(self) -> int | None:
        """The worker's process number while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def _watch(self) -> None:
        backoff = CHECK_S
        self._stop.wait(FIRST_START_S)
        while not self._stop.is_set():
            self._process = self._spawn()
            lived = self._outlive(self._process)
            # A worker that cannot even start (a broken database, no memory) would otherwise load its libraries every
            # second, beside pages that still have to answer.
            backoff = CHECK_S if lived >= STEADY_S else min(backoff * 2, LONGEST_BACKOFF_S)
            # One that served for a while and died is started again at once: a job of somebody's was cut off.
            self._stop.wait(backoff if lived < CHECK_S * 3 else 0)

    def _spawn(self) -> subprocess.Popen[bytes]:
        root = Path(__file__).resolve().parents[2]
        command = [sys.executable, "-m", "core", "worker", "--data", str(self.data_dir), "--with-parent"]
        # Its standard input is a pipe that nobody writes to: it closes when this process ends, however it ends.
        return subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE)

    def _outlive(self, process: subprocess.Popen[bytes]) -> float:
        lived = 0.0
        while process.poll() is None:
            # Polled, as a blocking wait for the process could not be ended by ``stop``.
            self._stop.wait(CHECK_S)
            lived += CHECK_S
        return lived

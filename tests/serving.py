"""The app as a process that serves its pages, as ``make run`` starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.base.settings import Settings
from core.services import Services
from tests.waiting import LONGEST_S

ROOT = Path(__file__).parents[1]
WITHOUT_WORKER = {"FACE_ATLAS_WORKER": "external"}
"""Where nobody asks for a job: a worker takes three processor seconds to start, and three more for what it prepares."""


@dataclass
class App:
    """A running app."""

    url: str
    process: subprocess.Popen[bytes]
    data_dir: Path
    database_url: str = ""
    _opened: list[Services] = field(default_factory=list)

    def open_services(self) -> Services:
        """What the app stores, as another process sees it."""
        self._opened.append(Services(Settings(self.data_dir, database_url=self.database_url)))
        return self._opened[-1]

    def close(self) -> None:
        """End the app, and what was opened beside it."""
        for services in self._opened:
            services.store.engine.dispose()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(LONGEST_S)

    def worker_pid(self) -> int:
        """The worker that the app supervises."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and self._is_worker(entry):
                return int(entry.name)
        raise AssertionError("the app has no worker")

    def _is_worker(self, entry: Path) -> bool:
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:  # it ended while we looked
            return False
        return b"worker" in words and int(parent) == self.process.pid


@contextmanager
def serve(
    data_dir: Path,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    port: int | None = None,
) -> Iterator[App]:
    """The app on a data folder, at a port that was free; with further arguments and variables of the environment."""
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "core.ui.serve", "--server.port", str(port), *arguments],
        cwd=ROOT,
        env={**os.environ, "FACE_ATLAS_DATA": str(data_dir), **(environment or {})},
    )
    url = f"http://127.0.0.1:{port}"
    app = App(url, process, data_dir, (environment or {}).get("FACE_ATLAS_DATABASE_URL", ""))
    try:
        wait_until_up(url, process)
        yield app
    finally:
        app.close()


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        assert process.poll() is None, "the app ended while it started"
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the app did not answer within {LONGEST_S} s")

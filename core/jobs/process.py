"""How the worker's process stands beside others: it lets them go first, and ends when it is asked or left alone.

Asked to end, it stops the job in hand where its work is whole, offers it to the next worker and goes. A job that does
not come to such a point in time is offered as it is: work is safe to be killed at any point, and goes on from there.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from core.base.errors import DataFolderFault
from core.store.protocols import JobStore

BACKGROUND_NICENESS = 10
HAND_ON_S = 8.0
"""A batch of photos takes 2 s. Containers are killed 10 s after they were asked to end."""
log = logging.getLogger("face_atlas.worker")


def lower_priority() -> None:
    """Let the processes that answer somebody go first: pages stay quick while a map is computed."""
    if hasattr(os, "nice"):
        os.nice(BACKGROUND_NICENESS)


def _exit_at_once() -> None:
    os._exit(0)


@dataclass
class WorkerEnd:
    """Tells a worker to end, once; asked a second time, it ends at once."""

    stop: threading.Event = field(default_factory=threading.Event)
    """Set when it is to end."""
    exit_at_once: Callable[[], None] = _exit_at_once
    _queue: JobStore | None = None

    def serve(self, queue: JobStore) -> None:
        """From now on there may be a job in hand."""
        self._queue = queue

    def on_signals(self) -> None:
        """End when somebody asks this process to."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.ask())

    def with_parent(self) -> None:
        """End when standard input closes, which it does when the parent process ends in any way."""

        def watch() -> None:
            # A closed pipe is the one sign that every kind of end gives: a parent that is killed runs no handler and
            # sends no signal.
            while sys.stdin.buffer.read(1024):
                pass
            if not self.stop.is_set():
                self.ask()

        threading.Thread(target=watch, name="parent", daemon=True).start()

    def ask(self) -> None:
        """Stop the job in hand and go. Before the queue is served, and at the second time, nothing is waited for."""
        if self._queue is None or self.stop.is_set():
            self.exit_at_once()
        self.stop.set()
        deadline = threading.Timer(HAND_ON_S, self._leave)
        deadline.daemon = True
        deadline.start()

    def _leave(self) -> None:
        try:
            offered = self._queue.offer_carried() if self._queue else 0
            log.info("the worker ends; %d jobs are offered again as they are", offered)
        except DataFolderFault as fault:
            # The next worker finds them interrupted, as after a kill.
            log.warning("the worker ends; its jobs cannot be offered again: %s", fault)
        self.exit_at_once()

"""Carries a job in this process, as the worker does for the app, and tells its progress."""

from __future__ import annotations

import signal
import sys
import time
from typing import Any

from core.errors import InputRefused
from core.jobs.handlers import handlers
from core.jobs.model import Job, JobKind, JobState, Owner
from core.jobs.worker import Handler, run_job
from core.services import Services
from core.store.base import Dataset
from core.types import CancelToken, Report


def carry(services: Services, dataset: Dataset, kind: JobKind, params: dict[str, Any]) -> Job:
    """Carry a job in this process, with its progress on standard error.

    Raises
    ------
    InputRefused
        It failed or was stopped.
    """
    job = services.jobs.submit(dataset.id, kind, params, Owner.COMMAND_LINE)
    token = CancelToken()
    before = signal.signal(signal.SIGINT, lambda *_: token.cancel())
    try:
        state = run_job(services.jobs, job, _telling(handlers(services)[kind]), token)
    finally:
        signal.signal(signal.SIGINT, before)
    ended = services.jobs.job(job.id)
    if state is not JobState.DONE:
        raise InputRefused(ended.error)
    return ended


def _telling(handler: Handler) -> Handler:
    """The handler with its progress told on standard error too."""
    tell = progress()

    def told(job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
        def both(done: int, total: int, message: str) -> None:
            report(done, total, message)
            tell(done, total, message)

        return handler(job, both, token)

    return told


def progress() -> Report:
    """Progress on standard error: one line that renews itself on a terminal, a line a second elsewhere."""
    live = sys.stderr.isatty()
    last: dict[str, Any] = {"time": 0.0, "message": ""}

    def tell(done: int, total: int, message: str) -> None:
        now = time.monotonic()
        if message == last["message"] and done < total and now - last["time"] < (0.1 if live else 1.0):
            return
        last.update(time=now, message=message)
        count = f" {done:,} of {total:,}" if total else ""
        print(f"{message}{count}", end="\r\033[K" if live else "\n", file=sys.stderr, flush=True)

    return tell

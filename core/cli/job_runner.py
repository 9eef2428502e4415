"""Carries a job in this process, as the worker does for the app, and tells its progress."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from dataclasses import replace

from core.base import words
from core.base.errors import InputRefused
from core.base.json_values import JsonObject
from core.base.progress import CancelToken, Progress
from core.jobs.registry import Handler, job_handlers, submit_job
from core.jobs.worker import run_job
from core.services import Services
from core.store.job_model import Job, JobOwner, JobRequest, JobState
from core.store.values.datasets import Dataset

PATIENCE_S = 20.0
"""How long a command tries to write its job's end; afterwards the job counts as interrupted, and can be resumed."""


def run_in_process(services: Services, dataset: Dataset, request: JobRequest) -> Job:
    """Carry a job in this process, with its progress on standard error.

    Raises
    ------
    InputRefused
        It failed, or was stopped on a page.
    KeyboardInterrupt
        It was stopped by Ctrl+C, between two steps; by a second one, at once.
    """
    job = submit_job(services.jobs, dataset.id, request, JobOwner.COMMAND_LINE)
    token, by_hand = CancelToken(), threading.Event()
    # Only while the job runs: elsewhere Ctrl+C ends a command as Python does it.
    before = signal.signal(signal.SIGINT, lambda *_: _stop(token, by_hand))
    try:
        state = run_job(services.jobs, job, _telling(job_handlers(services)[job.kind]), token, PATIENCE_S)
    finally:
        signal.signal(signal.SIGINT, before)
        # Where its end could not be written, nobody holds its lock any more: that is how it is seen to be interrupted.
        services.jobs.locks.release(job.id)
    ended = services.jobs.job(job.id)
    # A page may have stopped it as well; then it is told like any job that did not come to its end.
    if state is JobState.CANCELLED and by_hand.is_set():
        raise KeyboardInterrupt(
            f"Stopped{_after(ended)}. What was finished is kept: give the same command again to go on."
        )
    if state is not JobState.DONE:
        raise InputRefused(ended.error)
    return ended


def _stop(token: CancelToken, by_hand: threading.Event) -> None:
    """At Ctrl+C: stop between two steps; at the second one, at once."""
    # ``print`` may be what was interrupted, and may not be entered twice: the bytes go straight to the file.
    if by_hand.is_set():
        raise KeyboardInterrupt
    by_hand.set()
    token.cancel()
    os.write(sys.stderr.fileno(), b"\nStopping after this step. Ctrl+C again stops at once.\n")


def _after(job: Job) -> str:
    return f" after {words.count(job.done)} of {words.count(job.total)}" if job.total else ""


def _telling(handler: Handler) -> Handler:
    """The handler with its progress told on standard error too."""
    console = console_progress()

    def handle(job: Job, progress: Progress) -> JsonObject:
        def tell_both(done: int, total: int, message: str) -> None:
            progress.report(done, total, message)
            console.report(done, total, message)

        return handler(job, replace(progress, listener=tell_both))

    return handle


def console_progress() -> Progress:
    """Progress on standard error: one line that renews itself on a terminal, a line a second elsewhere."""
    live = sys.stderr.isatty()
    last_message, last_time = "", 0.0

    def tell(done: int, total: int, message: str) -> None:
        nonlocal last_message, last_time
        now = time.monotonic()
        # A new step and the last one are always told; of the others so many as can be read.
        if message == last_message and done < total and now - last_time < (0.1 if live else 1.0):
            return
        last_message, last_time = message, now
        count = f" {words.count(done)} of {words.count(total)}" if total else ""
        # Nobody reads it any more; the work goes on.
        with contextlib.suppress(BrokenPipeError):
            print(f"{message}{count}", end="\r\033[K" if live else "\n", file=sys.stderr, flush=True)

    return Progress(tell)

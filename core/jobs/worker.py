"""The worker process: claims jobs one at a time, runs them, writes progress, watches for cancellation.

One worker serves a data folder; a second one waits for the first to go. How it ends stands in ``process``.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from core.base.errors import Cancelled, DatabaseGone, DataFolderFault, FaceAtlasError, describe_os_error
from core.base.json_values import JsonObject
from core.base.logs import FIELDS
from core.base.progress import CancelToken, Progress
from core.jobs.idle import IdleTask
from core.jobs.order import is_others_turn, may_overtake
from core.jobs.registry import JOBS, Handler, is_quick
from core.language.texts import marked
from core.store.job_model import FollowUp, Job, JobKind, JobOwner, JobState
from core.store.protocols import JobStore

PULSE_S = 0.5
IDLE_S = 0.4
RETRY_S = 1.0
"""A job's end that could not be written is written again after so long."""
TURN_S = 60.0
"""A long job makes room for somebody else's after so long: to begin it anew takes some seconds."""

Follower = Callable[[Job], Sequence[FollowUp]]
"""What is to be queued when a job is done."""
T = TypeVar("T")
log = logging.getLogger("face_atlas.worker")


@dataclass
class _Pulse:
    """Carries a job's progress to the store twice a second, and the wish to cancel back."""

    queue: JobStore
    job: Job
    token: CancelToken
    n_done: int = 0
    total: int = 0
    message: str = ""
    _ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.n_done, self.total = self.job.done, self.job.total

    def hear(self, done: int, total: int, message: str) -> None:
        # Work reports as often as it likes, thousands of times a second: nothing is written here, only remembered.
        self.n_done, self.total, self.message = done, total, message

    def write(self) -> None:
        try:
            requested = self.queue.beat(self.job.id, self.n_done, self.total, self.message)
        except DataFolderFault as fault:
            log.warning("job %s: its progress cannot be written: %s", self.job.id, fault)
            # A full or locked disk must not end work that may need none of it; the next pulse tells how far it is.
            return
        if requested:
            self.token.cancel()

    def run(self) -> None:
        while not self._ended.wait(PULSE_S):
            self.write()

    def end(self) -> None:
        self._ended.set()


@contextmanager
def _pulse(queue: JobStore, job: Job, token: CancelToken) -> Iterator[Progress]:
    pulse = _Pulse(queue, job, token)
    thread = threading.Thread(target=pulse.run, name="pulse", daemon=True)
    thread.start()
    try:
        yield Progress(pulse.hear, token)
    finally:
        # The thread ends first: a beat of it that came after the last one here would put an older number in its place.
        pulse.end()
        thread.join()
        pulse.write()


def _nothing_follows(job: Job) -> Sequence[FollowUp]:
    return ()


def run_job(
    queue: JobStore,
    job: Job,
    handler: Handler,
    token: CancelToken,
    patience_s: float = float("inf"),
    follower: Follower = _nothing_follows,
) -> JobState:
    """Run one claimed job to its end and record what came of it.

    Parameters
    ----------
    patience_s : how long to try again while the end cannot be written, because the disk is full or the store locked
    follower : asked when the job is done; what follows is queued with its end

    Raises
    ------
    DataFolderFault
        The end could not be written in that time. Whoever looks at the job after this process finds it interrupted.
    """
    began = time.monotonic()
    end = _attempt(queue, job, handler, token)
    _record(queue, job, end, patience_s, follower)
    seconds = time.monotonic() - began
    figures = {"job": job.id, "kind": job.kind.value, "state": end.state.value, "seconds": round(seconds, 3)}
    words = "job %s (%s): %s after %.1f s"
    log.info(words, job.id, job.kind, end.state, seconds, extra={FIELDS: figures})
    return end.state


@dataclass(frozen=True, slots=True)
class _End:
    """How a job ended; see ``Job``."""

    state: JobState
    result: JsonObject | None = None
    error: str = ""
    detail: str = ""


def _record(queue: JobStore, job: Job, end: _End, patience_s: float, follower: Follower) -> None:
    # What the work has stored is there whatever happens now, so its end is worth waiting for: a job whose end was lost
    # would count as interrupted, and all of its steps would be looked at again.
    until = time.monotonic() + patience_s
    while True:
        try:
            if end.state is JobState.QUEUED:
                return queue.offer_again(job.id)
            return queue.finish(
                job.id,
                end.state,
                result=end.result,
                error=end.error,
                detail=end.detail,
                follow_ups=_plan(follower, job) if end.state is JobState.DONE else (),
            )
        except DataFolderFault as fault:
            log.warning("job %s: its end cannot be written yet: %s", job.id, fault)
            if time.monotonic() > until:
                raise
            time.sleep(RETRY_S)


def _plan(follower: Follower, job: Job) -> Sequence[FollowUp]:
    try:
        return follower(job)
    except DataFolderFault:
        # The store cannot be used just now: what follows is asked for again together with the job's end.
        raise
    except Exception as fault:
        # The job itself is done and stays so. Each step that does not follow can be asked for on its page.
        log.warning("job %s: what follows it cannot be told: %s", job.id, _trace(fault))
        return ()


def _attempt(queue: JobStore, job: Job, handler: Handler, token: CancelToken) -> _End:
    try:
        # Written by the pulse's last beat before its end is recorded: a job that is done never shows 97 %.
        with _pulse(queue, job, token) as progress:
            result = handler(job, progress)
    # First, as it is a refusal too in the tree of errors: stopping is no failure.
    except Cancelled as stop:
        return _End(JobState.QUEUED) if token.is_handed_on else _End(JobState.CANCELLED, error=str(stop))
    except DatabaseGone as gone:
        # Nothing is wrong with the job, and what it stored is there: whoever reaches the database first goes on. A
        # command has somebody who can give it again.
        by_worker = job.owner is JobOwner.WORKER
        return _End(JobState.QUEUED) if by_worker else _End(JobState.FAILED, error=str(gone))
    except FaceAtlasError as refusal:
        return _End(JobState.FAILED, error=str(refusal))
    except Exception as fault:
        # The worker outlives every job, also one with a mistake in its code: the next job has nothing to do with it.
        return _End(JobState.FAILED, error=_in_words(fault), detail=_trace(fault))
    return _End(JobState.DONE, result)


def _in_words(fault: Exception) -> str:
    # The system's words name the cause (no space, no permission); an exception's own text may hold a path or a name.
    if isinstance(fault, OSError) and fault.strerror:
        return describe_os_error(fault)
    if isinstance(fault, MemoryError):
        return marked("There was not enough memory. Close other programs, then resume.")
    return marked("Something unexpected went wrong ({kind}). What was finished is kept; resume tries again.").format(
        kind=type(fault).__name__
    )


def _trace(fault: Exception) -> str:
    """Where it happened, without the exception's own text, which may name a file or a person."""
    return "".join(traceback.format_tb(fault.__traceback__)) + type(fault).__name__


def serve_queue(
    queue: JobStore,
    handlers: Mapping[JobKind, Handler],
    lock_path: Path,
    stop: threading.Event,
    idle_task: IdleTask | None = None,
    follower: Follower = _nothing_follows,
) -> None:
    """Serve the queue until ``stop`` is set; ``idle_task`` is what to do while it is empty.

    A job in hand stops then where its work is whole, and is offered again. ``follower`` says what is to be queued when
    a job is done.
    """
    # Two workers would load two sets of networks and run two jobs beside each other. While an app is restarted there
    # are two for a moment: the old one's may still be ending.
    with _only_worker(lock_path, stop) as is_only_worker:
        if not is_only_worker:
            return
        waiting = _Waiting(queue)
        log.info("worker ready; %d interrupted jobs", waiting.end_orphans())
        while not stop.is_set():
            # Nothing is claimed ahead: what a page submits while a job runs may have to go first.
            job = waiting.next()
            if job is None:
                if idle_task is not None:
                    idle_task.tend()
                stop.wait(IDLE_S)
                continue
            if idle_task is not None:
                # Before the job begins, as it would share the processors with the compiling of functions.
                idle_task.drop()
            run_job(queue, job, handlers[job.kind], _token(waiting, handlers, job, stop), follower=follower)


@dataclass
class _BetweenBatches:
    """While a long job stands between two batches: does quick ones, so that they never wait for its end.

    When its turn is over, and somebody else waits, it is asked to make room.
    """

    waiting: _Waiting
    handlers: Mapping[JobKind, Handler]
    job: Job
    stop: threading.Event
    _began_s: float = field(default_factory=time.monotonic)
    _thread: int = field(default_factory=threading.get_ident)
    _asked_s: float = field(default_factory=time.monotonic)

    def run(self, token: CancelToken) -> None:
        """Called at every batch; asks the queue about twice a second, and only on the thread of the long job."""
        # Work may ask from threads of its own, too. Only on the job's own thread does it stand still
        # while this runs, with no transaction open; on another both would write at once.
        if threading.get_ident() != self._thread or time.monotonic() - self._asked_s < IDLE_S:
            return
        while not self.stop.is_set() and (job := self.waiting.next(quick_only=True)) is not None:
            run_job(self.waiting.queue, job, self.handlers[job.kind], CancelToken(process_ends=self.stop))
        # Taken after the quick jobs: the long one gets its half second of work before the next question.
        self._asked_s = time.monotonic()
        if JOBS[self.job.kind].takes_turns and self._asked_s - self._began_s > TURN_S and self._is_others_turn():
            token.make_room()

    def _is_others_turn(self) -> bool:
        return is_others_turn(self.job, self.waiting.list_active())


def _token(waiting: _Waiting, handlers: Mapping[JobKind, Handler], job: Job, stop: threading.Event) -> CancelToken:
    token = CancelToken(process_ends=stop)
    if not is_quick(job):
        token.between_batches = partial(_BetweenBatches(waiting, handlers, job, stop).run, token)
    return token


@dataclass
class _Waiting:
    """The queue as the worker meets it: a store that cannot be used for a while is an empty one, and said once."""

    queue: JobStore
    _is_said: bool = False

    def next(self, *, quick_only: bool = False) -> Job | None:
        """The next job, now running."""
        # A command that was killed leaves a row that says running, and nobody but the next to look corrects it.
        self.end_orphans()
        return self._ask(partial(self.queue.claim, may_overtake if quick_only else None), None)

    def list_active(self) -> Sequence[Job]:
        """What runs and what waits."""
        return self._ask(self.queue.active, ())

    def end_orphans(self) -> int:
        return self._ask(self.queue.end_orphans, 0)

    def _ask(self, question: Callable[[], T], otherwise: T) -> T:
        try:
            answer = question()
        except DataFolderFault as fault:
            if not self._is_said:
                log.warning("the store cannot be used; trying again: %s", fault)
            self._is_said = True
            return otherwise
        self._is_said = False
        return answer


@contextmanager
def _only_worker(lock_path: Path, stop: threading.Event) -> Iterator[bool]:
    """Wait for the data folder's worker lock; False when stopped while waiting."""
    lock_path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(lock_path)
    while not stop.is_set():
        try:
            # In short waits, as a lock that is waited for without end does not hear ``stop``.
            lock.acquire(timeout=1)
        except Timeout:
            continue
        try:
            yield True
        finally:
            lock.release()
        return
    yield False

"""The children of this process that read files, kept from one file to the next, and what becomes of one that dies.

A child does one task at a time, so it is known which file it died of. It may have been somebody else's doing (a system
short of memory ends whom it likes): the file is tried once more in another child, and refused when that dies too.
"""

from __future__ import annotations

import atexit
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Generic, cast

import msgspec
import numpy as np
import numpy.typing as npt

from core.base.errors import ArchiveRefused, ImageRefused, InputRefused, ModelMismatch, ReaderUnavailable, ReadingEnded
from core.base.settings import usable_processors
from core.isolation.bounds import Bounds
from core.isolation.channel import Channel, new_region
from core.isolation.child import NO_REGION
from core.isolation.messages import (
    Answered,
    Asked,
    Block,
    BrokenMessage,
    Greeting,
    Outcome,
    Request,
    Task,
    decode_message,
    encode_message,
)
from core.language.texts import marked

Bytes = npt.NDArray[np.uint8]

MOST_TASKS: Final = 2000
"""Then a child makes room for a new one: what a library leaks, or a file did to it, does not last."""
CHECK_S: Final = 0.25
START_S: Final = 60.0
LONGEST_REFUSAL: Final = 2000
_OUT_OF_TIME: Final = 27
"""SIGPROF, which the timer of ``bounds.enforce_bounds`` sends; Linux and macOS give it the same number."""
_ROOT: Final = Path(__file__).resolve().parents[2]
# Nothing else of the environment: no password that lies there comes near a file of others.
_PASSED_ON: Final = (
    *("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("PYTHONPATH", "PYTHONHOME", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE"),
)
_OWN_ENVIRONMENT: Final = {
    # There is a child for each processor: threads of their own would only stand in each other's way.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    # Pictures reuse the memory of the picture before: fetching it from the system anew costs more than the copying.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    **{"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20), "MALLOC_ARENA_MAX": "2"},
}
_REFUSALS: Final = {kind.__name__: kind for kind in (InputRefused, ArchiveRefused, ImageRefused, ModelMismatch)}


class _ChildEnded(Exception):
    """The child died of a task, or said something that it never should."""

    def __init__(self, how: str, *, overran: bool) -> None:
        super().__init__(how)
        self.overran = overran


@dataclass(frozen=True, slots=True, eq=False)
class Reply(Generic[Answered]):
    """What a task came to.

    It is from a child that may have been taken over: whoever uses it checks whether the answer and the blocks go
    together, and with what was asked.
    """

    answer: Answered
    blocks: list[Bytes]


@dataclass(frozen=True, slots=True, eq=False)
class _Order(Generic[Asked, Answered]):
    """What a child is to do; see ``Pool.read``."""

    task: Task[Asked, Answered]
    arguments: Asked
    blocks: Sequence[Block]
    bounds: Bounds
    most_bytes: int


@dataclass(eq=False)
class Child:
    """A running child, used by one thread at a time."""

    process: subprocess.Popen[bytes]
    channel: Channel
    deadline: float = float("inf")
    tasks: int = 0
    is_ready: bool = False
    _overran: bool = field(default=False, init=False)

    def ask(self, order: _Order[Asked, Answered]) -> Reply[Answered]:
        """Raises _ChildEnded, or the task's refusal."""
        self.tasks += 1
        self.deadline = time.monotonic() + order.bounds.wall_s
        try:
            arguments = msgspec.Raw(encode_message(order.arguments))
            self.channel.send(Request(order.task.name, order.bounds, arguments), order.blocks)
            outcome, views = self.channel.receive(Outcome, order.most_bytes)
            # The memory is shared with the child, which may write to it at any time: what is checked must be a copy.
            blocks = [_copied(view) for view in views]
            self.channel.give_back()
            return Reply(_answer_in(outcome, order.task), blocks)
        except (OSError, EOFError, BrokenMessage) as fault:
            raise self._ended(fault) from fault
        except InputRefused:
            # The file's own fault; the child is well.
            raise
        except BaseException:
            # Interrupted in the middle of a conversation: what the child says next would be the answer to this.
            self.kill()
            raise
        finally:
            self.deadline = float("inf")

    def _ended(self, fault: Exception) -> _ChildEnded:
        if isinstance(fault, BrokenMessage):
            self.kill()
            return _ChildEnded(marked("gave no sensible answer"), overran=False)
        status = self.process.wait()
        if self._overran or status == -_OUT_OF_TIME:
            return _ChildEnded("took too long", overran=True)
        return _ChildEnded(f"signal {-status}" if status < 0 else f"status {status}", overran=False)

    def kill_if_late(self) -> None:
        """Called by the keeper now and then."""
        if time.monotonic() > self.deadline:
            self._overran = True
            self.process.kill()

    def kill(self) -> None:
        """End it at once; whoever uses it meets the end of its pipes."""
        self.process.kill()
        self.process.wait()

    def dispose(self) -> None:
        """End it, and give back what it took of this process. By whoever uses it: nobody may be reading its pipes."""
        self.kill()
        self.channel.close()


def _answer_in(outcome: Outcome, task: Task[Asked, Answered]) -> Answered:
    """The answer, or the refusal that the task made of the file. Raises BrokenMessage."""
    if outcome.refused is not None:
        raise _REFUSALS.get(outcome.kind, InputRefused)(outcome.refused[:LONGEST_REFUSAL])
    if outcome.fault is not None:
        raise ImageRefused(
            marked("The file is damaged or of an unusual kind ({fault}). Open it elsewhere and save it anew.").format(
                fault=outcome.fault[:80]
            )
        )
    return decode_message(outcome.answer, task.answered)


def _copied(view: memoryview) -> Bytes:
    return np.frombuffer(view, np.uint8).copy() if len(view) else np.empty(0, np.uint8)


def start_child(*, shared: bool = True) -> Child:
    """A child that is starting; ``shared`` is whether blocks go through shared memory where the system has it.

    It ends with the thread that starts it (Linux).
    """
    region = new_region() if shared else None
    descriptor = NO_REGION if region is None else region[0]
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _OWN_ENVIRONMENT
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.isolation.child", str(descriptor), str(os.getpid())],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=() if region is None else (descriptor,),
            bufsize=0,
        )
    except OSError as fault:
        raise ReaderUnavailable(
            marked("The program that reads files could not be started ({fault}).").format(fault=fault.strerror)
        ) from fault
    finally:
        if region is not None:
            os.close(descriptor)
    channel = Channel(cast(Any, process.stdout), cast(Any, process.stdin), None if region is None else region[1])
    return Child(process, channel, time.monotonic() + START_S)


def await_child(child: Child) -> None:
    """Wait until a child is ready. Raises ReaderUnavailable."""
    try:
        child.channel.receive(Greeting, 0)
    except (OSError, EOFError, BrokenMessage) as fault:
        child.dispose()
        raise ReaderUnavailable(
            marked(
                "The program that reads files ended while it started (status {status}). Nothing was read. Close "
                "other programs if memory is short, and try again."
            ).format(status=child.process.returncode)
        ) from fault
    child.deadline, child.is_ready = float("inf"), True


class Pool:
    """Children for all threads of this process; started when they are needed, as many as may run at once."""

    def __init__(self, most_children: int, *, shared: bool = True) -> None:
        self._most, self._shared = most_children, shared
        self._changed = threading.Condition()
        self._idle: list[Child] = []
        self._all: set[Child] = set()
        self._count = 0
        """Children that run, start, or are about to."""
        self._wishes: queue.SimpleQueue[Future[Child] | None] = queue.SimpleQueue()
        threading.Thread(target=self._keep, name="isolation", daemon=True).start()

    def read(
        self,
        task: Task[Asked, Answered],
        arguments: Asked,
        blocks: Sequence[Block],
        bounds: Bounds,
        most_bytes: int = 0,
    ) -> Reply[Answered]:
        """Let a child do a task.

        Parameters
        ----------
        blocks : go along as they are
        most_bytes : that the blocks of the answer may have

        Raises
        ------
        ReadingEnded
            It took too long, or two children died of it.
        InputRefused
            What the task refuses.
        ReaderUnavailable
            No child can be started.
        """
        order = _Order(task=task, arguments=arguments, blocks=blocks, bounds=bounds, most_bytes=most_bytes)
        try:
            try:
                return self._attempt(order)
            except _ChildEnded as ended:
                # What took too long would take as long again, and everybody behind it would wait twice.
                if ended.overran:
                    raise
                return self._attempt(order)
        except _ChildEnded as ended:
            raise ReadingEnded(_why_ended(ended, bounds)) from ended

    def warm(self) -> None:
        """Start a child, unless there is one, so that nobody waits for it."""
        self._release(self._acquire())

    @property
    def pids(self) -> list[int]:
        """The process numbers of the children that are ready."""
        with self._changed:
            return [child.process.pid for child in self._all if child.is_ready]

    def close(self) -> None:
        """End all children; nothing is read any more."""
        self._wishes.put(None)
        with self._changed:
            idle, self._idle = self._idle, []
            used = self._all.difference(idle)
        for child in idle:
            child.dispose()
        for child in used:
            child.kill()

    def _attempt(self, order: _Order[Asked, Answered]) -> Reply[Answered]:
        child = self._acquire()
        try:
            return child.ask(order)
        finally:
            self._release(child)

    def _acquire(self) -> Child:
        with self._changed:
            while not self._idle and self._count >= self._most:
                self._changed.wait()
            while self._idle:
                # The last one used: its memory is warm. One that the system ended meanwhile is not given out.
                child = self._idle.pop()
                if child.process.poll() is None:
                    return child
                self._forget(child)
                child.dispose()
            # Counted before it starts, or every thread that waits would start one.
            self._count += 1
        return self._start()

    def _start(self) -> Child:
        # By the keeper and not on this thread: on Linux a child goes with the thread that started it, and this one may
        # soon be gone.
        wish: Future[Child] = Future()
        self._wishes.put(wish)
        try:
            child = wish.result()
            await_child(child)
        except BaseException:
            with self._changed:
                # The one that failed is not known here where it died before it was handed over: the dead ones go.
                self._all = {living for living in self._all if living.process.poll() is None}
                self._count -= 1
                self._changed.notify()
            raise
        return child

    def _forget(self, child: Child) -> None:
        """Make room for another child; the lock is held."""
        self._all.discard(child)
        self._count -= 1
        self._changed.notify()

    def _release(self, child: Child) -> None:
        """Keep a child that lives and is not worn out for the next task."""
        is_worn = child.tasks >= MOST_TASKS or child.process.poll() is not None
        with self._changed:
            if is_worn:
                self._forget(child)
            else:
                self._idle.append(child)
                self._changed.notify()
        # Outside of the lock: waiting for its end would keep everybody else waiting too.
        if is_worn:
            child.dispose()

    def _keep(self) -> None:
        """Start children, on a thread that lives as long as they, and end those that are late."""
        while True:
            try:
                wish = self._wishes.get(timeout=CHECK_S)
            except queue.Empty:
                with self._changed:
                    children = list(self._all)
                for child in children:
                    child.kill_if_late()
                continue
            if wish is None:
                return
            try:
                child = start_child(shared=self._shared)
                with self._changed:
                    self._all.add(child)
                wish.set_result(child)
            except BaseException as fault:  # noqa: BLE001  handed to the thread that asked
                wish.set_exception(fault)


def _why_ended(ended: _ChildEnded, bounds: Bounds) -> str:
    if ended.overran:
        return marked("It could not be read within {seconds} seconds. The file was left out.").format(
            seconds=f"{bounds.seconds:g}"
        )
    return marked(
        "It could not be read safely: the program that reads it ended twice ({end}). The file was left out."
    ).format(end=ended)


# By the process: a forked one must not talk through the pipes of its parent's children.
@lru_cache(maxsize=1)
def _pool_of(pid: int) -> Pool:
    # Two at least, so that a long photo does not hold up all others on a machine with one processor.
    pool = Pool(max(2, usable_processors()))
    atexit.register(pool.close)
    return pool


def shared_pool() -> Pool:
    """The pool of the calling process."""
    return _pool_of(os.getpid())

"""Where the time of a run goes, without a trace in the product: its parts are wrapped from outside for one run.

The parts of an ingest overlap on several threads, so their own times may come to more than the clock's. Here every
instant of the clock is divided equally among the stages that are at work in it, and an instant without any is "rest":
the stages then add up to the whole.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from itertools import pairwise
from typing import Any, ParamSpec, Self, TypeVar

from core.vision.engine.base import Batch, DeviceLoad, Engine, Network, Placement

REST = "rest"
P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class Stopwatch:
    """Notes when calls begin and end; of calls within calls the innermost is at work."""

    _marks: list[tuple[float, int, str | None]] = field(default_factory=list, init=False, repr=False)
    """(time, thread, stage that is at work there from now on)."""
    _thread_local: threading.local = field(default_factory=threading.local, init=False, repr=False)

    def timing(self, stage: str, call: Callable[P, T]) -> Callable[P, T]:
        """The same call, noted under ``stage``."""

        @wraps(call)
        def timed(*args: P.args, **kwargs: P.kwargs) -> T:
            open_stages = self._open_stages()
            open_stages.append(stage)
            self._mark(stage)
            try:
                return call(*args, **kwargs)
            finally:
                # The stage that called goes on: it was not at work while it waited for this one.
                open_stages.pop()
                self._mark(open_stages[-1] if open_stages else None)

        return timed

    def shares(self, began: float, ended: float) -> dict[str, float]:
        """Seconds of each stage, and of the rest, between two readings of ``time.perf_counter``; they add up to it."""
        seconds: defaultdict[str, float] = defaultdict(float)
        at_work: dict[int, str] = {}
        # Threads wrote their marks in any order. Before the first mark, and where no thread is at work, it is "rest".
        marks = sorted((mark for mark in self._marks if began <= mark[0] <= ended), key=lambda mark: mark[0])
        for mark, following in pairwise([(began, 0, None), *marks, (ended, 0, None)]):
            moment, thread, stage = mark
            if stage is None:
                at_work.pop(thread, None)
            else:
                at_work[thread] = stage
            stages = list(at_work.values()) or [REST]
            for active_stage in stages:
                seconds[active_stage] += (following[0] - moment) / len(stages)
        return dict(seconds)

    def _open_stages(self) -> list[str]:
        """The calls that this thread is in, outermost first."""
        if not hasattr(self._thread_local, "stages"):
            self._thread_local.stages = []
        stages: list[str] = self._thread_local.stages
        return stages

    def _mark(self, stage: str | None) -> None:
        # Appending to a list is one step in Python, and needs no lock, whose waiting would be measured too.
        self._marks.append((time.perf_counter(), threading.get_ident(), stage))


def timed_object(inner: Any, watch: Stopwatch, stages: Mapping[str, str]) -> Any:
    """An object whose methods named in ``stages`` are noted; everything else is its own."""
    return _TimedObject(inner, watch, stages)


class _TimedObject:
    def __init__(self, inner: Any, watch: Stopwatch, stages: Mapping[str, str]) -> None:
        self._inner = inner
        self._methods = {name: watch.timing(stage, getattr(inner, name)) for name, stage in stages.items()}

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._inner, name)

    # ``with`` looks these two up on the class, past ``__getattr__``.
    def __enter__(self) -> _TimedObject:
        self._inner.__enter__()
        return self

    def __exit__(self, *fault: Any) -> None:
        self._inner.__exit__(*fault)


@contextmanager
def timed_functions(watch: Stopwatch, room: str, stages: Mapping[str, list[Callable[..., Any]]]) -> Iterator[None]:
    """Note functions wherever a module of ``room`` ("core.vision.detect") has a name for them; undone at the end."""
    modules = [module for name, module in list(sys.modules.items()) if f"{name}.".startswith(f"{room}.")]
    replaced = []
    try:
        for stage, functions in stages.items():
            for function in functions:
                timed = watch.timing(stage, function)
                # Each module that imported the function has a name of its own for it.
                for module in modules:
                    for name in [name for name, value in vars(module).items() if value is function]:
                        setattr(module, name, timed)
                        replaced.append((module, name, function))
        yield
    finally:
        for module, name, function in replaced:
            setattr(module, name, function)


# the networks alone

Call = tuple[tuple[str, str], Batch]
"""(model id, network), and what it was given."""


@dataclass
class _ObservedEngine:
    """An engine with the name and precision of the one that does the work.

    One call after another, with all threads: what is noted of several at a time would not add up.
    """

    inner: Engine

    @property
    def streams(self) -> int:
        return 1

    @property
    def side_by_side(self) -> Self:
        return self

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def precision(self) -> str:
        return self.inner.precision

    @property
    def load(self) -> DeviceLoad:
        return self.inner.load

    def placement(self, network: str) -> Placement:
        return self.inner.placement(network)


@dataclass
class TimedEngine(_ObservedEngine):
    """An engine whose networks are noted under their own names."""

    watch: Stopwatch

    def network(self, model_id: str, network: str) -> Network:
        """A network whose calls are timed under its name."""
        return self.watch.timing(network, self.inner.network(model_id, network).__call__)


@dataclass
class RecordingEngine(_ObservedEngine):
    """An engine that keeps a copy of everything its networks are given."""

    calls: list[Call] = field(default_factory=list)

    def network(self, model_id: str, network: str) -> Network:
        """A network whose batches are copied into ``calls``."""
        run = self.inner.network(model_id, network)

        def recorded(batch: Batch) -> Any:
            # A copy: callers fill one buffer again and again.
            self.calls.append(((model_id, network), batch.copy()))
            return run(batch)

        return recorded


def replay_batches(engine: Engine, calls: list[Call]) -> dict[str, float]:
    """Seconds of each network for just these batches, one after the other, with nothing in between."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for key, batch in calls:
        network = engine.network(*key)
        began = time.perf_counter()
        network(batch)
        seconds[key[1]] += time.perf_counter() - began
    return dict(seconds)

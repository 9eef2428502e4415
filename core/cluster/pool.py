"""Batches of work on the workers of a Ray cluster: many in hand, answered in their order.

Ray Core's actors and not Ray Data: a worker keeps its networks loaded, a batch must stay as the reader formed it, and
what is taken up next depends on what was answered (a copy of a photo is not looked at again). Ray Data forms its blocks
by itself and repeats them by their lineage, which an archive that was uploaded does not have on other nodes.

A batch whose worker is lost, with its node or by itself, is given to another. Where that one is lost too, its photos
are tried one by one, each by a worker that does nothing else: one that ends two workers is answered with ``Poisoned``.
A batch that takes far longer than the others is given to a second worker as well, once one has nothing else to do: the
first answer counts, as both are the same.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from typing import Any, Generic, TypeVar

import ray

from core.base.errors import ClusterUnavailable, FaceAtlasError
from core.base.progress import Progress
from core.cluster.connection import ClusterWatch
from core.cluster.node import Answer, Item, NodeOrder, NodeWorker, Work
from core.cluster.versions import Versions, require_same

Key = TypeVar("Key")

BATCHES_A_WORKER = 2
"""One is decoded while another is looked through."""
BATCHES_AHEAD = 2
"""A worker, that wait for the first in order to be answered: so long a slow batch holds up nobody."""
LONGEST_S = 600.0
"""A batch that takes longer is a lost one. Each photo is decoded within ``ImageLimits``; this is many times that."""
SLOW_LEAST_S = 10.0
"""A batch is slow when it takes longer than this,"""
SLOW_TIMES = 5.0
"""and so many times what others took. Their photos may be larger, and a worker's first batch loads the networks."""
RECENT_BATCHES = 64
ROOM_S = 30.0
"""Where no worker has started for so long, other jobs probably have all processors; it is said then."""
LOSSES_IN_A_ROW = 20
"""Workers lost one after another while no batch was answered, besides as many as there are, whom one node may take with
it: it is not the photos then."""
WAIT_S = 1.0
LOSSES_TO_SPLIT = 2


@dataclass(frozen=True, slots=True)
class Poisoned:
    """The answer for an item that ended two workers, or took too long twice."""

    reason: str


@dataclass(eq=False)
class _Batch(Generic[Item, Answer]):
    """Items that are done together; after two losses, one by one (``parts``)."""

    key: Any
    items: Sequence[Item]
    answers: list[Answer | Poisoned] | None = None
    losses: int = 0
    is_doubled: bool = False
    """Whether a second worker was given it because the first is slow."""
    whole: _Batch[Item, Answer] | None = None
    """Which this is an item of."""
    parts: list[_Batch[Item, Answer]] = field(default_factory=list)


@dataclass(eq=False)
class _Worker:
    """An actor, and what it does now."""

    actor: Any
    starting: Any
    """Its description, when it is there; None once it works."""
    running: dict[Any, tuple[_Batch[Any, Any], float]] = field(default_factory=dict)
    """By Ray's references, with when each began."""

    def can_take(self, batch: _Batch[Any, Any]) -> bool:
        """Whether the batch may go there: one that was lost before runs by itself, so that it is known what ends it."""
        alone = (
            batch.losses
            or batch.whole
            or any(running_batch.losses or running_batch.whole for running_batch, _ in self.running.values())
        )
        return self.starting is None and len(self.running) < (1 if alone else BATCHES_A_WORKER)

    @property
    def is_idle(self) -> bool:
        """Whether it has nothing to do."""
        return self.starting is None and not self.running


@dataclass(eq=False)
class WorkerPool(Generic[Item, Answer]):
    """Workers of one model on all nodes of the cluster."""

    order: NodeOrder
    here: Versions
    watch: ClusterWatch
    _workers: list[_Worker] = field(default_factory=list)
    _waiting: deque[_Batch[Item, Answer]] = field(default_factory=deque)
    _most_workers: int = 0
    """At once, so far."""
    _losses_in_a_row: int = 0
    _recent_s: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_BATCHES))
    """How long the last batches took."""

    def stream(
        self, function: Work[Item, Answer], batches: Iterable[tuple[Key, Sequence[Item]]], progress: Progress
    ) -> Generator[tuple[Key, list[Answer | Poisoned]], None, None]:
        """The answers of every batch, in the order of the batches.

        Raises
        ------
        Cancelled
            While answers are waited for.
        ClusterUnavailable
            The cluster or all of its workers are gone, or a node has other versions.
        """
        in_hand: deque[_Batch[Item, Answer]] = deque()
        upcoming = (_Batch[Item, Answer](key, items) for key, items in batches)
        began = time.monotonic()
        try:
            self._add_workers()
            while True:
                for batch in islice(upcoming, max(0, self._most_in_hand() - len(in_hand))):
                    in_hand.append(batch)
                    self._take_up(batch)
                    # At once, while the next is read.
                    self._hand_out(function)
                if not in_hand:
                    return
                if in_hand[0].answers is not None:
                    batch = in_hand.popleft()
                    yield batch.key, list(batch.answers or ())
                else:
                    self._double_slow()
                    self._hand_out(function)
                    self._await_workers()
                    self._tell_waiting(progress, time.monotonic() - began)
        finally:
            for worker in self._workers:
                self._end(worker)

    def _take_up(self, batch: _Batch[Item, Answer]) -> None:
        if batch.items:
            self._waiting.append(batch)
        else:
            batch.answers = []

    def _most_in_hand(self) -> int:
        return max(1, len(self._workers)) * (BATCHES_A_WORKER + BATCHES_AHEAD)

    # workers

    def _add_workers(self) -> None:
        """As many as the nodes that are there have room for."""
        if not self.watch.answers():
            return
        for _ in range(count_workers(self.order.threads) - len(self._workers)):
            actor = self._start_actor()
            self._workers.append(_Worker(actor, actor.describe.remote()))
        self._most_workers = max(self._most_workers, len(self._workers))
        if not self._workers:
            raise ClusterUnavailable(
                f"No node of the Ray cluster has {self.order.threads} processors for a worker. Set FACE_ATLAS_THREADS "
                "to what its smallest node has, or add a node, and resume the job."
            )

    def _start_actor(self) -> Any:
        # Ray's types know nothing of methods that are called from afar.
        worker: Any = ray.remote(NodeWorker)
        needs = {"num_cpus": self.order.threads, "num_gpus": _gpus(), "max_concurrency": BATCHES_A_WORKER}
        return worker.options(**needs).remote(self.order)

    def _hand_out(self, function: Work[Item, Answer]) -> None:
        """Give waiting batches to workers with room, those that have least to do first."""
        for _ in range(len(self._waiting)):
            batch = self._waiting[0]
            free = [worker for worker in self._workers if worker.can_take(batch)]
            if not free:
                return
            worker = min(free, key=lambda candidate: len(candidate.running))
            self._waiting.popleft()
            reference = worker.actor.work.remote(function, batch.items)
            worker.running[reference] = batch, time.monotonic()

    def _double_slow(self) -> None:
        """Have a batch that is far slower than the others done a second time, by a worker that has nothing to do."""
        if self._waiting or not self._recent_s or not any(worker.is_idle for worker in self._workers):
            return
        began_before = time.monotonic() - max(SLOW_LEAST_S, SLOW_TIMES * median(self._recent_s))
        for batch, began in (running for worker in self._workers for running in worker.running.values()):
            # Those that were lost before run by themselves, so that it is known what ends a worker.
            is_first_attempt = not (batch.is_doubled or batch.losses or batch.whole)
            if began < began_before and is_first_attempt and batch.answers is None:
                batch.is_doubled = True
                self._waiting.append(batch)
                return

    def _await_workers(self) -> None:
        """Take what is ready, or look after those that are late."""
        references = [worker.starting for worker in self._workers if worker.starting is not None]
        references += [reference for worker in self._workers for reference in worker.running]
        if not references:
            time.sleep(WAIT_S)
        ready, _ = ray.wait(references, num_returns=1, timeout=WAIT_S) if references else ([], [])
        self.watch.require_cluster()
        for reference in ready:
            # A worker may have been lost while another answer of it was taken.
            worker = next((w for w in self._workers if reference == w.starting or reference in w.running), None)
            if worker is not None:
                self._take_ready(worker, reference)
        if not ready:
            self._end_late_workers()
            self._add_workers()

    def _take_ready(self, worker: _Worker, reference: Any) -> None:
        try:
            answer = ray.get(reference)
        except ray.exceptions.RayTaskError as fault:
            raise _own_error(fault) from fault
        except ray.exceptions.RayError as loss:
            _require_started(loss)
            self._lose(worker, type(loss).__name__)
            return
        if reference == worker.starting:
            require_same(self.here, answer.versions, answer.name)
            worker.starting = None
        else:
            # Only now: whoever ends with every batch can describe itself before.
            self._losses_in_a_row = 0
            batch, began = worker.running.pop(reference)
            self._recent_s.append(time.monotonic() - began)
            # Another worker may have been faster.
            if batch.answers is None:
                self._answer(batch, answer)

    def _end_late_workers(self) -> None:
        now = time.monotonic()
        for worker in list(self._workers):
            if any(now - began > LONGEST_S for _, began in worker.running.values()):
                self._lose(worker, f"more than {LONGEST_S:.0f} seconds")

    def _tell_waiting(self, progress: Progress, waited_s: float) -> None:
        """Say why nothing happens; hear that the work is to stop. A worker without room starts when others end."""
        if waited_s > ROOM_S and all(worker.starting is not None for worker in self._workers):
            progress.step(0, 0, "Waiting for a worker of the Ray cluster; other jobs may have its processors")
        else:
            progress.raise_if_cancelled()

    # losses

    def _lose(self, worker: _Worker, how: str) -> None:
        """Give what a lost worker was doing to others."""
        self._workers.remove(worker)
        self._end(worker)
        self._losses_in_a_row += 1
        if self._losses_in_a_row >= LOSSES_IN_A_ROW + self._most_workers:
            raise ClusterUnavailable(
                f"The last {self._losses_in_a_row} workers of the Ray cluster ended without an answer ({how}). What "
                "was finished is kept. See the logs of its nodes, then resume the job."
            )
        for batch, _ in worker.running.values():
            batch.losses += 1
            if batch.answers is None and not self._is_running(batch):
                self._repeat(batch, how)
        # At once, on whatever node has room: nobody waits for the one that is gone.
        self._add_workers()

    def _end(self, worker: _Worker) -> None:
        # Those of a cluster that is gone end with it.
        if self.watch.answers():
            ray.kill(worker.actor)

    def _is_running(self, batch: _Batch[Item, Answer]) -> bool:
        return any(batch is running_batch for worker in self._workers for running_batch, _ in worker.running.values())

    def _repeat(self, batch: _Batch[Item, Answer], how: str) -> None:
        if batch.losses < LOSSES_TO_SPLIT:
            self._waiting.appendleft(batch)
        elif batch.whole is not None or len(batch.items) == 1:
            reason = f"The program that looks for faces ended twice on this photo ({how}). The file was left out."
            self._answer(batch, [Poisoned(reason)])
        else:
            batch.parts = [_Batch(None, [item], whole=batch) for item in batch.items]
            self._waiting.extendleft(reversed(batch.parts))

    def _answer(self, batch: _Batch[Item, Answer], answers: Sequence[Answer | Poisoned]) -> None:
        batch.answers = list(answers)
        whole = batch.whole
        if whole is not None and all(part.answers is not None for part in whole.parts):
            whole.answers = [answer for part in whole.parts for answer in part.answers or ()]


def count_workers(threads: int) -> int:
    """How many workers of so many processors the nodes have room for."""
    return sum(n_processors // threads for n_processors in _processors())


def computing_nodes() -> list[str]:
    """The ids of the nodes that compute."""
    return [node["NodeID"] for node in _nodes()]


def threads_of_worker(most: int) -> int:
    """How many processors each worker gets: ``most``, or all of the smallest node if it has fewer."""
    return max(1, min([most, *_processors()]))


def _processors() -> list[int]:
    """Of each node that computes."""
    return [int(node["Resources"]["CPU"]) for node in _nodes()]


def _nodes() -> list[dict[str, Any]]:
    """Those that compute, as Ray describes them."""
    return [node for node in ray.nodes() if node["Alive"] and int(node["Resources"].get("CPU", 0))]


def _gpus() -> int:
    """A graphics card for each worker where the cluster has any."""
    return int("GPU" in ray.cluster_resources())


def _require_started(loss: Exception) -> None:
    """Raises ClusterUnavailable where a worker could not even begin, as it would everywhere on that node."""
    text = str(loss)
    if "creation task" in text:
        cause = next((line for line in reversed(text.splitlines()) if line and not line.startswith(" ")), text)
        raise ClusterUnavailable(
            f"A node of the Ray cluster cannot work for Face Atlas ({cause}). Install the same Face Atlas there, start "
            "the node with PYTHONPATH set to its folder, and resume the job."
        ) from loss


def _own_error(fault: Exception) -> Exception:
    """What the work there raised: an error of ours as it is, else one that says that it is a fault."""
    cause = getattr(fault, "cause", None)
    return cause if isinstance(cause, FaceAtlasError) else fault

"""Photos that nodes read themselves and hold in Ray's object store, until they were looked through.

Only the hash and the size of what a node has read come back, and wherever the photo is looked through its bytes are
fetched from the node that has them. (Files of less than 100 kB Ray sends along with the answer.) A node that cannot
read what this machine can is no fault of a photo: whatever goes wrong there, the photo is read here. An actor on every
node and not a task for every photo: Ray ends processes that wait for tasks after a second, and starting one takes
longer than reading a hundred photos.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from core.archives.source import ReachableFile
from core.cluster.connection import ClusterWatch
from core.workflows.photos.photo_reader import HeldFile

MOST_FAILURES = 8
"""After so many in a row, nodes are asked to read nothing more: they have no such folder, or no right to it."""
READERS_TRIED = 2
READS_AT_ONCE = 4
"""On a node."""
WAIT_S = 0.25

log = logging.getLogger("face_atlas")


def read_held(held: HeldFile) -> bytes:
    """The bytes of a photo, on the node that looks through it. Raises as ``ReachableFile.read``."""
    try:
        content: bytes = ray.get(held.reference)
    except ray.exceptions.RayError:
        # They went with the node that held them.
        return held.file.read()
    return content


class Lease:
    """What a node holds, until this is let go of; on the way to a node it is Ray's own reference."""

    def __init__(self, leases: Leases, key: int) -> None:
        self._leases, self._key = leases, key

    def __reduce__(self) -> tuple[Any, tuple[Any]]:
        return _unchanged, (self._leases.reference(self._key),)

    def __del__(self) -> None:
        self._leases.end(self._key)


def _unchanged(reference: Any) -> Any:
    return reference


class Leases:
    """All leases of a connection.

    Ray ends the process in which a reference is let go of while the connection closes, on whatever thread. A photo may
    be stored, and forgotten, just then: so the references are kept here, and go under a lock, all of them before that.
    """

    def __init__(self) -> None:
        # A thread that has it may let go of a lease too, as garbage is collected anywhere.
        self._lock = threading.RLock()
        self._keys = count()
        self._references: dict[int, Any] = {}

    def begin(self, reference: Any) -> Lease:
        """Hold on to what a reference stands for."""
        with self._lock:
            key = next(self._keys)
            self._references[key] = reference
        return Lease(self, key)

    def reference(self, key: int) -> Any:
        """Ray's reference. Raises KeyError after the end."""
        with self._lock:
            return self._references[key]

    def end(self, key: int) -> None:
        """Let go of one."""
        with self._lock:
            self._references.pop(key, None)

    def close(self) -> None:
        """Let go of all; what is still there stands for nothing from now on."""
        with self._lock:
            self._references.clear()


@dataclass(eq=False)
class HoldingNodes:
    """The nodes of a cluster as readers of photos; asked from several threads."""

    watch: ClusterWatch
    node_ids: Sequence[str]
    _leases: Leases = field(default_factory=Leases, init=False)
    _failures_in_a_row: int = field(default=0, init=False)
    _turn: threading.Condition = field(default_factory=threading.Condition, init=False)
    _turns: Iterator[int] = field(default_factory=count, init=False)
    _n_asking: int = field(default=0, init=False)
    _is_closed: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        reader: Any = ray.remote(FileReader)
        # Without a processor of its own: the workers have them all, and reading is mostly waiting. Where a node is
        # lost, Ray starts its reader on another.
        needs = {"num_cpus": 0, "max_concurrency": READS_AT_ONCE, "max_restarts": -1, "max_task_retries": 2}
        homes = [NodeAffinitySchedulingStrategy(node_id, soft=True) for node_id in self.node_ids]
        self._readers = [reader.options(**needs, scheduling_strategy=home).remote() for home in homes]

    def hold(self, file: ReachableFile) -> HeldFile | None:
        """Have a node read a file; None where none could. Raises ClusterUnavailable."""
        with self._turn:
            # Ray starts a cluster of its own for whoever asks it after the end.
            if self._is_closed or self._failures_in_a_row >= MOST_FAILURES:
                return None
            self._n_asking += 1
            first = next(self._turns)
        try:
            # A reader goes with its node, and is away until Ray has started it elsewhere: then another is asked.
            readers = (self._readers[(first + number) % len(self._readers)] for number in range(READERS_TRIED))
            answers = (self._ask(reader, file) for reader in readers)
            held = next((answer for answer in answers if answer is not None), None)
            self._note_outcome(is_read=held is not None)
            return held
        finally:
            with self._turn:
                self._n_asking -= 1
                self._turn.notify_all()

    def close(self) -> None:
        """Ask nodes nothing more, wait for no answer, and let go of everything that they hold."""
        with self._turn:
            self._is_closed = True
            # Who asks has references too, until it sees this.
            self._turn.wait_for(lambda: not self._n_asking)
        self._leases.close()

    def _ask(self, reader: Any, file: ReachableFile) -> HeldFile | None:
        with self._turn:
            described, reference = reader.read.options(num_returns=2).remote(file)
            answer: Future[tuple[str, int]] = described.future()
        while not self._is_closed:
            try:
                photo_id, size_bytes = answer.result(WAIT_S)
            except ray.exceptions.RayError:
                return None
            except TimeoutError:
                self.watch.require_cluster()
            else:
                return HeldFile(photo_id, size_bytes, file, self._leases.begin(reference))
        return None

    def _note_outcome(self, *, is_read: bool) -> None:
        with self._turn:
            # Counted under the lock: of several threads that fail at once each counts, and one of them says so.
            self._failures_in_a_row = 0 if is_read else self._failures_in_a_row + 1
            if self._failures_in_a_row == MOST_FAILURES and not self._is_closed:
                log.warning("The nodes of the Ray cluster cannot read the photos; this machine reads them all.")


class FileReader:
    """An actor: reads files on a node."""

    def read(self, file: ReachableFile) -> tuple[tuple[str, int], bytes]:
        """The hash and size of a file, and its bytes, which stay there. Called from several threads."""
        content = file.read()
        return (sha256(content).hexdigest(), len(content)), content

"""Locks that a PostgreSQL server keeps for a connection: they go when its process ends, on whatever machine.

Each holder has a connection of its own, as the connections of a pool are handed around. A pooler between the app and
the server must hand whole sessions on, not transactions.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from hashlib import blake2b

from sqlalchemy import Connection, Engine, text

from core.base.errors import DataFolderFault

RETURN_S = 60.0
"""After a restart of the server its workers have so long to take their locks again."""


def lock_key(name: str) -> int:
    """The number by which the server knows a lock: 64 bits, signed."""
    return int.from_bytes(blake2b(f"face atlas {name}".encode(), digest_size=8).digest(), "big", signed=True)


@dataclass
class AdvisorySession:
    """One connection and the locks that it holds; safe to use from several threads.

    ``engine`` keeps no connections, so that each session has its own; ``pool`` is the store's.
    """

    engine: Engine
    pool: Engine
    _connection: Connection | None = None
    _held: set[int] = field(default_factory=set)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def acquire_now(self, key: int) -> bool:
        """Take a lock; False where this session or another one has it."""
        with self._lock:
            self.reconnect()
            # The server would give the same session its lock a second time.
            if key in self._held or not self._ask(key):
                return False
            self._held.add(key)
            return True

    def release(self, key: int) -> None:
        """Give a lock back; one that is not held is no fault."""
        with self._lock:
            if key not in self._held:
                return
            self._held.discard(key)
            try:
                # Without a connection nothing is locked, and a new one would look as if the other locks were.
                if self._connection is not None:
                    self._connection.execute(text("SELECT pg_advisory_unlock(:key)").bindparams(key=key))
            except DataFolderFault:
                self._drop()  # it went with its connection
            if not self._held:
                self._drop()

    def close(self) -> None:
        """Let everything go, as the end of the process does."""
        with self._lock:
            self._held.clear()
            self._drop()

    def holds(self, key: int) -> bool:
        """Whether this session has the lock, as far as it knows."""
        return key in self._held

    def reconnect(self) -> None:
        """After the connection was lost, take its locks again: all of them, or none where others have one by now."""
        with self._lock:
            if self._connection is None and not self._held:
                return
            if not self._is_connected():
                self._drop()
                # Of a job whose dataset somebody else writes by now, its own lock is worth nothing: it is to stop.
                has_taken = [self._ask(key) for key in self._held]
                if not all(has_taken):
                    self.close()

    def is_taken(self, key: int, started: float | None) -> bool:
        """Whether any session has the lock, or may be about to take it again after a restart of the server."""
        query = text(
            "SELECT EXISTS (SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
            "WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND datname = current_database() "
            "AND classid::bigint = :high AND objid::bigint = :low) "
            "OR (pg_postmaster_start_time() > to_timestamp(:started) "
            "AND clock_timestamp() < pg_postmaster_start_time() + make_interval(secs => :patience))"
        )
        bits = key % (1 << 64)
        values = {"high": bits >> 32, "low": bits % (1 << 32), "started": started or 0.0, "patience": RETURN_S}
        # On a connection of the pool: whoever looks at jobs asks this, and opening one takes longer than the answer.
        with self.pool.connect() as connection:
            return key in self._held or bool(connection.scalar(query.bindparams(**values)))

    def _is_connected(self) -> bool:
        try:
            return self._connection is not None and self._connection.scalar(text("SELECT 1")) == 1
        except DataFolderFault:
            return False

    def _ask(self, key: int) -> bool:
        return bool(self._connect().scalar(text("SELECT pg_try_advisory_lock(:key)").bindparams(key=key)))

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


@dataclass(frozen=True)
class AdvisoryJobLocks:
    """A lock of the server for each running job (``JobLocks``)."""

    session: AdvisorySession
    _ours: set[str] = field(default_factory=set, repr=False)
    are_shared: bool = True

    def hold(self, job_id: str) -> bool:
        if self.session.acquire_now(_job_key(job_id)):
            self._ours.add(job_id)
            return True
        return False

    def held(self) -> tuple[str, ...]:
        return tuple(self._ours)

    def keep(self, job_id: str) -> bool:
        if job_id not in self._ours:
            return True
        self.session.reconnect()
        return self.session.holds(_job_key(job_id))

    def release(self, job_id: str) -> None:
        self._ours.discard(job_id)
        self.session.release(_job_key(job_id))

    def is_carried(self, job_id: str, started: float | None = None) -> bool:
        return self.session.is_taken(_job_key(job_id), started)

    def dataset_lock(self, dataset_id: str) -> AdvisoryLock:
        return AdvisoryLock(self.session, f"dataset {dataset_id}")


def _job_key(job_id: str) -> int:
    return lock_key(f"job {job_id}")


@dataclass(frozen=True)
class AdvisoryLock:
    """One lock of the server (``ProcessLock``)."""

    session: AdvisorySession
    name: str

    def acquire_now(self) -> bool:
        return self.session.acquire_now(lock_key(self.name))

    def release(self) -> None:
        self.session.release(lock_key(self.name))

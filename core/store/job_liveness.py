"""Which jobs' processes are alive: told by locks, which the system releases when a process ends in any way.

A clock cannot tell it: a network that computes for minutes holds the interpreter and is silent, and a process that was
killed a second ago has just been heard. Beside a SQLite file the locks are files; a PostgreSQL server keeps its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from core.base.errors import data_folder_fault


class JobLocks(Protocol):
    """A lock for each running job, held by the process that carries it."""

    @property
    def are_shared(self) -> bool:
        """Whether workers of several machines carry the jobs, so that another one can go on at once."""
        ...

    def hold(self, job_id: str) -> bool:
        """From now on this process carries the job; False when another one does.

        It is called before anybody can see that the job runs.

        Raises
        ------
        DataFolderFault
            The lock cannot be written.
        """
        ...

    def keep(self, job_id: str) -> bool:
        """Take a lock again that was lost with a connection; False when another process carries the job by now."""
        ...

    def release(self, job_id: str) -> None:
        """The job's end is written; nothing happens where another process carries it."""
        ...

    def held(self) -> tuple[str, ...]:
        """The jobs that this process carries."""
        ...

    def is_carried(self, job_id: str, started: float | None = None) -> bool:
        """Whether a living process carries the job, this one or another; ``started`` is seconds since 1970."""
        ...

    def dataset_lock(self, dataset_id: str) -> ProcessLock:
        """The lock of the one process that writes much into a dataset."""
        ...


class ProcessLock(Protocol):
    """A lock that one process has at a time, and that goes with it."""

    def acquire_now(self) -> bool:
        """Take it; False when somebody has it."""
        ...

    def release(self) -> None:
        """Let the next one have it."""
        ...


@dataclass(frozen=True)
class FileJobLocks:
    """Locks on files of a data folder's ``locks`` (``JobLocks``)."""

    folder: Path
    _held: dict[str, FileLock] = field(default_factory=dict, repr=False)
    are_shared: bool = False

    def hold(self, job_id: str) -> bool:
        """As the protocol says."""
        # A job may end on another thread than it began on; the lock is the process's.
        lock = FileLock(self._path(job_id), thread_local=False)
        try:
            self.folder.mkdir(exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout:
            return False
        except OSError as fault:
            raise data_folder_fault(fault) from fault
        self._held[job_id] = lock
        return True

    def keep(self, job_id: str) -> bool:
        """Files stay locked as long as the process lives."""
        return True

    def release(self, job_id: str) -> None:
        """As the protocol says."""
        lock = self._held.pop(job_id, None)
        if lock is not None:
            # Removed while it is held: whoever came between would hold a file that is about to go, and a later look
            # would make a new one that nobody holds.
            self._path(job_id).unlink(missing_ok=True)
            lock.release(force=True)

    def held(self) -> tuple[str, ...]:
        """As the protocol says."""
        return tuple(self._held)

    def is_carried(self, job_id: str, started: float | None = None) -> bool:
        """As the protocol says."""
        path = self._path(job_id)
        # The job began on another computer, or its file was tidied away: nobody here carries it.
        if not path.exists():
            return False
        # A new lock object, though this process may hold the job's: the system refuses a second one on the same file
        # to the same process too, so that the answer is the same for its own jobs.
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        # Held, or of another user and not ours to look at.
        except (Timeout, OSError):
            return True
        path.unlink(missing_ok=True)
        lock.release()
        return False

    def dataset_lock(self, dataset_id: str) -> FileProcessLock:
        """As the protocol says."""
        return FileProcessLock(self.folder / f"{dataset_id}.lock")

    def _path(self, job_id: str) -> Path:
        return self.folder / f"job-{job_id}.lock"


@dataclass(frozen=True)
class FileProcessLock:
    """A lock on a file, which stays when it is released (``ProcessLock``)."""

    path: Path
    _lock: FileLock = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lock", FileLock(self.path))

    def acquire_now(self) -> bool:
        """As the protocol says."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        """As the protocol says."""
        self._lock.release()

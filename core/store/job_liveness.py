"""Which jobs' processes are alive: told by locks on files, which the system releases when a process ends in any way.

A clock cannot tell it: a network that computes for minutes holds the interpreter and is silent, and a process that was
killed a second ago has just been heard.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from core.base.errors import data_folder_fault


@dataclass(frozen=True)
class JobLocks:
    """A lock for each running job in the data folder's ``locks``, held by the process that carries it."""

    folder: Path
    _held: dict[str, FileLock] = field(default_factory=dict, repr=False)

    def hold(self, job_id: str) -> None:
        """From now on this process carries the job; called before anybody can see that it runs.

        Raises
        ------
        DataFolderFault
            Nothing can be written into the folder.
        """
        # A job may end on another thread than it began on; the lock is the process's.
        lock = FileLock(self._path(job_id), thread_local=False)
        try:
            self.folder.mkdir(exist_ok=True)
            lock.acquire(timeout=0)
        except OSError as fault:
            raise data_folder_fault(fault) from fault
        self._held[job_id] = lock

    def release(self, job_id: str) -> None:
        """The job's end is written; nothing happens where another process carries it."""
        lock = self._held.pop(job_id, None)
        if lock is not None:
            # Removed while it is held: whoever came between would hold a file that is about to go, and a later look
            # would make a new one that nobody holds.
            self._path(job_id).unlink(missing_ok=True)
            lock.release(force=True)

    def is_carried(self, job_id: str) -> bool:
        """Whether a living process carries the job, this one or another."""
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

    def _path(self, job_id: str) -> Path:
        return self.folder / f"job-{job_id}.lock"

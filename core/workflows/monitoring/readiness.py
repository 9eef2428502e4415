"""Whether an installation can do its work: its database answers, its disk has room, its worker lives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from core.base.errors import FaceAtlasError
from core.base.json_values import Json
from core.store.disk_reserve import RESERVE_BYTES, Reserve
from core.store.protocols import FaceStore

WORKER_LOCKS = "worker*.lock"


@dataclass(frozen=True, slots=True)
class Readiness:
    """What can be used just now."""

    database: bool
    disk: bool
    worker: bool

    @property
    def serves(self) -> bool:
        """Whether pages can be served; without a worker they can, and what they ask for waits."""
        return self.database and self.disk

    def to_json(self) -> dict[str, Json]:
        """As a proxy or a person reads it; it names no path and nobody."""
        return {
            "ready": self.serves,
            "database": "ok" if self.database else "does not answer",
            "disk": "ok" if self.disk else "full",
            "worker": "ok" if self.worker else "none",
        }


NOT_STARTED = Readiness(database=False, disk=False, worker=False)


def check_readiness(store: FaceStore, reserve: Reserve, locks_dir: Path) -> Readiness:
    """Look at all three; it takes milliseconds, or as long as a database server takes to refuse."""
    return Readiness(_answers(store), not reserve.lacks(RESERVE_BYTES), has_worker(locks_dir))


def _answers(store: FaceStore) -> bool:
    try:
        store.datasets()
    except FaceAtlasError:
        return False
    return True


def has_worker(locks_dir: Path) -> bool:
    """Whether a worker lives whose lock lies in this folder: of this data folder, or of a machine that shares it."""
    return any(_is_held(path) for path in locks_dir.glob(WORKER_LOCKS))


def _is_held(path: Path) -> bool:
    lock = FileLock(path)
    try:
        # A worker that begins in this very moment tries again.
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True
    lock.release()
    return False

"""What a job is: a plain record of long work, written by the worker and read by the pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """Its process died; what it had finished is kept, and it can be resumed."""

    @property
    def active(self) -> bool:
        return self in (JobState.QUEUED, JobState.RUNNING)

    @property
    def resumable(self) -> bool:
        return self in (JobState.CANCELLED, JobState.INTERRUPTED, JobState.FAILED)


class JobKind(StrEnum):
    """The work that jobs carry."""

    INGEST = "ingest"
    TRAIN = "train"
    MAP = "map"
    CLUSTER = "cluster"
    SUSPECTS = "suspects"
    EXPORT = "export"
    IMPORT = "import"
    ERASE = "erase"
    LOOK_AGAIN = "look again"
    CHANGE_MODEL = "change model"
    STUDY = "study"
    LOOKUP = "lookup"
    SORT = "sort"
    """The photos of a lookup, into folders by person."""


QUICK_KINDS = frozenset((JobKind.MAP, JobKind.CLUSTER, JobKind.SUSPECTS, JobKind.TRAIN))
"""Seconds on a thousand faces. They never take a dataset's writing lock, which the long job that stands still holds."""


class JobOwner(StrEnum):
    """Which kind of process runs a job."""

    WORKER = "worker"
    COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work. Times are seconds since 1970, UTC."""

    id: str
    dataset_id: str
    kind: JobKind
    state: JobState
    params: dict[str, Any]
    created: float
    owner: JobOwner = JobOwner.WORKER
    started: float | None = None
    finished: float | None = None
    heartbeat: float | None = None
    done: int = 0
    total: int = 0
    done_at_start: int = 0
    """What an earlier attempt had finished: the rate is counted from here."""
    message: str = ""
    error: str = ""
    """For the user: what happened and what to do."""
    detail: str = ""
    """The traceback, for whoever mends it; no names of people or files."""
    result: dict[str, Any] = field(default_factory=dict)
    cancel_requested: bool = False

    @property
    def is_quick(self) -> bool:
        """Whether it is done between two batches of a long job. Photos of strangers take as long as they are many."""
        return self.kind in QUICK_KINDS and not self.params.get("strangers")

    @property
    def fraction(self) -> float:
        """How much is done, 0..1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def rate_per_s(self) -> float | None:
        """Steps a second in this attempt, or None before the first."""
        if not self.started or not self.heartbeat or self.heartbeat <= self.started:
            return None
        steps = self.done - self.done_at_start
        return steps / (self.heartbeat - self.started) if steps > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Time left at the present rate, or None while it cannot be told."""
        rate = self.rate_per_s
        return (self.total - self.done) / rate if rate and self.total else None

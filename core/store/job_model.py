"""What a job is: a plain record of long work, written by the worker and read by the pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from core.base.json_values import JsonObject, JsonRecord


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
        """Whether the job waits or runs."""
        return self in (JobState.QUEUED, JobState.RUNNING)

    @property
    def resumable(self) -> bool:
        """Whether the job ended before its work did, and can be queued again."""
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
    INDEX = "index"
    """Of the faces, for finding those alike."""
    BACKUP = "backup"
    RESTORE = "restore"
    """Of a dataset out of a backup."""
    DISCARD_PHOTOS = "discard photos"
    """Of a dataset, which keeps none from then on."""


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
    params: JsonObject
    """As a ``JobRequest`` wrote them; it alone reads them."""
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
    result: JsonObject = field(default_factory=dict)
    """As a ``JobResult`` wrote it; it alone reads it."""
    cancel_requested: bool = False
    asker: str = ""
    """The address of whoever asked for it; "" where nobody had signed in."""

    @property
    def fraction(self) -> float:
        """How much is done, 0..1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def rate_per_s(self) -> float | None:
        """Steps a second in this attempt, or None before the first."""
        if not self.started or not self.heartbeat or self.heartbeat <= self.started:
            return None
        # What an earlier attempt did took no time in this one.
        steps = self.done - self.done_at_start
        return steps / (self.heartbeat - self.started) if steps > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Time left at the present rate, or None while it cannot be told."""
        rate = self.rate_per_s
        return (self.total - self.done) / rate if rate and self.total else None


def take_turns(waiting: Sequence[Job], last_begun: Mapping[str, float]) -> list[Job]:
    """Jobs that wait, in the order in which they are offered: everybody has a turn before anybody has a second one.

    What one person asked for keeps its order, and so does what was asked of one dataset, by whomever.

    Parameters
    ----------
    waiting : oldest first
    last_begun : by asker, when a job of theirs was begun last; whoever that is longest ago for comes first
    """
    turns_before = Counter[str]()
    rank: dict[str, tuple[int, float, float]] = {}
    for job in waiting:
        rank[job.id] = (turns_before[job.asker], last_begun.get(job.asker, 0.0), job.created)
        turns_before[job.asker] += 1
    in_order: dict[str, Job] = {}
    for job in sorted(waiting, key=lambda job: rank[job.id]):
        same_dataset = (ahead for ahead in waiting if ahead.dataset_id == job.dataset_id)
        in_order.update((ahead.id, ahead) for ahead in same_dataset if ahead.created <= job.created)
    return list(in_order.values())


@dataclass(frozen=True, slots=True)
class JobTotal:
    """All jobs of a kind that stand alike."""

    kind: JobKind
    state: JobState
    count: int
    seconds: float
    """How long those that have ended took."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Work that is queued when a job is done, on the same dataset."""

    kind: JobKind
    params: JsonObject
    """As its ``JobRequest`` wrote them."""


class JobRequest(JsonRecord):
    """What a job is asked to do. Names of fields are a contract: jobs of earlier versions are read with them."""

    __slots__ = ()

    @classmethod
    def of(cls, job: Job) -> Self:
        """What a job of this kind was asked. Raises ValueError where that cannot be read."""
        return cls.from_json(job.params)


class JobResult(JsonRecord):
    """What a job has come to; the same contract. What an earlier version did not say has a default."""

    __slots__ = ()

    @classmethod
    def of(cls, job: Job) -> Self:
        """What a job of this kind has come to. Raises ValueError where that cannot be read, as before its end."""
        return cls.from_json(job.result)

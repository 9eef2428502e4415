"""The queue of jobs in SQL (a ``JobStore``).

Huey on SQLite was tried first: it hands a task out by deleting it, so a killed consumer loses the task, and it knows
neither progress nor cancelling a running task nor resuming one. Those are what a job is here; a table and a dozen
short statements carry them.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Update, delete, func, insert, literal, select, update

from core.base.errors import DataFolderFault, NotFound
from core.base.json_values import JsonObject
from core.language.texts import marked
from core.store.access_model import Asker
from core.store.job_liveness import JobLocks
from core.store.job_model import FollowUp, Job, JobKind, JobOwner, JobState, JobTotal, take_turns
from core.store.sql.reader import SqlStore
from core.store.sql.schema import dataset, job_asker
from core.store.sql.schema import job as table

_ACTIVE = (JobState.QUEUED, JobState.RUNNING)
_RESUMABLE = tuple(state for state in JobState if state.resumable)
INTERRUPTED = marked(
    "The process that did this work stopped before it was done. What was finished is kept: resume goes on from there."
)
FOLLOW_UP_STEP_S = 1e-4
"""Above the resolution of a time in a double, and nothing to whoever reads it."""
_WITH_ASKERS = table.outerjoin(job_asker, job_asker.c.job_id == table.c.id)
_ASKER = func.coalesce(job_asker.c.address, "")
NOT_BEGUN = marked("It was cancelled before it began; nothing was changed.")


@dataclass(frozen=True)
class SqlJobStore(SqlStore):
    """Jobs behind a SQLAlchemy engine; every method is one short transaction."""

    @cached_property
    def locks(self) -> JobLocks:
        """Of the database: who can read its jobs can tell whether they are alive."""
        return self.database.job_locks(self.engine)

    def submit(
        self,
        dataset_id: str,
        kind: JobKind,
        params: JsonObject,
        owner: JobOwner = JobOwner.WORKER,
        *,
        asker: Asker | None = None,
    ) -> Job:
        """A new job: queued for the worker, or running at once under the command line."""
        job = _new_job(dataset_id, FollowUp(kind, params), time.time(), owner)
        with self.engine.begin() as connection:
            _insert_job(connection, job)
            if asker is not None:
                # With the job: a worker that claims it at once is to know whom it is for.
                row = {"job_id": job.id, "address": asker.address, "role": asker.role}
                connection.execute(insert(job_asker).values(row))
            if job.state is JobState.RUNNING:
                self.locks.hold(job.id)  # before anybody sees that it runs
        return job if asker is None else replace(job, asker=asker.address)

    def claim(self, may_start: Callable[[Job, Sequence[Job]], bool] | None = None) -> Job | None:
        # Another worker may take it between looking and starting: then the next one is tried.
        refused: set[str] = set()
        while (job_id := self._next_id(may_start, refused)) is not None:
            if (job := self._start(job_id)) is not None:
                return job
            refused.add(job_id)
        return None

    def _next_id(self, may_start: Callable[[Job, Sequence[Job]], bool] | None, refused: Container[str]) -> str | None:
        """Only read: a look at an empty queue keeps no writer waiting."""
        jobs = [job for job in self._in_turn() if job.owner is JobOwner.WORKER]
        queued = (job for job in jobs if job.state is JobState.QUEUED and job.id not in refused)
        return next((job.id for job in queued if may_start is None or may_start(job, jobs)), None)

    def _in_turn(self) -> list[Job]:
        """What runs, then what waits, as ``active`` gives it; nobody is looked for whose process is gone."""
        rows = self.read_rows(_jobs().where(table.c.state.in_(_ACTIVE)).order_by(table.c.created))
        jobs = [_job(row) for row in rows]
        waiting = [job for job in jobs if job.state is JobState.QUEUED]
        askers = {job.asker for job in waiting}
        # Where one person alone asks, as everywhere without sign-in, it is the order of asking.
        last_begun = self._last_begun() if len(askers) > 1 else {}
        return [*(job for job in jobs if job.state is JobState.RUNNING), *take_turns(waiting, last_begun)]

    def _last_begun(self) -> dict[str, float]:
        """By asker, when the worker began a job of theirs last."""
        began = select(_ASKER, func.max(table.c.started)).select_from(_WITH_ASKERS).group_by(_ASKER)
        rows = self.read_rows(began.where(table.c.started.is_not(None), table.c.owner == JobOwner.WORKER))
        return {row[0]: row[1] for row in rows}

    def _start(self, job_id: str) -> Job | None:
        """The job, running; None when somebody else was faster."""
        now = time.time()
        # A row that another worker is just taking is passed over, not waited for; SQLite has one writer at a time.
        still_queued = select(table.c.id).where(table.c.id == job_id, table.c.state == JobState.QUEUED)
        claimed = (
            update(table)
            .where(table.c.id == still_queued.with_for_update(skip_locked=True).scalar_subquery())
            .values(
                state=JobState.RUNNING,
                started=now,
                heartbeat=now,
                finished=None,
                error="",
                detail="",
                done_at_start=table.c.done,
            )
            .returning(table.c.id)
        )
        with self.engine.begin() as connection:
            # Only where it is queued still: of two workers that have seen it, one gets the row.
            is_ours = connection.scalar(claimed) is not None
            # Before anybody sees that it runs. Whoever was cut off from the server may still be at it: then it stays.
            if is_ours and not self.locks.hold(job_id):
                connection.rollback()
                return None
            return _job(connection.execute(_jobs().where(table.c.id == job_id)).one()) if is_ours else None

    def job(self, job_id: str) -> Job:
        self.end_orphans()
        rows = self.read_rows(_jobs().where(table.c.id == job_id))
        if not rows:
            raise NotFound(marked("This job is not known any more."))
        return _job(rows[0])

    def jobs(self, dataset_id: str | None = None, limit: int | None = 200) -> list[Job]:
        self.end_orphans()
        query = _jobs().order_by(table.c.created.desc()).limit(limit)
        if dataset_id:
            query = query.where(table.c.dataset_id == dataset_id)
        return [_job(row) for row in self.read_rows(query)]

    def active(self) -> list[Job]:
        self.end_orphans()
        return self._in_turn()

    def totals(self) -> list[JobTotal]:
        seconds = func.coalesce(func.sum(table.c.finished - table.c.started), 0.0)
        groups = table.c.kind, table.c.state
        rows = self.read_rows(select(*groups, func.count(), seconds).group_by(*groups).order_by(*groups))
        return [JobTotal(JobKind(kind), JobState(state), count, took) for kind, state, count, took in rows]

    def done_ids(self, kind: JobKind) -> set[str]:
        return set(self.read_values(select(table.c.id).where(table.c.state == JobState.DONE, table.c.kind == kind)))

    def beat(self, job_id: str, done: int, total: int, message: str) -> bool:
        written = (
            update(table)
            .where(table.c.id == job_id)
            .values(done=done, total=total, message=message, heartbeat=time.time())
            .returning(table.c.cancel_requested)
        )
        if not self.locks.keep(job_id):
            return True  # the server was away for long, and another worker has taken the job up
        with self.engine.begin() as connection:
            requested = connection.execute(written).scalar_one_or_none()
        return requested is None or bool(requested)  # a job that was deleted meanwhile stops too

    def finish(
        self,
        job_id: str,
        state: JobState,
        *,
        result: JsonObject | None = None,
        error: str = "",
        detail: str = "",
        follow_ups: Sequence[FollowUp] = (),
    ) -> None:
        now = time.time()
        values = {"state": state, "finished": now, "heartbeat": now, "error": error, "detail": detail}
        values |= {} if result is None else {"result": result}
        ended = update(table).where(table.c.id == job_id).values(**values, cancel_requested=False)
        if not self.locks.keep(job_id):
            self.locks.release(job_id)
            return  # the end is told by the worker that carries it now
        # One transaction: a process that is killed leaves the job running, and what follows it unsaid, or both behind
        # it. Between two transactions it could lose what follows, or queue it again when it is resumed.
        with self.engine.begin() as connection:
            # Two workers may end jobs of one dataset at once: what waits on it is then counted one after the other.
            of_job = select(table.c.dataset_id).where(table.c.id == job_id).scalar_subquery()
            of_dataset = select(dataset.c.id).where(dataset.c.id == of_job)
            dataset_id = connection.scalar(of_dataset.with_for_update(key_share=True))
            connection.execute(ended)
            if dataset_id is not None:
                _queue_follow_ups(connection, job_id, dataset_id, follow_ups, now)
        # After the row: while the lock is held nobody takes the job for an orphan.
        self.locks.release(job_id)

    def keep_result(self, job_id: str, result: JsonObject) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(table).where(table.c.id == job_id).values(result=result))

    def cancel(self, job_id: str) -> None:
        by_id = table.c.id == job_id
        with self.engine.begin() as connection:
            connection.execute(
                update(table).where(by_id, table.c.state == JobState.RUNNING).values(cancel_requested=True)
            )
            connection.execute(
                update(table)
                .where(by_id, table.c.state == JobState.QUEUED)
                .values(state=JobState.CANCELLED, finished=time.time(), error=NOT_BEGUN)
            )

    def resume(self, job_id: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                update(table)
                .where(table.c.id == job_id, table.c.state.in_(_RESUMABLE))
                .values(state=JobState.QUEUED, owner=JobOwner.WORKER, cancel_requested=False, error="", detail="")
            )

    def end_orphans(self) -> int:
        running = select(table.c.id, table.c.started).where(table.c.state == JobState.RUNNING)
        orphans = [row for row in self.read_rows(running) if not self.locks.is_carried(row.id, row.started)]
        return sum(self._interrupt(row.id, row.started) for row in orphans)

    def offer_again(self, job_id: str) -> None:
        offered = {"state": JobState.QUEUED, "finished": None, "heartbeat": None}
        with self.engine.begin() as connection:
            connection.execute(
                update(table).where(table.c.id == job_id, table.c.state == JobState.RUNNING).values(offered)
            )
        self.locks.release(job_id)

    def offer_carried(self) -> int:
        carried = self.locks.held()
        for job_id in carried:
            self.offer_again(job_id)
        return len(carried)

    def _interrupt(self, job_id: str, started: float) -> int:
        """Unless it ended or began anew since it was looked at; how many rows were marked."""
        # A job that was resumed since runs under another start: that one is alive.
        still_running = (table.c.id == job_id) & (table.c.state == JobState.RUNNING) & (table.c.started == started)
        ended = {"state": JobState.INTERRUPTED, "finished": time.time(), "error": INTERRUPTED}
        try:
            with self.engine.begin() as connection:
                if self.locks.are_shared and connection.execute(_requeue(still_running)).rowcount:
                    return 1
                return connection.execute(update(table).where(still_running).values(ended)).rowcount
        except DataFolderFault:
            return 0  # nothing can be written just now, and whoever only looks shall see what is there

    def forget_job(self, job_id: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(table).where(table.c.id == job_id, table.c.state.not_in(_ACTIVE)))


def _requeue(still_running: ColumnElement[bool]) -> Update:
    """Offer the job of a dead worker to the others, where it got further than the attempt before.

    One that kills its worker at the same step each time would wear them all out: it waits for somebody to resume it.
    """
    got_further = (table.c.done > table.c.done_at_start) & (table.c.owner == JobOwner.WORKER)
    return update(table).where(still_running & got_further).values(state=JobState.QUEUED)


def _new_job(dataset_id: str, work: FollowUp, created: float, owner: JobOwner = JobOwner.WORKER) -> Job:
    is_running = owner is JobOwner.COMMAND_LINE
    return Job(
        id=uuid.uuid4().hex[:12],
        dataset_id=dataset_id,
        kind=work.kind,
        state=JobState.RUNNING if is_running else JobState.QUEUED,
        params=work.params,
        created=created,
        owner=owner,
        started=created if is_running else None,
        heartbeat=created if is_running else None,
    )


def _insert_job(connection: Connection, job: Job) -> None:
    columns = (entry.name for entry in fields(job) if entry.name in table.c)
    connection.execute(insert(table).values({name: getattr(job, name) for name in columns}))


def _queue_follow_ups(
    connection: Connection, job_id: str, dataset_id: str, follow_ups: Sequence[FollowUp], now: float
) -> None:
    of_dataset = (table.c.dataset_id == dataset_id) & (table.c.state == JobState.QUEUED)
    # What waits already will find what this job has done: of several ingests in a row, the first queues what follows
    # behind the last, and the others add only what is not there yet.
    waiting = set(connection.scalars(select(table.c.kind).where(of_dataset)))
    for number, work in enumerate(follow_ups):
        if work.kind not in waiting:
            # A moment apart: the queue is served by the time of asking, and keeps this order.
            follower = _new_job(dataset_id, work, now + number * FOLLOW_UP_STEP_S)
            _insert_job(connection, follower)
            _ask_for_the_same(connection, job_id, follower.id)


def _ask_for_the_same(connection: Connection, job_id: str, follower_id: str) -> None:
    """What follows a job was asked for by whoever asked for that one, if somebody had signed in."""
    parents_asker = select(literal(follower_id), job_asker.c.address, job_asker.c.role).where(
        job_asker.c.job_id == job_id
    )
    connection.execute(insert(job_asker).from_select(["job_id", "address", "role"], parents_asker))


def _jobs() -> Select[Any]:
    """Rows of jobs, each with who asked for it."""
    return select(table, _ASKER.label("asker")).select_from(_WITH_ASKERS)


def _job(row: Row[Any]) -> Job:
    kinds = {"kind": JobKind(row.kind), "state": JobState(row.state), "owner": JobOwner(row.owner)}
    return Job(**{**row._mapping, **kinds})

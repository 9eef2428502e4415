"""In which order the worker does what waits, and what pages say of it."""

from __future__ import annotations

from typing import Any

import pytest

from core.base.words import format_photo_rate
from core.jobs.order import find_pausing_job, list_jobs_before
from core.store.job_model import Job, JobKind, JobOwner, JobState
from core.ui.jobs import running_line, waiting_sentence

NAMES = {"family": "Family", "club": "Club"}


def job(job_id: str, kind: JobKind, state: JobState, created: float, **more: Any) -> Job:
    return Job(
        id=job_id,
        dataset_id=more.pop("dataset_id", "family"),
        kind=kind,
        state=state,
        params=more.pop("params", {}),
        created=created,
        **more,
    )


INGEST = job("ingest", JobKind.INGEST, JobState.RUNNING, 1.0, started=100.0, heartbeat=110.0, done=50, total=200)
EXPORT = job("export", JobKind.EXPORT, JobState.QUEUED, 2.0)
QUICK_MAP = job("map", JobKind.MAP, JobState.QUEUED, 3.0, dataset_id="club")
GROUPS = job("groups", JobKind.CLUSTER, JobState.QUEUED, 4.0, dataset_id="club")
OWN_GROUPS = job("own", JobKind.CLUSTER, JobState.QUEUED, 4.5)
TRANSFER = job("import", JobKind.IMPORT, JobState.QUEUED, 5.0)
ELSEWHERE = job("theirs", JobKind.INGEST, JobState.RUNNING, 0.5, owner=JobOwner.COMMAND_LINE)


@pytest.mark.parametrize(
    ("waiting", "active", "expected"),
    [
        (QUICK_MAP, [INGEST, EXPORT, QUICK_MAP], []),
        (GROUPS, [INGEST, EXPORT, QUICK_MAP, GROUPS], ["map"]),
        (EXPORT, [INGEST, EXPORT, QUICK_MAP], ["ingest"]),
        (TRANSFER, [INGEST, EXPORT, QUICK_MAP, GROUPS, TRANSFER], ["ingest", "export", "map", "groups"]),
        (EXPORT, [ELSEWHERE, EXPORT], []),
        (OWN_GROUPS, [INGEST, QUICK_MAP, OWN_GROUPS], ["ingest", "map"]),
    ],
    ids=[
        "quick goes first",
        "quick after quick",
        "long after long",
        "everything earlier",
        "another process's",
        "quick after its own dataset's photos",
    ],
)
def test_a_job_waits_for_what_the_worker_does_before_it(waiting: Job, active: list[Job], expected: list[str]) -> None:
    assert [before.id for before in list_jobs_before(waiting, active)] == expected


def test_a_long_job_stands_still_while_a_quick_one_runs() -> None:
    running = job("map", JobKind.MAP, JobState.RUNNING, 3.0)
    assert find_pausing_job(INGEST, [INGEST, running]) is running
    assert find_pausing_job(INGEST, [INGEST, QUICK_MAP]) is None
    assert find_pausing_job(running, [INGEST, running]) is None
    assert find_pausing_job(ELSEWHERE, [ELSEWHERE, running]) is None


@pytest.mark.parametrize(
    ("waiting", "active", "sentence"),
    [
        (QUICK_MAP, [INGEST, QUICK_MAP], "begins between two steps of Taking photos (Family)"),
        (QUICK_MAP, [QUICK_MAP], "begins in a moment"),
        (EXPORT, [INGEST, EXPORT], "waits for Taking photos (Family), about 30 seconds left"),
        (
            TRANSFER,
            [INGEST, EXPORT, TRANSFER],
            "waits for Taking photos (Family), about 30 seconds left and 1 other job",
        ),
    ],
)
def test_a_waiting_job_says_behind_what_and_how_long(waiting: Job, active: list[Job], sentence: str) -> None:
    assert waiting_sentence(waiting, active, NAMES) == sentence


@pytest.mark.parametrize(
    ("active", "line"),
    [
        ([], ""),
        ([EXPORT], "Exporting (Family)"),
        ([INGEST], "Taking photos (Family): 50 of 200, about 30 seconds left"),
        ([INGEST, EXPORT, TRANSFER], "Taking photos (Family): 50 of 200, about 30 seconds left; 2 more wait"),
        (
            [INGEST, job("map", JobKind.MAP, JobState.RUNNING, 3.0, dataset_id="x")],
            "Making the map (a dataset that is gone); 1 more waits",
        ),
    ],
)
def test_the_frame_says_in_one_line_what_runs_and_what_waits(active: list[Job], line: str) -> None:
    assert running_line(active, NAMES) == line


@pytest.mark.parametrize(
    ("per_second", "words"),
    [
        (38.2, "38 photos a second"),
        (1.0, "1 photo a second"),
        (0.4, "24 photos a minute"),
        (1 / 60, "1 photo a minute"),
        (0.004, "14 photos an hour"),
    ],
)
def test_slow_work_is_told_by_the_minute_or_the_hour(per_second: float, words: str) -> None:
    assert format_photo_rate(per_second) == words

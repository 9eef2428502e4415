"""What the worker does in spare time: once, in a process of its own, which a job ends."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from core.jobs import idle
from core.jobs.idle import IdleTask
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "QUIET_S", 0.0)


def appending(path: Path, then: str = "") -> tuple[str, ...]:
    return (sys.executable, "-c", f"open({str(path)!r}, 'a').write('x'); {then}")


def tended(prepared: IdleTask, until: threading.Event) -> None:
    def look() -> bool:
        prepared.tend()
        return until.is_set()

    wait_until(look, "the end of the preparing")


def test_it_is_done_once_and_then_what_follows_in_the_worker(tmp_path: Path) -> None:
    followed = threading.Event()
    prepared = IdleTask(appending(tmp_path / "ran"), followed.set)
    tended(prepared, followed)
    prepared.drop()
    for _ in range(3):
        prepared.tend()
    assert (tmp_path / "ran").read_text() == "x"


def test_where_it_was_done_before_only_what_follows_is(tmp_path: Path) -> None:
    followed = threading.Event()
    tended(IdleTask(appending(tmp_path / "ran"), followed.set, is_prepared=lambda: True), followed)
    assert not (tmp_path / "ran").exists()


def test_a_job_ends_it_at_once_and_it_begins_again_when_the_queue_is_empty(tmp_path: Path) -> None:
    ran, followed = tmp_path / "ran", threading.Event()
    prepared = IdleTask(
        appending(ran, f"import time; time.sleep(0 if len(open({str(ran)!r}).read()) > 1 else 600)"), followed.set
    )
    prepared.tend()
    wait_until(lambda: ran.exists() and ran.read_text() == "x", "the beginning")
    prepared.drop()
    assert not followed.is_set()
    tended(prepared, followed)
    assert ran.read_text() == "xx"


def test_nothing_follows_where_it_failed(tmp_path: Path) -> None:
    followed = threading.Event()
    prepared = IdleTask((sys.executable, "-c", "raise SystemExit(3)"), followed.set)

    def ended() -> bool:
        prepared.tend()
        return prepared._ended

    wait_until(ended, "the failing")
    assert not followed.wait(0.2)

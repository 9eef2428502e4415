"""Readiness and metrics: what a proxy and Prometheus are told, and what asking costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from core.base.errors import DatabaseGone
from core.base.settings import Settings
from core.services import Services
from core.store.job_model import JobKind, JobState
from core.workflows.monitoring.metrics import FRESH_S, MetricsReader
from core.workflows.monitoring.readiness import Readiness, check_readiness, has_worker
from tests.stored_faces import add_faces

READY = Readiness(database=True, disk=True, worker=True)


@dataclass
class Clock:
    now: float = 0.0
    asked: int = field(default=0)

    def __call__(self) -> float:
        return self.now

    def ready(self) -> Readiness:
        self.asked += 1
        return READY


def reader_of(services: Services, clock: Clock) -> MetricsReader:
    return MetricsReader(
        store=services.store,
        jobs=services.jobs,
        readiness=clock.ready,
        free_bytes=lambda: 12_345_678_901,
        sessions=lambda: 2,
        clock=clock,
    )


def figures(text: str) -> dict[str, float]:
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(number) for name, _, number in lines}


def test_metrics_count_what_there_is_and_name_nobody(tmp_path: Path) -> None:
    services, clock = Services(Settings(tmp_path)), Clock()
    dataset = add_faces(services, "Ada's family", {"Ada": 3, None: 2})
    services.jobs.submit(dataset.id, JobKind.MAP, {})
    running = services.jobs.claim()
    assert running is not None
    services.jobs.finish(running.id, JobState.DONE)
    services.jobs.submit(dataset.id, JobKind.LOOK_AGAIN, {})
    text = reader_of(services, clock).text()
    assert "Ada" not in text and dataset.id not in text
    read = figures(text)
    assert (read["face_atlas_faces"], read["face_atlas_photos"], read["face_atlas_people"]) == (5, 5, 1)
    assert (read["face_atlas_disk_free_bytes"], read["face_atlas_sessions"]) == (12_345_678_901, 2)
    assert read['face_atlas_jobs{kind="map",state="done"}'] == 1
    assert read['face_atlas_jobs{kind="look again",state="queued"}'] == 1
    assert read['face_atlas_job_seconds{kind="map",state="done"}'] >= 0
    assert 'face_atlas_job_seconds{kind="look again",state="queued"}' not in read


def test_prometheus_itself_can_read_them(tmp_path: Path) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    services = Services(Settings(tmp_path))
    add_faces(services, "Invented", {"Ada": 1})
    families = {family.name: family for family in text_string_to_metric_families(reader_of(services, Clock()).text())}
    assert families["face_atlas_faces"].samples[0].value == 1
    assert {family.type for family in families.values()} == {"gauge"}


def test_who_asks_often_gets_the_same_figures_until_they_are_old(tmp_path: Path) -> None:
    services, clock = Services(Settings(tmp_path)), Clock()
    reader = reader_of(services, clock)
    first = reader.text()
    add_faces(services, "Invented", {"Ada": 1})
    clock.now = FRESH_S - 0.1
    assert (reader.text(), clock.asked) == (first, 1)
    clock.now = FRESH_S
    assert figures(reader.text())["face_atlas_faces"] == 1


def test_readiness_tells_a_lost_database_a_full_disk_and_a_dead_worker_apart(tmp_path: Path, monkeypatch) -> None:
    services = Services(Settings(tmp_path))
    locks = services.settings.locks_dir
    assert check_readiness(services.store, services.reserve, locks) == Readiness(database=True, disk=True, worker=False)
    with FileLock(services.worker_lock):
        assert has_worker(locks)
    assert not has_worker(locks)
    monkeypatch.setattr(type(services.reserve), "free_bytes", lambda _: 0)
    assert not check_readiness(services.store, services.reserve, locks).serves

    def fail(_: object) -> None:
        raise DatabaseGone("away")

    monkeypatch.setattr(type(services.store), "datasets", fail)
    assert not check_readiness(services.store, services.reserve, locks).database

"""A database server that is not there, lets nobody in, or starts anew: a sentence each, and no work is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from core.__main__ import main
from core.base.errors import DatabaseGone, DataFolderBusy, DataFolderFault, DiskFull
from core.base.progress import CancelToken, Progress
from core.base.settings import Settings
from core.jobs.worker import run_job, serve_queue
from core.services import Services
from core.store.job_model import Job, JobKind, JobOwner, JobState
from core.store.sql.database import open_database
from core.store.sql.databases import postgresql
from core.store.sql.databases.postgresql_faults import translate_refusal
from core.store.values.datasets import FileOutcome, FileReport, IngestBatch
from tests.conftest import PROJECT_DIR
from tests.faults.test_store_faults import page_errors
from tests.postgresql import Server, own_server, running_server
from tests.waiting import LONGEST_S, wait_until

SECRET = "correct-horse"
STEPS = 6


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that may be stopped; it runs again before each test."""
    with own_server() as server:
        yield server


@pytest.fixture
def open_services(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Services]]:
    """Opens a data folder whose database is on the server, as another machine would."""
    monkeypatch.setattr(postgresql, "RESTART_S", 0.5)
    address = server.new_database()
    opened: list[Services] = []

    def open_anew() -> Services:
        opened.append(Services(Settings(tmp_path / f"machine {len(opened)}", database_url=address)))
        return opened[-1]

    yield open_anew
    for services in opened:
        services.store.engine.dispose()


# who cannot be reached


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://guest:{secret}@/postgres?host={folder}", "refused the user's name or password"),
        ("postgresql://guest@/postgres?host={folder}", "asks for a password"),
        ("postgresql://postgres:{secret}@/nowhere?host={folder}", "is not there"),
        ("postgresql://nobody:{secret}@/postgres?host={folder}", "is not there, or its user is not"),
        ("postgresql://ann:{secret}@127.0.0.1:9/name", "does not answer"),
        ("postgresql://ann:{secret}@/name?host=/nowhere", "does not answer"),
        ("postgresql://ann:{secret}@no-such-host.invalid/name", "does not answer"),
    ],
)
def test_a_server_that_lets_nobody_in_is_told_without_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], address: str, words: str
) -> None:
    running = running_server()
    running.execute("DROP ROLE IF EXISTS guest")
    running.execute("CREATE ROLE guest LOGIN PASSWORD 'another'")
    monkeypatch.setattr(postgresql, "RESTART_S", 0.0)
    monkeypatch.setenv("FACE_ATLAS_DATABASE_URL", address.format(secret=SECRET, folder=running.folder))
    assert main(["datasets", "--data", str(tmp_path)]) == 1
    told = capfd.readouterr()
    assert told.err.startswith("Refused: The database ") and words in told.err
    assert SECRET not in told.err + told.out


def test_a_page_without_its_server_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "RESTART_S", 0.0)
    monkeypatch.setenv("FACE_ATLAS_DATABASE_URL", f"postgresql://ann:{SECRET}@127.0.0.1:9/name")
    told = " ".join(page_errors(tmp_path, monkeypatch, "pages/home/datasets.py"))
    assert "does not answer" in told
    assert SECRET not in told


WITHOUT_DRIVER = """
import sys
sys.modules["psycopg"] = None
from core.store.sql.database import open_database
open_database("postgresql://ann:correct-horse@host/name")
"""


def test_an_installation_without_the_driver_says_what_to_install() -> None:
    command = [sys.executable, "-c", WITHOUT_DRIVER]
    ended = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
    assert "DataFolderFault: FACE_ATLAS_DATABASE_URL names a PostgreSQL server" in ended.stderr
    assert "-r requirements-cluster.txt" in ended.stderr


@pytest.mark.parametrize("version", ["99", "4", "2b"])
def test_another_version_is_refused_and_not_written(version: str) -> None:
    address = running_server().new_database()
    engine = open_database(address)
    with engine.begin() as connection:
        connection.execute(text("UPDATE about SET value = :version").bindparams(version=version))
        connection.execute(text("DROP TABLE quality"))
    with pytest.raises(DataFolderFault, match=f"another version of Face Atlas .database version {version}"):
        open_database(address)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('quality')")) is None
    engine.dispose()


def test_a_database_that_cannot_hold_every_name_is_refused() -> None:
    running = running_server()
    running.execute("DROP DATABASE IF EXISTS latin")
    running.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(DataFolderFault, match="LATIN1, in which not every name can be written"):
        open_database(running.address("latin"))


def test_a_row_that_others_lock_is_told_and_nothing_is_lost(
    open_services: Callable[[], Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgresql._SESSION, "lock_timeout", 100)
    services = open_services()
    dataset = services.store.create_dataset("Family", "facenet-128")
    with services.store.engine.begin() as other:
        other.execute(text("SELECT * FROM dataset FOR UPDATE"))
        with pytest.raises(DataFolderBusy, match="kept locked by others all the while"):
            services.store.rename_dataset(dataset.id, "Friends")
    services.store.rename_dataset(dataset.id, "Friends")
    assert services.store.dataset(dataset.id).name == "Friends"


def test_every_refusal_of_a_server_has_its_sentence() -> None:
    def told(code: str | None, message: str = "as the server says it", *, cut: bool = False) -> object:
        return translate_refusal("The database 'x' on y", code, message, cut=cut)

    assert isinstance(told("53100"), DiskFull)
    assert isinstance(told("40P01"), DataFolderBusy)
    assert "GRANT" in str(told("42501"))
    assert isinstance(told("57P01"), DatabaseGone)
    assert isinstance(told(None, "server closed the connection unexpectedly", cut=True), DatabaseGone)
    assert "max_connections" in str(told("53300", "FATAL: sorry, too many clients already", cut=True))
    assert told("23505") is None, "the stores tell what a constraint means"


# a server that starts anew


def write_steps(services: Services, restart: Callable[[int], None]) -> Callable[[Job, Progress], dict[str, int]]:
    """Work of a few steps, each stored once, as those of an ingest."""

    def carry(job: Job, progress: Progress) -> dict[str, int]:
        stored = services.store.reported(job.id)
        for number in range(STEPS):
            if number not in stored:
                restart(number)
                line = FileReport(position=number, name=f"{number}.jpg", outcome=FileOutcome.TAKEN, faces=1)
                services.store.add(job.dataset_id, job.id, IngestBatch(reports=[line]))
            progress.step(number + 1, STEPS, "Working")
        return {"steps": STEPS}

    return carry


@pytest.mark.parametrize("away_s", [0.0, 2.0], ids=["at once", "later"])
def test_a_job_goes_on_after_its_server_was_started_anew(
    server: Server, open_services: Callable[[], Services], away_s: float
) -> None:
    services, stop, restarted = open_services(), threading.Event(), list[int]()
    job = services.jobs.submit(services.store.create_dataset("Family", "facenet-128").id, JobKind.INGEST, {})
    back = threading.Timer(away_s, server.start)

    def restart(number: int) -> None:
        if number == 3 and not restarted:
            server.stop()
            back.start()
            restarted.append(number)

    handlers = {JobKind.INGEST: write_steps(services, restart)}
    serving = threading.Thread(target=serve_queue, args=(services.jobs, handlers, services.worker_lock, stop))
    serving.start()
    wait_until(lambda: bool(restarted), "the restart")
    back.join()
    wait_until(lambda: services.jobs.job(job.id).state is JobState.DONE, "the job's end")
    stop.set()
    serving.join(LONGEST_S)
    assert [line.position for line in services.store.file_reports(job.id)] == list(range(STEPS)), (
        "nothing twice or lost"
    )
    assert services.jobs.job(job.id).result == {"steps": STEPS}


def test_a_job_that_computes_meanwhile_is_nobodys_to_take(
    server: Server, open_services: Callable[[], Services]
) -> None:
    services, others = open_services(), open_services()
    dataset = services.store.create_dataset("Family", "facenet-128")
    services.jobs.submit(dataset.id, JobKind.MAP, {})
    job = services.jobs.claim()
    assert job is not None

    def restart(job: Job, progress: Progress) -> dict[str, str]:
        server.stop()
        server.start()
        # Before this process has noticed anything.
        assert others.jobs.end_orphans() == 0
        assert others.jobs.claim() is None
        return {"map": "m1"}

    assert run_job(services.jobs, job, restart, CancelToken()) is JobState.DONE
    assert others.jobs.job(job.id).result == {"map": "m1"}


def cut_connections(services: Services) -> None:
    """As a broken network does, for a while."""
    with services.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        connection.execute(text(f"{others} AND datname = current_database()"))


def test_a_lock_that_was_lost_is_taken_again_with_the_next_beat(open_services: Callable[[], Services]) -> None:
    services, others = open_services(), open_services()
    dataset = services.store.create_dataset("Family", "facenet-128")
    services.jobs.submit(dataset.id, JobKind.MAP, {})
    job = services.jobs.claim()
    assert job is not None
    cut_connections(others)
    assert services.jobs.beat(job.id, 1, 2, "Working") is False
    assert others.jobs.end_orphans() == 0
    assert others.jobs.job(job.id).state is JobState.RUNNING


def test_who_was_cut_off_for_long_stops_and_writes_no_end_over_the_next_one(
    open_services: Callable[[], Services],
) -> None:
    services, others = open_services(), open_services()
    dataset = services.store.create_dataset("Family", "facenet-128")
    services.jobs.submit(dataset.id, JobKind.INGEST, {})
    job = services.jobs.claim()
    assert job is not None
    services.jobs.beat(job.id, 3, 9, "Working")
    cut_connections(others)
    assert others.jobs.end_orphans() == 1
    taken_up = others.jobs.claim()
    assert taken_up is not None
    assert (taken_up.id, taken_up.done_at_start) == (job.id, 3), "it got further, and was offered again"
    assert services.jobs.beat(job.id, 4, 9, "Working") is True, "told to stop"
    services.jobs.finish(job.id, JobState.CANCELLED, error="Stopped.")
    assert others.jobs.job(job.id).state is JobState.RUNNING
    others.jobs.finish(job.id, JobState.DONE, result={"photos": 9})
    assert services.jobs.job(job.id).result == {"photos": 9}


def test_who_lost_the_dataset_to_another_machine_stops_too(open_services: Callable[[], Services]) -> None:
    services, others = open_services(), open_services()
    dataset = services.store.create_dataset("Family", "facenet-128")
    services.jobs.submit(dataset.id, JobKind.INGEST, {})
    job, lock = services.jobs.claim(), services.jobs.locks.dataset_lock(dataset.id)
    assert job is not None and lock.acquire_now()
    cut_connections(others)
    assert services.jobs.beat(job.id, 1, 9, "Working") is False and lock.acquire_now() is False, "it has both again"
    cut_connections(others)
    assert others.jobs.locks.dataset_lock(dataset.id).acquire_now()
    assert services.jobs.beat(job.id, 2, 9, "Working") is True, "told to stop"
    lock.release()
    services.jobs.finish(job.id, JobState.CANCELLED)
    assert others.jobs.end_orphans() == 1, "the job is there for the next one"


DIE = """
import os, signal, sys
from pathlib import Path
from core.base.settings import Settings
from core.services import Services
services = Services(Settings(Path(sys.argv[1]), database_url=sys.argv[2]))
job = services.jobs.claim()
services.jobs.beat(job.id, int(sys.argv[3]), 9, "Working")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_dead_workers_job_is_offered_again_until_it_gets_no_further(
    open_services: Callable[[], Services], tmp_path: Path
) -> None:
    services = open_services()
    job = services.jobs.submit(services.store.create_dataset("Family", "facenet-128").id, JobKind.INGEST, {})
    address = services.settings.database_url
    for done, state in ((4, JobState.QUEUED), (4, JobState.INTERRUPTED)):
        command = [sys.executable, "-c", DIE, str(tmp_path / "dying"), address, str(done)]
        ended = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
        assert ended.returncode == -9, ended.stderr
        wait_until(lambda wanted=state: services.jobs.job(job.id).state is wanted, f"the state {state}")
    assert "resume" in services.jobs.job(job.id).error


def test_a_command_whose_server_goes_away_says_so_and_can_be_given_again(
    server: Server, open_services: Callable[[], Services]
) -> None:
    services = open_services()
    dataset = services.store.create_dataset("Family", "facenet-128")
    job = services.jobs.submit(dataset.id, JobKind.MAP, {}, JobOwner.COMMAND_LINE)

    def meet_restart(job: Job, progress: Progress) -> dict[str, str]:
        server.stop()
        try:
            services.store.counts(dataset.id)
        finally:
            server.start()
        return {}

    assert run_job(services.jobs, job, meet_restart, CancelToken()) is JobState.FAILED
    assert "does not answer" in services.jobs.job(job.id).error


def test_one_process_of_all_machines_writes_a_dataset_at_a_time(open_services: Callable[[], Services]) -> None:
    services, others = open_services(), open_services()
    first, second = (each.jobs.locks.dataset_lock("d1") for each in (services, others))
    assert first.acquire_now()
    assert not second.acquire_now()
    assert not services.jobs.locks.dataset_lock("d1").acquire_now(), "nor another thread of the same process"
    assert others.jobs.locks.dataset_lock("d2").acquire_now()
    first.release()
    assert second.acquire_now()

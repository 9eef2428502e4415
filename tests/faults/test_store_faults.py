"""A database or data folder that cannot be used: every command ends with a sentence, every page shows one."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import streamlit as st

from core.__main__ import main
from core.base.errors import DataFolderBusy, DataFolderFault, DiskFull
from core.base.progress import CancelToken, Progress
from core.base.settings import Settings
from core.jobs.worker import run_job, serve_queue
from core.services import Services
from core.store.job_model import Job, JobKind, JobOwner, JobState
from core.store.sql import database
from core.store.sql.databases import sqlite
from tests import prepared
from tests.conftest import PROJECT_DIR
from tests.pages.conftest import app_at
from tests.waiting import LONGEST_S

PAGES = sorted(path.relative_to(PROJECT_DIR).as_posix() for path in (PROJECT_DIR / "pages").rglob("*.py"))
PAGE_BYTES = 4096


@pytest.fixture
def folder(few_dir: Path, tmp_path: Path) -> Path:
    """A data folder with a dataset, whose database lies in one file."""
    path = prepared.copy(few_dir, tmp_path / "data")
    Services(Settings(path)).store.engine.dispose()
    return path


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 400)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def zero_pages(path: Path) -> None:
    """All pages but the first, as a bad block leaves them."""
    with path.open("r+b") as file:
        file.seek(PAGE_BYTES)
        file.write(bytes(path.stat().st_size - PAGE_BYTES))


def make_newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE about SET value = '99' WHERE key = 'schema'")
    connection.close()


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut in half": (halve, "damaged"),
    "garbage": (overwrite, "damaged"),
    "emptied": (empty, "damaged"),
    "zeroed pages": (zero_pages, "damaged"),
    "a newer version": (make_newer, "another version"),
    "a folder": (replace_by_folder, "cannot be opened"),
}
BREAKS = pytest.mark.parametrize(("breaks", "words"), FAULTS.values(), ids=FAULTS)


@BREAKS
def test_a_command_on_a_broken_database_ends_with_a_sentence(
    folder: Path, capfd: pytest.CaptureFixture[str], breaks: Callable[[Path], None], words: str
) -> None:
    breaks(folder / "atlas.db")
    for command in (["suspects"], ["train"], ["erase", "--whole-dataset"]):
        assert main(["--data", str(folder), *command, "--dataset", prepared.SAMPLE]) == 1
        told = capfd.readouterr()
        assert words in told.err and told.err.startswith("Refused: ") and told.out == ""


@BREAKS
def test_a_page_on_a_broken_database_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, breaks: Callable[[Path], None], words: str
) -> None:
    breaks(folder / "atlas.db")
    for page in (PAGES[0], "pages/home/datasets.py", "pages/system/jobs.py"):
        assert words in " ".join(page_errors(folder, monkeypatch, page))


def page_errors(folder: Path, monkeypatch: pytest.MonkeyPatch, page: str) -> list[str]:
    """What a page tells instead of its content; a traceback fails the test."""
    monkeypatch.setenv("FACE_ATLAS_DATA", str(folder))
    monkeypatch.setenv("FACE_ATLAS_WORKER", "external")
    st.cache_resource.clear()
    st.cache_data.clear()
    app = app_at(page).run()
    assert not app.exception, app.exception
    return [each.value for each in app.error]


def test_what_a_newer_version_wrote_is_not_touched(folder: Path) -> None:
    path = folder / "atlas.db"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE about SET value = '99' WHERE key = 'schema'")
        connection.execute("DROP TABLE quality")
    connection.close()
    with pytest.raises(DataFolderFault, match="another version"):
        database.open_database(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'quality'").fetchall() == []


@pytest.mark.parametrize("where", [".", "models/..", "deeper"], ids=["a file", "below a file", "deeper below a file"])
def test_a_data_folder_that_is_a_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], where: str
) -> None:
    file = tmp_path / "data"
    file.write_text("mine")
    path = file if where == "." else file / where
    assert main(["cluster", "--dataset", "x", "--data", str(path)]) == 1
    told = capfd.readouterr().err
    assert told.startswith("Refused: ") and "is a file" in told
    assert "is a file" in " ".join(page_errors(path, monkeypatch, "pages/home/datasets.py"))
    assert file.read_text() == "mine"


# locked


@contextmanager
def locked(folder: Path, monkeypatch: pytest.MonkeyPatch, *pragmas: str) -> Iterator[None]:
    """Another program writes, for longer than anybody waits."""
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 300)
    other = sqlite3.connect(folder / "atlas.db", isolation_level=None)
    for pragma in pragmas:
        other.execute(pragma)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.close()


ALONE = "PRAGMA locking_mode=EXCLUSIVE"


@pytest.mark.parametrize("pragmas", [(), (ALONE,)], ids=["for writing", "for reading too"])
def test_commands_on_a_locked_database_say_so_and_lose_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], pragmas: tuple[str, ...]
) -> None:
    words = ["--data", str(folder), "suspects", "--dataset", prepared.SAMPLE]
    with locked(folder, monkeypatch, *pragmas):
        assert main(words) == 1
        assert "locked all the while" in capfd.readouterr().err
    assert main(words) == 0, capfd.readouterr().err


def test_pages_on_a_locked_database_show_what_can_be_read_or_say_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with locked(folder, monkeypatch, ALONE):
        assert "locked" in " ".join(page_errors(folder, monkeypatch, "pages/home/datasets.py"))
    with locked(folder, monkeypatch):
        assert page_errors(folder, monkeypatch, "pages/home/datasets.py") == []


def test_a_worker_outlives_a_store_that_is_locked_for_a_while(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 50)
    services, stop = Services(Settings(folder)), threading.Event()
    (dataset,) = services.store.datasets()
    job = services.jobs.submit(dataset.id, JobKind.MAP, {})

    def end(job: Job, progress: Progress) -> dict[str, str]:
        stop.set()
        return {"map": "m1"}

    with locked(folder, monkeypatch):
        serving = threading.Thread(
            target=serve_queue, args=(services.jobs, {JobKind.MAP: end}, services.worker_lock, stop), daemon=True
        )
        serving.start()
        serving.join(2)
        assert serving.is_alive(), "the worker died"
    serving.join(LONGEST_S)
    assert services.jobs.job(job.id).result == {"map": "m1"}


def test_a_jobs_end_is_written_when_the_store_can_be_written_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 50)
    services = Services(Settings(folder))
    (dataset,) = services.store.datasets()
    job = services.jobs.submit(dataset.id, JobKind.MAP, {}, JobOwner.COMMAND_LINE)
    token, at_work, go_on = CancelToken(), threading.Event(), threading.Event()

    def wait(job: Job, progress: Progress) -> dict[str, str]:
        at_work.set()
        go_on.wait(LONGEST_S)
        return {"map": "m1"}

    carrying = threading.Thread(target=run_job, args=(services.jobs, job, wait, token), daemon=True)
    carrying.start()
    at_work.wait(LONGEST_S)
    with locked(folder, monkeypatch):
        go_on.set()
        carrying.join(2)
        assert services.jobs.job(job.id).state is JobState.RUNNING
    carrying.join(LONGEST_S)
    assert (ended := services.jobs.job(job.id)).state is JobState.DONE and ended.result == {"map": "m1"}


# read-only, and nobody's


def ordinary() -> None:
    """Root may write everywhere; without these capabilities it is a user like any other."""
    if os.geteuid() == 0:
        for capability in (0, 1, 2, 3):  # CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
            ctypes.CDLL(None).prctl(24, capability)


@pytest.fixture
def read_only(folder: Path) -> Iterator[Path]:
    """The data folder and everything in it may only be read."""
    inside = [folder, *(path for path in folder.rglob("*") if not path.is_symlink() and "models" not in path.parts)]
    modes = {path: path.stat().st_mode for path in inside}
    for path in inside:
        path.chmod(0o500 if path.is_dir() else 0o400)
    yield folder
    for path, mode in modes.items():
        path.chmod(mode)


PAGE = """
import json, sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=300).run()
print(json.dumps([[each.value for each in app.error], [str(each.value) for each in app.exception]]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl, to be an ordinary user as root too")
def test_a_data_folder_that_may_only_be_read_is_told(read_only: Path, tmp_path: Path) -> None:
    env = {**os.environ, "FACE_ATLAS_DATA": str(read_only), "FACE_ATLAS_WORKER": "external"}
    run = {"cwd": PROJECT_DIR, "env": env, "capture_output": True, "text": True, "preexec_fn": ordinary}
    words = [sys.executable, "-m", "core", "cluster", "--dataset", prepared.SAMPLE]
    command = subprocess.run(words, check=False, **run)
    assert command.returncode == 1
    assert command.stderr.startswith("Refused: ") and "Traceback" not in command.stderr
    page = subprocess.run([sys.executable, "-c", PAGE], check=False, **run)
    errors, exceptions = json.loads(page.stdout.splitlines()[-1])
    assert exceptions == []
    assert errors == [] or "belong to you" in errors[0] or "may not be" in errors[0]
    nowhere = [sys.executable, "-m", "core", "cluster", "--dataset", "x", "--data", str(read_only / "new")]
    refused = subprocess.run(nowhere, check=False, **run)
    assert (refused.returncode, "may not be read or written" in refused.stderr) == (1, True)


def test_every_fault_of_sqlite_has_its_sentence(tmp_path: Path) -> None:
    from core.store.sql.databases.sqlite_faults import translate_fault

    def fault(code: int) -> sqlite3.OperationalError:
        raised = sqlite3.OperationalError("as SQLite says it")
        raised.sqlite_errorcode = code  # type: ignore[misc]
        return raised

    path = tmp_path / "atlas.db"
    assert isinstance(translate_fault(path, fault(sqlite3.SQLITE_FULL)), DiskFull)
    assert isinstance(translate_fault(path, fault(sqlite3.SQLITE_BUSY_SNAPSHOT)), DataFolderBusy)
    assert "damaged" in str(translate_fault(path, fault(sqlite3.SQLITE_CORRUPT)))
    assert "belong to you" in str(translate_fault(path, fault(sqlite3.SQLITE_READONLY)))
    assert "Check the disk" in str(translate_fault(path, fault(sqlite3.SQLITE_IOERR_READ)))
    assert translate_fault(path, fault(sqlite3.SQLITE_CONSTRAINT)) is None, "the stores tell what a constraint means"
    assert shutil.disk_usage(tmp_path).free > 0

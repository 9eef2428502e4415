"""The command line where something is missing, refused or in the way: a sentence, the exit status, nothing left."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.__main__ import main
from core.base.settings import Settings
from core.services import Services
from core.store.job_model import JobKind, JobOwner, JobState
from core.vision.engine.openvino import OpenVinoEngine
from tests import prepared
from tests.conftest import PROJECT_DIR, services_on, write_zip

CASES = ("deflate64.zip", "encrypted.zip", "only_docs.zip")


def run(*words: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """A command in a process of its own, as a user gives it."""
    command = [sys.executable, "-m", "core", *map(str, words)]
    return subprocess.run(command, cwd=PROJECT_DIR, env={**os.environ, **(env or {})}, capture_output=True, check=False)


@pytest.fixture(scope="module")
def learned_dir(few_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few photos, learned, for commands that only read them."""
    return prepared.copy(few_dir, tmp_path_factory.mktemp("learned") / "data")


# nothing taken


@pytest.mark.parametrize("name", CASES)
def test_an_archive_of_which_nothing_can_be_taken_ends_with_the_reason_and_no_dataset(
    shared_dir: Path, services: Services, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    archive, data = shared_dir / "cases" / "archives" / name, services.settings.data_dir
    assert main(["ingest", str(archive), "--dataset", "family", "--json", "--data", str(data)]) == 1
    told = capfd.readouterr()
    assert (told.out, services.store.datasets()) == ("", [])
    assert f"Nothing was taken from '{name}'" in told.err or "There are no photos in it" in told.err
    words = {"deflate64.zip": "deflate64", "encrypted.zip": "encrypted", "only_docs.zip": "not a photo"}
    assert words[name].lower() in told.err.lower()
    assert "Traceback" not in told.err


def test_a_dataset_that_was_there_before_stays_when_nothing_is_taken(
    services: Services, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    services.store.create_dataset("family", "facenet-128@2")
    archive = write_zip(tmp_path / "notes.zip", {"a.txt": b"no photo", "b.txt": b"none either", "c.doc": b"nor this"})
    data = str(services.settings.data_dir)
    assert main(["ingest", str(archive), "--dataset", "family", "--data", data]) == 1
    assert "'a.txt' and 2 more" in capfd.readouterr().err
    assert [dataset.name for dataset in services.store.datasets()] == ["family"]


@pytest.mark.parametrize("source", ["nowhere.zip", "torn.zip"], ids=["missing", "no zip"])
def test_an_archive_that_is_missing_or_torn_makes_no_dataset(
    services: Services, tmp_path: Path, capfd: pytest.CaptureFixture[str], source: str
) -> None:
    (tmp_path / "torn.zip").write_bytes(b"PK\3\4 and then nothing")
    assert main(["ingest", str(tmp_path / source), "--dataset", "x", "--data", str(services.settings.data_dir)]) == 1
    assert capfd.readouterr().err.startswith("Refused: ")
    assert services.store.datasets() == []


def test_the_same_photos_again_are_no_refusal_and_one_under_two_people_is_a_conflict(
    services: Services, sample_files: dict[str, bytes], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one, two = list(sample_files.values())[:2]
    archive = write_zip(tmp_path / "a.zip", {"Ann/1.jpg": one, "Bob/1.jpg": one, "Bob/2.jpg": two})
    words = ["--json", "--data", str(services.settings.data_dir), "ingest", str(archive), "--dataset", "family"]
    assert main(words) == 0
    first = json.loads(capfd.readouterr().out)
    assert (first["photos"], first["duplicates"], first["conflicts"]) == (2, 0, 1)
    ((conflict),) = first["conflicting"]
    assert (conflict["name"], "'Ann'" in conflict["reason"]) == ("Bob/1.jpg", True)
    assert main(words) == 0
    again = json.loads(capfd.readouterr().out)
    assert (again["photos"], again["duplicates"], again["conflicts"]) == (0, 2, 1)


# where to


COMMANDS = {
    "export": ["export", "--what", "faces", "--out"],
    "lookup --csv": ["lookup", "SOURCE", "--csv"],
    "lookup --xmp": ["lookup", "SOURCE", "--xmp"],
    "lookup --sorted": ["lookup", "SOURCE", "--sorted"],
}


@pytest.fixture
def source(sample_files: dict[str, bytes], tmp_path: Path) -> Path:
    return write_zip(tmp_path / "look.zip", {"one.jpg": next(iter(sample_files.values()))})


@pytest.mark.parametrize("command", COMMANDS)
def test_the_folder_of_an_output_is_made(
    learned_dir: Path, source: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], command: str
) -> None:
    words = [str(source) if word == "SOURCE" else word for word in COMMANDS[command]]
    out = tmp_path / "not" / "yet" / "there.zip"
    told = ["--dataset", prepared.SAMPLE, "--data", str(learned_dir)]
    assert main([*words, str(out), *told]) == 0, capfd.readouterr().err
    assert [path.name for path in out.parent.iterdir()] == ["there.zip"]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_that_is_a_folder_is_refused_before_the_work(
    learned_dir: Path, source: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], command: str
) -> None:
    words = [str(source) if word == "SOURCE" else word for word in COMMANDS[command]]
    jobs = len(Services(Settings(learned_dir)).jobs.jobs())
    assert main([*words, str(tmp_path), "--dataset", prepared.SAMPLE, "--data", str(learned_dir)]) == 1
    assert "is a folder" in capfd.readouterr().err
    assert len(Services(Settings(learned_dir)).jobs.jobs()) == jobs


@pytest.mark.parametrize("words", [["report", "--dataset", prepared.SAMPLE, "--out"], ["sample", "--out"]])
def test_an_output_folder_that_is_a_file_is_refused_before_the_work(
    learned_dir: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], words: list[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    assert main([*words, str(tmp_path / "file"), "--data", str(learned_dir)]) == 1
    assert "is a file where a folder is expected" in capfd.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"


# any console


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("form", [["--json"], []], ids=["json", "text"])
def test_names_of_any_script_are_told_on_any_console(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, form: list[str]
) -> None:
    Services(Settings(data_dir)).store.create_dataset("ソフィア", "facenet-128@2")
    written = {name: io.BytesIO() for name in ("stdout", "stderr")}
    for name, console in written.items():
        monkeypatch.setattr(sys, name, io.TextIOWrapper(console, encoding, write_through=True))
    assert main(["cluster", "--dataset", "太郎", "--data", str(data_dir), *form]) == 1
    assert written["stderr"].getvalue().decode(encoding).startswith("Refused: There is no dataset")
    assert b"Traceback" not in written["stderr"].getvalue() and written["stdout"].getvalue() == b""


def test_a_process_on_a_console_of_little_says_what_is_wrong(data_dir: Path) -> None:
    Services(Settings(data_dir)).store.create_dataset("ソフィア", "facenet-128@2")
    told = run("cluster", "--dataset", "太郎", "--data", data_dir, env={"PYTHONIOENCODING": "ascii"})
    assert told.returncode == 1
    assert b"Traceback" not in told.stderr
    assert told.stderr.decode("ascii").startswith("Refused: There is no dataset")


def test_the_json_of_any_name_is_ascii(learned_dir: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "ソフィア.zip"
    words = ["export", "--what", "log", "--out", str(out), "--dataset", prepared.SAMPLE, "--data", str(learned_dir)]
    assert main([*words, "--json"]) == 0
    answer = capfd.readouterr().out
    assert answer.isascii()
    assert json.loads(answer)["file"] == str(out)


def test_whoever_reads_only_the_beginning_gets_no_traceback(learned_dir: Path) -> None:
    command = [sys.executable, "-m", "core", "suspects", "--json", "--dataset", prepared.SAMPLE, "--data", learned_dir]
    with subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        told = process.stderr.read()
    assert process.returncode == 0
    assert b"Traceback" not in told and b"BrokenPipe" not in told


# where the options stand


@pytest.mark.parametrize("before", [True, False], ids=["before the command", "after it"])
def test_the_data_folder_may_stand_before_the_command_or_after_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], before: bool
) -> None:
    data, command = ["--data", str(tmp_path / "here")], ["cluster", "--dataset", "nobody"]
    assert main([*data, *command] if before else [*command, *data]) == 1
    assert "There is no dataset 'nobody'" in capfd.readouterr().err
    assert (tmp_path / "here" / "atlas.db").is_file()


# stopped


def test_ctrl_c_ends_with_a_sentence_and_a_job_that_can_be_resumed(
    data_dir: Path, sample_zip: Path, engine: OpenVinoEngine
) -> None:
    services = services_on(data_dir, engine)
    command = [sys.executable, "-m", "core", "ingest", sample_zip, "--dataset", "stars", "--data", data_dir]
    with subprocess.Popen(command, cwd=PROJECT_DIR, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if "Looking for faces 16" in line:
                process.send_signal(2)
                break
        told = process.stderr.read()
    assert process.returncode == 130
    assert "Stopped after" in told and "Traceback" not in told
    (job,) = services.jobs.jobs()
    assert (job.kind, job.state, job.owner) == (JobKind.INGEST, JobState.CANCELLED, JobOwner.COMMAND_LINE)
    assert 16 <= services.store.counts(job.dataset_id).photos < 118

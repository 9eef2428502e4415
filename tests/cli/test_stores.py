"""A store is copied into another one of either kind, everything is compared, and nothing is ever mixed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from core.__main__ import main
from core.base.errors import DataFolderFault, InputRefused
from core.base.progress import UNWATCHED, Progress
from core.base.settings import Settings
from core.corrections.model import Editor
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind, JobOwner, JobState
from core.store.sql import schema, whole_copy
from core.store.sql.database import open_database
from core.store.sql.whole_copy import StoreCopy
from core.workflows.exchange.store_copy import copy_whole_store
from core.workflows.labels.correct import Corrector
from tests import prepared
from tests.postgresql import running_server

SECRET = "correct horse"


@pytest.fixture
def folder(sample_dir: Path, tmp_path: Path) -> Path:
    """A data folder with a dataset, a training, and a correction that was taken back."""
    path = prepared.copy(sample_dir, tmp_path / "data")
    services = Services(Settings(path))
    dataset = services.store.datasets()[0]
    corrector = Corrector(services.store, services.log, dataset.id, Editor("Ann", "1"))
    corrector.move(list(services.store.face_table(dataset.id).face_ids[:3]), "Zoë 李 🦊")
    corrector.undo()
    services.store.engine.dispose()
    return path


def copy_by_command(capsys: pytest.CaptureFixture[str], data_dir: Path, *words: str) -> dict[str, Any]:
    assert main(["copy-store", *words, "--data", str(data_dir), "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def rows(location: Path | str) -> dict[str, list[Any]]:
    """Everything in the tables."""
    engine = open_database(location)
    with engine.connect() as connection:
        stored = {
            table.name: list(connection.execute(select(table).order_by(*table.primary_key.columns)))
            for table in schema.metadata.sorted_tables
        }
    engine.dispose()
    return stored


def test_a_data_folder_goes_to_a_server_and_back_and_is_the_same(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = running_server().new_database("template0")
    before = rows(folder / "atlas.db")
    there = copy_by_command(capsys, folder, "--to", address)
    assert rows(address) == before
    assert there["rows"] == {name: len(found) for name, found in before.items() if name in there["rows"]}
    assert there["files"] == 0, "a database alone goes: the files stay where they are"
    back = copy_by_command(capsys, folder, "--from", address, "--to", str(tmp_path / "back"))
    assert rows(tmp_path / "back" / "atlas.db") == before
    files = {
        path.relative_to(folder): path.read_bytes() for path in (folder / "artifacts").rglob("*") if path.is_file()
    }
    assert back["files"] == len(files) > 100
    assert all((tmp_path / "back" / name).read_bytes() == content for name, content in files.items())


def test_new_rows_are_numbered_behind_the_copied_ones(folder: Path) -> None:
    address = running_server().new_database()
    StoreCopy(folder / "atlas.db", address).copy_rows()
    last = max(row.id for row in rows(address)["event"])
    services = Services(Settings(folder, database_url=address))
    dataset = services.store.datasets()[0]
    corrector = Corrector(services.store, services.log, dataset.id, Editor("Ben", "2"))
    event = corrector.move(list(services.store.face_table(dataset.id).face_ids[:1]), "somebody new")
    services.store.engine.dispose()
    assert event.id == last + 1


def test_what_is_not_empty_is_refused_and_not_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = running_server().new_database()
    copy_by_command(capsys, folder, "--to", address)
    before = rows(address)
    assert main(["copy-store", "--to", address, "--data", str(folder)]) == 1
    assert "holds data already" in capsys.readouterr().err
    assert rows(address) == before


def test_a_copy_that_is_broken_off_leaves_no_row_and_goes_on_with_the_files(folder: Path, tmp_path: Path) -> None:
    address, target = running_server().new_database(), tmp_path / "target"
    source_files, target_files = (Services(Settings(path)).artifacts for path in (folder, target))
    steps = []

    def stop(done: int, total: int, message: str) -> None:
        steps.append(message)
        if message == "Copying 'face'":
            raise KeyboardInterrupt

    copy = StoreCopy(folder / "atlas.db", address)
    with pytest.raises(KeyboardInterrupt):
        copy_whole_store(copy, source_files, target_files, Progress(stop))
    assert steps[-1] == "Copying 'face'"
    assert rows(address)["photo"] == []
    receipt = copy_whole_store(copy, source_files, target_files, UNWATCHED)
    assert rows(address) == rows(folder / "atlas.db")
    assert receipt.files == sum(path.is_file() for path in (folder / "artifacts").rglob("*"))


def test_a_job_that_is_under_way_is_waited_for_by_whoever_copies(folder: Path) -> None:
    services = Services(Settings(folder))
    job = services.jobs.submit(services.store.datasets()[0].id, JobKind.TRAIN, {}, JobOwner.COMMAND_LINE)
    copy = StoreCopy(folder / "atlas.db", running_server().new_database())
    with pytest.raises(InputRefused, match="under way"):
        copy.copy_rows()
    services.jobs.finish(job.id, JobState.DONE)
    assert copy.copy_rows()["job"] > 0


def test_a_damaged_file_and_a_damaged_row_are_told_and_nothing_is_copied(folder: Path, tmp_path: Path) -> None:
    services = Services(Settings(folder))
    dataset_id = services.store.datasets()[0].id
    address = running_server().new_database()
    copy = StoreCopy(folder / "atlas.db", address)
    photo_id = services.artifacts.ids(dataset_id, ArtifactKind.PHOTO)[0]
    path = services.artifacts.path(dataset_id, ArtifactKind.PHOTO, photo_id)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"!")
    with pytest.raises(DataFolderFault, match="damaged"):
        copy_whole_store(copy, services.artifacts, Services(Settings(tmp_path / "target")).artifacts, UNWATCHED)
    path.write_bytes(content)
    with services.store.engine.begin() as connection:
        connection.execute(text("""UPDATE run SET metrics = '{"cut'"""))
    with pytest.raises(InputRefused, match="A row of 'run' cannot be copied"):
        copy.copy_rows()
    assert rows(address)["dataset"] == []


def test_a_row_that_reads_back_differently_is_told_and_nothing_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = running_server().new_database()
    monkeypatch.setattr(whole_copy, "insert", lambda table: table.insert().values({"name": "x"}))
    monkeypatch.setattr(whole_copy, "_tables", lambda: [schema.dataset])
    written = StoreCopy(folder / "atlas.db", address)
    monkeypatch.setattr(whole_copy, "_parts", changed_when_read_again(whole_copy._parts))
    with pytest.raises(DataFolderFault, match="1 rows of 'dataset' read back differently"):
        written.copy_rows()
    monkeypatch.undo()
    assert rows(address)["dataset"] == []


def changed_when_read_again(parts: Any) -> Any:
    """A target that does not give what it got."""

    def read(connection: Any, table: Any) -> Any:
        for part in parts(connection, table):
            altered = connection.dialect.name == "postgresql"
            yield [(*row[:-1], -1.0) for row in part] if altered else part

    return read


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"mysql://ann:{SECRET.replace(' ', '%20')}@host/name", "SQLite or PostgreSQL, not in 'mysql'"),
        (f"postgresql://ann:{SECRET}@host:port/name", "The address of the database cannot be read"),
    ],
)
def test_an_address_that_cannot_be_is_told_without_its_password(
    folder: Path, capsys: pytest.CaptureFixture[str], address: str, words: str
) -> None:
    assert main(["copy-store", "--to", address, "--data", str(folder)]) == 1
    told = capsys.readouterr().err
    assert words in told
    assert "horse" not in told

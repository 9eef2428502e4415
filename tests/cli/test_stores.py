"""A store is copied into another one of either kind, everything is compared, and nothing is ever mixed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from sqlalchemy import select, text

from core.__main__ import main
from core.base.errors import DataFolderFault, InputRefused
from core.base.progress import UNWATCHED, Progress
from core.base.settings import Settings, settings_from_env
from core.corrections.model import Editor
from core.services import Services, copy_store
from core.store.artifacts import ArtifactKind, content_id
from core.store.job_model import JobKind, JobOwner, JobState
from core.store.sql import schema, whole_copy
from core.store.sql.database import open_database
from core.store.sql.whole_copy import StoreCopy
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.erasure.erase_dataset import erase_dataset
from core.workflows.erasure.erase_person import EraseRequest, erase_person
from core.workflows.exchange.store_copy import copy_whole_store
from core.workflows.labels.correct import Corrector
from core.workflows.photos.ingest import IngestTarget, ingest_photos
from tests import prepared
from tests.conftest import write_zip
from tests.object_store import new_bucket, use_store
from tests.postgresql import running_server

SECRET = "correct horse"


@pytest.fixture
def folder(few_dir: Path, tmp_path: Path) -> Path:
    """A data folder with a dataset, a training, and a correction that was taken back."""
    path = prepared.copy(few_dir, tmp_path / "data")
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
    assert back["files"] == len(files) > 40
    assert all((tmp_path / "back" / name).read_bytes() == content for name, content in files.items())


@pytest.fixture
def few_photos(services: Services, sample_files: Mapping[str, bytes], tmp_path: Path) -> Path:
    """A data folder with a dozen photos of several people."""
    dataset_id = services.store.create_dataset("Few", DEFAULT_VECTORS_ID).id
    job = services.jobs.submit(dataset_id, JobKind.INGEST, {}, JobOwner.COMMAND_LINE)
    archive = write_zip(tmp_path / "few.zip", dict(list(sample_files.items())[::10]))
    with services.open_source(archive) as source:
        ingest_photos(services.ingestor(dataset_id), source, IngestTarget(dataset_id, job.id))
    services.jobs.finish(job.id, JobState.DONE)
    services.store.engine.dispose()
    return services.settings.data_dir


def test_the_photos_go_to_an_object_store_are_used_there_and_come_back(
    few_photos: Path,
    tmp_path: Path,
    object_store: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use_store(object_store, monkeypatch)
    url = new_bucket(keeps_versions=True)
    files = [path for path in (few_photos / "artifacts").rglob("*") if path.is_file()]
    there = copy_by_command(capsys, few_photos, "--to-artifacts", url)
    assert there == {"rows": {}, "files": len(files), "file_bytes": sum(path.stat().st_size for path in files)}
    shutil.rmtree(few_photos / "artifacts")
    monkeypatch.setenv("FACE_ATLAS_ARTIFACTS", url)
    services = Services(settings_from_env(few_photos))
    dataset_id = services.store.datasets()[0].id
    gone = services.store.people(dataset_id)[0]
    receipt = erase_person(services.erase_tools(), dataset_id, EraseRequest(gone.id, "Ben", retrain=False))
    assert receipt.check.found == 0 and receipt.artifacts > 0 and receipt.crops == gone.faces
    listed = boto3.client("s3").list_object_versions(Bucket=url.split("/")[2])
    assert len(listed["Versions"]) == len(list(services.artifacts.files(dataset_id))) and "DeleteMarkers" not in listed
    assert receipt.check.files > len(listed["Versions"]), "every object was searched"
    services.store.engine.dispose()
    back = copy_by_command(capsys, few_photos, "--to", str(tmp_path / "back"))
    assert back["files"] == len(listed["Versions"])
    services = Services(settings_from_env(few_photos))
    check = erase_dataset(services.erase_tools(), dataset_id).check
    assert check.found == 0
    assert "Versions" not in boto3.client("s3").list_object_versions(Bucket=url.split("/")[2])


def test_a_copy_without_a_place_or_onto_itself_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, told in (([], "Say where to copy"), (["--to", str(folder)], "the same store")):
        assert main(["copy-store", *words, "--data", str(folder)]) == 1
        assert told in capsys.readouterr().err


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


def test_a_photo_that_comes_while_files_are_copied_is_copied_too(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    source_files, target_files = (Services(Settings(path)).artifacts for path in (folder, target))
    dataset_id, content = Services(Settings(folder)).store.datasets()[0].id, b"a photo of a job that began meanwhile"

    def add(done: int, total: int, message: str) -> None:
        if message.startswith("Copying 'dataset'"):
            source_files.put(dataset_id, ArtifactKind.PHOTO, content_id(content), content)

    receipt = copy_whole_store(
        StoreCopy(folder / "atlas.db", target / "atlas.db"), source_files, target_files, Progress(add)
    )
    assert target_files.read(dataset_id, ArtifactKind.PHOTO, content_id(content)) == content
    assert receipt.files == sum(path.is_file() for path in (folder / "artifacts").rglob("*"))


def test_nothing_comes_in_or_is_erased_while_a_store_is_copied(folder: Path, tmp_path: Path) -> None:
    services = Services(Settings(folder))
    (dataset,) = services.store.datasets()
    is_free = []

    def try_to_write(done: int, total: int, message: str) -> None:
        is_free.append(services.jobs.locks.dataset_lock(dataset.id).acquire_now())

    copy_store(Settings(folder), Settings(tmp_path / "target"), Progress(try_to_write))
    assert len(is_free) > 40 and not any(is_free)
    assert services.jobs.locks.dataset_lock(dataset.id).acquire_now()


def test_a_folder_that_is_none_is_no_empty_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "target"
    assert main(["copy-store", "--from", str(tmp_path / "typo"), "--to", str(target), "--data", str(target)]) == 1
    assert "no data folder of Face Atlas" in capsys.readouterr().err
    assert not (tmp_path / "typo").exists()


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

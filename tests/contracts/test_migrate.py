"""A data folder of an earlier version opens as if it had been written today; nothing that happens leaves it between."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from core.base.errors import DataFolderBusy, DataFolderFault, DiskFull, FaceAtlasError
from core.base.types import Box, Split
from core.corrections.model import Editor
from core.store.audit_log import AuditAction, AuditFilter
from core.store.retention.model import RetentionTerms
from core.store.sql import database, migrate
from core.store.sql.access.rights import SqlAccessStore
from core.store.sql.audit.log import SqlAuditLog
from core.store.sql.corrections import SqlCorrectionLog
from core.store.sql.database import open_database
from core.store.sql.databases import sqlite
from core.store.sql.databases.sqlite import SqliteDatabase
from core.store.sql.faces import SqlFaceStore
from core.store.sql.jobs import SqlJobStore
from core.store.sql.migrate import upgrade_schema
from core.store.sql.retention.store import SqlRetentionStore
from core.store.sql.runs import SqlRunStore
from core.store.sql.schema import SCHEMA_VERSION, metadata
from core.store.sql.transfer import SqlTransferStore
from core.store.values.datasets import IngestBatch, PhotoLabel
from core.workflows.labels.correct import Corrector
from tests import earlier_folders
from tests.conftest import PROJECT_DIR
from tests.faults.test_store_faults import ordinary
from tests.stored_faces import stored_face
from tests.waiting import LONGEST_S

EDITOR = Editor("Ann", "1")
EARLIER = pytest.mark.parametrize("version", earlier_folders.VERSIONS)


def layout(path: Path) -> dict[str, object]:
    """Every table with its columns (name, type, not null, key), and the indexes."""
    with sqlite3.connect(path) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found: dict[str, object] = {}
        for name in names:
            columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
            found[name] = sorted((column[1], column[2], column[3], column[5]) for column in columns)
            found[f"keys of {name}"] = sorted(map(str, connection.execute(f"PRAGMA foreign_key_list({name})")))
        found["indexes"] = sorted(
            " ".join(sql.split())
            for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        )
        numbered = "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%' ORDER BY name"
        found["never numbered anew"] = connection.execute(numbered).fetchall()
        found["versions"] = connection.execute("SELECT * FROM about, alembic_version").fetchall()
    return found


def new_layout(folder: Path) -> dict[str, object]:
    open_database(folder / "new.db").dispose()
    return layout(folder / "new.db")


def differences(path: Path) -> list[object]:
    """What Alembic would change to make these tables today's."""
    with create_engine(f"sqlite:///{path}").connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


# the tables


@EARLIER
def test_an_earlier_database_has_the_tables_of_a_new_one(tmp_path: Path, version: int) -> None:
    path = earlier_folders.lay_out(version, tmp_path)
    open_database(path).dispose()
    assert layout(path) == new_layout(tmp_path)
    assert differences(path) == []
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_all_revisions_from_nothing_make_the_tables_of_a_new_database(tmp_path: Path) -> None:
    with SqliteDatabase(tmp_path / "atlas.db").schema_transaction() as connection:
        upgrade_schema(connection, "base")
    assert layout(tmp_path / "atlas.db") == new_layout(tmp_path)
    assert differences(tmp_path / "atlas.db") == []


def test_a_table_that_no_revision_makes_is_a_difference(tmp_path: Path) -> None:
    open_database(tmp_path / "atlas.db").dispose()
    with sqlite3.connect(tmp_path / "atlas.db") as connection:
        connection.executescript("ALTER TABLE photo DROP COLUMN taken; DROP INDEX event_of_target;")
    assert [change[0] for change in differences(tmp_path / "atlas.db")] == ["add_index", "add_column"]


@pytest.mark.parametrize("lost", ["event_origin", "quality", "event", "change"])
def test_a_table_that_an_earlier_version_was_killed_before_making_is_made(tmp_path: Path, lost: str) -> None:
    path = earlier_folders.lay_out(2, tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {lost}")
    open_database(path).dispose()
    assert layout(path) == new_layout(tmp_path)


# what is in them


def test_everything_of_version_1_is_taken_over_and_can_be_corrected(tmp_path: Path) -> None:
    path = earlier_folders.lay_out(1, tmp_path)
    with sqlite3.connect(path) as connection:
        vectors = dict(connection.execute("SELECT face_id, vector FROM embedding").fetchall())
    for _ in range(2):  # opening it again changes nothing
        engine = open_database(path)
        store = SqlFaceStore(engine)
        dataset = store.dataset("Invented")
        table, embeddings = store.face_table(dataset.id), store.embeddings(dataset.id)
        assert table.face_ids == embeddings.face_ids == tuple(sorted(vectors))
        assert [table.person(row) for row in range(9)] == ["Ada"] * 3 + ["Bo"] * 3 + [None] * 3
        assert table.splits == (Split.TRAIN, Split.TRAIN, Split.VAL) * 3
        assert np.isnan(table.grades).all()
        assert [vector.astype("<f4").tobytes() for vector in embeddings.vectors] == [
            vectors[id_] for id_ in table.face_ids
        ]
        assert embeddings.model_id == dataset.model_id == "facenet-128"
        assert dataset.revision == 1
    photo, faces = store.photo(dataset.id, table.photo_ids[0])
    assert (photo.name, photo.turn, photo.width_px, photo.perceptual_hash) == ("Ada/0.jpg", 0, 400, (1 << 64) - 1)
    assert [face.box for face in faces] == [Box(10, 20, 110, 140)]
    (job,) = SqlJobStore(engine).jobs()
    assert (job.result["faces"], len(store.file_reports(job.id))) == (9, 9)
    runs = SqlRunStore(engine)
    assert [run.fault for run in runs.damaged_runs(dataset.id)] == ["its 'accuracy_ci95' is missing or cannot be"]
    assert [info.method for info in runs.maps(dataset.id)] == ["umap"]
    corrector = Corrector(store, SqlCorrectionLog(engine), dataset.id, EDITOR)
    corrector.move([table.face_ids[8]], "Ada")
    corrector.move([table.face_ids[0]], "Cy")
    assert [store.face_table(dataset.id).person(row) for row in (0, 8)] == ["Cy", "Ada"]
    corrector.undo_session()
    assert [store.face_table(dataset.id).person(row) for row in (0, 8)] == ["Ada", None]


def test_a_photo_of_an_earlier_version_can_be_turned(tmp_path: Path) -> None:
    engine = open_database(earlier_folders.lay_out(1, tmp_path))
    store = SqlFaceStore(engine)
    dataset = store.dataset("Invented")
    photo_id = store.face_table(dataset.id).photo_ids[0]
    corrector = Corrector(store, SqlCorrectionLog(engine), dataset.id, EDITOR)
    corrector.turn([photo_id], 3)
    photo, faces = store.photo(dataset.id, photo_id)
    assert (photo.turn, photo.width_px, photo.height_px) == (3, 300, 400)
    assert {face.box for face in faces} == {Box(20, 290, 140, 390)}  # left is the old top, top the old 400 - right
    corrector.undo()
    assert {face.box for face in store.photo(dataset.id, photo_id)[1]} == {Box(10, 20, 110, 140)}


def test_a_turned_photo_and_an_imported_correction_of_version_3_are_as_they_were(tmp_path: Path) -> None:
    engine = open_database(earlier_folders.lay_out(3, tmp_path))
    store = SqlFaceStore(engine)
    dataset = store.dataset("Invented")
    table = store.face_table(dataset.id)
    assert [table.person(row) for row in range(2)] == ["Ada", "Bo"]
    assert [store.photo(dataset.id, photo_id)[0].turn for photo_id in table.photo_ids] == [1, 0]
    assert store.photos_to_look_at(dataset.id) == [table.photo_ids[0]]
    assert "f" * 32 in SqlTransferStore(engine).event_origins(dataset.id)
    Corrector(store, SqlCorrectionLog(engine), dataset.id, Editor("Ann", "a sitting")).undo_session()
    assert store.face_table(dataset.id).person(1) == "Ada"


def test_the_owner_and_the_access_log_of_version_8_are_as_they_were(tmp_path: Path) -> None:
    engine = open_database(earlier_folders.lay_out(8, tmp_path))
    dataset = SqlFaceStore(engine).dataset("Invented")
    assert [grant.address for grant in SqlAccessStore(engine).grants(dataset.id)] == [
        "ann@example.org",
        "ben@example.org",
    ]
    export, view = SqlAuditLog(engine).read_newest(AuditFilter(), 9)
    assert (export.entry.action, view.entry.viewer) == (AuditAction.EXPORTED, "ben@example.org")
    assert SqlRetentionStore(engine).dataset_terms(dataset.id) == RetentionTerms()


def test_terms_and_a_receipt_of_version_9_are_as_they_were_and_no_number_of_a_person_is_given_again(tmp_path: Path):
    engine = open_database(earlier_folders.lay_out(9, tmp_path))
    store, retention = SqlFaceStore(engine), SqlRetentionStore(engine)
    dataset = store.dataset("Invented")
    assert retention.dataset_terms(dataset.id) == RetentionTerms("a chronicle", "by letter", date(2030, 1, 31))
    assert [receipt.document for receipt in retention.receipts()] == [{"is_done": True}]
    assert [(person.id, person.name) for person in store.people(dataset.id)] == [(1, "Ada")]
    # 3 was somebody who is gone; a correction names them still.
    assert SqlCorrectionLog(engine).find_or_add_person(dataset.id, "Dee") == 4


def test_a_dataset_of_version_10_keeps_its_photos(tmp_path: Path) -> None:
    store = SqlFaceStore(open_database(earlier_folders.lay_out(10, tmp_path)))
    dataset = store.dataset("Invented")
    assert dataset.keeps_photos
    (photo_id, *_) = store.photo_labels(dataset.id)
    assert store.photo(dataset.id, photo_id)[0].orientation is None


def shape(engine: Engine) -> dict[str, object]:
    """The columns and indexes of the tables that versions 6 and 7 changed."""
    looked = inspect(engine)
    tables = {"dataset", "face", "dataset_grant", "job_asker", "sign_out"} & set(looked.get_table_names())
    columns = {table: {column["name"]: str(column["type"]) for column in looked.get_columns(table)} for table in tables}
    indexes = {index["name"]: index["column_names"] for index in looked.get_indexes("face")}
    return {**columns, **indexes}


TO_VERSION_5 = (
    *("DROP TABLE dataset_grant", "DROP TABLE job_asker", "DROP TABLE sign_out"),
    "DROP TABLE audit",
    *("DROP INDEX face_changed", "DROP INDEX face_of_person"),
    "CREATE INDEX face_of_person ON face (dataset_id, person_id, split)",
    *("ALTER TABLE face DROP COLUMN changed", "ALTER TABLE dataset DROP COLUMN last_removal"),
    *(
        f"ALTER TABLE {table} DROP COLUMN {column}"
        for table in ("dataset", "person")
        for column in ("purpose", "consent", "keep_until")
    ),
    "DROP TABLE receipt",
    *("ALTER TABLE dataset DROP COLUMN keeps_photos", "ALTER TABLE photo DROP COLUMN orientation"),
    *("UPDATE about SET value = '5'", "UPDATE alembic_version SET version_num = '5'"),
)


def test_faces_of_version_5_are_known_as_changed_from_then_on(database_address: str) -> None:
    engine = open_database(database_address)
    store = SqlFaceStore(engine)
    dataset = store.create_dataset("Invented", "facenet-128")
    photos, faces = zip(*(stored_face(number, "Ada", None) for number in range(3)), strict=True)
    store.add(dataset.id, "", IngestBatch([(photo, PhotoLabel("Ada", None)) for photo in photos], faces))
    today = shape(engine)
    with engine.begin() as connection:
        for statement in TO_VERSION_5:
            connection.execute(text(statement))
    assert shape(engine) != today
    engine.dispose()
    upgraded = open_database(database_address)
    assert shape(upgraded) == today
    store, revision = SqlFaceStore(upgraded), dataset.revision + 1
    assert len(store.face_table(dataset.id)) == 3 and len(store.face_changes(dataset.id, revision).faces) == 0
    Corrector(store, SqlCorrectionLog(upgraded), dataset.id, EDITOR).confirm([faces[1].face.id])
    assert store.face_changes(dataset.id, revision).faces.face_ids == (faces[1].face.id,)
    upgraded.dispose()


# what may happen meanwhile

DIE_AT_EVERY_STATEMENT = """
import json, os, shutil, signal, sys
from pathlib import Path
from sqlalchemy import Engine, event
from core.store.sql import migrate
from core.store.sql.database import open_database
from tests import earlier_folders

def in_child(path, last):
    child = os.fork()
    if child == 0:
        statements = iter(range(1, 1000))
        @event.listens_for(Engine, "before_cursor_execute")
        def die(*_):
            if next(statements) == last:
                os.kill(os.getpid(), signal.SIGKILL)
        open_database(path)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])

folder, step = Path(sys.argv[1]), int(sys.argv[2])
source = earlier_folders.lay_out(1, folder / "source")
before, kills, others = earlier_folders.dump(source), 0, []
while True:
    path = folder / str(kills) / "atlas.db"
    path.parent.mkdir()
    shutil.copyfile(source, path)
    if not in_child(path, kills * step + 1):
        break
    if earlier_folders.dump(path) != before:
        others.append(kills * step + 1)
    kills += 1
last = folder / str(kills - 1) / "atlas.db"
assert not in_child(last, -1), "it does not open again"
print(json.dumps({"kills": kills, "others": others, "same": earlier_folders.dump(last) == earlier_folders.dump(path)}))
"""


STEP = 1 if int(os.environ.get("FACE_ATLAS_KILLS", "0")) >= 100 else 4
"""Every statement or every fourth: each kill takes all statements before it again."""


def test_a_migration_that_is_killed_at_any_statement_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    command = [sys.executable, "-c", DIE_AT_EVERY_STATEMENT, str(tmp_path), str(STEP)]
    ended = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["kills"] > 30
    assert (told["others"], told["same"]) == ([], True)


# What came after version 10 fits into the pages that are there.
@pytest.mark.parametrize("version", [version for version in earlier_folders.VERSIONS if version <= 9])
def test_a_migration_on_a_full_disk_says_so_and_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    path = earlier_folders.lay_out(version, tmp_path)
    before = earlier_folders.dump(path)
    set_pragmas = sqlite._set_pragmas

    def set_pragmas_on_a_full_disk(connection: sqlite3.Connection, record: object) -> None:
        set_pragmas(connection, record)
        connection.execute("PRAGMA max_page_count=1")  # SQLite takes what the file has already

    with monkeypatch.context() as patched:
        patched.setattr(sqlite, "_set_pragmas", set_pragmas_on_a_full_disk)
        with pytest.raises(DiskFull, match="disk is full"):
            open_database(path)
    assert earlier_folders.dump(path) == before
    open_database(path).dispose()
    assert differences(path) == []


def test_an_earlier_database_that_another_program_locks_is_told_and_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = earlier_folders.lay_out(2, tmp_path)
    before = earlier_folders.dump(path)
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 300)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DataFolderBusy, match="locked all the while"):
        open_database(path)
    other.close()
    assert earlier_folders.dump(path) == before
    open_database(path).dispose()
    assert differences(path) == []


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def lose_a_table(path: Path) -> None:
    """The pages of the largest table, as a bad block leaves them."""
    with sqlite3.connect(path) as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'embedding'")
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(bytes(4096))


@pytest.mark.parametrize("breaks", [cut, lose_a_table])
def test_an_earlier_database_that_is_damaged_is_told_and_not_written(
    tmp_path: Path, breaks: Callable[[Path], None]
) -> None:
    path = earlier_folders.lay_out(1, tmp_path)
    breaks(path)
    before = path.read_bytes()
    with pytest.raises(DataFolderFault, match="damaged"):
        open_database(path)
    assert path.read_bytes()[100:] == before[100:], "what comes after the header"


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl, to be an ordinary user as root too")
def test_an_earlier_database_that_may_only_be_read_is_told(tmp_path: Path) -> None:
    path = earlier_folders.lay_out(2, tmp_path / "data")
    code = f"from pathlib import Path; from core.store.sql.database import open_database; open_database(Path('{path}'))"
    path.chmod(0o400)
    path.parent.chmod(0o500)
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, check=False, preexec_fn=ordinary
    )
    path.parent.chmod(0o700)
    assert "DataFolderFault: The database 'atlas.db' cannot be opened or written" in ended.stderr


OPEN_TOGETHER = """
import sys
from pathlib import Path
from core.store.sql import migrate
from core.store.sql.database import open_database
for folder in sys.argv[1:]:
    print("ready", flush=True)
    sys.stdin.readline()
    open_database(Path(folder) / "atlas.db").dispose()
"""


def test_processes_that_open_a_database_at_once_bring_it_up_to_date_once(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(8)]
    for number, folder in enumerate(folders[:4]):
        earlier_folders.lay_out(number % 3 + 1, folder)  # the others are new
    command = [sys.executable, "-c", OPEN_TOGETHER, *map(str, folders)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(command, cwd=PROJECT_DIR, **pipes) for _ in range(3)]
    for _ in folders:
        for process in started:
            assert process.stdout.readline() == "ready\n", process.stderr.read()
        for process in started:
            process.stdin.write("go\n")
            process.stdin.flush()
    assert [process.communicate(timeout=LONGEST_S)[1] for process in started] == [""] * 3
    wanted = new_layout(tmp_path)
    assert [layout(folder / "atlas.db") == wanted for folder in folders] == [True] * 8


# which versions


@pytest.mark.parametrize("other", ["99", str(SCHEMA_VERSION + 1), "2b"])
def test_another_version_is_refused_and_not_written(tmp_path: Path, other: str) -> None:
    path = earlier_folders.lay_out(1, tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE about SET value = ?", (other,))
    before = earlier_folders.dump(path)
    with pytest.raises(FaceAtlasError, match="another version"):
        open_database(path)
    assert earlier_folders.dump(path) == before


OPEN_AND_LIST = """
import sys
from pathlib import Path
import core.composition.stores
import core.services
for path in map(Path, sys.argv[1:]):
    core.composition.stores.open_database(path).dispose()
    print("alembic" in sys.modules)
"""


def test_alembic_is_loaded_only_where_there_is_something_to_bring_up_to_date(tmp_path: Path) -> None:
    open_database(tmp_path / "atlas.db").dispose()
    paths = tmp_path / "atlas.db", tmp_path / "new.db", earlier_folders.lay_out(1, tmp_path / "old")
    command = [sys.executable, "-c", OPEN_AND_LIST, *map(str, paths)]
    told = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False", "True"]


def test_the_newest_revision_has_the_number_of_the_schema(tmp_path: Path) -> None:
    engine = open_database(earlier_folders.lay_out(1, tmp_path))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == str(SCHEMA_VERSION)
        assert connection.scalar(text("SELECT value FROM about WHERE key = 'schema'")) == str(SCHEMA_VERSION)


# the next version, on both databases

NEXT = """
import sqlalchemy as sa
from alembic import op
revision = "{next}"
down_revision = "{last}"


def upgrade() -> None:
    with op.batch_alter_table("photo") as photo:
        photo.add_column(sa.Column("seen", sa.Integer, nullable=False, server_default="7"))
"""


def test_a_step_runs_on_either_database_whole_or_not_at_all(
    database_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database of today as the version that comes next would meet it."""
    engine = open_database(database_address)
    dataset = SqlFaceStore(engine).create_dataset("Invented", "facenet-128")
    photo = metadata.tables["photo"].insert().values(
        dataset_id=dataset.id, id="p", name="a", width_px=1, height_px=1, size_bytes=1, perceptual_hash=1
    )  # fmt: skip
    with engine.begin() as connection:
        connection.execute(photo)
    revisions = shutil.copytree(migrate.REVISIONS, tmp_path / "migrations")
    added = revisions / "versions" / "next.py"
    added.write_text(NEXT.format(next=SCHEMA_VERSION + 1, last=SCHEMA_VERSION) + "    raise InterruptedError\n")
    monkeypatch.setattr(migrate, "REVISIONS", revisions)
    monkeypatch.setattr(database, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    columns = [column["name"] for column in inspect(engine).get_columns("photo")]
    with pytest.raises(InterruptedError):
        open_database(database_address)
    assert [column["name"] for column in inspect(engine).get_columns("photo")] == columns
    added.write_text(NEXT.format(next=SCHEMA_VERSION + 1, last=SCHEMA_VERSION))
    for _ in range(2):  # the second time nothing is to be done
        upgraded = open_database(database_address)
        with upgraded.connect() as connection:
            assert connection.scalar(text("SELECT seen FROM photo")) == 7
            assert connection.scalar(text("SELECT value FROM about")) == str(SCHEMA_VERSION + 1)
        upgraded.dispose()
    engine.dispose()

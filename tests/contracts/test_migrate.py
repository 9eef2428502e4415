"""A data folder of an earlier version opens as if it had been written today."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import FaceAtlasError
from core.base.types import Box, Split
from core.corrections.model import Hand
from core.store.sql import migrate
from core.store.sql.corrections import SqlCorrectionLog
from core.store.sql.database import open_database
from core.store.sql.faces import SqlFaceStore
from core.workflows.labels.correct import Corrector

HAND = Hand("Ann", "1")
VERSION_1 = """
CREATE TABLE about ("key" VARCHAR NOT NULL PRIMARY KEY, value VARCHAR NOT NULL);
CREATE TABLE dataset (id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR NOT NULL UNIQUE, model_id VARCHAR NOT NULL,
  revision INTEGER NOT NULL, created FLOAT NOT NULL);
CREATE TABLE person (id INTEGER NOT NULL PRIMARY KEY, dataset_id VARCHAR NOT NULL, name VARCHAR NOT NULL,
  FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE, UNIQUE (dataset_id, name));
CREATE TABLE photo (dataset_id VARCHAR NOT NULL, id VARCHAR NOT NULL, name TEXT NOT NULL, folder_person VARCHAR,
  split VARCHAR, width_px INTEGER NOT NULL, height_px INTEGER NOT NULL, size_bytes BIGINT NOT NULL,
  perceptual_hash BIGINT NOT NULL, PRIMARY KEY (dataset_id, id),
  FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE);
CREATE TABLE face (dataset_id VARCHAR NOT NULL, id VARCHAR NOT NULL, photo_id VARCHAR NOT NULL, "left" FLOAT NOT NULL,
  top FLOAT NOT NULL, "right" FLOAT NOT NULL, bottom FLOAT NOT NULL, landmarks BLOB NOT NULL, prob FLOAT NOT NULL,
  crop_id VARCHAR NOT NULL, person_id INTEGER, split VARCHAR, PRIMARY KEY (dataset_id, id),
  FOREIGN KEY(dataset_id, photo_id) REFERENCES photo (dataset_id, id) ON DELETE CASCADE,
  FOREIGN KEY(person_id) REFERENCES person (id) ON DELETE SET NULL);
CREATE INDEX face_of_photo ON face (dataset_id, photo_id);
CREATE INDEX face_of_person ON face (dataset_id, person_id, split);
CREATE TABLE embedding (dataset_id VARCHAR NOT NULL, face_id VARCHAR NOT NULL, vector BLOB NOT NULL,
  PRIMARY KEY (dataset_id, face_id),
  FOREIGN KEY(dataset_id, face_id) REFERENCES face (dataset_id, id) ON DELETE CASCADE);
INSERT INTO about VALUES ('schema', '1');
INSERT INTO dataset VALUES ('d1', 'family', 'facenet-128', 7, 1.0);
INSERT INTO person VALUES (5, 'd1', 'ada');
INSERT INTO photo VALUES ('d1', 'p1', 'ada/1.jpg', 'ada', 'train', 400, 300, 1000, -5);
"""


VERSION_2 = """
CREATE TABLE about ("key" VARCHAR NOT NULL PRIMARY KEY, value VARCHAR NOT NULL);
CREATE TABLE dataset (id VARCHAR NOT NULL, name VARCHAR NOT NULL, model_id VARCHAR NOT NULL, revision INTEGER NOT NULL,
  created FLOAT NOT NULL, PRIMARY KEY (id), UNIQUE (name));
CREATE TABLE photo (dataset_id VARCHAR NOT NULL, id VARCHAR NOT NULL, name TEXT NOT NULL, folder_person VARCHAR,
  split VARCHAR, width_px INTEGER NOT NULL, height_px INTEGER NOT NULL, size_bytes BIGINT NOT NULL,
  perceptual_hash BIGINT NOT NULL, taken FLOAT, PRIMARY KEY (dataset_id, id),
  FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE);
INSERT INTO about VALUES ('schema', '2');
INSERT INTO dataset VALUES ('d1', 'family', 'facenet-128', 7, 1.0);
INSERT INTO photo VALUES ('d1', 'p1', 'ada/1.jpg', 'ada', 'train', 400, 300, 1000, -5, 2.5);
"""
"""What version 3 changed, with a photo; the other tables are made when it is opened."""


def layout(path: Path) -> dict[str, object]:
    """Every table with its columns (name, type, not null, key), and the indexes."""
    with sqlite3.connect(path) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found: dict[str, object] = {}
        for name in names:
            columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
            found[name] = sorted((column[1], column[2], column[3], column[5]) for column in columns)
        found["indexes"] = sorted(
            " ".join(sql.split())
            for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        )
    return found


@pytest.mark.parametrize("tables", ["", VERSION_2])
def test_an_earlier_database_has_the_tables_of_a_new_one(old_database: Path, tmp_path: Path, tables: str) -> None:
    if tables:
        old_database.unlink()
        with sqlite3.connect(old_database) as connection:
            connection.executescript(tables)
    new = tmp_path / "new.db"
    for path in (old_database, new):
        open_database(path).dispose()
    assert layout(old_database) == layout(new)
    photo, _ = SqlFaceStore(open_database(old_database)).photo("d1", "p1")
    assert (photo.turn, photo.width_px, photo.perceptual_hash) == (0, 400, (1 << 64) - 5)


def test_a_photo_of_an_earlier_version_can_be_turned(old_database: Path) -> None:
    engine = open_database(old_database)
    store, corrector = SqlFaceStore(engine), Corrector(SqlFaceStore(engine), SqlCorrectionLog(engine), "d1", HAND)
    corrector.turn(["p1"], 3)
    photo, faces = store.photo("d1", "p1")
    assert (photo.turn, photo.width_px, photo.height_px) == (3, 300, 400)
    assert {face.box for face in faces} == {Box(2, 370, 40, 399)}  # left is the old top, top the old 400 - right
    corrector.undo()
    assert {face.box for face in store.photo("d1", "p1")[1]} == {Box(1, 2, 30, 40)}


@pytest.fixture
def old_database(tmp_path: Path) -> Path:
    path = tmp_path / "atlas.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(VERSION_1)
        landmarks, vector = np.arange(10, dtype="<f4").tobytes(), np.full(4, 0.5, "<f4").tobytes()
        for face_id, person_id in (("f1", 5), ("f2", None)):
            values = ("d1", face_id, "p1", 1, 2, 30, 40, landmarks, 0.9, "c1", person_id, "train")
            connection.execute("INSERT INTO face VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", values)
            connection.execute("INSERT INTO embedding VALUES ('d1', ?, ?)", (face_id, vector))
    connection.close()
    return path


def test_everything_is_taken_over_and_can_be_corrected(old_database: Path) -> None:
    for _ in range(2):  # opening it again changes nothing
        engine = open_database(old_database)
        store = SqlFaceStore(engine)
        table, embeddings = store.face_table("d1"), store.embeddings("d1")
        assert table.face_ids == embeddings.face_ids == ("f1", "f2")
        assert [table.person(row) for row in range(2)] == ["ada", None]
        assert table.splits == (Split.TRAIN, Split.TRAIN)
        assert np.isnan(table.grades).all()
        np.testing.assert_array_equal(embeddings.vectors, np.full((2, 4), 0.5, np.float32))
        assert store.dataset("family").revision == 7
    corrector = Corrector(store, SqlCorrectionLog(engine), "d1", HAND)
    corrector.move(["f2"], "ada")
    corrector.move(["f1"], "bob")
    assert [store.face_table("d1").person(row) for row in range(2)] == ["bob", "ada"]
    corrector.undo_session()
    assert [store.face_table("d1").person(row) for row in range(2)] == ["ada", None]


def test_a_rewrite_that_fails_leaves_the_database_as_it_was(
    old_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "_OLD_INDEXES", ("face_of_photo", "no_such_index"))
        with pytest.raises((FaceAtlasError, sqlite3.OperationalError)):
            open_database(old_database)
    with sqlite3.connect(old_database) as connection:
        assert connection.execute("SELECT value FROM about").fetchall() == [("1",)]
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'face_of_photo'").fetchone() == (1,)
    assert len(SqlFaceStore(open_database(old_database)).face_table("d1")) == 2


def test_a_later_version_is_refused(old_database: Path) -> None:
    with sqlite3.connect(old_database) as connection:
        connection.execute("UPDATE about SET value = '99'")
    with pytest.raises(FaceAtlasError, match="another version"):
        open_database(old_database)

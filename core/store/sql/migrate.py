"""Bringing a database of an earlier version up to date, one version after another, whole or not at all.

A step says what its own version's tables are, in words that later versions do not change. Tables that a version adds
need no step: whatever is missing is made when the database is opened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import cast

from sqlalchemy import Engine

_TABLES_OF_VERSION_2 = {
    "person": """CREATE TABLE person (id INTEGER NOT NULL, dataset_id VARCHAR NOT NULL, base_name VARCHAR NOT NULL,
        of_folder BOOLEAN NOT NULL, name VARCHAR NOT NULL, hidden BOOLEAN NOT NULL, note TEXT NOT NULL,
        cover_face_id VARCHAR, merged_into INTEGER, PRIMARY KEY (id),
        FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE)""",
    "photo": """CREATE TABLE photo (dataset_id VARCHAR NOT NULL, id VARCHAR NOT NULL, name TEXT NOT NULL,
        folder_person VARCHAR, split VARCHAR, width_px INTEGER NOT NULL, height_px INTEGER NOT NULL,
        size_bytes BIGINT NOT NULL, perceptual_hash BIGINT NOT NULL, taken FLOAT, PRIMARY KEY (dataset_id, id),
        FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE)""",
    "face": """CREATE TABLE face (dataset_id VARCHAR NOT NULL, id VARCHAR NOT NULL, photo_id VARCHAR NOT NULL,
        "left" FLOAT NOT NULL, top FLOAT NOT NULL, "right" FLOAT NOT NULL, bottom FLOAT NOT NULL,
        landmarks BLOB NOT NULL, prob FLOAT NOT NULL, crop_id VARCHAR NOT NULL, base_person_id INTEGER,
        assigned_id INTEGER, person_id INTEGER, base_split VARCHAR, split VARCHAR, excluded BOOLEAN NOT NULL,
        dismissed BOOLEAN NOT NULL, confirmed BOOLEAN NOT NULL, stranger BOOLEAN NOT NULL, drawn BOOLEAN NOT NULL,
        PRIMARY KEY (dataset_id, id),
        FOREIGN KEY(dataset_id, photo_id) REFERENCES photo (dataset_id, id) ON DELETE CASCADE,
        FOREIGN KEY(base_person_id) REFERENCES person (id) ON DELETE SET NULL,
        FOREIGN KEY(assigned_id) REFERENCES person (id) ON DELETE SET NULL,
        FOREIGN KEY(person_id) REFERENCES person (id) ON DELETE SET NULL)""",
    "embedding": """CREATE TABLE embedding (dataset_id VARCHAR NOT NULL, model_id VARCHAR NOT NULL,
        face_id VARCHAR NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (dataset_id, model_id, face_id),
        FOREIGN KEY(dataset_id, face_id) REFERENCES face (dataset_id, id) ON DELETE CASCADE)""",
}
"""The tables that version 2 changed."""
_INDEXES_OF_VERSION_2 = (
    "CREATE INDEX person_by_name ON person (dataset_id, name)",
    "CREATE INDEX face_assigned_to ON face (assigned_id)",
    "CREATE INDEX face_based_on ON face (base_person_id)",
    "CREATE INDEX face_of_person ON face (dataset_id, person_id, split)",
    "CREATE INDEX face_of_photo ON face (dataset_id, photo_id)",
)
_FILLED = {
    "person": {"base_name": "name", "of_folder": "1", "hidden": "0", "note": "''"},
    "photo": {},
    "face": {
        "base_person_id": "person_id",
        "assigned_id": "person_id",
        "base_split": "split",
        **dict.fromkeys(("excluded", "dismissed", "confirmed", "stranger", "drawn"), "0"),
    },
    "embedding": {"model_id": "(SELECT model_id FROM dataset WHERE dataset.id = old.dataset_id)"},
}
"""From what their new columns are filled; what version 1 had is taken over as it was."""
_OLD_INDEXES = ("face_of_photo", "face_of_person")


def _to_version_2(connection: sqlite3.Connection) -> list[str]:
    """Corrections: people, faces and their vectors get columns and keys that cannot be added to a table."""
    statements = [f"DROP INDEX {name}" for name in _OLD_INDEXES]
    for table, creation in _TABLES_OF_VERSION_2.items():
        old_columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        columns = {name: f'"{name}"' for name in old_columns} | _FILLED[table]
        names, values = ", ".join(f'"{name}"' for name in columns), ", ".join(columns.values())
        statements += [f"ALTER TABLE {table} RENAME TO old", creation]
        statements += [f"INSERT INTO {table} ({names}) SELECT {values} FROM old", "DROP TABLE old"]
    return [*statements, *_INDEXES_OF_VERSION_2]


def _to_version_3(_connection: sqlite3.Connection) -> list[str]:
    """Photos can be turned; none of an earlier version is."""
    columns = ("base_turn", "turn", "looked_turn")
    return [
        *(f"ALTER TABLE photo ADD COLUMN {column} INTEGER DEFAULT '0' NOT NULL" for column in columns),
        "CREATE INDEX photo_to_look_at ON photo (dataset_id) WHERE turn <> looked_turn",
    ]


_Step = Callable[[sqlite3.Connection], list[str]]
_STEPS: dict[str, tuple[str, _Step]] = {"1": ("2", _to_version_2), "2": ("3", _to_version_3)}
"""From each earlier version: the next one, and the statements that lead there."""
EARLIER_VERSIONS = tuple(_STEPS)


def migrate_database(engine: Engine) -> None:
    """Take a database of an earlier version to the newest in one transaction; anything else is left as it is."""
    with engine.connect() as connection:
        raw = cast(sqlite3.Connection, connection.connection.driver_connection)
        if _version(raw) in _STEPS:
            _upgrade(raw)


def stored_version(engine: Engine) -> str:
    """The version that a database says it has; empty for a new one."""
    with engine.connect() as connection:
        return _version(cast(sqlite3.Connection, connection.connection.driver_connection))


def _version(connection: sqlite3.Connection) -> str:
    has_about = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'about'").fetchone()
    row = connection.execute("SELECT value FROM about WHERE key = 'schema'").fetchone() if has_about else None
    return str(row[0]) if row else ""


def _upgrade(connection: sqlite3.Connection) -> None:
    before = connection.isolation_level
    connection.isolation_level = None  # so that the statements below are one transaction
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA legacy_alter_table=ON")
    try:
        connection.execute("BEGIN IMMEDIATE")
        while (version := _version(connection)) in _STEPS:  # no step is left when another process has been faster
            following, step = _STEPS[version]
            for statement in step(connection):
                connection.execute(statement)
            connection.execute("UPDATE about SET value = ? WHERE key = 'schema'", (following,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.execute("PRAGMA legacy_alter_table=OFF")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.isolation_level = before

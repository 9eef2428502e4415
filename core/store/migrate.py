"""Bringing a database of an earlier version up to date, whole or not at all."""

from __future__ import annotations

import sqlite3
from typing import cast

from sqlalchemy import Engine, Table
from sqlalchemy.schema import CreateIndex, CreateTable

from core.store import schema

_FILLED = {
    schema.person: {"base_name": "name", "of_folder": "1", "hidden": "0", "note": "''"},
    schema.photo: {},
    schema.face: {
        "base_person_id": "person_id",
        "assigned_id": "person_id",
        "base_split": "split",
        **dict.fromkeys(("excluded", "dismissed", "confirmed", "stranger", "drawn"), "0"),
    },
    schema.embedding: {"model_id": "(SELECT model_id FROM dataset WHERE dataset.id = old.dataset_id)"},
}
"""The tables that have changed, and from what their new columns are filled; the others are taken over as they were."""
_OLD_INDEXES = ("face_of_photo", "face_of_person")


def migrate(engine: Engine) -> None:
    """Rewrite the tables that have changed since version 1; anything else is left as it is."""
    with engine.connect() as connection:
        raw = cast(sqlite3.Connection, connection.connection.driver_connection)
        if _version(raw) == "1":
            _rewrite(engine, raw)


def _version(connection: sqlite3.Connection) -> str | None:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'about'").fetchone()
    row = connection.execute("SELECT value FROM about WHERE key = 'schema'").fetchone() if known else None
    return str(row[0]) if row else None


def _rewrite(engine: Engine, connection: sqlite3.Connection) -> None:
    before = connection.isolation_level
    connection.isolation_level = None  # so that the statements below are one transaction
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA legacy_alter_table=ON")
    try:
        connection.execute("BEGIN IMMEDIATE")
        if _version(connection) == "1":  # no other process has been faster
            for statement in _statements(engine, connection):
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.execute("PRAGMA legacy_alter_table=OFF")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.isolation_level = before


def _statements(engine: Engine, connection: sqlite3.Connection) -> list[str]:
    found = [f"DROP INDEX {name}" for name in _OLD_INDEXES]
    for table, filled in _FILLED.items():
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
        taken = {name: f'"{name}"' for name in (column.name for column in table.columns) if name in there} | filled
        names, values = ", ".join(f'"{name}"' for name in taken), ", ".join(taken.values())
        found += [f"ALTER TABLE {table.name} RENAME TO old", *_made(engine, table)]
        found += [f"INSERT INTO {table.name} ({names}) SELECT {values} FROM old", "DROP TABLE old"]
    return [*found, "UPDATE about SET value = '2' WHERE key = 'schema'"]


def _made(engine: Engine, table: Table) -> list[str]:
    indexes = [
        str(CreateIndex(index).compile(engine)) for index in sorted(table.indexes, key=lambda each: str(each.name))
    ]
    return [str(CreateTable(table).compile(engine)), *indexes]

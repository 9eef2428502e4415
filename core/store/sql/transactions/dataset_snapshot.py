"""A whole dataset out of one database and into another, under ids of its own, as if it had been made there just now."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, insert, select

from core.store.exchange_protocols import DatasetSnapshot
from core.store.sql import schema

_IDENTIFIED = (schema.dataset, schema.job, schema.run, schema.projection)
"""Their ids are of the whole database, so that they need new ones; photos, faces and crops are called by content."""
_TABLES = (
    *(schema.dataset, schema.photo, schema.face, schema.quality, schema.embedding),
    *(schema.job, schema.file_report, schema.run, schema.projection),
)
"""In the order in which rows may refer to others; people come between the first two, as the database numbers them."""
_TIMES = ("created", "started", "finished", "heartbeat")
_PEOPLE = ("base_person_id", "assigned_id", "person_id")


def read_dataset(connection: Connection) -> DatasetSnapshot:
    """The one dataset of a database, with new ids already where they are known. It has no corrections."""
    rows = {
        table.name: [dict(row._mapping) for row in connection.execute(select(table))]
        for table in (*_TABLES, schema.person)
    }
    new_ids = {str(row["id"]): uuid.uuid4().hex[:12] for table in _IDENTIFIED for row in rows[table.name]}
    # A run and a map have the id of the job that made them: one id stays one, whatever table it stands in.
    (dataset,) = rows[schema.dataset.name]
    renamed = {table: [_rename_ids(row, new_ids) for row in table_rows] for table, table_rows in rows.items()}
    return DatasetSnapshot(dataset["id"], new_ids[dataset["id"]], new_ids, renamed)


def _rename_ids(value: Any, new_ids: Mapping[str, str]) -> Any:
    """A value with the new ids in it, however deep: jobs name their runs and maps inside of JSON."""
    if isinstance(value, dict):
        return {key: _rename_ids(part, new_ids) for key, part in value.items()}
    if isinstance(value, list):
        return [_rename_ids(part, new_ids) for part in value]
    return new_ids.get(value, value) if isinstance(value, str) else value


def insert_dataset(connection: Connection, snapshot: DatasetSnapshot, name: str) -> dict[int, int]:
    """Write the rows of a dataset; the id of every person by the one that they had."""
    # Moved to today by the same span, so that durations stay what they were.
    delay = time.time() - max(_times(chain.from_iterable(snapshot.rows.values())))
    (dataset,) = snapshot.rows[schema.dataset.name]
    connection.execute(insert(schema.dataset), _delayed({**dataset, "name": name}, delay))
    people = _insert_people(connection, snapshot.rows[schema.person.name])
    for table in _TABLES[1:]:
        rows = [_delayed(_with_people(row, people), delay) for row in snapshot.rows[table.name]]
        if rows:
            connection.execute(insert(table), rows)
    return people


def _insert_people(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    people: dict[int, int] = {}
    for row in rows:
        unnumbered = {column: value for column, value in row.items() if column != "id"}
        numbered = connection.execute(insert(schema.person).returning(schema.person.c.id), unnumbered)
        people[row["id"]] = numbered.scalar_one()
    return people


def _with_people(row: Mapping[str, Any], people: Mapping[int, int]) -> dict[str, Any]:
    """A row with the new ids of people: in its columns, and of a run in what it keeps of its training."""
    renumbered = {column: people.get(value) if column in _PEOPLE else value for column, value in row.items()}
    match renumbered.get("params"):
        case {"person_ids": list(ids), **others}:
            renumbered["params"] = {**others, "person_ids": [people[person_id] for person_id in ids]}
    return renumbered


def _times(rows: Iterator[Mapping[str, Any]]) -> Iterator[float]:
    return (row[column] for row in rows for column in _TIMES if row.get(column) is not None)


def _delayed(row: Mapping[str, Any], delay: float) -> dict[str, Any]:
    return {column: value + delay if column in _TIMES and value is not None else value for column, value in row.items()}

"""A whole dataset out of one database and into another, under ids of its own, with its corrections.

Rows go from one to the other by the hundred, so that a dataset may be larger than the memory.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, insert, select, update

from core.corrections.model import Entity, Field, event_origin
from core.store.exchange_protocols import DatasetSnapshot
from core.store.job_model import JobState
from core.store.sql import schema

_IDENTIFIED = (schema.dataset, schema.job, schema.run, schema.projection)
"""Their ids are of the whole database, so that they need new ones; photos, faces and crops are called by content."""
_TABLES = (
    *(schema.dataset, schema.dataset_grant, schema.photo, schema.face, schema.quality, schema.embedding),
    *(schema.job, schema.file_report, schema.run, schema.projection),
)
"""In the order in which rows may refer to others; people come between the first two, as the database numbers them."""
_NUMBERED = (schema.person, schema.event, schema.change, schema.event_origin)
"""They, or what they speak of, are numbered by the database."""
_OF_JOBS = schema.file_report
"""It hangs on a job, and says not of which dataset."""
_TIMES = ("created", "started", "finished", "heartbeat")
ROWS_AT_ONCE = 500
_PEOPLE = ("base_person_id", "assigned_id", "person_id")


@dataclass(frozen=True)
class _TableRows:
    """The rows of a table, read anew whenever they are gone through, under their new ids."""

    engine: Engine
    query: Select[Any]
    new_ids: Mapping[str, str]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with self.engine.connect() as connection:
            for row in connection.execute(self.query.execution_options(yield_per=ROWS_AT_ONCE)):
                yield _rename_ids(dict(row._mapping), self.new_ids)


def read_dataset(engine: Engine, dataset_id: str, new_id: str | None = None) -> DatasetSnapshot:
    """A dataset of a database, with new ids already where they are known. Of its jobs those that are done."""
    # What was under way read files that are not here, and may be of people who have other numbers here.
    done_jobs = select(schema.job.c.id).where(
        schema.job.c.dataset_id == dataset_id, schema.job.c.state == JobState.DONE
    )
    tables = (*_TABLES, *_NUMBERED)
    conditions = {table: table.c.dataset_id == dataset_id for table in tables if "dataset_id" in table.c}
    conditions |= {
        schema.dataset: schema.dataset.c.id == dataset_id,
        schema.job: schema.job.c.id.in_(done_jobs),
        _OF_JOBS: _OF_JOBS.c.job_id.in_(done_jobs),
    }
    with engine.connect() as connection:
        ids = [str(key) for table in _IDENTIFIED for key in connection.scalars(_ids(table, conditions[table]))]
    new_ids = {**{key: uuid.uuid4().hex[:12] for key in ids}, **({dataset_id: new_id} if new_id else {})}
    # A run and a map have the id of the job that made them: one id stays one, whatever table it stands in.
    rows = {
        table.name: _TableRows(
            engine, select(table).where(conditions[table]).order_by(*table.primary_key.columns), new_ids
        )
        for table in tables
    }
    return DatasetSnapshot(dataset_id, new_ids[dataset_id], new_ids, rows)


def _ids(table: Table, condition: ColumnElement[bool]) -> Select[Any]:
    return select(table.c.id).where(condition)


def _rename_ids(value: Any, new_ids: Mapping[str, str]) -> Any:
    """A value with the new ids in it, however deep: jobs name their runs and maps inside of JSON."""
    if isinstance(value, dict):
        return {key: _rename_ids(part, new_ids) for key, part in value.items()}
    if isinstance(value, list):
        return [_rename_ids(part, new_ids) for part in value]
    return new_ids.get(value, value) if isinstance(value, str) else value


def insert_dataset(
    connection: Connection, snapshot: DatasetSnapshot, name: str, *, keep_times: bool = False
) -> dict[int, int]:
    """Write the rows of a dataset; the id of every person by the one that they had.

    Parameters
    ----------
    keep_times : whether its times stay what they were; else it is as if it had been finished just now
    """
    # Moved to today by the same span, so that durations stay what they were.
    delay = 0.0 if keep_times else time.time() - max(_times(chain.from_iterable(snapshot.rows.values())))
    (dataset,) = snapshot.rows[schema.dataset.name]
    _put_dataset(connection, _delayed({**dataset, "name": name}, delay))
    people = _insert_people(connection, snapshot.rows[schema.person.name])
    for table in _TABLES[1:]:
        rows = (_delayed(_with_people(row, people), delay) for row in snapshot.rows[table.name])
        _insert_rows(connection, table, _without_known(connection, rows) if table is schema.dataset_grant else rows)
    _insert_corrections(connection, snapshot, people, delay)
    return people


def _put_dataset(connection: Connection, row: Mapping[str, Any]) -> None:
    dataset = schema.dataset
    if connection.execute(update(dataset).where(dataset.c.id == row["id"]).values(**row)).rowcount == 0:
        connection.execute(insert(dataset), row)


def _without_known(connection: Connection, grants: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Of whoever has the empty dataset already, that stays."""
    grant = schema.dataset_grant
    known = {tuple(row) for row in connection.execute(select(grant.c.dataset_id, grant.c.address))}
    return (row for row in grants if (row["dataset_id"], row["address"]) not in known)


def _insert_rows(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    left = iter(rows)
    while part := list(islice(left, ROWS_AT_ONCE)):
        connection.execute(insert(table), part)


def _insert_people(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> dict[int, int]:
    people: dict[int, int] = {}
    for row in rows:
        unnumbered = {column: value for column, value in row.items() if column not in ("id", "merged_into")}
        people[row["id"]] = _insert_numbered(connection, schema.person, unnumbered)
    person = schema.person
    # Only when all have their numbers: somebody may be merged into one who came later.
    for row in rows:
        if row["merged_into"] is not None:
            merged_into = people.get(row["merged_into"])
            connection.execute(update(person).where(person.c.id == people[row["id"]]).values(merged_into=merged_into))
    return people


def _insert_numbered(connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
    """Write a row that the database numbers; its number."""
    return int(connection.execute(insert(table).returning(table.c.id), row).scalar_one())


def _insert_corrections(
    connection: Connection, snapshot: DatasetSnapshot, people: Mapping[int, int], delay: float
) -> None:
    """Write the log, under the numbers that its events and people have here."""
    numbers: dict[int, int] = {}
    repeated = {row["event_id"]: row["origin"] for row in snapshot.rows[schema.event_origin.name]}
    origins = []
    # In their order: an undoing comes after what it undoes.
    for row in snapshot.rows[schema.event.name]:
        event = {column: value for column, value in row.items() if column != "id"}
        event |= {column: people.get(row[column]) for column in ("person_id", "from_person_id")}
        event["target_id"] = numbers.get(row["target_id"])
        numbers[row["id"]] = _insert_numbered(connection, schema.event, _delayed(event, delay))
        # By its number of before it is known to logs that were exported then: taken again, they repeat nothing here.
        origin = repeated.get(row["id"]) or event_origin(row["id"], row["created"], row["session"], row["kind"])
        origins.append({"event_id": numbers[row["id"]], "dataset_id": snapshot.dataset_id, "origin": origin})
    _insert_rows(connection, schema.event_origin, origins)
    changes = (_renumber_change(row, numbers, people) for row in snapshot.rows[schema.change.name])
    _insert_rows(connection, schema.change, changes)


def _renumber_change(row: Mapping[str, Any], numbers: Mapping[int, int], people: Mapping[int, int]) -> dict[str, Any]:
    renumbered = {**row, "event_id": numbers[row["event_id"]]}
    if row["entity"] == Entity.PERSON:
        renumbered["entity_id"] = str(people[int(row["entity_id"])])
    if row["field"] in (Field.PERSON, Field.MERGED_INTO) and row["value"] is not None:
        renumbered["value"] = people[row["value"]]
    return renumbered


def _with_people(row: Mapping[str, Any], people: Mapping[int, int]) -> dict[str, Any]:
    """A row with the new ids of people: in its columns, and of a run in what it keeps of its training."""
    renumbered = {column: people.get(value) if column in _PEOPLE else value for column, value in row.items()}
    match renumbered.get("params"):
        case {"person_ids": list(ids), **others}:
            renumbered["params"] = {**others, "person_ids": [people[person_id] for person_id in ids]}
    return renumbered


def _times(rows: Iterable[Mapping[str, Any]]) -> Iterator[float]:
    return (row[column] for row in rows for column in _TIMES if row.get(column) is not None)


def _delayed(row: Mapping[str, Any], delay: float) -> dict[str, Any]:
    return {column: value + delay if column in _TIMES and value is not None else value for column, value in row.items()}

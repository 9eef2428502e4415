"""The audit log in SQL (an ``AuditLog``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select

from core.store.audit_log import AuditAction, AuditEntry, AuditFilter, AuditLine
from core.store.sql.reader import SqlStore
from core.store.sql.rows import in_batches
from core.store.sql.schema import audit as table
from core.store.sql.schema import person

PART = 1000
"""Lines that are read together."""


@dataclass(frozen=True)
class SqlAuditLog(SqlStore):
    """The log behind a SQLAlchemy engine; every method but ``lines`` is one short transaction."""

    def add(self, entries: Sequence[AuditEntry]) -> None:
        if not entries:
            return
        with self.engine.begin() as connection:
            present = _people_present(connection, {entry.person_id for entry in entries if entry.person_id is not None})
            rows = [
                asdict(entry)
                | {
                    "of_person": entry.person_id is not None,
                    "person_id": entry.person_id if (entry.dataset_id, entry.person_id) in present else None,
                }
                for entry in entries
            ]
            connection.execute(insert(table), rows)

    def count(self, asked: AuditFilter) -> int:
        return int(self.read_value(select(func.count()).where(*_conditions(asked))))

    def read_newest(self, asked: AuditFilter, limit: int, offset: int = 0) -> list[AuditLine]:
        query = select(table).where(*_conditions(asked)).order_by(table.c.id.desc()).limit(limit).offset(offset)
        return [_line(row) for row in self.read_rows(query)]

    def lines(self, asked: AuditFilter) -> Iterator[AuditLine]:
        in_order = select(table).where(*_conditions(asked)).order_by(table.c.id).limit(PART)
        part = self.read_rows(in_order)
        while part:
            yield from map(_line, part)
            part = self.read_rows(in_order.where(table.c.id > part[-1].id))

    def viewers(self) -> list[str]:
        return self.read_values(select(table.c.viewer).distinct().order_by(table.c.viewer))

    def remove_before(self, at: float) -> int:
        with self.engine.begin() as connection:
            return connection.execute(delete(table).where(table.c.at < at)).rowcount


def _people_present(connection: Connection, person_ids: set[int]) -> set[tuple[str, int | None]]:
    """Who is in which dataset; nobody can be erased before these rows are written."""
    present: set[tuple[str, int | None]] = set()
    for part in in_batches(sorted(person_ids)):
        # The lock is PostgreSQL's; SQLite has one writer at a time.
        query = select(person.c.dataset_id, person.c.id).where(person.c.id.in_(part)).with_for_update(key_share=True)
        present.update((row.dataset_id, row.id) for row in connection.execute(query))
    return present


def _conditions(asked: AuditFilter) -> list[ColumnElement[bool]]:
    conditions = [table.c.at >= asked.since]
    for column, value in (
        (table.c.viewer, asked.viewer),
        (table.c.action, asked.action),
        (table.c.dataset_id, asked.dataset_id),
    ):
        if value is not None:
            conditions.append(column == value)
    if asked.person_ids is not None:
        conditions.append(table.c.person_id.in_(asked.person_ids))
    return conditions


def _line(row: Row[Any]) -> AuditLine:
    entry = AuditEntry(
        at=row.at,
        viewer=row.viewer,
        action=AuditAction(row.action),
        occasion=row.occasion,
        dataset_id=row.dataset_id,
        person_id=row.person_id,
    )
    return AuditLine(row.id, entry, is_erased=row.of_person and row.person_id is None)

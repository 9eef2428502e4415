"""Every row of a database into an empty one of either kind, and read back: whole and the same, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text
from sqlalchemy.exc import DataError, StatementError

from core.base.errors import DataFolderFault, InputRefused
from core.base.progress import UNWATCHED, Progress
from core.store.job_model import JobState
from core.store.sql import schema
from core.store.sql.database import database_behind, find_database, open_database
from core.store.sql.databases.sqlite import SqliteDatabase

ROWS_AT_ONCE = 2000
OF_EVERY_DATABASE = (schema.about, schema.alembic_version)
"""What a database has as soon as it is opened."""


@dataclass(frozen=True)
class StoreCopy:
    """A copy of one database into another, each at a path or an address (a ``WholeStoreCopy``)."""

    source: Path | str
    target: Path | str
    at_any_time: bool = False
    """Whether jobs may be under way in the source: they are copied as those of a process that was killed."""

    def require_possible(self) -> None:
        """Raises InputRefused where something is in the target, or nothing or a running job is in the source."""
        with self._open():
            pass

    def dataset_ids(self) -> list[str]:
        source = open_database(self.source)
        with source.connect() as reading:
            dataset_ids = list(reading.scalars(select(schema.dataset.c.id).order_by(schema.dataset.c.id)))
        source.dispose()
        return dataset_ids

    def copy_rows(self, progress: Progress = UNWATCHED) -> dict[str, int]:
        with self._open() as (reading, writing):
            counts = {table.name: _copy_table(reading, writing, table, progress) for table in _tables()}
            _go_on_numbering(reading, writing)
            return counts

    @contextmanager
    def _open(self) -> Iterator[tuple[Connection, Connection]]:
        """Both databases, the source as it is now and the target in one transaction."""
        # It would be made, and nothing copied without a word.
        if isinstance(self.source, Path) and not self.source.is_file():
            raise InputRefused(
                f"There is no data folder of Face Atlas at '{self.source.parent}'. Say by --from which to copy."
            )
        source, target = open_database(self.source), open_database(self.target)
        try:
            with source.connect() as reading, target.begin() as writing:
                # All tables as they are at this moment, whatever others write meanwhile.
                database_behind(source).freeze(reading)
                if not self.at_any_time:
                    _require_rest(reading)
                _require_empty(writing)
                yield reading, writing
        finally:
            source.dispose()
            target.dispose()


def write_snapshot(source: Path | str, target: Path, dataset_id: str | None, progress: Progress) -> None:
    """Write all rows as they are at this moment, or those of one dataset, into a new SQLite file; nothing waits for it.

    Raises
    ------
    DataFolderFault
        One of the two cannot be used, or the disk is full.
    """
    if isinstance(find_database(source), SqliteDatabase):
        engine = open_database(source)
        progress.report(0, 0, "Copying the database")
        # What was deleted is not in it: free pages are left out.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM INTO :target").bindparams(target=str(target)))
        engine.dispose()
    else:
        StoreCopy(source, target, at_any_time=True).copy_rows(progress)
    engine = open_database(target)
    if dataset_id is not None:
        with engine.begin() as connection:
            connection.execute(delete(schema.dataset).where(schema.dataset.c.id != dataset_id))
            # They hang on no dataset.
            connection.execute(delete(schema.audit).where(schema.audit.c.dataset_id != dataset_id))
            connection.execute(delete(schema.receipt).where(schema.receipt.c.dataset_id != dataset_id))
            connection.execute(delete(schema.sign_out))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if dataset_id is not None:
            connection.execute(text("VACUUM"))
        # One file, without a log beside it, so that it can be copied by any tool.
        connection.execute(text("PRAGMA journal_mode=DELETE"))
    engine.dispose()


def _tables() -> list[Table]:
    """In the order in which rows may refer to others."""
    return [table for table in schema.metadata.sorted_tables if table not in OF_EVERY_DATABASE]


def _go_on_numbering(reading: Connection, writing: Connection) -> None:
    # Ids that were given once and deleted since are not given again: other logs may speak of them.
    numbers = dict(database_behind(reading.engine).last_numbers(reading))
    for table in (schema.person, schema.event, schema.audit):
        largest = writing.scalar(select(func.max(table.c.id)))
        if largest is not None:
            numbers[table.name] = max(int(largest), numbers.get(table.name, 0))
    database_behind(writing.engine).go_on_numbering(writing, numbers)


def _require_rest(reading: Connection) -> None:
    running = select(func.count()).where(schema.job.c.state == JobState.RUNNING)
    if reading.scalar(running):
        raise InputRefused("A job is under way in the data that are to be copied. Wait for its end, or stop it first.")


def _require_empty(writing: Connection) -> None:
    full = [table.name for table in _tables() if writing.scalar(select(select(table).exists()))]
    if full:
        raise InputRefused(
            f"The target holds data already (in '{full[0]}'), and nothing is ever mixed into them. "
            "Give a new database or folder. A copy that was broken off leaves nothing."
        )


def _copy_table(reading: Connection, writing: Connection, table: Table, progress: Progress) -> int:
    total, copied = int(reading.scalar(select(func.count()).select_from(table)) or 0), 0
    try:
        for rows in _parts(reading, table):
            writing.execute(insert(table), [dict(row._mapping) for row in rows])
            copied += len(rows)
            progress.step(copied, total, f"Copying '{table.name}'")
    # A damaged document, a letter or a number that the other database does not take.
    except (DataError, StatementError, ValueError) as fault:
        raise InputRefused(
            f"A row of '{table.name}' cannot be copied: it holds a value that is damaged, or that the target does not "
            "keep. Nothing was copied. Delete what it belongs to (a damaged training, for instance), then copy again."
        ) from fault
    _require_same(reading, writing, table)
    return total


def _require_same(reading: Connection, writing: Connection, table: Table) -> None:
    """Row by row, column by column, as Python reads both."""
    both = zip_longest(_rows(reading, table), _rows(writing, table))
    differing = sum(1 for source_row, target_row in both if source_row != target_row)
    if differing:
        raise DataFolderFault(
            f"{differing} rows of '{table.name}' read back differently than they were written. Nothing was kept; "
            "check the target's disk and its version."
        )


def _rows(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    return (tuple(row) for part in _parts(connection, table) for row in part)


def _parts(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    # On a cursor of the server: a driver that fetched all rows at once would hold millions in memory.
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=ROWS_AT_ONCE)
    return iter(connection.execute(query).partitions())

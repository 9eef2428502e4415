"""Opening the database: a SQLite file in the data folder, with the tables of this version.

Deleted rows are overwritten (``secure_delete``): what is erased leaves no copy in the file's free pages.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, insert, text

from core.base.errors import DataFolderBusy, DataFolderFault, data_folder_fault
from core.store.disk_reserve import OPENING_BYTES, Reserve
from core.store.sql import faults
from core.store.sql.schema import SCHEMA_VERSION, about, alembic_version, metadata

BUSY_TIMEOUT_MS = 30_000
_ASK_AGAIN_S = 0.01
_PRIMARY_CODE = 0xFF
"""The bits of an error code that name its kind; the others say more of it."""
MAPPED_BYTES = 1 << 30
"""Read through the system's own cache: SQLite's, of 2 MB, makes reading 100,000 faces take twice as long."""


def open_database(path: Path) -> Engine:
    """The engine of the SQLite file at ``path``, which is made when it is not there, and brought up to date.

    Raises
    ------
    DataFolderFault
        The file is no whole database, of another version of Face Atlas, or cannot be read or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _require_not_emptied(path)
        Reserve(path.parent).lend_for_opening()
    except OSError as fault:
        raise data_folder_fault(fault) from fault
    engine = _new_engine(path)
    event.listen(engine, "connect", _set_pragmas)
    with engine.connect() as connection:
        version = _known_version(connection)
    if version != SCHEMA_VERSION:
        _bring_up_to_date(path)
    return engine


def open_unchanging(path: Path) -> Engine:
    """The engine of a database that nobody writes any more; nothing is written beside it either."""
    # A folder that was installed may be read-only, where SQLite could not make the files that go with its log.
    query = {"mode": "ro", "immutable": "1", "uri": "true"}
    url = URL.create("sqlite", database=f"file:{quote(str(path))}", query=query)
    engine = create_engine(url, poolclass=NullPool)
    event.listen(engine, "handle_error", faults.fault_translator(path), retval=True)
    return engine


def _new_engine(path: Path, **options: Any) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(path)), **options)
    event.listen(engine, "handle_error", faults.fault_translator(path), retval=True)
    return engine


def _known_version(connection: Connection) -> int:
    """The version of the tables; 0 where there are none. Raises DataFolderFault for one of another program."""
    has_about = text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'about'")
    query = text("SELECT value FROM about WHERE key = 'schema'")
    version = str(connection.scalar(query) or 0) if connection.scalar(has_about) else "0"
    # Asked before anything is written: a newer version's tables stay as they are.
    if not version.isdecimal() or int(version) > SCHEMA_VERSION:
        raise DataFolderFault(
            f"The data folder was written by another version of Face Atlas (database version {version}, "
            f"this one reads {SCHEMA_VERSION}). Use that version, or another data folder."
        )
    return int(version)


def _bring_up_to_date(path: Path) -> None:
    """Make the tables, or take those of an earlier version to today's, whole or not at all."""
    with _schema_transaction(path) as connection:
        # Asked again under the writer's lock: another process may have been faster.
        version = _known_version(connection)
        if version == 0:
            metadata.create_all(connection)
            connection.execute(insert(about).values(key="schema", value=str(SCHEMA_VERSION)))
            connection.execute(insert(alembic_version).values(version_num=str(SCHEMA_VERSION)))
        elif version < SCHEMA_VERSION:
            from core.store.sql.migrate import upgrade_schema

            upgrade_schema(connection, str(version))


@contextmanager
def _schema_transaction(path: Path) -> Iterator[Connection]:
    """A transaction in which tables can be created, dropped and renamed, on a connection of its own."""
    engine = _new_engine(path, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def prepare(driver: Any, record: Any) -> None:
        _set_pragmas(driver, record)
        # Python's driver begins a transaction before the first INSERT only: CREATE and DROP would stand outside.
        driver.isolation_level = None
        # Dropping a table whose rows are in the new one would delete every row that refers to them. Inside of a
        # transaction SQLite does not heed this pragma, so it stands here and not in the revision that drops.
        driver.execute("PRAGMA foreign_keys=OFF")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # At once the writer's lock: begun as a reader, two processes could both find the old version.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        yield connection


def _require_not_emptied(path: Path) -> None:
    """An emptied file would be taken for a new database, and every dataset would be gone without a word."""
    artifacts = path.parent / "artifacts"
    emptied = path.is_file() and path.stat().st_size == 0
    if emptied and artifacts.is_dir() and any(artifacts.iterdir()):
        raise faults.damaged_database(path, "it is empty, and there are photos of a dataset beside it")


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # First, so that the other pragmas wait for a process that is opening the database too.
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    _write_ahead(cursor)
    for pragma in (
        # A power cut may take the last commits back, and leaves the file whole: none waits for the disk.
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"mmap_size={MAPPED_BYTES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Let pages read while the worker writes: neither waits for the other."""
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as fault:
            # Of processes that open a new file at once SQLite refuses all but one without waiting: each holds a lock
            # that the others would wait for.
            if fault.sqlite_errorcode & _PRIMARY_CODE != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_ASK_AGAIN_S)


def compact_database(engine: Engine) -> None:
    """Give back the space of deleted rows, where there is room to do it, and empty the write-ahead log.

    Compacting writes the database anew twice, beside it and into the log. Without that room the space stays in the
    file for what comes next; what was deleted is overwritten in either case.

    Raises
    ------
    DataFolderBusy
        Another process has been reading all the while, and what it reads keeps the log from being emptied.
    """
    # Compacting is refused inside of a transaction.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if _has_room_to_compact(connection):
            connection.execute(text("VACUUM"))
        (busy, *_) = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
    if busy:
        raise DataFolderBusy(
            "What was deleted is still in the database's log, because another process is reading. "
            "Close other windows and programs that use this data folder, then do it again."
        )


def _has_room_to_compact(connection: Connection) -> bool:
    pages, page_bytes = (
        int(connection.execute(text(f"PRAGMA {pragma}")).scalar_one()) for pragma in ("page_count", "page_size")
    )
    folder = Path(str(connection.engine.url.database)).parent
    return not Reserve(folder).lacks(2 * pages * page_bytes + OPENING_BYTES)

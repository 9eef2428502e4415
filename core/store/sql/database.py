"""Opening the database: SQLite in the data folder, or any other by its URL.

Deleted rows are overwritten (``secure_delete``): what is erased leaves no copy in the file's free pages.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, text

from core.base.errors import DataFolderBusy, DataFolderFault, data_folder_fault
from core.store.disk_reserve import OPENING_BYTES, Reserve
from core.store.sql import faults
from core.store.sql.migrate import EARLIER_VERSIONS, migrate_database, stored_version
from core.store.sql.schema import SCHEMA_VERSION, about, metadata

BUSY_TIMEOUT_MS = 30_000
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
    engine = create_engine(URL.create("sqlite", database=str(path)))
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "handle_error", faults.fault_translator(path), retval=True)
    try:
        _bring_up_to_date(engine)
    except sqlite3.Error as fault:  # of statements that do not pass SQLAlchemy
        raise faults.translate_fault(path, fault) or fault from fault
    return engine


def _bring_up_to_date(engine: Engine) -> None:
    version = stored_version(engine)
    if version not in ("", *EARLIER_VERSIONS, str(SCHEMA_VERSION)):  # before anything is written to it
        raise DataFolderFault(
            f"The data folder was written by another version of Face Atlas (database version {version}, "
            f"this one reads {SCHEMA_VERSION}). Use that version, or another data folder."
        )
    migrate_database(engine)
    metadata.create_all(engine)
    if not version:
        with engine.begin() as connection:
            row = {"key": "schema", "value": str(SCHEMA_VERSION)}
            connection.execute(insert(about).prefix_with("OR IGNORE").values(row))


def _require_not_emptied(path: Path) -> None:
    """An emptied file would be taken for a new database, and every dataset would be gone without a word."""
    artifacts = path.parent / "artifacts"
    emptied = path.is_file() and path.stat().st_size == 0
    if emptied and artifacts.is_dir() and any(artifacts.iterdir()):
        raise faults.damaged_database(path, "it is empty, and there are photos of a dataset beside it")


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"mmap_size={MAPPED_BYTES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def compact_database(engine: Engine) -> None:
    """Give back the space of deleted rows, where there is room to do it, and empty the write-ahead log.

    Compacting writes the database anew twice, beside it and into the log. Without that room the space stays in the
    file for what comes next; what was deleted is overwritten in either case.

    Raises
    ------
    DataFolderBusy
        Another process has been reading all the while, and what it reads keeps the log from being emptied.
    """
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

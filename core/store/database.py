"""Opening the database: SQLite in the data folder, or any other by its URL.

Deleted rows are overwritten (``secure_delete``): what is erased leaves no copy in the file's free pages.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, insert, select, text
from sqlalchemy.exc import DatabaseError

from core.errors import DataFolderBusy, FaceAtlasError
from core.store.migrate import migrate
from core.store.schema import SCHEMA_VERSION, about, metadata

BUSY_TIMEOUT_MS = 30_000
MAPPED_BYTES = 1 << 30
"""Read through the system's own cache: SQLite's, of 2 MB, makes reading 100,000 faces take twice as long."""


def open_database(path: Path) -> Engine:
    """The engine of the SQLite file at ``path``, which is made when it is not there, and brought up to date.

    Raises
    ------
    FaceAtlasError
        The file is no database, or is of a later version of Face Atlas.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _set_pragmas)
    try:
        migrate(engine)
        metadata.create_all(engine)
        _check_version(engine)
    except DatabaseError as error:
        raise FaceAtlasError(
            f"The database '{path.name}' in the data folder cannot be read ({error.orig}). "
            "Put back a copy of it, or move it away to start anew."
        ) from error
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        f"mmap_size={MAPPED_BYTES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _check_version(engine: Engine) -> None:
    with engine.begin() as connection:
        found = connection.scalar(select(about.c.value).where(about.c.key == "schema"))
        if found is None:
            connection.execute(insert(about).prefix_with("OR IGNORE").values(key="schema", value=str(SCHEMA_VERSION)))
        elif int(found) != SCHEMA_VERSION:
            raise FaceAtlasError(
                f"The data folder was written by another version of Face Atlas (database version {found}, "
                f"this one reads {SCHEMA_VERSION}). Use that version, or another data folder."
            )


def compact(engine: Engine) -> None:
    """Give back the space of deleted rows and empty the write-ahead log.

    Raises
    ------
    DataFolderBusy
        Another process has been reading all the while, and what it reads keeps the log from being emptied.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM"))
        (busy, *_) = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
    if busy:
        raise DataFolderBusy(
            "What was deleted is still in the database's log, because another process is reading. "
            "Close other windows and programs that use this data folder, then do it again."
        )

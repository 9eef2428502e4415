"""A SQLite file in the data folder (a ``DatabaseKind``).

Deleted rows are overwritten (``secure_delete``): what is erased leaves no copy in the file's free pages.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, text

from core.base.errors import DataFolderBusy, data_folder_fault
from core.base.files.folders import sum_bytes
from core.language.texts import marked
from core.store.artifacts import GOING
from core.store.disk_reserve import OPENING_BYTES, Reserve
from core.store.encryption.keyring import find_keys
from core.store.job_liveness import FileJobLocks
from core.store.sql.databases import sqlite_faults

BUSY_TIMEOUT_MS = 30_000
_ASK_AGAIN_S = 0.01
_PRIMARY_CODE = 0xFF
"""The bits of an error code that name its kind; the others say more of it."""
MAPPED_BYTES = 1 << 30
"""Read through the system's own cache: SQLite's, of 2 MB, makes reading 100,000 faces take twice as long."""


@dataclass(frozen=True)
class SqliteDatabase:
    """The file at ``path``, which is made when it is not there."""

    path: Path
    oldest_version: int = 1

    def open_engine(self) -> Engine:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._require_not_emptied()
            Reserve(self.path.parent).lend_for_opening()
        except OSError as fault:
            raise data_folder_fault(fault) from fault
        engine = self._new_engine()
        event.listen(engine, "connect", _set_pragmas)
        return engine

    def _new_engine(self, **options: Any) -> Engine:
        engine = create_engine(URL.create("sqlite", database=str(self.path)), **self._driver_options(), **options)
        event.listen(engine, "handle_error", sqlite_faults.fault_translator(self.path), retval=True)
        return engine

    def _driver_options(self) -> dict[str, Any]:
        """SQLCipher in the place of SQLite where the data folder is encrypted. Raises DataFolderLocked."""
        keys = find_keys(self.path.parent)
        if keys is None:
            return {}
        # Imported here: it is another build of SQLite.
        from core.store.sql.databases import sqlcipher

        return sqlcipher.driver_options(self.path, keys.database_key(keys.current_id))

    def _require_not_emptied(self) -> None:
        """An emptied file would be taken for a new database, and every dataset would be gone without a word."""
        artifacts = self.path.parent / "artifacts"
        emptied = self.path.is_file() and self.path.stat().st_size == 0
        if emptied and artifacts.is_dir() and any(folder.name != GOING for folder in artifacts.iterdir()):
            raise sqlite_faults.damaged_database(self.path, "it is empty, and there are photos of a dataset beside it")

    @contextmanager
    def schema_transaction(self) -> Iterator[Connection]:
        engine = self._new_engine(poolclass=NullPool)

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

    def compact(self, engine: Engine) -> None:
        """Give back the space of deleted rows, where there is room to do it, and empty the write-ahead log.

        Compacting writes the database anew twice, beside it and into the log. Without that room the space stays in
        the file for what comes next; what was deleted is overwritten in either case.
        """
        # Compacting is refused inside of a transaction.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if self._has_room_to_compact(connection):
                connection.execute(text("VACUUM"))
            (busy, *_) = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
        if busy:
            raise DataFolderBusy(
                "What was deleted is still in the database's log, because another process is reading. "
                "Close other windows and programs that use this data folder, then do it again."
            )

    def _has_room_to_compact(self, connection: Connection) -> bool:
        pages, page_bytes = (
            int(connection.execute(text(f"PRAGMA {pragma}")).scalar_one()) for pragma in ("page_count", "page_size")
        )
        return not Reserve(self.path.parent).lacks(2 * pages * page_bytes + OPENING_BYTES)

    def size_bytes(self, engine: Engine) -> int:
        # With its write-ahead log, which may be as large as the database.
        return sum_bytes(self.path.parent.glob(f"{self.path.name}*"))

    def describe(self) -> str:
        return marked("The database '{name}' of the data folder").format(name=self.path.name)

    def schema_texts(self, connection: Connection) -> list[str]:
        return list(connection.scalars(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")))

    def find_faults(self, connection: Connection) -> list[str]:
        pages = [str(line) for line in connection.scalars(text("PRAGMA integrity_check")) if line != "ok"]
        rows = connection.execute(text("PRAGMA foreign_key_check"))
        return pages + [f"A row of '{row[0]}' refers to one of '{row[2]}' that is not there." for row in rows]

    def freeze(self, connection: Connection) -> None:
        # Python's driver begins no transaction for reading: each statement would see what was written meanwhile.
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("SELECT 1 FROM sqlite_master").all()

    def last_numbers(self, connection: Connection) -> dict[str, int]:
        rows = connection.execute(text("SELECT name, seq FROM sqlite_sequence"))
        return {name: int(number) for name, number in rows}

    def go_on_numbering(self, connection: Connection, last_numbers: Mapping[str, int]) -> None:
        # SQLite notes a table's last number with its first row: of an empty one there is nothing to raise yet.
        present = self.last_numbers(connection)
        for table, number in last_numbers.items():
            noted = text("DELETE FROM sqlite_sequence WHERE name = :name").bindparams(name=table)
            raised = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)")
            connection.execute(noted)
            connection.execute(raised.bindparams(name=table, number=max(number, present.get(table, 0))))

    def job_locks(self, engine: Engine) -> FileJobLocks:
        """Beside the database: who can read its jobs can tell whether they are alive."""
        return FileJobLocks(self.path.parent / "locks")


def open_unchanging(path: Path) -> Engine:
    """The engine of a database that nobody writes any more; nothing is written beside it either."""
    if find_keys(path.parent) is not None:
        # A copy of a backup's rows, in a folder of this process alone.
        return SqliteDatabase(path)._new_engine(poolclass=NullPool)
    # A folder that was installed may be read-only, where SQLite could not make the files that go with its log.
    query = {"mode": "ro", "immutable": "1", "uri": "true"}
    url = URL.create("sqlite", database=f"file:{quote(str(path))}", query=query)
    engine = create_engine(url, poolclass=NullPool)
    event.listen(engine, "handle_error", sqlite_faults.fault_translator(path), retval=True)
    return engine


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
        except Exception as fault:
            # Of processes that open a new file at once SQLite refuses all but one without waiting: each holds a lock
            # that the others would wait for. It is told by its code, as SQLCipher's errors are classes of their own.
            code = getattr(fault, "sqlite_errorcode", 0)
            if code & _PRIMARY_CODE != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_ASK_AGAIN_S)

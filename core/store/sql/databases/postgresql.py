"""A database of a PostgreSQL server, which several machines may share (a ``DatabaseKind``).

What is deleted goes from the tables; the server's own log and its backups are its administrator's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, select, text
from sqlalchemy.exc import NoSuchModuleError

from core.base.errors import DataFolderFault
from core.language.texts import marked
from core.store.sql.databases import postgresql_faults
from core.store.sql.databases.advisory_locks import AdvisoryJobLocks, AdvisorySession, lock_key
from core.store.sql.schema import metadata

CONNECT_TIMEOUT_S = 10
RESTART_S = 3.0
"""A server that starts anew refuses for a second or two: nobody has to hear of it."""
_ASK_AGAIN_S = 0.25
LOCK_TIMEOUT_MS = 30_000
COMPACT_TIMEOUT_MS = 5_000
REWRITTEN_BYTES = 4 << 30
"""Tables beyond it are not written anew when something was deleted: nobody could read them for minutes."""
_SESSION = {
    "lock_timeout": LOCK_TIMEOUT_MS,
    # A worker whose machine is gone must not hold its locks until the system gives the connection up, after hours.
    "tcp_keepalives_idle": 15,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
}
_CLIENT = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}


@dataclass(frozen=True)
class PostgresqlDatabase:
    """The database at an address, which must be there; its tables are made when they are not."""

    url: URL
    oldest_version: int = 5
    """No earlier version of Face Atlas knew PostgreSQL."""

    def open_engine(self) -> Engine:
        # Asked before a connection is used: one from before the server's restart is replaced without a word.
        engine = self.new_engine(pool_pre_ping=True)
        with engine.connect() as connection:
            encoding = str(connection.scalar(text("SHOW server_encoding")))
        if encoding != "UTF8":
            engine.dispose()
            raise DataFolderFault(
                f"{self.describe()} keeps its texts as {encoding}, in which not every name can be written. "
                "Make one with: CREATE DATABASE face_atlas ENCODING 'UTF8' TEMPLATE template0"
            )
        return engine

    def new_engine(self, **options: Any) -> Engine:
        """An engine without a look at what is in the database."""
        settings = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
        client = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "face-atlas", "options": settings}
        # What the address says of these counts more.
        arguments = {name: value for name, value in (client | _CLIENT).items() if name not in self.url.query}
        try:
            engine = create_engine(self.url, connect_args=arguments, **options)
        except (ModuleNotFoundError, NoSuchModuleError) as fault:
            raise DataFolderFault(
                "FACE_ATLAS_DATABASE_URL names a PostgreSQL server, and what speaks to one is not installed. "
                "Install it with: .venv/bin/python -m pip install -r requirements-cluster.txt"
            ) from fault
        event.listen(engine, "do_connect", _connect_patiently)
        event.listen(engine, "handle_error", postgresql_faults.server_fault_translator(self.describe()), retval=True)
        return engine

    @contextmanager
    def schema_transaction(self) -> Iterator[Connection]:
        with self.new_engine(poolclass=NullPool).begin() as connection:
            # Of several app servers that start at once, one makes the tables and the others find them.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=lock_key("schema")))
            yield connection

    def compact(self, engine: Engine) -> None:
        small = self.size_bytes(engine) < REWRITTEN_BYTES
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"SET lock_timeout = {COMPACT_TIMEOUT_MS}"))
            try:
                # Written anew, so that no deleted row stays in a table's file until something takes its room. And
                # counted anew: what the server notes of a column for its plans are names and vectors out of it.
                connection.execute(text(f"VACUUM ({'FULL, ' if small else ''}ANALYZE) {tables}"))
                _forget_values_of_empty_tables(connection)
                # Passed over, with a warning, where the user does not own the database.
                connection.execute(text("VACUUM (FULL) pg_catalog.pg_statistic"))
            finally:
                connection.invalidate()  # the next one begins with the settings of all

    def size_bytes(self, engine: Engine) -> int:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())

    def describe(self) -> str:
        # As little of the address as tells which it is: never the user's name or password.
        host = self.url.query.get("host", self.url.host) or marked("this machine")
        return marked("The database '{name}' on {host}").format(name=self.url.database, host=host)

    def schema_texts(self, connection: Connection) -> list[str]:
        return []

    def find_faults(self, connection: Connection) -> list[str]:
        # The server checks its pages when it reads them, and keeps every reference itself.
        return []

    def freeze(self, connection: Connection) -> None:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))

    def last_numbers(self, connection: Connection) -> dict[str, int]:
        rows = connection.execute(
            text(
                "SELECT table_class.relname, pg_sequence_last_value(depend.objid) FROM pg_depend depend "
                "JOIN pg_class sequence ON sequence.oid = depend.objid AND sequence.relkind = 'S' "
                "JOIN pg_class table_class ON table_class.oid = depend.refobjid "
                "WHERE depend.deptype = 'a' AND table_class.relnamespace = current_schema()::regnamespace"
            )
        )
        return {table: int(number) for table, number in rows if number is not None}

    def go_on_numbering(self, connection: Connection, last_numbers: Mapping[str, int]) -> None:
        for table, number in last_numbers.items():
            sequence = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :number)")
            connection.execute(sequence.bindparams(name=table, number=number))

    def job_locks(self, engine: Engine) -> AdvisoryJobLocks:
        session = AdvisorySession(self.new_engine(poolclass=NullPool), engine)
        event.listen(engine, "engine_disposed", lambda _: session.close())
        return AdvisoryJobLocks(session)


def _forget_values_of_empty_tables(connection: Connection) -> None:
    """Drop what the server has noted of columns whose tables are empty now: it counts anew only where a row is."""
    noted = text("SELECT attname FROM pg_stats WHERE schemaname = current_schema() AND tablename = :table")
    for table in metadata.sorted_tables:
        if connection.scalar(select(select(table).exists())):
            continue
        columns = [table.c[name] for name in connection.scalars(noted.bindparams(table=table.name))]
        # Whoever sets a column's type, even to what it is, makes the server forget its values.
        types = ((column.name, column.type.compile(connection.dialect)) for column in columns)
        changes = ", ".join(f'ALTER COLUMN "{name}" TYPE {type_name}' for name, type_name in types)
        if changes:
            connection.execute(text(f"ALTER TABLE {table.name} {changes}"))


def _connect_patiently(dialect: Any, record: Any, arguments: Any, options: Any) -> Any:
    until = time.monotonic() + RESTART_S
    while True:
        try:
            return dialect.connect(*arguments, **options)
        except dialect.loaded_dbapi.OperationalError as fault:
            if not postgresql_faults.is_passing(fault) or time.monotonic() > until:
                raise
            time.sleep(_ASK_AGAIN_S)

"""Opening the database, with the tables of this version: a SQLite file of the data folder, or one of PostgreSQL."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from core.base.errors import DataFolderFault
from core.store.sql.databases.kind import DatabaseKind
from core.store.sql.databases.postgresql import PostgresqlDatabase
from core.store.sql.databases.sqlite import SqliteDatabase
from core.store.sql.schema import SCHEMA_VERSION, about, alembic_version, metadata


def find_database(location: Path | str) -> DatabaseKind:
    """The database at a path or an address: "postgresql://USER:PASSWORD@HOST/NAME", "sqlite:///PATH".

    Raises
    ------
    DataFolderFault
        It is no address of a database that Face Atlas can use.
    """
    if isinstance(location, Path):
        return SqliteDatabase(location)
    try:
        url = make_url(location)
    except (ArgumentError, ValueError) as fault:
        # Without the address: it may hold a password, wherever it is wrong.
        raise DataFolderFault(
            "The address of the database cannot be read. It looks like 'postgresql://USER:PASSWORD@HOST/NAME', where "
            "letters such as '@', '/' and ':' of a password are written as %40, %2F and %3A."
        ) from fault
    if url.drivername.partition("+")[0] in ("postgresql", "postgres"):
        return PostgresqlDatabase(url.set(drivername="postgresql+psycopg"))
    if url.drivername == "sqlite" and url.database:
        return SqliteDatabase(Path(url.database))
    raise DataFolderFault(
        f"Face Atlas keeps its data in SQLite or PostgreSQL, not in '{url.drivername}'. "
        "Give an address such as 'postgresql://USER:PASSWORD@HOST/NAME'."
    )


def database_behind(engine: Engine) -> DatabaseKind:
    """The database that an engine was opened on."""
    if engine.dialect.name == "postgresql":
        return PostgresqlDatabase(engine.url)
    return SqliteDatabase(Path(str(engine.url.database)))


def open_database(location: Path | str) -> Engine:
    """The engine of the database at a path or address, brought up to date; a SQLite file is made when it is missing.

    Raises
    ------
    DataFolderFault
        It is no whole database, of another version of Face Atlas, or cannot be reached, read or written.
    """
    database = find_database(location)
    engine = database.open_engine()
    with ExitStack() as refused:
        refused.callback(engine.dispose)  # nobody else would close its connections
        with engine.connect() as connection:
            version = _known_version(connection, database)
        if version != SCHEMA_VERSION:
            _bring_up_to_date(database)
        refused.pop_all()
    return engine


def _known_version(connection: Connection, database: DatabaseKind) -> int:
    """The version of the tables; 0 where there are none. Raises DataFolderFault for one of another program."""
    query = text("SELECT value FROM about WHERE key = 'schema'")
    version = str(connection.scalar(query) or 0) if inspect(connection).has_table("about") else "0"
    # Asked before anything is written: a newer version's tables stay as they are.
    readable = (0, *range(database.oldest_version, SCHEMA_VERSION + 1))
    if not version.isdecimal() or int(version) not in readable:
        raise DataFolderFault(
            f"The data folder was written by another version of Face Atlas (database version {version}, "
            f"this one reads {SCHEMA_VERSION}). Use that version, or another data folder."
        )
    return int(version)


def _bring_up_to_date(database: DatabaseKind) -> None:
    """Make the tables, or take those of an earlier version to today's, whole or not at all."""
    with database.schema_transaction() as connection:
        # Asked again under the writer's lock: another process may have been faster.
        version = _known_version(connection, database)
        if version == 0:
            metadata.create_all(connection)
            connection.execute(insert(about).values(key="schema", value=str(SCHEMA_VERSION)))
            connection.execute(insert(alembic_version).values(version_num=str(SCHEMA_VERSION)))
        elif version < SCHEMA_VERSION:
            from core.store.sql.migrate import upgrade_schema

            upgrade_schema(connection, str(version))

"""What SQLite and PostgreSQL do differently; every statement of the stores is the same on both."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection, Engine

from core.store.job_liveness import JobLocks


class DatabaseKind(Protocol):
    """A database that tables may lie in."""

    @property
    def oldest_version(self) -> int:
        """The earliest version of the tables that a database of this kind was ever written with."""
        ...

    def open_engine(self) -> Engine:
        """An engine whose errors are those of Face Atlas; the tables may be missing or of an earlier version.

        Raises
        ------
        DataFolderFault
            The database cannot be reached, read or written.
        """
        ...

    def schema_transaction(self) -> AbstractContextManager[Connection]:
        """A transaction of one process at a time, in which tables can be created, dropped and renamed."""
        ...

    def compact(self, engine: Engine) -> None:
        """Give back the space of deleted rows, and leave no copy of them in the tables.

        Raises
        ------
        DataFolderBusy
            Others read what would be written anew.
        """
        ...

    def size_bytes(self, engine: Engine) -> int:
        """What the database takes on its disk."""
        ...

    def describe(self) -> str:
        """What and where it is, as pages say it: never with a password."""
        ...

    def schema_texts(self, connection: Connection) -> list[str]:
        """The words of the schema, where the database keeps them as text."""
        ...

    def find_faults(self, connection: Connection) -> list[str]:
        """What is damaged in the database itself, in its own words: pages, indices, rows that refer to nothing."""
        ...

    def freeze(self, connection: Connection) -> None:
        """Let a connection that has read nothing yet read everything as it is at this moment."""
        ...

    def last_numbers(self, connection: Connection) -> dict[str, int]:
        """By table, the last number that the database gave to a row."""
        ...

    def go_on_numbering(self, connection: Connection, last_numbers: Mapping[str, int]) -> None:
        """Number new rows of these tables behind the ones that were written with their numbers."""
        ...

    def job_locks(self, engine: Engine) -> JobLocks:
        """What tells which jobs' processes are alive, and who writes much into a dataset."""
        ...

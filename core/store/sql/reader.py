"""What every store in SQL is: an engine, and reading in one short transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Engine, Row, Select

from core.store.sql.database import database_behind
from core.store.sql.databases.kind import DatabaseKind


@dataclass(frozen=True)
class SqlStore:
    """A store behind a SQLAlchemy engine; safe to use from several threads and processes."""

    engine: Engine

    @cached_property
    def database(self) -> DatabaseKind:
        """What the tables lie in."""
        return database_behind(self.engine)

    def read_rows(self, query: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        """All rows of a query; of many, ``face_columns`` keeps fewer alive."""
        with self.engine.connect() as connection:
            return connection.execute(query).all()

    def read_values(self, query: Select[*tuple[Any, ...]]) -> list[Any]:
        """The first column of all rows."""
        with self.engine.connect() as connection:
            return list(connection.scalars(query))

    def read_value(self, query: Select[*tuple[Any, ...]]) -> Any:
        """The first column of the first row; None where there is none."""
        with self.engine.connect() as connection:
            return connection.scalar(query)

    def find_faults(self) -> list[str]:
        """What is damaged in the database itself."""
        with self.engine.connect() as connection:
            return self.database.find_faults(connection)

"""What every store in SQL is: an engine, and reading in one short transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, Select


@dataclass(frozen=True)
class SqlStore:
    """A store behind a SQLAlchemy engine; safe to use from several threads and processes."""

    engine: Engine

    @property
    def database_path(self) -> Path:
        """The file that everything lies in."""
        return Path(str(self.engine.url.database))

    def read_rows(self, query: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        """All rows of a query; of many, ``rows.read_columns`` keeps fewer alive."""
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

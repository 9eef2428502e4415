"""Runs and maps in SQL (a ``RunStore``); their arrays lie among the artifacts under the same id."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, String, delete, insert, select, type_coerce

from core.base.errors import NotFound
from core.store.protocols import MapInfo, Run
from core.store.sql.reader import SqlStore
from core.store.sql.schema import projection, run


@dataclass(frozen=True)
class SqlRunStore(SqlStore):
    """Runs and maps behind a SQLAlchemy engine."""

    def add_run(self, added: Run) -> None:
        with self.engine.begin() as connection:
            connection.execute(insert(run).values(asdict(added)))

    def runs(self, dataset_id: str) -> list[Run]:
        query = select(*_COLUMNS).where(run.c.dataset_id == dataset_id).order_by(run.c.created.desc())
        return [_run(row) for row in self.read_rows(query)]

    def run(self, run_id: str) -> Run:
        rows = self.read_rows(select(*_COLUMNS).where(run.c.id == run_id))
        if not rows:
            raise NotFound("This run was deleted. Choose another, or train again.")
        return _run(rows[0])

    def delete_run(self, run_id: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(run).where(run.c.id == run_id))

    def add_map(self, info: MapInfo) -> None:
        with self.engine.begin() as connection:
            connection.execute(insert(projection).values(asdict(info)))

    def maps(self, dataset_id: str) -> list[MapInfo]:
        query = select(projection).where(projection.c.dataset_id == dataset_id).order_by(projection.c.created.desc())
        return [MapInfo(**row._mapping) for row in self.read_rows(query)]


_DOCUMENTS = ("params", "metrics")
_COLUMNS = [
    type_coerce(column, String).label(column.name) if column.name in _DOCUMENTS else column for column in run.columns
]
"""Documents come as texts: one that is damaged must not take the rows beside it along."""


def _run(row: Row[Any]) -> Run:
    return Run(**{**row._mapping, **{name: _document(row._mapping[name]) for name in _DOCUMENTS}})


def _document(text: object) -> Any:
    """The value of a JSON text; an empty one, which no run has, where it is damaged."""
    try:
        return json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}

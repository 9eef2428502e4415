"""Runs and maps in SQL (a ``RunStore``); their arrays lie among the artifacts under the same id."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Row, String, cast, delete, insert, select

from core.base.errors import InputRefused, NotFound
from core.base.json_values import JsonObject
from core.language.texts import marked
from core.learn.metrics.run_values import read_run_values
from core.learn.projection.map_values import MapParams
from core.store.sql.reader import SqlStore
from core.store.sql.schema import projection, run
from core.store.values.runs import DamagedRun, MapInfo, Run

log = logging.getLogger("face_atlas.store")


@dataclass(frozen=True)
class SqlRunStore(SqlStore):
    """Runs and maps behind a SQLAlchemy engine."""

    def add_run(self, added: Run) -> None:
        with self.engine.begin() as connection:
            documents = {"params": added.params.to_json(), "metrics": added.metrics.to_json()}
            connection.execute(insert(run).values(_columns_of(added, **documents)))

    def runs(self, dataset_id: str) -> list[Run]:
        return [row for row in self._rows(dataset_id) if isinstance(row, Run)]

    def damaged_runs(self, dataset_id: str) -> list[DamagedRun]:
        return [row for row in self._rows(dataset_id) if isinstance(row, DamagedRun)]

    def run_ids(self, dataset_id: str) -> set[str]:
        return set(self.read_values(select(run.c.id).where(run.c.dataset_id == dataset_id)))

    def _rows(self, dataset_id: str) -> list[Run | DamagedRun]:
        query = select(*_COLUMNS).where(run.c.dataset_id == dataset_id).order_by(run.c.created.desc())
        return [_run(row) for row in self.read_rows(query)]

    def run(self, run_id: str) -> Run:
        rows = self.read_rows(select(*_COLUMNS).where(run.c.id == run_id))
        if not rows:
            raise NotFound(marked("This run was deleted. Choose another, or train again."))
        stored = _run(rows[0])
        if isinstance(stored, DamagedRun):
            raise InputRefused(
                marked("This training cannot be used: {fault}. Delete it, and train again.").format(fault=stored.fault)
            )
        return stored

    def delete_run(self, run_id: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(run).where(run.c.id == run_id))

    def add_map(self, info: MapInfo) -> None:
        with self.engine.begin() as connection:
            connection.execute(insert(projection).values(_columns_of(info, params=info.params.to_json())))

    def maps(self, dataset_id: str) -> list[MapInfo]:
        query = select(projection).where(projection.c.dataset_id == dataset_id).order_by(projection.c.created.desc())
        infos = map(_map_info, self.read_rows(query))
        return [info for info in infos if info is not None]


def _map_info(row: Row[Any]) -> MapInfo | None:
    """None where its values cannot be: whoever wants a map lays it again, and the log says why."""
    try:
        return MapInfo(**{**row._mapping, "params": MapParams.from_json(row.params)})
    except ValueError as fault:
        log.warning("map %s is left out, as %s", row.id, fault)
        return None


def _columns_of(value: Run | MapInfo, **documents: JsonObject) -> dict[str, object]:
    """The fields by name, some of them as documents."""
    return {**{column.name: getattr(value, column.name) for column in fields(value)}, **documents}


_DOCUMENTS = ("params", "metrics")
_COLUMNS = [cast(column, String).label(column.name) if column.name in _DOCUMENTS else column for column in run.columns]
"""Documents come as texts: one that is damaged must not take the rows beside it along."""


def _run(row: Row[Any]) -> Run | DamagedRun:
    # A damaged run is given as one and not left out: it can still be seen, and deleted with its files.
    try:
        params, metrics = read_run_values(*(_document(row._mapping[name]) for name in _DOCUMENTS))
    except ValueError as fault:
        created = row.created if isinstance(row.created, int | float) else None
        return DamagedRun(row.id, row.dataset_id, created, str(fault))
    return Run(**{**row._mapping, "params": params, "metrics": metrics})


def _document(text: object) -> object:
    """The value of a JSON text; an empty one, which no run has, where it is damaged."""
    try:
        return json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}

"""A table of faces brought up to date by what changed since: of a million faces only those are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from core.base.columns import CodedColumn, Column, TextColumn, encode_texts
from core.base.face_table import Embeddings, FaceTable
from core.base.types import Ints, Revision

PersonEntry = tuple[int, str, bool]
"""A person's id, name, and whether they are hidden."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceChanges:
    """What changed after a revision; ids are in their order."""

    revision: Revision
    """Up to which all is in it."""
    touched_ids: TextColumn
    """Faces that were written; also those that do not count any more."""
    faces: FaceTable
    """Those of them that count, as they are now."""
    people: Sequence[PersonEntry]
    """Everybody of the dataset."""
    remaining_ids: TextColumn | None
    """All faces that count, where some were removed altogether; None where none was."""


def update_table(table: FaceTable, changes: FaceChanges) -> FaceTable:
    """The table as it is with the changes; columns that they leave alone are shared with the one of before."""
    fresh, source = changes.faces, _find_source_rows(table, changes)
    replaced = _find_replaced_rows(source, len(table))

    def update_column(name: str) -> Any:
        column, fresh_column = getattr(table, name), getattr(fresh, name)
        # Corrections leave most columns as they are: those are shared by all revisions that pages remember.
        is_as_before = replaced is not None and _has_equal_rows(column, replaced, fresh_column)
        return column if is_as_before else _merge(column, fresh_column, source)

    columns = {name: update_column(name) for name in _OF_FACES}
    person_ids = np.concatenate([_person_ids_of(table), _person_ids_of(fresh)])[source]
    return FaceTable(**columns, **label_faces_by_person(person_ids, changes.people))


def _find_source_rows(table: FaceTable, changes: FaceChanges) -> Ints:
    """For each row of the new table one of the old, or one of the fresh, which stand behind those."""
    fresh_ids = changes.faces.face_ids
    behind = np.arange(len(table), len(table) + len(fresh_ids))
    touched_rows = table.match(changes.touched_ids)[1]
    replaced_rows = table.match(fresh_ids)[1]
    if changes.remaining_ids is None and len(touched_rows) == len(replaced_rows) == len(fresh_ids):
        source = np.arange(len(table))
        source[replaced_rows] = behind
        return source
    is_as_before = np.ones(len(table), dtype=bool)
    if changes.remaining_ids is not None:
        is_as_before[:] = False
        is_as_before[table.match(changes.remaining_ids)[1]] = True
    is_as_before[touched_rows] = False
    remaining = np.flatnonzero(is_as_before)
    ids = encode_texts(table.face_ids)[remaining]
    return np.insert(remaining, np.searchsorted(ids, encode_texts(fresh_ids)), behind)


def update_vectors(embeddings: Embeddings, table: FaceTable, added: Embeddings) -> Embeddings:
    """The vectors of a table's faces, most of which are at hand; zeros for a face that has none any more.

    Parameters
    ----------
    added : newer ones, which count more
    """
    is_same = table.face_ids is embeddings.face_ids or table.face_ids == embeddings.face_ids
    before = embeddings.vectors[embeddings.match(added.face_ids)[1]]
    # Most corrections change no vector: half a gigabyte need not be written anew.
    if is_same and np.array_equal(before.ravel(), added.vectors.ravel()):
        return embeddings
    # Without faces there is no telling how long a vector is.
    known_vectors = [known for known in (embeddings, added) if len(known)] or [embeddings]
    vectors = np.zeros((len(table), known_vectors[0].vectors.shape[1]), dtype=np.float32)
    for known in known_vectors:
        indices, rows = known.match(table.face_ids)
        vectors[indices] = known.vectors[rows]
    return Embeddings(table.face_ids, vectors, embeddings.model_id)


def label_faces_by_person(person_ids: Ints, people: Iterable[PersonEntry]) -> dict[str, Any]:
    """The columns of a table that say who faces are.

    Parameters
    ----------
    person_ids : (n_faces,) 0 for no name
    people : those who have faces, or more
    """
    entry_of = {person_id: (name, hidden) for person_id, name, hidden in people}
    # Only who has a face: others were merged, or lost their faces.
    present = np.flatnonzero(np.bincount(person_ids)[1:]) + 1
    ordered = sorted(present.tolist(), key=lambda person_id: entry_of[person_id][0])
    label_of = np.full(max(ordered, default=0) + 1, -1, dtype=np.int64)
    label_of[np.array(ordered, dtype=np.int64)] = np.arange(len(ordered))
    return {
        "people": tuple(entry_of[person_id][0] for person_id in ordered),
        "labels": label_of[person_ids],
        "person_ids": tuple(ordered),
        "hidden": np.array([entry_of[person_id][1] for person_id in ordered], dtype=bool),
    }


_OF_PEOPLE = {"people", "labels", "person_ids", "hidden"}
_OF_FACES = tuple(column.name for column in fields(FaceTable) if column.name not in _OF_PEOPLE)


def _find_replaced_rows(source: Ints, n_before: int) -> Ints | None:
    """The rows of the old table in whose place a fresh one stands; None where any other row stands elsewhere now.

    As many may have gone as came: the table is as long as before then, and its rows have moved.
    """
    is_fresh = source >= n_before
    if len(source) != n_before or not np.all(is_fresh | (source == np.arange(n_before))):
        return None
    return np.flatnonzero(is_fresh)


def _has_equal_rows(column: Any, rows: Ints, fresh: Any) -> bool:
    if isinstance(column, Column):
        return bool(column.take(rows) == fresh)
    return np.array_equal(column[rows], fresh, equal_nan=bool(np.issubdtype(column.dtype, np.floating)))


def _merge(column: Any, fresh: Any, source: Ints) -> Any:
    """The rows of ``source`` of a column and a fresh one behind it."""
    if not isinstance(column, Column):
        return np.concatenate([column, fresh])[source]
    merged = column.followed_by(fresh).take(source)
    # What nobody has any more may be of somebody who was erased.
    return merged.without_unused() if isinstance(merged, CodedColumn) else merged


def _person_ids_of(table: FaceTable) -> Ints:
    """(n_faces,) 0 for no name."""
    return np.array([*table.person_ids, 0], dtype=np.int64)[table.labels]

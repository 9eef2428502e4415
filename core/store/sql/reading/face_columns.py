"""Faces as columns in SQL (a part of a ``FaceStore``): all of a dataset, one person's, and what changed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select, true

from core.base.columns import CodedColumn, Coder, TextColumn, encode_texts
from core.base.errors import NotFound
from core.base.face_table import Embeddings, FaceTable
from core.base.types import Ints, Revision, Split, Vectors
from core.language.texts import marked
from core.store.columns.face_changes import FaceChanges, PersonEntry, label_faces_by_person
from core.store.columns.people_columns import build_people
from core.store.sql import schema
from core.store.sql.datasets import SqlDatasetStore
from core.store.sql.rows import LOOKUP_AT_ONCE, in_batches
from core.store.values.datasets import PersonCount, PersonRemark

FACES_AT_ONCE = 20_000
"""Rows that are alive as objects at once, while a table is read."""


@dataclass(frozen=True)
class SqlFaceColumns(SqlDatasetStore):
    """Columns, not faces: of a million rows only the arrays stay, and no object for each."""

    def face_table(self, dataset_id: str, person_id: int | None = None) -> FaceTable:
        with self.engine.connect() as connection:
            self.database.freeze(connection)
            return _read_table(connection, dataset_id, _of_person(person_id))

    def embeddings(self, dataset_id: str, person_id: int | None = None) -> Embeddings:
        dataset, face = self.dataset(dataset_id), schema.face
        if person_id is not None:
            # By their ids: joined at once, SQLite would go through the vectors of all faces.
            query = select(face.c.id).where(_counted(dataset.id, face.c.person_id == person_id))
            return self.embeddings_of(dataset_id, self.read_values(query))
        with self.engine.connect() as connection:
            return _read_vectors(connection, dataset.id, dataset.model_id, true())

    def embeddings_of(self, dataset_id: str, face_ids: Iterable[str]) -> Embeddings:
        dataset = self.dataset(dataset_id)
        of_parts = [schema.face.c.id.in_(part) for part in in_batches(sorted(face_ids))]
        with self.engine.connect() as connection:
            return _read_vectors(connection, dataset.id, dataset.model_id, *of_parts)

    def changed_embeddings(self, dataset_id: str, since: Revision) -> Embeddings:
        dataset = self.dataset(dataset_id)
        with self.engine.connect() as connection:
            return _read_vectors(connection, dataset.id, dataset.model_id, schema.face.c.changed > since)

    def changed_face_count(self, dataset_id: str, since: Revision) -> int:
        which = _counted(dataset_id, schema.face.c.changed > since)
        return int(self.read_value(select(func.count()).select_from(schema.face).where(which)))

    def photo_count(self, dataset_id: str) -> int:
        query = select(func.count()).select_from(schema.photo).where(schema.photo.c.dataset_id == dataset_id)
        return int(self.read_value(query))

    def largest_people(self, dataset_id: str, count: int) -> list[PersonCount]:
        face, person = schema.face, schema.person
        query = (
            select(face.c.person_id)
            .join(person, person.c.id == face.c.person_id)
            .where(_counted(dataset_id, true()))
            .group_by(face.c.person_id, person.c.name)
            .order_by(func.count().desc(), person.c.name)
            .limit(count)
        )
        remarks = self.person_remarks(dataset_id)
        tables = (self.face_table(dataset_id, person_id) for person_id in self.read_values(query))
        return [build_people(table, remarks)[0] for table in tables]

    def person_remarks(self, dataset_id: str) -> dict[int, PersonRemark]:
        person, cover = schema.person, schema.face.alias()
        query = (
            select(person.c.id, person.c.note, cover.c.crop_id)
            .outerjoin(
                cover,
                (cover.c.dataset_id == person.c.dataset_id)
                & (cover.c.id == person.c.cover_face_id)
                & (cover.c.person_id == person.c.id)
                & ~cover.c.dismissed,
            )
            .where(person.c.dataset_id == dataset_id, (person.c.note != "") | person.c.cover_face_id.is_not(None))
        )
        return {row.id: PersonRemark(row.note, row.crop_id) for row in self.read_rows(query)}

    def face_changes(self, dataset_id: str, since: Revision) -> FaceChanges:
        dataset, face = schema.dataset, schema.face
        with self.engine.connect() as connection:
            # As at one moment: a name that came between two statements would be of nobody who was read.
            self.database.freeze(connection)
            by_id = select(dataset.c.revision, dataset.c.last_removal).where(dataset.c.id == dataset_id)
            state = connection.execute(by_id).one_or_none()
            if state is None:
                raise NotFound(marked("This dataset was deleted in the meantime."))
            # Those who were dismissed are touched and not counted, and so leave the table.
            touched = select(face.c.id).where(face.c.dataset_id == dataset_id, face.c.changed > since)
            return FaceChanges(
                revision=state.revision,
                touched_ids=_read_ids(connection, touched),
                faces=_read_table(connection, dataset_id, face.c.changed > since),
                people=_people(connection, dataset_id),
                remaining_ids=_read_ids(connection, select(face.c.id).where(_counted(dataset_id, true())))
                if state.last_removal > since
                else None,
            )


def _read_ids(connection: Connection, query: Select[Any]) -> TextColumn:
    """The ids that a query gives, in their order."""
    reading = connection.execution_options(yield_per=FACES_AT_ONCE)
    parts = [encode_texts(part) for part in reading.scalars(query).partitions()]
    return TextColumn(np.sort(np.concatenate([np.zeros(0, dtype="S1"), *parts])))


def _of_person(person_id: int | None) -> ColumnElement[bool]:
    return true() if person_id is None else schema.face.c.person_id == person_id


def _counted(dataset_id: str, which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Faces that count, of those of a condition."""
    return and_(schema.face.c.dataset_id == dataset_id, ~schema.face.c.dismissed, which)


def _read_vectors(connection: Connection, dataset_id: str, model_id: str, *parts: ColumnElement[bool]) -> Embeddings:
    """The vectors of some conditions in the order of ids."""
    embedding, face = schema.embedding, schema.face
    query = (
        select(embedding.c.face_id, embedding.c.vector)
        .join(face, (face.c.dataset_id == embedding.c.dataset_id) & (face.c.id == embedding.c.face_id))
        .where(embedding.c.dataset_id == dataset_id, embedding.c.model_id == model_id)
    )
    ids, blocks = [np.zeros(0, dtype="S1")], list[Vectors]()
    reading = connection.execution_options(yield_per=FACES_AT_ONCE)
    for which in parts:
        for rows in reading.execute(query.where(_counted(dataset_id, which))).partitions():
            face_ids, vectors = zip(*rows, strict=True)
            ids.append(np.array(face_ids, dtype=np.bytes_))
            blocks.append(np.frombuffer(b"".join(vectors), dtype="<f4").reshape(len(face_ids), -1))
    encoded = np.concatenate(ids)
    order = np.argsort(encoded, kind="stable")
    return Embeddings(TextColumn(encoded[order]), _stacked(blocks, np.argsort(order)), model_id)


def _stacked(blocks: list[Vectors], places: Ints) -> Vectors:
    """The rows of blocks at their places in one array; a block is let go of as soon as it is copied."""
    if not blocks:
        return np.empty((0, 0), np.float32)
    stacked = np.empty((len(places), blocks[0].shape[1]), dtype=np.float32)
    end = len(stacked)
    while blocks:
        block = blocks.pop()
        stacked[places[end - len(block) : end]] = block
        end -= len(block)
    return stacked


def _people(connection: Connection, dataset_id: str, ids: Collection[int] | None = None) -> list[PersonEntry]:
    """People as (id, name, hidden): those of some ids, or all."""
    person = schema.person
    query = select(person.c.id, person.c.name, person.c.hidden).where(person.c.dataset_id == dataset_id)
    if ids is not None:
        query = query.where(person.c.id.in_(ids))
    return [(person_id, name, hidden) for person_id, name, hidden in connection.execute(query)]


def _table_query(dataset_id: str, which: ColumnElement[bool]) -> Select[Any]:
    face, photo, quality = schema.face, schema.photo, schema.quality
    across, down = face.c.right - face.c.left, face.c.bottom - face.c.top
    return (
        select(
            face.c.id,
            face.c.photo_id,
            photo.c.name,
            face.c.crop_id,
            face.c.person_id,
            face.c.split,
            face.c.prob,
            photo.c.perceptual_hash,
            face.c.excluded,
            face.c.confirmed,
            face.c.stranger,
            quality.c.grade,
            photo.c.taken,
            case((across < down, across), else_=down),
        )
        .join(photo, (photo.c.dataset_id == face.c.dataset_id) & (photo.c.id == face.c.photo_id))
        .outerjoin(quality, (quality.c.dataset_id == face.c.dataset_id) & (quality.c.face_id == face.c.id))
        .where(_counted(dataset_id, which))
    )


def _read_table(connection: Connection, dataset_id: str, *parts: ColumnElement[bool]) -> FaceTable:
    """The faces of some conditions in the order of ids, with the people that they are of."""
    columns, reading = _Columns(), connection.execution_options(yield_per=FACES_AT_ONCE)
    for which in parts:
        for rows in reading.execute(_table_query(dataset_id, which)).partitions():
            columns.add(list(zip(*rows, strict=True)))
    person_ids = columns.person_ids()
    present = np.unique(person_ids).tolist()
    # Of many, everybody is read: naming thousands in a statement takes longer.
    table = columns.table(_people(connection, dataset_id, present if len(present) <= LOOKUP_AT_ONCE else None))
    # Sorted here: asked for an order, SQLite walks through all faces of the dataset to find those of one person.
    return table.take(np.argsort(encode_texts(table.face_ids), kind="stable"))


class _Columns:
    """What the rows of ``_table_query`` come to, part by part."""

    def __init__(self) -> None:
        self.photo_ids, self.photo_names = Coder[str](), Coder[str]()
        self.texts: dict[str, list[np.ndarray[Any, Any]]] = {"id": [np.zeros(0, "S1")], "crop": [np.zeros(0, "S1")]}
        self.arrays: dict[str, list[np.ndarray[Any, Any]]] = {
            name: [np.zeros(0, dtype)] for name, dtype in _ARRAYS.items()
        }

    def add(self, part: Sequence[tuple[Any, ...]]) -> None:
        """Take in some rows, as columns."""
        ids, photo_ids, names, crops, people, splits, *numbers = part
        self.texts["id"].append(np.array(ids, dtype=np.bytes_))
        self.texts["crop"].append(np.array(crops, dtype=np.bytes_))
        coded = {
            "photo": self.photo_ids.encode(photo_ids),
            "name": self.photo_names.encode(names),
            # Ids begin at 1, so that 0 is nobody's.
            "person": [person or 0 for person in people],
            "split": [_SPLIT_CODES[split] for split in splits],
        }
        values = (*coded.items(), *zip(_NUMBERS, numbers, strict=True))
        for name, column in values:
            self.arrays[name].append(np.array(column, dtype=_ARRAYS[name]))

    def _array(self, name: str) -> Any:
        return np.concatenate(self.arrays[name])

    def person_ids(self) -> Ints:
        """(n_faces,) 0 for no name."""
        return np.asarray(self._array("person"))

    def table(self, people: Sequence[PersonEntry]) -> FaceTable:
        """The table; ``people`` are those who have faces here, or more."""
        return FaceTable(
            **label_faces_by_person(self.person_ids(), people),
            face_ids=TextColumn(np.concatenate(self.texts["id"])),
            photo_ids=CodedColumn(self.photo_ids.values, self._array("photo")),
            photo_names=CodedColumn(self.photo_names.values, self._array("name")),
            crop_ids=TextColumn(np.concatenate(self.texts["crop"])),
            splits=CodedColumn(_SPLITS, self._array("split")),
            probs=self._array("prob"),
            photo_hashes=self._array("hash"),
            excluded=self._array("excluded"),
            confirmed=self._array("confirmed"),
            strangers=self._array("stranger"),
            grades=self._array("grade"),
            taken=self._array("taken"),
            sizes_px=self._array("size"),
        )


_SPLITS: tuple[Split | None, ...] = (None, *Split)
_SPLIT_CODES: dict[str | None, int] = {split and split.value: code for code, split in enumerate(_SPLITS)}
_NUMBERS = ("prob", "hash", "excluded", "confirmed", "stranger", "grade", "taken", "size")
_ARRAYS: dict[str, Any] = {
    **{"photo": np.int32, "name": np.int32, "person": np.int64, "split": np.int8, "prob": np.float32},
    **{"hash": np.int64, "excluded": np.bool_, "confirmed": np.bool_, "stranger": np.bool_},
    **{"grade": np.float32, "taken": np.float64, "size": np.float32},
}
"""None, where something is not known, becomes NaN."""

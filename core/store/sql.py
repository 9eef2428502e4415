"""Datasets, photos, faces and embeddings in SQL (a ``FaceStore`` and a ``ReportStore``)."""

from __future__ import annotations

import time
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, Row, case, delete, distinct, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.errors import InputRefused, NameTaken, NotFound
from core.store import schema
from core.store.base import (
    Counts,
    Dataset,
    FileReport,
    IngestBatch,
    Outcome,
    PersonCount,
    PhotoLabel,
    StoredFace,
)
from core.store.database import compact
from core.types import Box, Embeddings, Face, FaceTable, Floats, Photo, Split

LONGEST_NAME = 80
LOOKUP_AT_ONCE = 500
_TWO_63, _TWO_64 = 1 << 63, 1 << 64


@dataclass(frozen=True)
class SqlFaceStore:
    """Faces behind a SQLAlchemy engine; safe to use from several threads and processes."""

    engine: Engine

    # datasets

    def create_dataset(self, name: str, model_id: str) -> Dataset:
        made = Dataset(uuid.uuid4().hex[:12], _checked_name(name), model_id, 0, time.time())
        try:
            with self.engine.begin() as connection:
                connection.execute(
                    insert(schema.dataset).values(
                        id=made.id, name=made.name, model_id=model_id, revision=0, created=made.created
                    )
                )
        except IntegrityError as error:
            raise _name_taken(made.name) from error
        return made

    def rename_dataset(self, dataset_id: str, name: str) -> None:
        name = _checked_name(name)
        try:
            with self.engine.begin() as connection:
                connection.execute(update(schema.dataset).where(schema.dataset.c.id == dataset_id).values(name=name))
        except IntegrityError as error:
            raise _name_taken(name) from error

    def delete_dataset(self, dataset_id: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(schema.dataset).where(schema.dataset.c.id == dataset_id))
        compact(self.engine)

    def dataset(self, name_or_id: str) -> Dataset:
        known = self.datasets()
        for found in known:
            if name_or_id in (found.id, found.name):
                return found
        names = ", ".join(f"'{found.name}'" for found in known) or "none yet"
        raise NotFound(f"There is no dataset '{name_or_id}'. Datasets here: {names}.")

    def datasets(self) -> list[Dataset]:
        with self.engine.connect() as connection:
            rows = connection.execute(select(schema.dataset).order_by(schema.dataset.c.created)).all()
        return [Dataset(row.id, row.name, row.model_id, row.revision, row.created) for row in rows]

    def counts(self, dataset_id: str) -> Counts:
        face, photo = schema.face, schema.photo
        of_faces = select(
            func.count(),
            func.count(distinct(face.c.person_id)),
            func.count(case((face.c.person_id.is_not(None) & (face.c.split == Split.TRAIN), 1))),
            func.count(case((face.c.person_id.is_not(None) & (face.c.split == Split.VAL), 1))),
            func.count(case((face.c.person_id.is_(None), 1))),
        ).where(face.c.dataset_id == dataset_id)
        with self.engine.connect() as connection:
            photos = connection.scalar(select(func.count()).select_from(photo).where(photo.c.dataset_id == dataset_id))
            faces, people, train, val, unnamed = connection.execute(of_faces).one()
        return Counts(photos or 0, faces, people, train, val, unnamed)

    def people(self, dataset_id: str) -> list[PersonCount]:
        face, person = schema.face, schema.person
        query = (
            select(
                person.c.name,
                func.count(),
                func.count(case((face.c.split == Split.TRAIN, 1))),
                func.count(case((face.c.split == Split.VAL, 1))),
                func.max(face.c.prob),
                face.c.crop_id,  # SQLite takes it from the row of the maximum
            )
            .join(face, face.c.person_id == person.c.id)
            .where(person.c.dataset_id == dataset_id)
            .group_by(person.c.id)
            .order_by(person.c.name)
        )
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return [PersonCount(name, faces, train, val, crop) for name, faces, train, val, _, crop in rows]

    # writing

    def add(self, dataset_id: str, job_id: str, batch: IngestBatch) -> None:
        with self.engine.begin() as connection:
            people = _people_ids(connection, dataset_id, {entry.face.person for entry in batch.faces})
            _insert(connection, schema.photo, [_photo_row(dataset_id, *photo) for photo in batch.photos])
            _insert(connection, schema.face, [_face_row(dataset_id, people, face) for face in batch.faces])
            _insert(connection, schema.embedding, [_vector_row(dataset_id, face) for face in batch.faces])
            _insert(connection, schema.file_report, [_report_row(job_id, report) for report in batch.reports])
            if batch.photos or batch.faces:
                _raise_revision(connection, dataset_id)

    # reading

    def photo_labels(self, dataset_id: str) -> dict[str, PhotoLabel]:
        photo = schema.photo
        query = select(photo.c.id, photo.c.folder_person, photo.c.split).where(photo.c.dataset_id == dataset_id)
        with self.engine.connect() as connection:
            return {row.id: PhotoLabel(row.folder_person, _split(row.split)) for row in connection.execute(query)}

    def face_table(self, dataset_id: str) -> FaceTable:
        face, photo, person = schema.face, schema.photo, schema.person
        query = (
            select(
                face.c.id,
                face.c.photo_id,
                photo.c.name,
                face.c.crop_id,
                person.c.name.label("person"),
                face.c.split,
                face.c.prob,
                photo.c.perceptual_hash,
            )
            .join(photo, (photo.c.dataset_id == face.c.dataset_id) & (photo.c.id == face.c.photo_id))
            .outerjoin(person, person.c.id == face.c.person_id)
            .where(face.c.dataset_id == dataset_id)
            .order_by(face.c.id)
        )
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return _table(rows)

    def embeddings(self, dataset_id: str) -> Embeddings:
        embedding = schema.embedding
        query = (
            select(embedding.c.face_id, embedding.c.vector)
            .where(embedding.c.dataset_id == dataset_id)
            .order_by(embedding.c.face_id)
        )
        found = self.dataset(dataset_id)
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        block = np.frombuffer(b"".join(row.vector for row in rows), dtype="<f4")
        return Embeddings(
            tuple(row.face_id for row in rows),
            block.reshape(len(rows), -1) if rows else np.empty((0, 0), np.float32),
            found.model_id,
        )

    def faces(self, dataset_id: str, face_ids: Iterable[str]) -> list[Face]:
        wanted = list(face_ids)
        found = {face.id: face for part in _parts(wanted) for face in self._faces(dataset_id, "id", part)}
        missing = [face_id for face_id in wanted if face_id not in found]
        if missing:
            raise NotFound(f"{len(missing)} of {len(wanted)} faces are not in this dataset any more. Reload the page.")
        return [found[face_id] for face_id in wanted]

    def photo(self, dataset_id: str, photo_id: str) -> tuple[Photo, list[Face]]:
        photo = schema.photo
        query = select(photo).where(photo.c.dataset_id == dataset_id, photo.c.id == photo_id)
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("This photo is not in the dataset any more. Reload the page.")
        return _photo(row), self._faces(dataset_id, "photo_id", [photo_id])

    def _faces(self, dataset_id: str, column: str, values: Sequence[str]) -> list[Face]:
        face, person = schema.face, schema.person
        query = (
            select(face, person.c.name.label("person"))
            .outerjoin(person, person.c.id == face.c.person_id)
            .where(face.c.dataset_id == dataset_id, face.c[column].in_(values))
            .order_by(face.c.id)
        )
        with self.engine.connect() as connection:
            return [_face(row) for row in connection.execute(query)]

    # reports

    def reported(self, job_id: str) -> set[int]:
        report = schema.file_report
        with self.engine.connect() as connection:
            return set(connection.scalars(select(report.c.position).where(report.c.job_id == job_id)))

    def file_reports(
        self, job_id: str, outcomes: Iterable[Outcome] = (), offset: int = 0, limit: int | None = None
    ) -> list[FileReport]:
        report = schema.file_report
        query = select(report).where(report.c.job_id == job_id).order_by(report.c.position).offset(offset)
        if chosen := list(outcomes):
            query = query.where(report.c.outcome.in_(chosen))
        if limit is not None:
            query = query.limit(limit)
        with self.engine.connect() as connection:
            return [_report(row) for row in connection.execute(query)]

    def recent_faces(self, dataset_id: str, job_id: str, limit: int) -> list[Face]:
        face, person, report = schema.face, schema.person, schema.file_report
        query = (
            select(face, person.c.name.label("person"))
            .join(report, report.c.photo_id == face.c.photo_id)
            .outerjoin(person, person.c.id == face.c.person_id)
            .where(face.c.dataset_id == dataset_id, report.c.job_id == job_id, report.c.faces > 0)
            .order_by(report.c.position.desc())
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return [_face(row) for row in connection.execute(query)]

    def outcome_counts(self, job_id: str) -> dict[Outcome, int]:
        report = schema.file_report
        query = (
            select(report.c.outcome, func.count().label("files"))
            .where(report.c.job_id == job_id)
            .group_by(report.c.outcome)
        )
        with self.engine.connect() as connection:
            counted = {row.outcome: row.files for row in connection.execute(query)}
        return {outcome: counted[outcome] for outcome in Outcome if outcome in counted}

    def reported_faces(self, job_id: str) -> int:
        report = schema.file_report
        with self.engine.connect() as connection:
            return connection.scalar(select(func.sum(report.c.faces)).where(report.c.job_id == job_id)) or 0


def _checked_name(name: str) -> str:
    name = unicodedata.normalize("NFC", name).strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputRefused(f"A dataset's name has 1 to {LONGEST_NAME} printable characters; got {len(name)}.")
    return name


def _name_taken(name: str) -> NameTaken:
    return NameTaken(f"A dataset called '{name}' exists already. Choose another name.")


def _parts(values: list[str]) -> Iterator[list[str]]:
    rest = iter(values)
    while part := list(islice(rest, LOOKUP_AT_ONCE)):
        yield part


def _insert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _raise_revision(connection: Connection, dataset_id: str) -> None:
    table = schema.dataset
    connection.execute(update(table).where(table.c.id == dataset_id).values(revision=table.c.revision + 1))


def _people_ids(connection: Connection, dataset_id: str, names: set[str | None]) -> dict[str | None, int | None]:
    """Ids of the people with these names, who are added when they are new."""
    person = schema.person
    wanted = {name for name in names if name}
    query = select(person.c.name, person.c.id).where(person.c.dataset_id == dataset_id, person.c.name.in_(wanted))
    known: dict[str | None, int | None] = {row.name: row.id for row in connection.execute(query)}
    for name in sorted(wanted - known.keys()):
        added = connection.execute(insert(person).values(dataset_id=dataset_id, name=name))
        known[name] = (added.inserted_primary_key or [None])[0]
    known[None] = None
    return known


def _photo_row(dataset_id: str, photo: Photo, label: PhotoLabel) -> dict[str, Any]:
    signed = photo.perceptual_hash - _TWO_64 if photo.perceptual_hash >= _TWO_63 else photo.perceptual_hash
    return {
        "dataset_id": dataset_id,
        "id": photo.id,
        "name": photo.name,
        "folder_person": label.person,
        "split": label.split,
        "width_px": photo.width_px,
        "height_px": photo.height_px,
        "size_bytes": photo.size_bytes,
        "perceptual_hash": signed,
    }


def _photo(row: Row[Any]) -> Photo:
    unsigned = row.perceptual_hash % _TWO_64
    return Photo(row.id, row.name, row.width_px, row.height_px, row.size_bytes, unsigned)


def _face_row(dataset_id: str, people: dict[str | None, int | None], stored: StoredFace) -> dict[str, Any]:
    face = stored.face
    left, top, right, bottom = face.box.as_tuple()
    return {
        "dataset_id": dataset_id,
        "id": face.id,
        "photo_id": face.photo_id,
        "left": left,
        "top": top,
        "right": right,
        "bottom": bottom,
        "landmarks": _blob(face.landmarks),
        "prob": face.prob,
        "crop_id": face.crop_id,
        "person_id": people[face.person],
        "split": face.split,
    }


def _vector_row(dataset_id: str, stored: StoredFace) -> dict[str, Any]:
    return {"dataset_id": dataset_id, "face_id": stored.face.id, "vector": _blob(stored.vector)}


def _blob(values: Floats) -> bytes:
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def _report_row(job_id: str, report: FileReport) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "position": report.position,
        "name": report.name,
        "outcome": report.outcome,
        "faces": report.faces,
        "person": report.person,
        "split": report.split,
        "reason": report.reason,
        "photo_id": report.photo_id,
    }


def _report(row: Row[Any]) -> FileReport:
    return FileReport(
        row.position,
        row.name,
        Outcome(row.outcome),
        row.faces,
        row.person,
        _split(row.split),
        row.reason,
        row.photo_id,
    )


def _split(value: str | None) -> Split | None:
    return Split(value) if value else None


def _face(row: Row[Any]) -> Face:
    return Face(
        row.id,
        row.photo_id,
        Box(row.left, row.top, row.right, row.bottom),
        np.frombuffer(row.landmarks, dtype="<f4").reshape(5, 2),
        row.prob,
        row.crop_id,
        row.person,
        _split(row.split),
    )


def _table(rows: Sequence[Any]) -> FaceTable:
    names = sorted({row.person for row in rows if row.person is not None})
    number = {name: index for index, name in enumerate(names)}
    splits: dict[str | None, Split | None] = {None: None, **{split.value: split for split in Split}}
    return FaceTable(
        ids=tuple(row.id for row in rows),
        photo_ids=tuple(row.photo_id for row in rows),
        photo_names=tuple(row.name for row in rows),
        crop_ids=tuple(row.crop_id for row in rows),
        people=tuple(names),
        labels=np.array([number.get(row.person, -1) for row in rows], dtype=np.int64),
        splits=tuple(splits[row.split] for row in rows),
        probs=np.array([row.prob for row in rows], dtype=np.float32),
        photo_hashes=np.array([row.perceptual_hash for row in rows], dtype=np.int64),
    )

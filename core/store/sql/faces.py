"""Datasets, photos, faces and embeddings in SQL (a ``FaceStore`` and a ``ReportStore``)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    case,
    delete,
    distinct,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from core.base.errors import InputRefused, NameTaken, NotFound
from core.base.types import Embeddings, Face, FaceTable, Photo, Quality, Split, Vectors
from core.corrections.model import Entity, Field
from core.store.names import checked_name
from core.store.protocols import (
    Counts,
    Dataset,
    FileOutcome,
    FileReport,
    FolderNamedFace,
    IngestBatch,
    PersonCount,
    PhotoLabel,
    PhotoLook,
    StoredFace,
)
from core.store.sql import schema
from core.store.sql.corrections import bring_up_to_date, join_namesakes, person_roots, raise_revision
from core.store.sql.database import compact_database
from core.store.sql.rows import (
    QUALITY_FIELDS,
    StoredPerson,
    face_row,
    in_batches,
    location_columns,
    photo_row,
    quality_row,
    report_row,
    to_blob,
    to_columns,
    to_face,
    to_face_table,
    to_photo,
    to_quality,
    to_report,
    to_split,
    vector_row,
)
from core.store.sql.turned_photos import is_turn_said, record_look


@dataclass(frozen=True)
class SqlFaceStore:
    """Faces behind a SQLAlchemy engine; safe to use from several threads and processes."""

    engine: Engine

    # datasets

    def create_dataset(self, name: str, model_id: str) -> Dataset:
        dataset = Dataset(
            id=uuid.uuid4().hex[:12],
            name=checked_name(name, "dataset"),
            model_id=model_id,
            revision=0,
            created=time.time(),
        )
        try:
            with self.engine.begin() as connection:
                connection.execute(
                    insert(schema.dataset).values(
                        id=dataset.id, name=dataset.name, model_id=model_id, revision=0, created=dataset.created
                    )
                )
        except IntegrityError as error:
            raise _name_taken(dataset.name) from error
        return dataset

    def rename_dataset(self, dataset_id: str, name: str) -> None:
        name = checked_name(name, "dataset")
        try:
            with self.engine.begin() as connection:
                connection.execute(update(schema.dataset).where(schema.dataset.c.id == dataset_id).values(name=name))
        except IntegrityError as error:
            raise _name_taken(name) from error

    def delete_dataset(self, dataset_id: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(schema.dataset).where(schema.dataset.c.id == dataset_id))
        compact_database(self.engine)

    def size_bytes(self) -> int:
        """What the rows of all datasets take on the disk."""
        return Path(str(self.engine.url.database)).stat().st_size

    def dataset(self, name_or_id: str) -> Dataset:
        datasets = self.datasets()
        for dataset in datasets:
            if name_or_id in (dataset.id, dataset.name):
                return dataset
        names = ", ".join(f"'{dataset.name}'" for dataset in datasets) or "none yet"
        raise NotFound(f"There is no dataset '{name_or_id}'. Datasets here: {names}.")

    def datasets(self) -> list[Dataset]:
        with self.engine.connect() as connection:
            rows = connection.execute(select(schema.dataset).order_by(schema.dataset.c.created)).all()
        return [
            Dataset(id=row.id, name=row.name, model_id=row.model_id, revision=row.revision, created=row.created)
            for row in rows
        ]

    def counts(self, dataset_id: str) -> Counts:
        face, photo = schema.face, schema.photo
        of_faces = select(
            func.count(),
            func.count(distinct(face.c.person_id)),
            func.count(case((face.c.person_id.is_not(None) & (face.c.split == Split.TRAIN), 1))),
            func.count(case((face.c.person_id.is_not(None) & (face.c.split == Split.VAL), 1))),
            func.count(case((face.c.person_id.is_(None) & ~face.c.stranger, 1))),
            func.count(case((face.c.excluded, 1))),
        ).where(face.c.dataset_id == dataset_id, ~face.c.dismissed)
        with self.engine.connect() as connection:
            photos = connection.scalar(select(func.count()).select_from(photo).where(photo.c.dataset_id == dataset_id))
            faces, people, train, val, unnamed, excluded = connection.execute(of_faces).one()
        return Counts(
            photos=photos or 0,
            faces=faces,
            people=people,
            train_faces=train,
            val_faces=val,
            unnamed_faces=unnamed,
            excluded_faces=excluded,
        )

    def people(self, dataset_id: str) -> list[PersonCount]:
        face, person, quality, cover = schema.face, schema.person, schema.quality, schema.face.alias()
        best = func.max(func.coalesce(quality.c.grade, 0.0) + face.c.prob - face.c.excluded)
        query = (
            select(
                person.c.id,
                person.c.name,
                func.count(),
                func.count(case((face.c.split == Split.TRAIN, 1))),
                func.count(case((face.c.split == Split.VAL, 1))),
                func.coalesce(cover.c.crop_id, face.c.crop_id),  # SQLite takes it from the row of the maximum
                person.c.hidden,
                person.c.note,
                func.count(case((face.c.excluded, 1))),
                func.avg(quality.c.grade),
                best,
            )
            .join(face, (face.c.person_id == person.c.id) & ~face.c.dismissed)
            .outerjoin(quality, (quality.c.dataset_id == face.c.dataset_id) & (quality.c.face_id == face.c.id))
            .outerjoin(
                cover,
                (cover.c.dataset_id == person.c.dataset_id)
                & (cover.c.id == person.c.cover_face_id)
                & (cover.c.person_id == person.c.id)
                & ~cover.c.dismissed,
            )
            .where(person.c.dataset_id == dataset_id)
            .group_by(person.c.id)
            .order_by(person.c.name)
        )
        with self.engine.connect() as connection:
            return [PersonCount(*row[:-1]) for row in connection.execute(query)]

    def names(self, dataset_id: str) -> dict[int, str]:
        person = schema.person
        query = select(person.c.id, person.c.name).where(person.c.dataset_id == dataset_id)
        with self.engine.connect() as connection:
            return {row.id: row.name for row in connection.execute(query)}

    def roots(self, dataset_id: str) -> dict[int, int]:
        with self.engine.connect() as connection:
            return person_roots(connection, dataset_id)

    # writing

    def add(self, dataset_id: str, job_id: str, batch: IngestBatch) -> None:
        with self.engine.begin() as connection:
            if batch.photos or batch.faces or batch.named:
                raise_revision(connection, dataset_id)
            _insert(connection, schema.photo, [photo_row(dataset_id, *photo) for photo in batch.photos])
            _add_faces(connection, dataset_id, batch.faces)
            _name(connection, dataset_id, batch.named)
            names = {stored.face.person for stored in batch.faces} | {entry.person for entry in batch.named}
            if names - {None}:
                join_namesakes(connection, dataset_id)
            _insert(connection, schema.file_report, [report_row(job_id, report) for report in batch.reports])

    def add_face(self, dataset_id: str, face: StoredFace) -> None:
        with self.engine.begin() as connection:
            raise_revision(connection, dataset_id)
            _add_faces(connection, dataset_id, [face])

    def replace_faces(
        self,
        dataset_id: str,
        photo_id: str,
        detected: Sequence[StoredFace],
        taken: float | None = None,
        look: PhotoLook | None = None,
        not_found: Sequence[StoredFace] = (),
    ) -> bool:
        face, photo = schema.face, schema.photo
        of_photo = (face.c.dataset_id == dataset_id) & (face.c.photo_id == photo_id)
        with self.engine.begin() as connection:
            raise_revision(connection, dataset_id)
            if look is not None and not record_look(connection, dataset_id, photo_id, look):
                return False
            known_ids = set(connection.scalars(select(face.c.id).where(of_photo)))
            spoken_of = select(schema.change.c.entity_id).where(
                schema.change.c.dataset_id == dataset_id, schema.change.c.entity == Entity.FACE.value
            )
            detected_ids = {stored.face.id for stored in detected}
            vanished = of_photo & face.c.id.not_in(detected_ids) & face.c.id.not_in(spoken_of) & ~face.c.drawn
            connection.execute(delete(face).where(vanished))
            remaining_ids = set(connection.scalars(select(face.c.id).where(of_photo)))
            for stored in (*detected, *not_found):
                if stored.face.id in remaining_ids:
                    _move_face(connection, dataset_id, stored)
            _add_faces(connection, dataset_id, [stored for stored in detected if stored.face.id not in known_ids])
            if taken is not None:
                by_id = (photo.c.dataset_id == dataset_id) & (photo.c.id == photo_id)
                connection.execute(update(photo).where(by_id).values(taken=taken))
        return True

    def photos_to_look_at(self, dataset_id: str) -> list[str]:
        photo = schema.photo
        query = select(photo.c.id).where(photo.c.dataset_id == dataset_id, text("turn <> looked_turn"))
        with self.engine.connect() as connection:
            return list(connection.scalars(query))

    def turned_by_hand(self, dataset_id: str, photo_id: str) -> bool:
        with self.engine.connect() as connection:
            return is_turn_said(connection, dataset_id, photo_id)

    def photos_without_face(self, dataset_id: str) -> list[Photo]:
        photo, face = schema.photo, schema.face
        faces = select(face.c.id).where(
            face.c.dataset_id == photo.c.dataset_id, face.c.photo_id == photo.c.id, ~face.c.dismissed
        )
        query = select(photo).where(photo.c.dataset_id == dataset_id, ~faces.exists()).order_by(photo.c.name)
        with self.engine.connect() as connection:
            return [to_photo(row) for row in connection.execute(query)]

    def vector_ids(self, dataset_id: str, model_id: str) -> set[str]:
        embedding = schema.embedding
        query = select(embedding.c.face_id).where(
            embedding.c.dataset_id == dataset_id, embedding.c.model_id == model_id
        )
        with self.engine.connect() as connection:
            return set(connection.scalars(query))

    def add_vectors(self, dataset_id: str, model_id: str, vectors: Mapping[str, Vectors]) -> None:
        rows = [
            {"dataset_id": dataset_id, "model_id": model_id, "face_id": face_id, "vector": to_blob(vector)}
            for face_id, vector in vectors.items()
        ]
        with self.engine.begin() as connection:
            _insert(connection, schema.embedding, rows)

    def use_model(self, dataset_id: str, model_id: str) -> None:
        embedding, face, dataset = schema.embedding, schema.face, schema.dataset
        ready = select(embedding.c.face_id).where(
            embedding.c.dataset_id == dataset_id, embedding.c.model_id == model_id
        )
        with self.engine.begin() as connection:
            raise_revision(connection, dataset_id)
            missing = connection.scalar(
                select(func.count()).where(face.c.dataset_id == dataset_id, face.c.id.not_in(ready))
            )
            if missing:
                raise InputRefused(
                    f"{missing} faces have no vector of '{model_id}' yet. Run the change of model again."
                )
            connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(model_id=model_id))
            of_other_models = (embedding.c.dataset_id == dataset_id) & (embedding.c.model_id != model_id)
            connection.execute(delete(embedding).where(of_other_models))

    # reading

    def photo_labels(self, dataset_id: str) -> dict[str, PhotoLabel]:
        photo = schema.photo
        query = select(photo.c.id, photo.c.folder_person, photo.c.split).where(photo.c.dataset_id == dataset_id)
        with self.engine.connect() as connection:
            return {row.id: PhotoLabel(row.folder_person, to_split(row.split)) for row in connection.execute(query)}

    def face_table(self, dataset_id: str, person_id: int | None = None) -> FaceTable:
        face, photo, person, quality = schema.face, schema.photo, schema.person, schema.quality
        across, down = face.c.right - face.c.left, face.c.bottom - face.c.top
        query = (
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
            .where(_of_person(dataset_id, person_id))
            .order_by(face.c.id)
        )
        people = select(person.c.id, person.c.name, person.c.hidden).where(person.c.dataset_id == dataset_id)
        with self.engine.connect() as connection:
            return to_face_table(
                to_columns(connection.execute(query)), [tuple(row) for row in connection.execute(people)]
            )

    def embeddings(self, dataset_id: str, person_id: int | None = None) -> Embeddings:
        embedding, face = schema.embedding, schema.face
        dataset = self.dataset(dataset_id)
        query = (
            select(embedding.c.face_id, embedding.c.vector)
            .join(face, (face.c.dataset_id == embedding.c.dataset_id) & (face.c.id == embedding.c.face_id))
            .where(embedding.c.dataset_id == dataset.id, embedding.c.model_id == dataset.model_id)
            .where(_of_person(dataset.id, person_id))
            .order_by(embedding.c.face_id)
        )
        with self.engine.connect() as connection:
            face_ids, vectors = to_columns(connection.execute(query))
        block = np.frombuffer(b"".join(vectors), dtype="<f4")
        return Embeddings(
            face_ids, block.reshape(len(face_ids), -1) if face_ids else np.empty((0, 0), np.float32), dataset.model_id
        )

    def qualities(self, dataset_id: str) -> dict[str, Quality]:
        quality = schema.quality
        query = select(quality).where(quality.c.dataset_id == dataset_id)
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        qualities = ((row.face_id, to_quality(row)) for row in rows)
        return {face_id: measured for face_id, measured in qualities if measured is not None}

    def faces(self, dataset_id: str, face_ids: Iterable[str]) -> list[Face]:
        requested_ids = list(face_ids)
        faces_by_id = {
            face.id: face for part in in_batches(requested_ids) for face in self._faces(dataset_id, "id", part)
        }
        missing = [face_id for face_id in requested_ids if face_id not in faces_by_id]
        if missing:
            raise NotFound(
                f"{len(missing)} of {len(requested_ids)} faces are not in this dataset any more. Reload the page."
            )
        return [faces_by_id[face_id] for face_id in requested_ids]

    def photo(self, dataset_id: str, photo_id: str) -> tuple[Photo, list[Face]]:
        photo = schema.photo
        query = select(photo).where(photo.c.dataset_id == dataset_id, photo.c.id == photo_id)
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("This photo is not in the dataset any more. Reload the page.")
        return to_photo(row), self._faces(dataset_id, "photo_id", [photo_id])

    def every_face(self, dataset_id: str, photo_id: str) -> list[Face]:
        face = schema.face
        query = whole_faces().where(face.c.dataset_id == dataset_id, face.c.photo_id == photo_id)
        with self.engine.connect() as connection:
            return sorted(map(to_face, connection.execute(query).all()), key=lambda face: face.id)

    def _faces(self, dataset_id: str, column: str, values: Sequence[str]) -> list[Face]:
        face = schema.face
        query = whole_faces().where(face.c.dataset_id == dataset_id, face.c[column].in_(values), ~face.c.dismissed)
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return sorted(map(to_face, rows), key=lambda face: face.id)  # an ORDER BY would read all faces, in their order

    # reports

    def reported(self, job_id: str) -> set[int]:
        report = schema.file_report
        with self.engine.connect() as connection:
            return set(connection.scalars(select(report.c.position).where(report.c.job_id == job_id)))

    def file_reports(
        self, job_id: str, outcomes: Iterable[FileOutcome] = (), offset: int = 0, limit: int | None = None
    ) -> list[FileReport]:
        report = schema.file_report
        query = select(report).where(report.c.job_id == job_id).order_by(report.c.position).offset(offset)
        if outcome_filter := list(outcomes):
            query = query.where(report.c.outcome.in_(outcome_filter))
        if limit is not None:
            query = query.limit(limit)
        with self.engine.connect() as connection:
            return [to_report(row) for row in connection.execute(query)]

    def recent_faces(self, dataset_id: str, job_id: str, limit: int) -> list[Face]:
        face, report = schema.face, schema.file_report
        query = (
            whole_faces()
            .join(report, report.c.photo_id == face.c.photo_id)
            .where(face.c.dataset_id == dataset_id, report.c.job_id == job_id, report.c.faces > 0, ~face.c.dismissed)
            .order_by(report.c.position.desc())
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return [to_face(row) for row in connection.execute(query)]

    def outcome_counts(self, job_id: str) -> dict[FileOutcome, int]:
        report = schema.file_report
        query = (
            select(report.c.outcome, func.count().label("files"))
            .where(report.c.job_id == job_id)
            .group_by(report.c.outcome)
        )
        with self.engine.connect() as connection:
            counted = {row.outcome: row.files for row in connection.execute(query)}
        return {outcome: counted[outcome] for outcome in FileOutcome if outcome in counted}

    def remark_count(self, job_id: str) -> int:
        report = schema.file_report
        query = select(func.count()).where(
            report.c.job_id == job_id, report.c.outcome == FileOutcome.TAKEN, report.c.reason != ""
        )
        with self.engine.connect() as connection:
            return connection.scalar(query) or 0

    def reported_faces(self, job_id: str) -> int:
        report = schema.file_report
        with self.engine.connect() as connection:
            return connection.scalar(select(func.sum(report.c.faces)).where(report.c.job_id == job_id)) or 0


def _of_person(dataset_id: str, person_id: int | None) -> ColumnElement[bool]:
    """The faces that count, of one person or of all."""
    face = schema.face
    all_of_them = and_(face.c.dataset_id == dataset_id, ~face.c.dismissed)
    return all_of_them if person_id is None else and_(all_of_them, face.c.person_id == person_id)


def _name_taken(name: str) -> NameTaken:
    return NameTaken(f"A dataset called '{name}' exists already. Choose another name.")


def _insert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def whole_faces() -> Select[Any]:
    """Faces with their person's name and their quality: the rows of ``rows.to_face``."""
    face, person, quality = schema.face, schema.person, schema.quality
    measured = [quality.c[name] for name in QUALITY_FIELDS]
    return (
        select(face, person.c.name.label("person"), *measured)
        .outerjoin(person, person.c.id == face.c.person_id)
        .outerjoin(quality, (quality.c.dataset_id == face.c.dataset_id) & (quality.c.face_id == face.c.id))
    )


def _people(connection: Connection, dataset_id: str, names: set[str | None]) -> dict[str | None, StoredPerson]:
    """The people of these folders, who are added when they are new, whatever they are called by now."""
    person = schema.person
    folder_names = {name for name in names if name}
    query = select(person.c.id, person.c.base_name).where(
        person.c.dataset_id == dataset_id, person.c.of_folder, person.c.base_name.in_(folder_names)
    )
    ids = {row.base_name: int(row.id) for row in connection.execute(query)}
    roots = person_roots(connection, dataset_id) if ids else {}
    people: dict[str | None, StoredPerson] = {
        name: StoredPerson(person_id, roots[person_id]) for name, person_id in ids.items()
    }
    for name in sorted(folder_names - ids.keys()):
        values = {"dataset_id": dataset_id, "base_name": name, "name": name, "of_folder": True}
        added = int((connection.execute(insert(person).values(values)).inserted_primary_key or [0])[0])
        people[name] = StoredPerson(added, added)
    people[None] = StoredPerson(None, None)
    return people


def _add_faces(connection: Connection, dataset_id: str, faces: Sequence[StoredFace]) -> None:
    people = _people(connection, dataset_id, {stored.face.person for stored in faces})
    model_id = connection.scalar(select(schema.dataset.c.model_id).where(schema.dataset.c.id == dataset_id))
    _insert(connection, schema.face, [face_row(dataset_id, people, stored) for stored in faces])
    _insert(connection, schema.embedding, [vector_row(dataset_id, str(model_id), stored) for stored in faces])
    _insert(connection, schema.quality, _quality_rows(dataset_id, faces))


def _move_face(connection: Connection, dataset_id: str, stored: StoredFace) -> None:
    """The same face at a new box, with a new crop, vector and quality; its labels stay."""
    face, embedding, quality = schema.face, schema.embedding, schema.quality
    connection.execute(
        update(face)
        .where(face.c.dataset_id == dataset_id, face.c.id == stored.face.id)
        .values(location_columns(stored.face))
    )
    of_face = {"dataset_id": dataset_id, "face_id": stored.face.id}
    for table in (embedding, quality):
        connection.execute(delete(table).where(*(table.c[name] == value for name, value in of_face.items())))
    model_id = connection.scalar(select(schema.dataset.c.model_id).where(schema.dataset.c.id == dataset_id))
    _insert(connection, embedding, [vector_row(dataset_id, str(model_id), stored)])
    _insert(connection, quality, _quality_rows(dataset_id, [stored]))


def _name(connection: Connection, dataset_id: str, named_faces: Sequence[FolderNamedFace]) -> None:
    """Give faces that came without a name the one of the folder in which their photo was found again."""
    face, photo = schema.face, schema.photo
    people = _people(connection, dataset_id, {entry.person for entry in named_faces})
    for entry in named_faces:
        of_photo = (photo.c.dataset_id == dataset_id) & (photo.c.id == entry.photo_id)
        connection.execute(update(photo).where(of_photo).values(folder_person=entry.person, split=entry.split))
        of_face = (face.c.dataset_id == dataset_id) & (face.c.id == entry.face_id)
        based = {"base_person_id": people[entry.person].id, "base_split": entry.split}
        connection.execute(update(face).where(of_face).values(based))
    keys = {
        (Entity.FACE.value, entry.face_id, field.value)
        for entry in named_faces
        for field in (Field.PERSON, Field.SPLIT)
    }
    bring_up_to_date(connection, dataset_id, keys)


def _quality_rows(dataset_id: str, faces: Sequence[StoredFace]) -> list[dict[str, Any]]:
    return [
        quality_row(dataset_id, stored.face.id, stored.face.quality)
        for stored in faces
        if stored.face.quality is not None
    ]

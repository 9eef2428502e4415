"""A dataset read in pages of bounded size, and vectors put in the place of others (a ``TransferStore``)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import bindparam, select, update

from core.base.errors import NotFound
from core.base.face_table import Embeddings
from core.base.types import Box, Face, Vectors
from core.corrections.model import Change, event_origin
from core.language.texts import marked
from core.store.exchange_protocols import DatasetSnapshot, FaceLocation, LoggedEvent, PersonOrigin, StoredPhoto
from core.store.names import checked_name
from core.store.sql import schema
from core.store.sql.databases.sqlite import open_unchanging
from core.store.sql.datasets import refuse_taken_name
from core.store.sql.reader import SqlStore
from core.store.sql.rows import in_batches, to_blob, to_change, to_event, to_face, to_photo, to_split, whole_faces
from core.store.sql.transactions.dataset_snapshot import insert_dataset, read_dataset
from core.store.sql.transactions.event_log import raise_revision
from core.store.sql.transactions.face_rows import touch_faces
from core.store.values.datasets import PhotoLabel

PHOTOS_AT_ONCE = 500
VECTORS_AT_ONCE = 4096
EVENTS_AT_ONCE = 100


@dataclass(frozen=True)
class SqlTransferStore(SqlStore):
    """Pages of a dataset behind a SQLAlchemy engine. A page is one short transaction, so nothing waits for a reader."""

    def read_snapshot(self, database_path: Path, dataset_id: str, new_id: str | None = None) -> DatasetSnapshot:
        return read_dataset(open_unchanging(database_path), dataset_id, new_id)

    def add_snapshot(self, snapshot: DatasetSnapshot, name: str, *, keep_times: bool = False) -> dict[int, int]:
        name = checked_name(name, "dataset")
        with refuse_taken_name(name), self.engine.begin() as connection:
            return insert_dataset(connection, snapshot, name, keep_times=keep_times)

    def photos(self, dataset_id: str) -> Iterator[list[StoredPhoto]]:
        # Pages go on behind the last id: an offset would read everything before it again for each of them.
        photo, last = schema.photo, ""
        first = select(photo).where(photo.c.dataset_id == dataset_id).order_by(photo.c.id).limit(PHOTOS_AT_ONCE)
        while True:
            if not (rows := self.read_rows(first.where(photo.c.id > last))):
                return
            faces = self._faces_of(dataset_id, [row.id for row in rows])
            yield [
                StoredPhoto(to_photo(row), PhotoLabel(row.folder_person, to_split(row.split)), tuple(faces[row.id]))
                for row in rows
            ]
            last = rows[-1].id

    def _faces_of(self, dataset_id: str, photo_ids: list[str]) -> dict[str, list[Face]]:
        face = schema.face
        query = whole_faces().where(face.c.dataset_id == dataset_id, face.c.photo_id.in_(photo_ids), ~face.c.dismissed)
        faces_by_photo: dict[str, list[Face]] = defaultdict(list)
        # Sorted here: for an ORDER BY by id SQLite would read all faces of the dataset to find these few.
        for row in sorted(self.read_rows(query), key=lambda row: str(row.id)):
            faces_by_photo[row.photo_id].append(to_face(row))
        return faces_by_photo

    def vectors(self, dataset_id: str) -> Iterator[Embeddings]:
        embedding, face, last = schema.embedding, schema.face, ""
        model_id = self._model_id(dataset_id)
        first = (
            select(embedding.c.face_id, embedding.c.vector)
            .join(face, (face.c.dataset_id == embedding.c.dataset_id) & (face.c.id == embedding.c.face_id))
            .where(embedding.c.dataset_id == dataset_id, embedding.c.model_id == model_id, ~face.c.dismissed)
            .order_by(embedding.c.face_id)
            .limit(VECTORS_AT_ONCE)
        )
        while True:
            if not (rows := self.read_rows(first.where(embedding.c.face_id > last))):
                return
            block = np.frombuffer(b"".join(row.vector for row in rows), dtype="<f4").reshape(len(rows), -1)
            yield Embeddings(tuple(row.face_id for row in rows), block, model_id)
            last = rows[-1].face_id

    def _model_id(self, dataset_id: str) -> str:
        model_id = self.read_value(select(schema.dataset.c.model_id).where(schema.dataset.c.id == dataset_id))
        if model_id is None:
            raise NotFound(marked("This dataset was deleted in the meantime."))
        return str(model_id)

    def locate_faces_on_photo(self, dataset_id: str, photo_id: str) -> list[FaceLocation]:
        return self._locations(dataset_id, "photo_id", [photo_id])

    def locate_faces(self, dataset_id: str, face_ids: Iterable[str]) -> list[FaceLocation]:
        return [location for part in in_batches(list(face_ids)) for location in self._locations(dataset_id, "id", part)]

    def _locations(self, dataset_id: str, column: str, values: list[str]) -> list[FaceLocation]:
        face, photo = schema.face, schema.photo
        columns = [face.c[name] for name in ("id", "photo_id", "left", "top", "right", "bottom", "drawn")]
        query = (
            select(*columns, photo.c.turn)
            .join(photo, (photo.c.dataset_id == face.c.dataset_id) & (photo.c.id == face.c.photo_id))
            .where(face.c.dataset_id == dataset_id, face.c[column].in_(values))
        )
        return [
            FaceLocation(face_id=row.id, photo_id=row.photo_id, box=Box(*row[2:6]), drawn=row.drawn, turn=row.turn)
            for row in sorted(self.read_rows(query), key=lambda row: str(row.id))
        ]

    def photo_ids(self, dataset_id: str) -> dict[str, str]:
        photo = schema.photo
        query = select(photo.c.id, photo.c.name).where(photo.c.dataset_id == dataset_id)
        return {row.id: row.name for row in self.read_rows(query)}

    def origins(self, dataset_id: str) -> list[PersonOrigin]:
        person = schema.person
        columns = (person.c.id, person.c.base_name, person.c.of_folder)
        query = select(*columns).where(person.c.dataset_id == dataset_id).order_by(person.c.id)
        return [PersonOrigin(*row) for row in self.read_rows(query)]

    def log(self, dataset_id: str) -> Iterator[LoggedEvent]:
        event, change, last = schema.event, schema.change, 0
        first = select(event).where(event.c.dataset_id == dataset_id).order_by(event.c.id).limit(EVENTS_AT_ONCE)
        while True:
            with self.engine.connect() as connection:
                rows = connection.execute(first.where(event.c.id > last)).all()
                if not rows:
                    return
                of_page = select(change).where(change.c.event_id.in_([row.id for row in rows]))
                changes: dict[int, list[Change]] = defaultdict(list)
                for row in connection.execute(of_page.order_by(change.c.entity_id, change.c.field)):
                    changes[row.event_id].append(to_change(row))
                origin = schema.event_origin
                repeated = select(origin.c.event_id, origin.c.origin).where(
                    origin.c.event_id.in_([row.id for row in rows])
                )
                origins = {row.event_id: row.origin for row in connection.execute(repeated)}
            for row in rows:
                yield LoggedEvent(to_event(row), tuple(changes[row.id]), origins.get(row.id, ""))
            last = rows[-1].id

    def event_origins(self, dataset_id: str, session: str | None = None) -> set[str]:
        event, origin = schema.event, schema.event_origin
        columns = (event.c.id, event.c.created, event.c.session, event.c.kind, event.c.active, origin.c.origin)
        conditions = event.c.dataset_id == dataset_id, event.c.target_id.is_(None)
        query = select(*columns).outerjoin(origin, origin.c.event_id == event.c.id).where(*conditions)
        rows = self.read_rows(query)
        sittings = {row.session for row in rows if row.active and session in (None, row.session)}
        holding = [row for row in rows if row.session in sittings]
        origins = {event_origin(row.id, row.created, row.session, row.kind) for row in holding}
        return origins | {row.origin for row in holding if row.origin}

    def replace_vectors(self, dataset_id: str, model_id: str, vectors: Mapping[str, Vectors]) -> tuple[int, int]:
        embedding = schema.embedding
        by_key = (
            (embedding.c.dataset_id == dataset_id)
            & (embedding.c.model_id == model_id)
            & (embedding.c.face_id == bindparam("face"))
        )
        stored = select(embedding.c.face_id, embedding.c.vector).where(
            embedding.c.dataset_id == dataset_id, embedding.c.model_id == model_id
        )
        # Row by row: a hundred thousand vectors are 50 MB.
        with self.engine.connect() as connection:
            before = {row.face_id: row.vector for row in connection.execute(stored) if row.face_id in vectors}
        blobs = {face_id: to_blob(vectors[face_id]) for face_id in sorted(before)}
        # Only what differs: an import that is repeated raises no revision, and no view is computed anew.
        rows = [{"face": face_id, "given": blob} for face_id, blob in blobs.items() if blob != before[face_id]]
        if rows:
            with self.engine.begin() as connection:
                raise_revision(connection, dataset_id)
                connection.execute(update(embedding).where(by_key).values(vector=bindparam("given")), rows)
                for part in in_batches([row["face"] for row in rows]):
                    touch_faces(connection, dataset_id, schema.face.c.id.in_(part))
        return len(rows), len(blobs) - len(rows)

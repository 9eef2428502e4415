"""Photos, faces and embeddings in SQL (with its bases a ``FaceStore`` and a ``ReportStore``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, select, update

from core.base.errors import InputRefused, NotFound
from core.base.types import Face, Photo, Quality, Vectors
from core.corrections.model import Entity
from core.language.texts import marked
from core.store.sql import schema
from core.store.sql.reading.face_columns import SqlFaceColumns
from core.store.sql.reports import SqlReportStore
from core.store.sql.rows import (
    SqlValue,
    in_batches,
    photo_row,
    report_row,
    to_blob,
    to_face,
    to_photo,
    to_quality,
    to_split,
    whole_faces,
)
from core.store.sql.transactions.event_log import merge_namesakes, raise_revision
from core.store.sql.transactions.face_rows import (
    insert_faces,
    insert_rows,
    move_face,
    name_after_folders,
    remove_faces,
    touch_faces,
)
from core.store.sql.transactions.turned_photos import has_turn_correction, record_look
from core.store.values.datasets import IngestBatch, PhotoLabel, PhotoLook, StoredFace


@dataclass(frozen=True)
class SqlFaceStore(SqlFaceColumns, SqlReportStore):
    """Everything that an ingest writes, and faces as they are read."""

    # writing

    def add(self, dataset_id: str, job_id: str, batch: IngestBatch) -> None:
        with self.engine.begin() as connection:
            # Lines of the report alone change nothing that pages keep by the revision.
            if batch.photos or batch.faces or batch.named:
                raise_revision(connection, dataset_id)
            insert_rows(connection, schema.photo, [photo_row(dataset_id, *photo) for photo in batch.photos])
            insert_faces(connection, dataset_id, batch.faces)
            name_after_folders(connection, dataset_id, batch.named)
            names = {stored.face.person for stored in batch.faces} | {entry.person for entry in batch.named}
            # A folder may be called as somebody was renamed meanwhile: then it is the same person.
            if names - {None}:
                merge_namesakes(connection, dataset_id)
            insert_rows(connection, schema.file_report, [report_row(job_id, report) for report in batch.reports])

    def add_face(self, dataset_id: str, face: StoredFace) -> None:
        with self.engine.begin() as connection:
            raise_revision(connection, dataset_id)
            insert_faces(connection, dataset_id, [face])

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
            # Asked before anything goes: a face that vanishes here must not be added again as a new one below.
            known_ids = set(connection.scalars(select(face.c.id).where(of_photo)))
            spoken_of = select(schema.change.c.entity_id).where(
                schema.change.c.dataset_id == dataset_id, schema.change.c.entity == Entity.FACE
            )
            detected_ids = {stored.face.id for stored in detected}
            # What somebody spoke of stays, found or not: undoing must meet it. So does what was drawn because it is
            # never found.
            vanished = of_photo & face.c.id.not_in(detected_ids) & face.c.id.not_in(spoken_of) & ~face.c.drawn
            if connection.scalar(select(select(face).where(vanished).exists())):
                remove_faces(connection, dataset_id, vanished)
            remaining_ids = set(connection.scalars(select(face.c.id).where(of_photo)))
            # Of those that are still there, a face found again gets its new place and vector, and one that was not
            # found the place that it has on the turned picture.
            for stored in (*detected, *not_found):
                if stored.face.id in remaining_ids:
                    move_face(connection, dataset_id, stored)
            insert_faces(connection, dataset_id, [stored for stored in detected if stored.face.id not in known_ids])
            if taken is not None:
                by_id = (photo.c.dataset_id == dataset_id) & (photo.c.id == photo_id)
                connection.execute(update(photo).where(by_id).values(taken=taken))
            touch_faces(connection, dataset_id, face.c.photo_id == photo_id)
        return True

    def photos_to_look_at(self, dataset_id: str) -> list[str]:
        photo = schema.photo
        # Where no photos are kept there is nothing to look at: they stay turned, with the faces that they have.
        keeps_photos = select(schema.dataset.c.keeps_photos).where(schema.dataset.c.id == dataset_id).scalar_subquery()
        is_turned = photo.c.turn != photo.c.looked_turn
        return self.read_values(select(photo.c.id).where(photo.c.dataset_id == dataset_id, is_turned, keeps_photos))

    def note_orientations(self, dataset_id: str, orientations: Mapping[str, int]) -> None:
        photo = schema.photo
        by_id = (photo.c.dataset_id == dataset_id) & (photo.c.id == bindparam("photo"))
        rows = [{"photo": photo_id, "orientation": orientation} for photo_id, orientation in orientations.items()]
        if rows:
            with self.engine.begin() as connection:
                connection.execute(update(photo).where(by_id), rows)

    def turned_by_hand(self, dataset_id: str, photo_id: str) -> bool:
        with self.engine.connect() as connection:
            return has_turn_correction(connection, dataset_id, photo_id)

    def photos_without_face(self, dataset_id: str) -> list[Photo]:
        photo, face = schema.photo, schema.face
        faces = select(face.c.id).where(
            face.c.dataset_id == photo.c.dataset_id, face.c.photo_id == photo.c.id, ~face.c.dismissed
        )
        query = select(photo).where(photo.c.dataset_id == dataset_id, ~faces.exists()).order_by(photo.c.name)
        return [to_photo(row) for row in self.read_rows(query)]

    def vector_ids(self, dataset_id: str, model_id: str) -> set[str]:
        embedding = schema.embedding
        query = select(embedding.c.face_id).where(
            embedding.c.dataset_id == dataset_id, embedding.c.model_id == model_id
        )
        return set(self.read_values(query))

    def add_vectors(self, dataset_id: str, model_id: str, vectors: Mapping[str, Vectors]) -> None:
        rows: list[Mapping[str, SqlValue]] = [
            {"dataset_id": dataset_id, "model_id": model_id, "face_id": face_id, "vector": to_blob(vector)}
            for face_id, vector in vectors.items()
        ]
        with self.engine.begin() as connection:
            insert_rows(connection, schema.embedding, rows)

    def use_model(self, dataset_id: str, model_id: str) -> None:
        embedding, face, dataset = schema.embedding, schema.face, schema.dataset
        ready = select(embedding.c.face_id).where(
            embedding.c.dataset_id == dataset_id, embedding.c.model_id == model_id
        )
        with self.engine.begin() as connection:
            raise_revision(connection, dataset_id)
            # Counted inside of the transaction: a photo may have come in since the last vector was computed.
            missing = connection.scalar(
                select(func.count()).where(face.c.dataset_id == dataset_id, face.c.id.not_in(ready))
            )
            if missing:
                raise InputRefused(
                    marked("{number} faces have no vector of '{model}' yet. Run the change of model again.").format(
                        number=missing, model=model_id
                    )
                )
            connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(model_id=model_id))
            of_other_models = (embedding.c.dataset_id == dataset_id) & (embedding.c.model_id != model_id)
            connection.execute(delete(embedding).where(of_other_models))

    # reading

    def photo_labels(self, dataset_id: str) -> dict[str, PhotoLabel]:
        photo = schema.photo
        query = select(photo.c.id, photo.c.folder_person, photo.c.split).where(photo.c.dataset_id == dataset_id)
        return {row.id: PhotoLabel(row.folder_person, to_split(row.split)) for row in self.read_rows(query)}

    def qualities(self, dataset_id: str) -> dict[str, Quality]:
        rows = self.read_rows(select(schema.quality).where(schema.quality.c.dataset_id == dataset_id))
        qualities = ((row.face_id, to_quality(row)) for row in rows)
        return {face_id: measured for face_id, measured in qualities if measured is not None}

    def faces(self, dataset_id: str, face_ids: Iterable[str]) -> list[Face]:
        requested_ids = list(face_ids)
        faces_by_id = {
            face.id: face for part in in_batches(requested_ids) for face in self._faces(dataset_id, "id", part)
        }
        missing = [face_id for face_id in requested_ids if face_id not in faces_by_id]
        if missing:
            if len(requested_ids) == 1:
                raise NotFound(marked("This face is not in this dataset any more. Reload the page."))
            raise NotFound(
                marked("{number} of {all_faces} faces are not in this dataset any more. Reload the page.").format(
                    number=len(missing), all_faces=len(requested_ids)
                )
            )
        return [faces_by_id[face_id] for face_id in requested_ids]

    def photo(self, dataset_id: str, photo_id: str) -> tuple[Photo, list[Face]]:
        photo = schema.photo
        query = select(photo).where(photo.c.dataset_id == dataset_id, photo.c.id == photo_id)
        rows = self.read_rows(query)
        if not rows:
            raise NotFound(marked("This photo is not in the dataset any more. Reload the page."))
        return to_photo(rows[0]), self._faces(dataset_id, "photo_id", [photo_id])

    def every_face(self, dataset_id: str, photo_id: str) -> list[Face]:
        return self._faces(dataset_id, "photo_id", [photo_id], dismissed_too=True)

    def _faces(self, dataset_id: str, column: str, values: Sequence[str], *, dismissed_too: bool = False) -> list[Face]:
        face = schema.face
        query = whole_faces().where(face.c.dataset_id == dataset_id, face.c[column].in_(values))
        rows = self.read_rows(query if dismissed_too else query.where(~face.c.dismissed))
        # An ORDER BY would make SQLite read all faces of the dataset in the order of their ids, to find these few.
        return sorted(map(to_face, rows), key=lambda face: face.id)

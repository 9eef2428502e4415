"""Faces written inside of a transaction: added, moved to another box, and named after a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, insert, select, update

from core.corrections.model import Entity, Field
from core.store.sql import schema
from core.store.sql.rows import SqlValue, StoredPerson, face_row, location_columns, quality_row, vector_row
from core.store.sql.transactions.current_values import resolve_merges, write_current_values
from core.store.values.datasets import FolderNamedFace, StoredFace


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, SqlValue]]) -> None:
    """Add rows; none is fine."""
    if rows:
        connection.execute(insert(table), rows)


def insert_faces(connection: Connection, dataset_id: str, faces: Sequence[StoredFace]) -> None:
    """Add faces with their vectors and qualities, and the people of their folders."""
    people = _folder_people(connection, dataset_id, {stored.face.person for stored in faces})
    dataset = _dataset_row(connection, dataset_id)
    insert_rows(connection, schema.face, [face_row(dataset, people, stored) for stored in faces])
    _add_measurements(connection, dataset, faces)


def move_face(connection: Connection, dataset_id: str, stored: StoredFace) -> None:
    """Put the same face at a new box, with a new crop, vector and quality; its labels stay."""
    face = schema.face
    by_id = (face.c.dataset_id == dataset_id) & (face.c.id == stored.face.id)
    connection.execute(update(face).where(by_id).values(location_columns(stored.face)))
    for table in (schema.embedding, schema.quality):
        of_face = (table.c.dataset_id == dataset_id) & (table.c.face_id == stored.face.id)
        connection.execute(delete(table).where(of_face))
    _add_measurements(connection, _dataset_row(connection, dataset_id), [stored])


def touch_faces(connection: Connection, dataset_id: str, which: ColumnElement[bool]) -> None:
    """Write down that something changed that belongs to the faces of a condition and stands in other tables."""
    face, dataset = schema.face, schema.dataset
    revision = select(dataset.c.revision).where(dataset.c.id == dataset_id).scalar_subquery()
    connection.execute(update(face).where(face.c.dataset_id == dataset_id, which).values(changed=revision))


def remove_faces(connection: Connection, dataset_id: str, which: ColumnElement[bool]) -> None:
    """Delete the faces of a condition, and write down that some went."""
    dataset, face = schema.dataset, schema.face
    connection.execute(delete(face).where(face.c.dataset_id == dataset_id, which))
    # Deleted rows tell nobody that they were there: pages that know them ask for all that remain.
    connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(last_removal=dataset.c.revision))


def name_after_folders(connection: Connection, dataset_id: str, named_faces: Sequence[FolderNamedFace]) -> None:
    """Give faces that came without a name the one of the folder in which their photo was found again."""
    face, photo = schema.face, schema.photo
    people = _folder_people(connection, dataset_id, {entry.person for entry in named_faces})
    for entry in named_faces:
        of_photo = (photo.c.dataset_id == dataset_id) & (photo.c.id == entry.photo_id)
        connection.execute(update(photo).where(of_photo).values(folder_person=entry.person, split=entry.split))
        of_face = (face.c.dataset_id == dataset_id) & (face.c.id == entry.face_id)
        based = {"base_person_id": people[entry.person].id, "base_split": entry.split}
        connection.execute(update(face).where(of_face).values(based))
    # A correction that was made meanwhile outdoes the folder: the columns are what the log says, or the new base.
    keys = {(Entity.FACE, entry.face_id, field) for entry in named_faces for field in (Field.PERSON, Field.SPLIT)}
    write_current_values(connection, dataset_id, keys)


def _folder_people(connection: Connection, dataset_id: str, names: set[str | None]) -> dict[str | None, StoredPerson]:
    """The people of these folders, who are added when they are new, whatever they are called by now."""
    person = schema.person
    folder_names = {name for name in names if name}
    # By what the folder is called, not by the name of today: a folder's photos stay with whom they were given to,
    # renamed or merged.
    query = select(person.c.id, person.c.base_name).where(
        person.c.dataset_id == dataset_id, person.c.of_folder, person.c.base_name.in_(folder_names)
    )
    ids = {row.base_name: int(row.id) for row in connection.execute(query)}
    roots = resolve_merges(connection, dataset_id) if ids else {}
    people: dict[str | None, StoredPerson] = {
        name: StoredPerson(person_id, roots[person_id]) for name, person_id in ids.items()
    }
    for name in sorted(folder_names - ids.keys()):
        added = insert_person(connection, dataset_id, name, of_folder=True)
        people[name] = StoredPerson(added, added)
    people[None] = StoredPerson(None, None)
    return people


def insert_person(connection: Connection, dataset_id: str, name: str, *, of_folder: bool) -> int:
    """Add a person; the id."""
    values = {"dataset_id": dataset_id, "base_name": name, "name": name, "of_folder": of_folder}
    added = connection.execute(insert(schema.person).values(values))
    return int((added.inserted_primary_key or [0])[0])


def _dataset_row(connection: Connection, dataset_id: str) -> Row[Any]:
    return connection.execute(select(schema.dataset).where(schema.dataset.c.id == dataset_id)).one()


def _add_measurements(connection: Connection, dataset: Row[Any], faces: Sequence[StoredFace]) -> None:
    """The vectors, as of the dataset's model, and the qualities where they were measured."""
    insert_rows(connection, schema.embedding, [vector_row(dataset.id, dataset.model_id, stored) for stored in faces])
    measured = ((stored.face.id, stored.face.quality) for stored in faces)
    rows = [quality_row(dataset.id, face_id, quality) for face_id, quality in measured if quality is not None]
    insert_rows(connection, schema.quality, rows)

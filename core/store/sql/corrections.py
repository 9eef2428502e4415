"""The correction log in SQL (a ``CorrectionLog``). An event's rows are only ever added, never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, update

from core.base.errors import ChangedMeanwhile, NotFound
from core.base.types import Revision
from core.corrections.model import Change, Correction, Editor, Entity, Event, EventKind, Field
from core.store.names import checked_name, compose_name
from core.store.sql import schema
from core.store.sql.reader import SqlStore
from core.store.sql.rows import to_change, to_event
from core.store.sql.transactions.current_values import (
    FieldKey,
    read_log_values,
    require_distinct_names,
    write_current_values,
)
from core.store.sql.transactions.event_log import (
    add_event_row,
    append_event,
    changed_fields,
    lock_dataset,
    raise_revision,
)
from core.store.sql.transactions.face_rows import insert_person


@dataclass(frozen=True)
class SqlCorrectionLog(SqlStore):
    """The log behind a SQLAlchemy engine; every write is one transaction with all that follows from it."""

    def find_or_add_person(self, dataset_id: str, name: str) -> int:
        person, face = schema.person, schema.face
        faces = select(func.count()).where(face.c.person_id == person.c.id, ~face.c.dismissed).scalar_subquery()
        with self.engine.begin() as connection:
            # First, before anything is read. Somebody without faces changes nothing that is kept by the revision.
            lock_dataset(connection, dataset_id)
            # Several may have been called so in turn. Whoever has the faces is meant; of the others the log still
            # speaks.
            existing_id = connection.scalar(
                select(person.c.id)
                .where(
                    person.c.dataset_id == dataset_id,
                    person.c.name == compose_name(name),
                    person.c.merged_into.is_(None),
                )
                .order_by(faces.desc(), person.c.id)
            )
            if existing_id is not None:
                return int(existing_id)
            # What a new name may be is asked of new ones alone: folders give names of any length.
            return insert_person(connection, dataset_id, checked_name(name, "person"), of_folder=False)

    def normalise_name(self, name: str) -> str:
        return checked_name(name, "person")

    def record(self, dataset_id: str, editor: Editor, correction: Correction, seen: Revision | None = None) -> Event:
        keys = changed_fields(correction.changes)
        with self.engine.begin() as connection:
            raise_revision(connection, dataset_id)
            if seen is not None:
                _require_unchanged(connection, dataset_id, editor, keys, seen)
            event = append_event(connection, dataset_id, editor, correction)
            # After the columns were brought up to date: it asks them. When it raises, all of it is rolled back.
            require_distinct_names(connection, dataset_id, keys)
        return event

    def undo(self, dataset_id: str, editor: Editor, event_ids: Iterable[int]) -> list[Event]:
        return self._set_active(dataset_id, editor, EventKind.UNDO, list(event_ids))

    def redo(self, dataset_id: str, editor: Editor, event_ids: Iterable[int]) -> list[Event]:
        return self._set_active(dataset_id, editor, EventKind.REDO, list(event_ids))

    def _set_active(self, dataset_id: str, editor: Editor, kind: EventKind, event_ids: list[int]) -> list[Event]:
        with self.engine.begin() as connection:
            raise_revision(connection, dataset_id)
            recorded, keys = [], set[FieldKey]()
            for event_id in event_ids:
                target = _event_of(connection, dataset_id, event_id)
                # Another window may have been faster: then the event is as wanted. An undoing itself is not undone but
                # redone.
                if target.active is not (kind is EventKind.UNDO) or target.target_id is not None:
                    continue
                connection.execute(
                    update(schema.event).where(schema.event.c.id == event_id).values(active=kind is EventKind.REDO)
                )
                correction = Correction(kind, (), target.person_id, target.from_person_id)
                recorded.append(add_event_row(connection, dataset_id, editor, correction, target.n_faces, event_id))
                keys |= _touched_fields(connection, schema.change.c.event_id == event_id)
            write_current_values(connection, dataset_id, keys)
            require_distinct_names(connection, dataset_id, keys)
        return recorded

    def event(self, dataset_id: str, event_id: int) -> Event:
        with self.engine.connect() as connection:
            return _event_of(connection, dataset_id, event_id)

    def events(
        self,
        dataset_id: str,
        *,
        session: str | None = None,
        face_id: str | None = None,
        person_id: int | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Event]:
        event = schema.event
        query = select(event).where(event.c.dataset_id == dataset_id).order_by(event.c.id.desc())
        if session is not None:
            query = query.where(event.c.session == session)
        if face_id is not None:
            touched = _touching(Entity.FACE, face_id)
            query = query.where(or_(event.c.id.in_(touched), event.c.target_id.in_(touched)))
        if person_id is not None:
            touched = _touching(Entity.PERSON, str(person_id))
            query = query.where(
                or_(
                    event.c.person_id == person_id,
                    event.c.from_person_id == person_id,
                    event.c.id.in_(touched),
                    event.c.target_id.in_(touched),
                )
            )
        return [to_event(row) for row in self.read_rows(query.limit(limit).offset(offset))]

    def changes(self, event_id: int) -> list[Change]:
        change = schema.change
        query = select(change).where(change.c.event_id == event_id).order_by(change.c.entity_id, change.c.field)
        return [to_change(row) for row in self.read_rows(query)]

    def count_faces_named_at_once(self, dataset_id: str, revision: Revision) -> dict[str, int]:
        change, event = schema.change, schema.event
        query = (
            select(change.c.entity_id, event.c.n_faces)
            .join(event, event.c.id == change.c.event_id)
            .where(change.c.dataset_id == dataset_id, change.c.entity == Entity.FACE, change.c.field == Field.PERSON)
            .where(event.c.active, event.c.revision <= revision)
            .order_by(event.c.id)
        )
        # Of several events the last one names the face, and a dictionary keeps the last value of a key.
        return {row.entity_id: row.n_faces for row in self.read_rows(query)}

    def pairs_kept_apart(self, dataset_id: str) -> list[tuple[str, str]]:
        change = schema.change
        of_pairs = (change.c.dataset_id == dataset_id) & (change.c.entity == Entity.PAIR)
        with self.engine.connect() as connection:
            values = read_log_values(connection, dataset_id, _touched_fields(connection, of_pairs))
        pairs = [key[1].split(" ") for key, value in sorted(values.items()) if value is True]
        return [(first, second) for first, second in pairs]


def _event_of(connection: Connection, dataset_id: str, event_id: int) -> Event:
    event = schema.event
    query = select(event).where(event.c.id == event_id, event.c.dataset_id == dataset_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("This correction is not in the log of this dataset.")
    return to_event(row)


def _touched_fields(connection: Connection, of_changes: ColumnElement[bool]) -> set[FieldKey]:
    change = schema.change
    query = select(change.c.entity, change.c.entity_id, change.c.field).where(of_changes)
    return {(row.entity, row.entity_id, row.field) for row in connection.execute(query)}


def _touching(entity: Entity, entity_id: str) -> Select[tuple[Any]]:
    change = schema.change
    return select(change.c.event_id).where(change.c.entity == entity, change.c.entity_id == entity_id)


def _require_unchanged(
    connection: Connection, dataset_id: str, editor: Editor, keys: set[FieldKey], seen: Revision
) -> None:
    """Raise ChangedMeanwhile when a later event of another sitting has touched one of these fields."""
    event, change = schema.event, schema.change
    query = (
        select(change.c.entity, change.c.entity_id, change.c.field)
        # An undoing sets no field itself: it touches what the event sets that it is aimed at.
        .join(event, or_(event.c.id == change.c.event_id, event.c.target_id == change.c.event_id))
        .where(event.c.dataset_id == dataset_id, event.c.revision > seen, event.c.session != editor.session)
    )
    touched = {(row.entity, row.entity_id, row.field) for row in connection.execute(query)} & keys
    if touched:
        faces = len({key[1] for key in touched if key[0] == Entity.FACE})
        photo_or_person = "This photo was" if any(key[0] == Entity.PHOTO for key in touched) else "This person was"
        subject = f"{faces} of these faces were" if faces > 1 else "This face was" if faces else photo_or_person
        raise ChangedMeanwhile(f"{subject} changed in another window a moment ago. It is shown now; choose again.")

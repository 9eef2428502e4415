"""The correction log in SQL (a ``CorrectionLog``), and the current values of faces and people that follow from it.

An event's rows are only ever added. What a face's or a person's columns hold is what the last active event set, or the
base; after each write exactly the touched fields are brought up to date, in the same transaction.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, and_, bindparam, func, insert, or_, select, update

from core.base.errors import ChangedMeanwhile, InputRefused, NameTaken, NotFound
from core.base.types import Revision
from core.corrections.model import (
    OF_FACE,
    OF_PERSON,
    OF_PHOTO,
    Act,
    Change,
    Entity,
    Event,
    EventKind,
    Field,
    Hand,
    Value,
)
from core.corrections.replay import merged_person
from core.store.names import checked_name
from core.store.sql import schema
from core.store.sql.rows import in_batches
from core.store.sql.turned_photos import set_turn

INGEST = Hand("Face Atlas", "ingest")
"""Who is said to have done what follows from an ingest."""

_Key = tuple[str, str, str]
"""Entity, its id, field."""


@dataclass(frozen=True)
class SqlCorrectionLog:
    """The log behind a SQLAlchemy engine; safe to use from several threads and processes."""

    engine: Engine

    def person_named(self, dataset_id: str, name: str) -> int:
        name = checked_name(name, "person")
        person, face = schema.person, schema.face
        faces = select(func.count()).where(face.c.person_id == person.c.id, ~face.c.dismissed).scalar_subquery()
        with self.engine.begin() as connection:
            raise_revision(connection, dataset_id)  # takes the writer's lock before anything is read
            existing_id = connection.scalar(
                select(person.c.id)
                .where(person.c.dataset_id == dataset_id, person.c.name == name, person.c.merged_into.is_(None))
                .order_by(faces.desc(), person.c.id)
            )
            if existing_id is not None:
                return int(existing_id)
            added = connection.execute(insert(person).values(dataset_id=dataset_id, base_name=name, name=name))
            return int((added.inserted_primary_key or [0])[0])

    def checked_name(self, name: str) -> str:
        return checked_name(name, "person")

    def record(self, dataset_id: str, hand: Hand, act: Act, seen: Revision | None = None) -> Event:
        with self.engine.begin() as connection:
            raise_revision(connection, dataset_id)
            if seen is not None:
                _require_unchanged(connection, dataset_id, hand, _keys(act.changes), seen)
            event = append_event(connection, dataset_id, hand, act)
            _require_sound(connection, dataset_id, _keys(act.changes))
        return event

    def undo(self, dataset_id: str, hand: Hand, event_ids: Iterable[int]) -> list[Event]:
        return self._set_active(dataset_id, hand, EventKind.UNDO, list(event_ids))

    def redo(self, dataset_id: str, hand: Hand, event_ids: Iterable[int]) -> list[Event]:
        return self._set_active(dataset_id, hand, EventKind.REDO, list(event_ids))

    def _set_active(self, dataset_id: str, hand: Hand, kind: EventKind, event_ids: list[int]) -> list[Event]:
        with self.engine.begin() as connection:
            raise_revision(connection, dataset_id)
            recorded, keys = [], set[_Key]()
            for event_id in event_ids:
                target = _event_of(connection, dataset_id, event_id)
                if target.active is not (kind is EventKind.UNDO) or target.target_id is not None:
                    continue  # another window was faster: it is as wanted
                connection.execute(
                    update(schema.event).where(schema.event.c.id == event_id).values(active=kind is EventKind.REDO)
                )
                act = Act(kind, (), target.person_id, target.from_person_id)
                recorded.append(_add_event(connection, dataset_id, hand, act, target.n_faces, event_id))
                keys |= _keys_of(connection, event_id)
            bring_up_to_date(connection, dataset_id, keys)
            _require_sound(connection, dataset_id, keys)
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
        with self.engine.connect() as connection:
            return [_event(row) for row in connection.execute(query.limit(limit).offset(offset))]

    def changes(self, event_id: int) -> list[Change]:
        change = schema.change
        query = select(change).where(change.c.event_id == event_id).order_by(change.c.entity_id, change.c.field)
        with self.engine.connect() as connection:
            return [
                Change(Entity(row.entity), row.entity_id, Field(row.field), row.value)
                for row in connection.execute(query)
            ]

    def apart(self, dataset_id: str) -> list[tuple[str, str]]:
        change = schema.change
        pair_changes = select(change.c.entity, change.c.entity_id, change.c.field).where(
            change.c.dataset_id == dataset_id, change.c.entity == Entity.PAIR.value
        )
        with self.engine.connect() as connection:
            keys = {(row.entity, row.entity_id, row.field) for row in connection.execute(pair_changes)}
            values = _values(connection, dataset_id, keys)
        pairs = [key[1].split(" ") for key, value in sorted(values.items()) if value is True]
        return [(first, second) for first, second in pairs]


# events


def raise_revision(connection: Connection, dataset_id: str) -> None:
    """The first statement of every write: it takes the writer's lock before anything is read."""
    table = schema.dataset
    raised = update(table).where(table.c.id == dataset_id).values(revision=table.c.revision + 1)
    if not connection.execute(raised).rowcount:
        raise NotFound("This dataset was deleted in the meantime.")


def append_event(connection: Connection, dataset_id: str, hand: Hand, act: Act) -> Event:
    """Add an event and bring what it touches up to date."""
    faces = {change.entity_id for change in act.changes if change.entity is Entity.FACE}
    event = _add_event(connection, dataset_id, hand, act, len(faces))
    rows = [_change_row(event.id, dataset_id, change) for change in act.changes]
    if rows:
        connection.execute(insert(schema.change), rows)
    if act.origin:
        row = {"event_id": event.id, "dataset_id": dataset_id, "origin": act.origin}
        connection.execute(insert(schema.event_origin).values(row))
    bring_up_to_date(connection, dataset_id, _keys(act.changes))
    return event


def _add_event(
    connection: Connection, dataset_id: str, hand: Hand, act: Act, n_faces: int, target_id: int | None = None
) -> Event:
    table = schema.dataset
    values: dict[str, Any] = {
        "dataset_id": dataset_id,
        "kind": act.kind.value,
        "author": hand.author,
        "session": hand.session,
        "created": time.time(),
        "revision": connection.scalar(select(table.c.revision).where(table.c.id == dataset_id)),
        "n_faces": n_faces,
        "person_id": act.person_id,
        "from_person_id": act.from_person_id,
        "why": act.why,
        "target_id": target_id,
        "active": True,
    }
    added = connection.execute(insert(schema.event).values(values))
    return Event(**{**values, "id": int((added.inserted_primary_key or [0])[0]), "kind": act.kind})


def _keys(changes: Iterable[Change]) -> set[_Key]:
    return {(change.entity.value, change.entity_id, change.field.value) for change in changes}


def _change_row(event_id: int, dataset_id: str, change: Change) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "dataset_id": dataset_id,
        "entity": change.entity.value,
        "entity_id": change.entity_id,
        "field": change.field.value,
        "value": change.value,
    }


def _event_of(connection: Connection, dataset_id: str, event_id: int) -> Event:
    event = schema.event
    query = select(event).where(event.c.id == event_id, event.c.dataset_id == dataset_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("This correction is not in the log of this dataset.")
    return _event(row)


def _event(row: Row[Any]) -> Event:
    return Event(**{**row._mapping, "kind": EventKind(row.kind)})


def _keys_of(connection: Connection, event_id: int) -> set[_Key]:
    change = schema.change
    query = select(change.c.entity, change.c.entity_id, change.c.field).where(change.c.event_id == event_id)
    return {(row.entity, row.entity_id, row.field) for row in connection.execute(query)}


def _touching(entity: Entity, entity_id: str) -> Select[tuple[Any]]:
    change = schema.change
    return select(change.c.event_id).where(change.c.entity == entity.value, change.c.entity_id == entity_id)


def _require_unchanged(connection: Connection, dataset_id: str, hand: Hand, keys: set[_Key], seen: Revision) -> None:
    """Raise ChangedMeanwhile when a later event of another sitting has touched one of these fields."""
    event, change = schema.event, schema.change
    query = (
        select(change.c.entity, change.c.entity_id, change.c.field)
        .join(event, or_(event.c.id == change.c.event_id, event.c.target_id == change.c.event_id))
        .where(event.c.dataset_id == dataset_id, event.c.revision > seen, event.c.session != hand.session)
    )
    touched = {(row.entity, row.entity_id, row.field) for row in connection.execute(query)} & keys
    if touched:
        faces = len({key[1] for key in touched if key[0] == Entity.FACE.value})
        photo_or_person = (
            "This photo was" if any(key[0] == Entity.PHOTO.value for key in touched) else "This person was"
        )
        subject = f"{faces} of these faces were" if faces > 1 else "This face was" if faces else photo_or_person
        raise ChangedMeanwhile(f"{subject} changed in another window a moment ago. It is shown now; choose again.")


# what follows from the log


def bring_up_to_date(connection: Connection, dataset_id: str, keys: Collection[_Key]) -> None:
    """Write the current values of these fields into the columns of faces, people and photos."""
    values = _values(connection, dataset_id, keys)
    by_field: dict[str, list[str]] = defaultdict(list)
    for entity, entity_id, field in keys:
        if entity != Entity.PAIR.value:
            by_field[field].append(entity_id)
    for field, ids in by_field.items():
        _SETTERS[Field(field)](connection, dataset_id, Field(field), ids, values)
    if Field.MERGED_INTO.value in by_field:
        _follow_merges(connection, dataset_id)


def _values(connection: Connection, dataset_id: str, keys: Collection[_Key]) -> dict[_Key, Value]:
    """What the last active event set, of the fields that have one."""
    event, change = schema.event, schema.change
    latest: dict[_Key, tuple[int, Value]] = {}
    for part in in_batches(sorted({key[1] for key in keys})):
        query = (
            select(change.c.event_id, change.c.entity, change.c.entity_id, change.c.field, change.c.value)
            .join(event, and_(event.c.id == change.c.event_id, event.c.active))
            .where(change.c.dataset_id == dataset_id, change.c.entity_id.in_(part))
        )
        for event_id, entity, entity_id, field, value in connection.execute(query):
            key = (entity, entity_id, field)
            if event_id > latest.get(key, (0, None))[0]:
                latest[key] = (event_id, value)
    return {key: latest[key][1] for key in keys if key in latest}


def _set_faces(
    connection: Connection, dataset_id: str, field: Field, ids: list[str], values: Mapping[_Key, Value]
) -> None:
    face = schema.face
    column, base = _FACE_COLUMNS[field]
    key_of_face = {face_id: (Entity.FACE.value, face_id, field.value) for face_id in ids}
    updates = [{"face": face_id, "wanted": values[key]} for face_id, key in key_of_face.items() if key in values]
    if updates:
        by_face = and_(face.c.dataset_id == dataset_id, face.c.id == bindparam("face"))
        connection.execute(update(face).where(by_face).values({column: bindparam("wanted")}), updates)
    for batch in in_batches([face_id for face_id, key in key_of_face.items() if key not in values]):
        of_part = and_(face.c.dataset_id == dataset_id, face.c.id.in_(batch))
        connection.execute(update(face).where(of_part).values({column: base}))
    if field is Field.PERSON:
        for batch in in_batches(ids):
            _follow_merges(connection, dataset_id, batch)


def _set_people(
    connection: Connection, dataset_id: str, field: Field, ids: list[str], values: Mapping[_Key, Value]
) -> None:
    person = schema.person
    column, base = _PERSON_COLUMNS[field]
    for person_id in ids:
        value = values.get((Entity.PERSON.value, person_id, field.value), base)
        by_person = and_(person.c.dataset_id == dataset_id, person.c.id == int(person_id))
        connection.execute(update(person).where(by_person).values({column: value}))


def _set_photos(
    connection: Connection, dataset_id: str, field: Field, ids: list[str], values: Mapping[_Key, Value]
) -> None:
    for photo_id in ids:
        turn = values.get((Entity.PHOTO.value, photo_id, field.value))
        set_turn(connection, dataset_id, photo_id, None if turn is None else int(turn))


def _follow_merges(connection: Connection, dataset_id: str, face_ids: Collection[str] | None = None) -> None:
    """Set who each face is after all merges; of some faces, or of all whose answer has changed."""
    face = schema.face
    of_faces = (
        face.c.dataset_id == dataset_id
        if face_ids is None
        else and_(face.c.dataset_id == dataset_id, face.c.id.in_(face_ids))
    )
    roots = person_roots(connection, dataset_id)
    merged = {person_id: final for person_id, final in roots.items() if person_id != final}
    plain = and_(of_faces, face.c.person_id.is_distinct_from(face.c.assigned_id))
    connection.execute(update(face).where(plain).values(person_id=face.c.assigned_id))
    for person_id, final in merged.items():
        connection.execute(update(face).where(and_(of_faces, face.c.assigned_id == person_id)).values(person_id=final))


def person_roots(connection: Connection, dataset_id: str) -> dict[int, int]:
    """Who each person is after all merges. Raises InputRefused where they run in a circle."""
    person = schema.person
    query = select(person.c.id, person.c.merged_into).where(person.c.dataset_id == dataset_id)
    rows = connection.execute(query).all()
    into = {row.id: row.merged_into for row in rows if row.merged_into is not None}
    try:
        return {row.id: merged_person(row.id, into) for row in rows}
    except ValueError as error:
        raise InputRefused(
            "These people would be merged into each other in a circle. Undo the later merge first."
        ) from error


def join_namesakes(connection: Connection, dataset_id: str) -> None:
    """After an ingest: a folder of the name that somebody gave to a person is that person. Said as a merge, so that
    it can be undone like any other."""
    person = schema.person
    for name in _names_of_several(connection, dataset_id):
        query = (
            select(person.c.id)
            .where(person.c.dataset_id == dataset_id, person.c.name == name, person.c.id.in_(_with_faces(dataset_id)))
            .order_by(person.c.id)
        )
        kept_id, *duplicate_ids = connection.scalars(query).all()
        for duplicate_id in duplicate_ids:
            change = Change(Entity.PERSON, str(duplicate_id), Field.MERGED_INTO, kept_id)
            act = Act(
                kind=EventKind.MERGE,
                changes=[change],
                person_id=kept_id,
                from_person_id=duplicate_id,
                why="A folder of the same name.",
            )
            append_event(connection, dataset_id, INGEST, act)


def _require_sound(connection: Connection, dataset_id: str, keys: Collection[_Key]) -> None:
    """Raise NameTaken when two people with faces have one name."""
    if not any(field in _MAY_CLASH for _, _, field in keys):
        return
    if twice := _names_of_several(connection, dataset_id):
        raise NameTaken(f"There is a '{twice[0]}' already. Merge the two, or choose another name.")


def _names_of_several(connection: Connection, dataset_id: str) -> list[str]:
    person = schema.person
    query = (
        select(person.c.name)
        .where(person.c.dataset_id == dataset_id, person.c.id.in_(_with_faces(dataset_id)))
        .group_by(person.c.name)
        .having(func.count() > 1)
    )
    return list(connection.scalars(query))


def _with_faces(dataset_id: str) -> Select[tuple[Any]]:
    face = schema.face
    return select(face.c.person_id).where(face.c.dataset_id == dataset_id, ~face.c.dismissed).distinct()


_FACE_COLUMNS: dict[Field, tuple[str, Any]] = {
    Field.PERSON: ("assigned_id", schema.face.c.base_person_id),
    Field.SPLIT: ("split", schema.face.c.base_split),
    Field.EXCLUDED: ("excluded", False),
    Field.DISMISSED: ("dismissed", schema.face.c.drawn),
    Field.CONFIRMED: ("confirmed", False),
    Field.STRANGER: ("stranger", False),
}
"""The column of each field, and what it holds when no event sets it. A drawn face is there once its event says so."""
_PERSON_COLUMNS: dict[Field, tuple[str, Any]] = {
    Field.NAME: ("name", schema.person.c.base_name),
    Field.HIDDEN: ("hidden", False),
    Field.NOTE: ("note", ""),
    Field.COVER: ("cover_face_id", None),
    Field.MERGED_INTO: ("merged_into", None),
}
_MAY_CLASH = {Field.NAME.value, Field.PERSON.value, Field.MERGED_INTO.value, Field.DISMISSED.value}
_Setter = Callable[[Connection, str, Field, list[str], Mapping[_Key, Value]], None]
_SETTERS: dict[Field, _Setter] = {
    **dict.fromkeys(OF_FACE, _set_faces),
    **dict.fromkeys(OF_PERSON, _set_people),
    **dict.fromkeys(OF_PHOTO, _set_photos),
}

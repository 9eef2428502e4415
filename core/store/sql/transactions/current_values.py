"""The current values of faces, people and photos: what their columns hold follows from the log of corrections.

A column holds what the last active event set, or the base; after each write exactly the touched fields are brought up
to date, in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, or_, select, update

from core.base.errors import InputRefused, NameTaken
from core.corrections.model import OF_FACE, OF_PERSON, OF_PHOTO, Entity, Field, Value
from core.corrections.replay import follow_merges
from core.language.texts import marked
from core.store.sql import schema
from core.store.sql.rows import in_batches
from core.store.sql.transactions.turned_photos import set_turn

FieldKey = tuple[str, str, str]
"""Entity, its id, field."""


def write_current_values(connection: Connection, dataset_id: str, keys: Collection[FieldKey]) -> None:
    """Write the current values of these fields into the columns of faces, people and photos."""
    values = read_log_values(connection, dataset_id, keys)
    by_field: dict[str, list[str]] = defaultdict(list)
    for entity, entity_id, field in keys:
        if entity != Entity.PAIR:
            by_field[field].append(entity_id)
    for field, ids in by_field.items():
        _SETTERS[Field(field)](connection, dataset_id, Field(field), ids, values)
    if Field.MERGED_INTO in by_field:
        _follow_merges(connection, dataset_id)


def read_log_values(connection: Connection, dataset_id: str, keys: Collection[FieldKey]) -> dict[FieldKey, Value]:
    """What the last active event set, of the fields that have one."""
    event, change = schema.event, schema.change
    latest: dict[FieldKey, tuple[int, Value]] = {}
    for part in in_batches(sorted({key[1] for key in keys})):
        query = (
            select(change.c.event_id, change.c.entity, change.c.entity_id, change.c.field, change.c.value)
            .join(event, and_(event.c.id == change.c.event_id, event.c.active))
            .where(change.c.dataset_id == dataset_id, change.c.entity_id.in_(part))
        )
        for event_id, entity, entity_id, field, value in connection.execute(query):
            key = (entity, entity_id, field)
            # The later event wins, however often either was undone and redone: to redo an old one does not outdo a new
            # one.
            if event_id > latest.get(key, (0, None))[0]:
                latest[key] = (event_id, value)
    return {key: latest[key][1] for key in keys if key in latest}


def _set_faces(
    connection: Connection, dataset_id: str, field: Field, ids: list[str], values: Mapping[FieldKey, Value]
) -> None:
    face = schema.face
    column, base = _FACE_COLUMNS[field]
    key_of_face = {face_id: (Entity.FACE, face_id, field) for face_id in ids}
    # Some fields are set by an event that holds; all others fall back to what the ingest said.
    updates = [{"face": face_id, "wanted": values[key]} for face_id, key in key_of_face.items() if key in values]
    if updates:
        by_face = and_(face.c.dataset_id == dataset_id, face.c.id == bindparam("face"))
        connection.execute(update(face).where(by_face).values({column: bindparam("wanted")}), updates)
    for batch in in_batches([face_id for face_id, key in key_of_face.items() if key not in values]):
        of_part = and_(face.c.dataset_id == dataset_id, face.c.id.in_(batch))
        connection.execute(update(face).where(of_part).values({column: base}))
    if field is Field.PERSON:  # who was assigned may have been merged into somebody else since
        for batch in in_batches(ids):
            _follow_merges(connection, dataset_id, batch)


def _set_people(
    connection: Connection, dataset_id: str, field: Field, ids: list[str], values: Mapping[FieldKey, Value]
) -> None:
    person = schema.person
    column, base = _PERSON_COLUMNS[field]
    for person_id in ids:
        value = values.get((Entity.PERSON, person_id, field), base)
        by_person = and_(person.c.dataset_id == dataset_id, person.c.id == int(person_id))
        connection.execute(update(person).where(by_person).values({column: value}))


def _set_photos(
    connection: Connection, dataset_id: str, field: Field, ids: list[str], values: Mapping[FieldKey, Value]
) -> None:
    for photo_id in ids:
        turn = values.get((Entity.PHOTO, photo_id, field))
        set_turn(connection, dataset_id, photo_id, None if turn is None else int(turn))


def _follow_merges(connection: Connection, dataset_id: str, face_ids: Collection[str] | None = None) -> None:
    """Set who each face is after all merges; of some faces, or of all whose answer has changed."""
    face, person = schema.face, schema.person
    of_faces = (
        face.c.dataset_id == dataset_id
        if face_ids is None
        else and_(face.c.dataset_id == dataset_id, face.c.id.in_(face_ids))
    )
    roots = resolve_merges(connection, dataset_id)
    merged = {person_id: final for person_id, final in roots.items() if person_id != final}
    # Only rows whose answer is another one now: a row that is written is read anew by every page. Of a merge that was
    # undone nothing is left, as whoever is not merged is who they were assigned to.
    merged_ids = select(person.c.id).where(person.c.dataset_id == dataset_id, person.c.merged_into.is_not(None))
    plain = and_(
        of_faces,
        face.c.person_id.is_distinct_from(face.c.assigned_id),
        or_(face.c.assigned_id.is_(None), face.c.assigned_id.not_in(merged_ids)),
    )
    connection.execute(update(face).where(plain).values(person_id=face.c.assigned_id))
    for person_id, final in merged.items():
        moved = and_(of_faces, face.c.assigned_id == person_id, face.c.person_id.is_distinct_from(final))
        connection.execute(update(face).where(moved).values(person_id=final))


def resolve_merges(connection: Connection, dataset_id: str) -> dict[int, int]:
    """Who each person is after all merges. Raises InputRefused where they run in a circle."""
    person = schema.person
    query = select(person.c.id, person.c.merged_into).where(person.c.dataset_id == dataset_id)
    rows = connection.execute(query).all()
    into = {row.id: row.merged_into for row in rows if row.merged_into is not None}
    try:
        return {row.id: follow_merges(row.id, into) for row in rows}
    except ValueError as error:
        raise InputRefused(
            marked("These people would be merged into each other in a circle. Undo the later merge first.")
        ) from error


def require_distinct_names(connection: Connection, dataset_id: str, keys: Collection[FieldKey]) -> None:
    """Raise NameTaken when two people with faces have one name."""
    if not any(field in _MAY_CLASH for _, _, field in keys):
        return
    if twice := namesakes_with_faces(connection, dataset_id):
        raise NameTaken(
            marked("There is a '{name}' already. Merge the two, or choose another name.").format(name=twice[0])
        )


def namesakes_with_faces(connection: Connection, dataset_id: str) -> list[str]:
    """The names that two people with faces have."""
    person = schema.person
    query = (
        select(person.c.name)
        .where(person.c.dataset_id == dataset_id, person.c.id.in_(people_with_faces(dataset_id)))
        .group_by(person.c.name)
        .having(func.count() > 1)
    )
    return list(connection.scalars(query))


def people_with_faces(dataset_id: str) -> Select[tuple[Any]]:
    """The ids of everybody who has a face that counts."""
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
# By these two people of one name may come to have faces at once: a dismissed face that counts again brings its person
# back.
_MAY_CLASH = {Field.NAME, Field.PERSON, Field.MERGED_INTO, Field.DISMISSED}
_Setter = Callable[[Connection, str, Field, list[str], Mapping[FieldKey, Value]], None]
_SETTERS: dict[Field, _Setter] = {
    **dict.fromkeys(OF_FACE, _set_faces),
    **dict.fromkeys(OF_PERSON, _set_people),
    **dict.fromkeys(OF_PHOTO, _set_photos),
}

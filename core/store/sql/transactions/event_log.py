"""Events written to the log of corrections inside of a transaction, with what follows from them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, replace

from sqlalchemy import Connection, insert, select, update

from core.base.errors import NotFound
from core.corrections.model import Change, Correction, Editor, Entity, Event, EventKind, Field
from core.language.texts import marked
from core.store.sql import schema
from core.store.sql.transactions.current_values import (
    FieldKey,
    namesakes_with_faces,
    people_with_faces,
    write_current_values,
)

INGEST = Editor("Face Atlas", "ingest")
"""Who is said to have done what follows from an ingest."""


def raise_revision(connection: Connection, dataset_id: str) -> None:
    """The first statement of every write: it takes the writer's lock before anything is read."""
    table = schema.dataset
    raised = update(table).where(table.c.id == dataset_id).values(revision=table.c.revision + 1)
    if not connection.execute(raised).rowcount:
        raise NotFound(marked("This dataset was deleted in the meantime."))


def lock_dataset(connection: Connection, dataset_id: str) -> None:
    """Take the writer's lock for a write that changes nothing which is kept by the revision."""
    table = schema.dataset
    if not connection.execute(update(table).where(table.c.id == dataset_id).values(revision=table.c.revision)).rowcount:
        raise NotFound(marked("This dataset was deleted in the meantime."))


def append_event(connection: Connection, dataset_id: str, editor: Editor, correction: Correction) -> Event:
    """Add an event and bring what it touches up to date."""
    faces = {change.entity_id for change in correction.changes if change.entity is Entity.FACE}
    event = add_event_row(connection, dataset_id, editor, correction, len(faces))
    # The changes before the columns: what a column holds is read from them.
    rows = [{"event_id": event.id, "dataset_id": dataset_id, **asdict(change)} for change in correction.changes]
    if rows:
        connection.execute(insert(schema.change), rows)
    if correction.origin:
        row = {"event_id": event.id, "dataset_id": dataset_id, "origin": correction.origin}
        connection.execute(insert(schema.event_origin).values(row))
    write_current_values(connection, dataset_id, changed_fields(correction.changes))
    return event


def add_event_row(
    connection: Connection,
    dataset_id: str,
    editor: Editor,
    correction: Correction,
    n_faces: int,
    target_id: int | None = None,
) -> Event:
    """Add an event without what it changes; ``target_id`` is the event that it undoes or redoes."""
    revision = select(schema.dataset.c.revision).where(schema.dataset.c.id == dataset_id)
    event = Event(
        id=0,  # the database gives it
        dataset_id=dataset_id,
        kind=correction.kind,
        author=editor.author,
        session=editor.session,
        created=time.time(),
        revision=connection.scalars(revision).one(),
        n_faces=n_faces,
        person_id=correction.person_id,
        from_person_id=correction.from_person_id,
        why=correction.why,
        target_id=target_id,
        active=True,
    )
    values = asdict(event)
    del values["id"]
    added = connection.execute(insert(schema.event).values(values))
    return replace(event, id=int((added.inserted_primary_key or [0])[0]))


def changed_fields(changes: Iterable[Change]) -> set[FieldKey]:
    """The fields that some changes set."""
    return {(change.entity, change.entity_id, change.field) for change in changes}


def merge_namesakes(connection: Connection, dataset_id: str) -> None:
    """After an ingest: a folder of the name that somebody gave to a person is that person.

    It is recorded as a merge, so that it can be undone like any other.
    """
    person = schema.person
    for name in namesakes_with_faces(connection, dataset_id):
        query = (
            select(person.c.id)
            .where(
                person.c.dataset_id == dataset_id, person.c.name == name, person.c.id.in_(people_with_faces(dataset_id))
            )
            .order_by(person.c.id)
        )
        # The one who was there first stays: corrections and recognisers speak of that id.
        kept_id, *duplicate_ids = connection.scalars(query).all()
        for duplicate_id in duplicate_ids:
            change = Change(Entity.PERSON, str(duplicate_id), Field.MERGED_INTO, kept_id)
            correction = Correction(
                kind=EventKind.MERGE,
                changes=[change],
                person_id=kept_id,
                from_person_id=duplicate_id,
                why=marked("A folder of the same name."),
            )
            append_event(connection, dataset_id, INGEST, correction)

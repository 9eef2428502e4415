"""Erasing a person from a dataset (an ``EraseStore``): their rows, their names, and what the log says about them.

What the log says about others stays, and the columns stay what its replay says: every field that loses an event is
brought up to date in the same transaction. Deleted rows are overwritten by the database (``secure_delete``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, update

from core.corrections.model import Entity, Field
from core.store.exchange_protocols import Erasure, ErasureCounts, NameRemains, RunsOf, WriteDown
from core.store.name_scrubber import Scrubber
from core.store.name_spelling import Spellings, find_mentions, text_readings
from core.store.sql import schema
from core.store.sql.reader import SqlStore
from core.store.sql.rows import in_batches
from core.store.sql.transactions.current_values import write_current_values
from core.store.sql.transactions.erasure_scope import ErasureScope
from core.store.sql.transactions.event_log import raise_revision
from core.store.sql.transactions.face_rows import remove_faces
from core.store.sql.transactions.name_texts import read_surroundings, read_texts, scrub_texts

_Entry = tuple[int, str, str, str]
"""Event, entity, its id, field: the key of a change."""


@dataclass(frozen=True)
class SqlEraseStore(SqlStore):
    """Erasing behind a SQLAlchemy engine."""

    def erasure(self, dataset_id: str, person_id: int, *, with_shared: bool) -> Erasure:
        with self.engine.connect() as connection:
            return ErasureScope(connection, dataset_id).of_person(person_id, with_shared=with_shared)

    def whole(self, dataset_id: str) -> Erasure:
        with self.engine.connect() as connection:
            return ErasureScope(connection, dataset_id).of_dataset()

    def erase(
        self, dataset_id: str, person_id: int, runs_of: RunsOf, write_down: WriteDown, *, with_shared: bool
    ) -> None:
        with self.engine.begin() as connection:
            raise_revision(connection, dataset_id)
            # Found inside of the transaction that removes it: whatever came in meanwhile is in it, or not in the
            # dataset.
            erasure = ErasureScope(connection, dataset_id).of_person(person_id, with_shared=with_shared)
            run_ids = runs_of(erasure)
            scrubber = Scrubber(erasure.names, erasure.spared, _ids(erasure))
            _delete_rows(connection, erasure)
            events = _clean_log(connection, erasure, scrubber)
            _delete_people(connection, erasure, scrubber)
            runs, maps = _delete_derived(connection, dataset_id, run_ids)
            # After the rows: what still holds a name now is a row that stays, and is told so in words.
            scrub_texts(connection, erasure, scrubber)
            counts = len(erasure.face_ids), len(erasure.photo_ids), len(erasure.vectors)
            erased = ErasureCounts(*counts, events, runs, maps)
            # Before the commit, so that there is no moment at which the rows are gone and nobody knows what to search
            # for. A kill just here leaves a plan of somebody who is still there, which is found out by that.
            write_down(erasure, erased, frozenset(run_ids), *_kept_files(connection, dataset_id))

    def has_person(self, dataset_id: str, person_id: int, names: Sequence[str]) -> bool:
        person = schema.person
        has_name = or_(person.c.name.in_(names), person.c.base_name.in_(names))
        query = select(func.count()).where(person.c.dataset_id == dataset_id, person.c.id == person_id, has_name)
        return bool(self.read_value(query))

    def kept_files(self, dataset_id: str) -> tuple[set[str], set[str]]:
        with self.engine.connect() as connection:
            return _kept_files(connection, dataset_id)

    def remains(self, erasure: Erasure) -> NameRemains:
        spared, every = Spellings(erasure.names, erasure.spared), Spellings(erasure.names)
        living, sure, possible = set(erasure.spared), 0, 0
        with self.engine.connect() as connection:
            for in_scope, value in read_texts(connection, erasure.dataset_id):
                if not any(map(every.may_mention, text_readings(value))):
                    continue
                certainties = find_mentions(spared, [value]) if in_scope else []
                sure, possible = (
                    sure + (True in certainties),
                    possible + (bool(certainties) and True not in certainties),
                )
                if True not in certainties:
                    living.update(read_surroundings(value, every))
        return NameRemains(frozenset(living), sure, possible)

    def compact(self) -> None:
        self.database.compact(self.engine)


def _kept_files(connection: Connection, dataset_id: str) -> tuple[set[str], set[str]]:
    face, photo = schema.face, schema.photo
    # Of a dataset that keeps no photos no row speaks of a file of one, wherever it lies.
    keeps_photos = select(schema.dataset.c.keeps_photos).where(schema.dataset.c.id == dataset_id).scalar_subquery()
    photos = set(connection.scalars(select(photo.c.id).where(photo.c.dataset_id == dataset_id, keeps_photos)))
    crops = set(connection.scalars(select(face.c.crop_id).where(face.c.dataset_id == dataset_id)))
    return photos, crops


def _ids(erasure: Erasure) -> frozenset[str]:
    return frozenset((*erasure.face_ids, *erasure.crop_ids, *erasure.photo_ids))


# rows


def _delete_rows(connection: Connection, erasure: Erasure) -> None:
    face, photo, dataset_id = schema.face, schema.photo, erasure.dataset_id
    for part in in_batches(erasure.face_ids):
        remove_faces(connection, dataset_id, face.c.id.in_(part))
    for part in in_batches(erasure.photo_ids):
        connection.execute(delete(photo).where(photo.c.dataset_id == dataset_id, photo.c.id.in_(part)))
    # Faces that a folder gave to this person and that are somebody else's now stay; where they came from is forgotten.
    of_person = face.c.base_person_id.in_(erasure.person_ids)
    connection.execute(update(face).where(face.c.dataset_id == dataset_id, of_person).values(base_person_id=None))


def _delete_people(connection: Connection, erasure: Erasure, scrubber: Scrubber) -> None:
    """Also gives a neutral name to others who once had one of the names and show another, or nobody, now."""
    person = schema.person
    connection.execute(delete(person).where(person.c.id.in_(erasure.person_ids)))
    rows = connection.execute(select(person).where(person.c.dataset_id == erasure.dataset_id)).all()
    for row in rows:
        if scrubber.names_somebody(row.base_name):
            neutral = f"Person {row.id}"
            new_name = neutral if scrubber.names_somebody(row.name) else row.name
            # No folder's person any more: photos of a folder with the erased name are of somebody new.
            values = {"base_name": new_name, "name": new_name, "of_folder": False}
            connection.execute(update(person).where(person.c.id == row.id).values(values))


def _delete_derived(connection: Connection, dataset_id: str, run_ids: Sequence[str]) -> tuple[int, int]:
    run, projection = schema.run, schema.projection
    runs = connection.execute(delete(run).where(run.c.dataset_id == dataset_id, run.c.id.in_(run_ids))).rowcount
    # Every map has a point for every face, so none is free of the erased ones.
    maps = connection.execute(delete(projection).where(projection.c.dataset_id == dataset_id)).rowcount
    return runs, maps


# the log


def _clean_log(connection: Connection, erasure: Erasure, scrubber: Scrubber) -> int:
    """Take out what events say about the person, then events that say nothing any more; how many of these."""
    removed_changes = list(_changes_to_go(connection, erasure, scrubber))
    change = schema.change
    names = [key.name for key in change.primary_key.columns]
    if removed_changes:
        by_key = and_(*(change.c[name] == bindparam(f"of_{name}") for name in names))
        rows = [{f"of_{name}": value for name, value in zip(names, entry, strict=True)} for entry in removed_changes]
        connection.execute(delete(change).where(by_key), rows)
    deleted = _delete_empty_events(connection, {event_id for event_id, *_ in removed_changes})
    _forget_in_events(connection, erasure)
    # The columns follow from what is left of the log; that is what the replay will be held against.
    write_current_values(connection, erasure.dataset_id, {entry[1:] for entry in removed_changes})
    return deleted


def _changes_to_go(connection: Connection, erasure: Erasure, scrubber: Scrubber) -> Iterator[_Entry]:
    change = schema.change
    every = select(change).where(change.c.dataset_id == erasure.dataset_id)
    faces, people = set(erasure.face_ids), {str(person_id) for person_id in erasure.person_ids}
    photos = set(erasure.photo_ids)
    # A move says more of a face than whose it is (confirmed, no stranger): all of it goes with the name.
    assigned = {
        (row.event_id, row.entity_id)
        for row in connection.execute(every.where(change.c.field == Field.PERSON))
        if row.value in erasure.person_ids
    }
    for row in connection.execute(every):
        if (
            (row.entity == Entity.FACE and (row.entity_id in faces or (row.event_id, row.entity_id) in assigned))
            or (row.entity == Entity.PAIR and not faces.isdisjoint(row.entity_id.split(" ")))
            or (row.entity == Entity.PHOTO and row.entity_id in photos)
            or (row.entity == Entity.PERSON and (row.entity_id in people or _speaks_of(row, erasure, scrubber)))
        ):
            yield row.event_id, row.entity, row.entity_id, row.field


def _speaks_of(row: Any, erasure: Erasure, scrubber: Scrubber) -> bool:
    """Whether a change of another person names this one, or shows their face."""
    if row.field == Field.MERGED_INTO:
        return row.value in erasure.person_ids
    if row.field == Field.COVER:
        return row.value in erasure.face_ids
    return row.field == Field.NAME and scrubber.names_somebody(row.value)


def _delete_empty_events(connection: Connection, touched: set[int]) -> int:
    """Remove events that set nothing any more, with their undoing; count the faces of the others anew."""
    event, change = schema.event, schema.change
    deleted = 0
    for event_id in sorted(touched):
        left = connection.scalar(select(func.count()).where(change.c.event_id == event_id))
        of_faces = (change.c.event_id == event_id) & (change.c.entity == Entity.FACE)
        faces = connection.scalar(select(func.count(change.c.entity_id.distinct())).where(of_faces))
        event_and_undoing = or_(event.c.id == event_id, event.c.target_id == event_id)
        # With changes of others left, the event stays and counts the faces that it still speaks of.
        if left:
            connection.execute(update(event).where(event_and_undoing).values(n_faces=faces))
        else:
            deleted += connection.execute(delete(event).where(event_and_undoing)).rowcount
    return deleted


def _forget_in_events(connection: Connection, erasure: Erasure) -> None:
    event = schema.event
    for column in (event.c.person_id, event.c.from_person_id):
        about_person = and_(event.c.dataset_id == erasure.dataset_id, column.in_(erasure.person_ids))
        connection.execute(update(event).where(about_person).values({column.name: None}))

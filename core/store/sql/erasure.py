"""Erasing a person from a dataset (an ``EraseStore``): their rows, their names, and what the log says about them.

What the log says about others stays, and the columns stay what its replay says: every field that loses an event is
brought up to date in the same transaction. Deleted rows are overwritten by the database (``secure_delete``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    String,
    Table,
    and_,
    bindparam,
    delete,
    false,
    func,
    or_,
    select,
    text,
    update,
)

from core.base.errors import NotFound
from core.corrections.model import Entity, Field
from core.store.exchange_protocols import Erasure, ErasureCounts, NameRemains, RunsOf, WriteDown
from core.store.name_scrubber import Scrubber
from core.store.name_spelling import Spellings, compose_accents, find_mentions, text_readings
from core.store.sql import schema
from core.store.sql.corrections import bring_up_to_date, person_roots, raise_revision
from core.store.sql.database import compact_database
from core.store.sql.rows import in_batches

_Entry = tuple[int, str, str, str]
"""Event, entity, its id, field: the key of a change."""

WORDS = {
    schema.dataset: {"model_id"},
    schema.person: {"base_name", "name", "cover_face_id"},
    schema.photo: {"split"},
    schema.face: {"photo_id", "crop_id", "base_split", "split"},
    schema.event: {"dataset_id", "kind", "session"},
    schema.change: {"dataset_id"},
    schema.file_report: {"outcome", "split", "photo_id"},
    schema.job: {"dataset_id", "kind", "state", "owner"},
    schema.run: {"dataset_id", "model_id"},
}
"""The tables in whose texts a name may stand, each with its columns of fixed words and ids, where none does."""
WORDLESS = (
    schema.about,
    schema.alembic_version,
    schema.quality,
    schema.embedding,
    schema.projection,
    schema.event_origin,
)
"""The other tables: they hold no text about anybody, and their rows of the person go with the faces or as a whole."""


@dataclass(frozen=True)
class SqlEraseStore:
    """Erasing behind a SQLAlchemy engine."""

    engine: Engine

    def erasure(self, dataset_id: str, person_id: int, *, with_shared: bool) -> Erasure:
        with self.engine.connect() as connection:
            return _Plan(connection, dataset_id).of(person_id, with_shared=with_shared)

    def whole(self, dataset_id: str) -> Erasure:
        with self.engine.connect() as connection:
            return _Plan(connection, dataset_id).whole()

    def erase(
        self, dataset_id: str, person_id: int, runs_of: RunsOf, write_down: WriteDown, *, with_shared: bool
    ) -> None:
        with self.engine.begin() as connection:
            raise_revision(connection, dataset_id)
            erasure = _Plan(connection, dataset_id).of(person_id, with_shared=with_shared)
            run_ids = runs_of(erasure)
            scrubber = Scrubber(erasure.names, erasure.spared, _ids(erasure))
            _delete_rows(connection, erasure)
            events = _clean_log(connection, erasure, scrubber)
            _delete_people(connection, erasure, scrubber)
            runs, maps = _delete_derived(connection, dataset_id, run_ids)
            _scrub_texts(connection, erasure, scrubber)
            counts = len(erasure.face_ids), len(erasure.photo_ids), len(erasure.vectors)
            erased = ErasureCounts(*counts, events, runs, maps)
            write_down(erasure, erased, frozenset(run_ids), *_kept_files(connection, dataset_id))

    def has_person(self, dataset_id: str, person_id: int, names: Sequence[str]) -> bool:
        person = schema.person
        has_name = or_(person.c.name.in_(names), person.c.base_name.in_(names))
        query = select(func.count()).where(person.c.dataset_id == dataset_id, person.c.id == person_id, has_name)
        with self.engine.connect() as connection:
            return bool(connection.scalar(query))

    def kept_files(self, dataset_id: str) -> tuple[set[str], set[str]]:
        with self.engine.connect() as connection:
            return _kept_files(connection, dataset_id)

    def remains(self, erasure: Erasure) -> NameRemains:
        spared, every = Spellings(erasure.names, erasure.spared), Spellings(erasure.names)
        living, sure, possible = set(erasure.spared), 0, 0
        with self.engine.connect() as connection:
            for in_scope, value in _all_texts(connection, erasure.dataset_id):
                if not any(map(every.may_mention, text_readings(value))):
                    continue
                certainties = find_mentions(spared, [value]) if in_scope else []
                sure, possible = (
                    sure + (True in certainties),
                    possible + (bool(certainties) and True not in certainties),
                )
                if True not in certainties:
                    living.update(_around(value, every))
        return NameRemains(frozenset(living), sure, possible)

    def compact(self) -> None:
        compact_database(self.engine)


def _kept_files(connection: Connection, dataset_id: str) -> tuple[set[str], set[str]]:
    face, photo = schema.face, schema.photo
    photos = set(connection.scalars(select(photo.c.id).where(photo.c.dataset_id == dataset_id)))
    crops = set(connection.scalars(select(face.c.crop_id).where(face.c.dataset_id == dataset_id)))
    return photos, crops


def _ids(erasure: Erasure) -> frozenset[str]:
    return frozenset((*erasure.face_ids, *erasure.crop_ids, *erasure.photo_ids))


# what belongs to a person


@dataclass(frozen=True)
class _Plan:
    """Finds what is to go, in a transaction."""

    connection: Connection
    dataset_id: str

    def of(self, person_id: int, *, with_shared: bool) -> Erasure:
        people = self._people(person_id)
        names, spared = self._names(people)
        photos, shared = self._photos(people)
        if with_shared:
            photos, shared = photos | shared, set()
        faces, crops = self._faces(people, photos)
        elsewhere, elsewhere_vectors = self._elsewhere(faces, crops, photos)
        return Erasure(
            dataset_id=self.dataset_id,
            person_ids=frozenset(people),
            names=names,
            spared=spared,
            face_ids=tuple(sorted(faces)),
            crop_ids=tuple(sorted(crops)),
            photo_ids=tuple(sorted(photos)),
            shared_photo_ids=tuple(sorted(shared)),
            vectors=tuple(self._vectors(self.dataset_id, faces)),
            elsewhere=elsewhere,
            elsewhere_vectors=elsewhere_vectors,
            named_elsewhere=self._named_elsewhere(names),
        )

    def whole(self) -> Erasure:
        """All of the dataset; names that people elsewhere have too are theirs."""
        person, photo = schema.person, schema.photo
        rows = self.connection.execute(select(person)).all()
        own_rows = [row for row in rows if row.dataset_id == self.dataset_id]
        other_names = {row.name for row in rows if row.dataset_id != self.dataset_id}
        elsewhere = Spellings(tuple(other_names))
        names = tuple(
            sorted({name for row in own_rows for name in (row.name, row.base_name) if not elsewhere.is_name(name)})
        )
        spellings = Spellings(names)
        photos = set(self.connection.scalars(select(photo.c.id).where(photo.c.dataset_id == self.dataset_id)))
        faces, crops = self._faces(set(), photos)
        ids, vectors = self._elsewhere(faces, crops, photos)
        return Erasure(
            dataset_id=self.dataset_id,
            person_ids=frozenset(row.id for row in own_rows),
            names=names,
            spared=tuple(sorted(name for name in other_names if spellings.may_mention(name))),
            face_ids=tuple(sorted(faces)),
            crop_ids=tuple(sorted(crops)),
            photo_ids=tuple(sorted(photos)),
            shared_photo_ids=(),
            vectors=tuple(self._vectors(self.dataset_id, faces)),
            elsewhere=ids,
            elsewhere_vectors=vectors,
            named_elsewhere=(),
        )

    def _people(self, person_id: int) -> set[int]:
        """The person with all who were merged into them, and those without faces who have the same name."""
        roots = person_roots(self.connection, self.dataset_id)
        if person_id not in roots:
            raise NotFound("This person is not in the dataset any more. Reload the page.")
        person, face = schema.person, schema.face
        person_ids = {merged_id for merged_id, final in roots.items() if final == roots[person_id]}
        names = select(person.c.name).where(person.c.id.in_(person_ids))
        with_faces = select(face.c.assigned_id).where(
            face.c.dataset_id == self.dataset_id, face.c.assigned_id.is_not(None)
        )
        namesakes = select(person.c.id).where(
            person.c.dataset_id == self.dataset_id,
            person.c.name.in_(names),
            person.c.merged_into.is_(None),
            person.c.id.not_in(with_faces),
        )
        return person_ids | set(self.connection.scalars(namesakes))

    def _names(self, people: set[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        person, change = schema.person, schema.change
        rows = self.connection.execute(select(person).where(person.c.dataset_id == self.dataset_id)).all()
        assigned_names = select(change.c.value).where(
            change.c.dataset_id == self.dataset_id,
            change.c.entity == Entity.PERSON.value,
            change.c.field == Field.NAME.value,
            change.c.entity_id.in_([str(person_id) for person_id in people]),
        )
        own_names = {name for row in rows if row.id in people for name in (row.name, row.base_name)}
        own_names |= {str(name) for name in self.connection.scalars(assigned_names)}
        other_rows = [row for row in rows if row.id not in people]
        present = {row.name for row in other_rows if row.merged_into is None}
        names = own_names - present
        spellings = Spellings(tuple(names))
        past = {name for row in other_rows for name in (row.name, row.base_name) if not spellings.is_name(name)}
        holding = {candidate for candidate in present | past if spellings.may_mention(candidate)}
        return tuple(sorted(names)), tuple(sorted(holding - names))

    def _photos(self, people: set[int]) -> tuple[set[str], set[str]]:
        """Photos that show nobody else, and photos that do; those of the person's folder without a face too."""
        face, photo, person = schema.face, schema.photo, schema.person
        of_dataset = select(face.c.photo_id).where(face.c.dataset_id == self.dataset_id)
        own_photos = set(self.connection.scalars(of_dataset.where(face.c.person_id.in_(people))))
        photos_of_others = set(
            self.connection.scalars(
                of_dataset.where(~face.c.dismissed, or_(face.c.person_id.is_(None), face.c.person_id.not_in(people)))
            )
        )
        folders = select(person.c.base_name).where(person.c.id.in_(people), person.c.of_folder)
        of_folder = select(photo.c.id).where(photo.c.dataset_id == self.dataset_id, photo.c.folder_person.in_(folders))
        own_photos |= set(self.connection.scalars(of_folder)) - photos_of_others
        return own_photos - photos_of_others, own_photos & photos_of_others

    def _faces(self, people: set[int], photo_ids: set[str]) -> tuple[set[str], set[str]]:
        face = schema.face
        of_dataset = select(face.c.id, face.c.crop_id).where(face.c.dataset_id == self.dataset_id)
        rows = list(self.connection.execute(of_dataset.where(face.c.person_id.in_(people))))
        for part in in_batches(sorted(photo_ids)):
            rows += self.connection.execute(of_dataset.where(face.c.photo_id.in_(part)))
        return {row.id for row in rows}, {row.crop_id for row in rows}

    def _vectors(self, dataset_id: str, face_ids: set[str]) -> Iterator[bytes]:
        embedding = schema.embedding
        for part in in_batches(sorted(face_ids)):
            query = select(embedding.c.vector).where(
                embedding.c.dataset_id == dataset_id, embedding.c.face_id.in_(part)
            )
            yield from self.connection.scalars(query)

    def _elsewhere(
        self, face_ids: set[str], crop_ids: set[str], photo_ids: set[str]
    ) -> tuple[frozenset[str], frozenset[bytes]]:
        """What other datasets hold too: ids are hashes, so the same photo has the same."""
        face, photo, embedding = schema.face, schema.photo, schema.embedding
        shared_ids: set[str] = set()
        for column, ids in ((face.c.id, face_ids), (face.c.crop_id, crop_ids), (photo.c.id, photo_ids)):
            for part in in_batches(sorted(ids)):
                query = select(column).where(column.in_(part), column.table.c.dataset_id != self.dataset_id)
                shared_ids |= set(self.connection.scalars(query))
        vectors: set[bytes] = set()
        for part in in_batches(sorted(shared_ids & face_ids)):
            query = select(embedding.c.vector).where(
                embedding.c.dataset_id != self.dataset_id, embedding.c.face_id.in_(part)
            )
            vectors |= set(self.connection.scalars(query))
        return frozenset(shared_ids), frozenset(vectors)

    def _named_elsewhere(self, names: Sequence[str]) -> tuple[str, ...]:
        person, dataset = schema.person, schema.dataset
        query = (
            select(dataset.c.name, person.c.name, person.c.base_name)
            .join(person, person.c.dataset_id == dataset.c.id)
            .where(dataset.c.id != self.dataset_id)
        )
        spellings = Spellings(tuple(names))
        return tuple(sorted({row[0] for row in self.connection.execute(query) if any(map(spellings.is_name, row[1:]))}))


# rows


def _delete_rows(connection: Connection, erasure: Erasure) -> None:
    face, photo = schema.face, schema.photo
    for table, ids in ((face, erasure.face_ids), (photo, erasure.photo_ids)):
        for part in in_batches(ids):
            connection.execute(delete(table).where(table.c.dataset_id == erasure.dataset_id, table.c.id.in_(part)))
    of_person = face.c.base_person_id.in_(erasure.person_ids)
    connection.execute(
        update(face).where(face.c.dataset_id == erasure.dataset_id, of_person).values(base_person_id=None)
    )


def _delete_people(connection: Connection, erasure: Erasure, scrubber: Scrubber) -> None:
    """Also gives a neutral name to others who once had one of the names and show another, or nobody, now."""
    person = schema.person
    connection.execute(delete(person).where(person.c.id.in_(erasure.person_ids)))
    rows = connection.execute(select(person).where(person.c.dataset_id == erasure.dataset_id)).all()
    for row in rows:
        if scrubber.names_somebody(row.base_name):
            neutral = f"Person {row.id}"
            new_name = neutral if scrubber.names_somebody(row.name) else row.name
            values = {"base_name": new_name, "name": new_name, "of_folder": False}
            connection.execute(update(person).where(person.c.id == row.id).values(values))


def _delete_derived(connection: Connection, dataset_id: str, run_ids: Sequence[str]) -> tuple[int, int]:
    run, projection = schema.run, schema.projection
    runs = connection.execute(delete(run).where(run.c.dataset_id == dataset_id, run.c.id.in_(run_ids))).rowcount
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
    bring_up_to_date(connection, erasure.dataset_id, {entry[1:] for entry in removed_changes})
    return deleted


def _changes_to_go(connection: Connection, erasure: Erasure, scrubber: Scrubber) -> Iterator[_Entry]:
    change = schema.change
    every = select(change).where(change.c.dataset_id == erasure.dataset_id)
    faces, people = set(erasure.face_ids), {str(person_id) for person_id in erasure.person_ids}
    photos = set(erasure.photo_ids)
    assigned = {
        (row.event_id, row.entity_id)
        for row in connection.execute(every.where(change.c.field == Field.PERSON.value))
        if row.value in erasure.person_ids
    }
    for row in connection.execute(every):
        if (
            (row.entity == Entity.FACE.value and (row.entity_id in faces or (row.event_id, row.entity_id) in assigned))
            or (row.entity == Entity.PAIR.value and not faces.isdisjoint(row.entity_id.split(" ")))
            or (row.entity == Entity.PHOTO.value and row.entity_id in photos)
            or (row.entity == Entity.PERSON.value and (row.entity_id in people or _speaks_of(row, erasure, scrubber)))
        ):
            yield row.event_id, row.entity, row.entity_id, row.field


def _speaks_of(row: Any, erasure: Erasure, scrubber: Scrubber) -> bool:
    """Whether a change of another person names this one, or shows their face."""
    if row.field == Field.MERGED_INTO.value:
        return row.value in erasure.person_ids
    if row.field == Field.COVER.value:
        return row.value in erasure.face_ids
    return row.field == Field.NAME.value and scrubber.names_somebody(row.value)


def _delete_empty_events(connection: Connection, touched: set[int]) -> int:
    """Remove events that set nothing any more, with their undoing; count the faces of the others anew."""
    event, change = schema.event, schema.change
    deleted = 0
    for event_id in sorted(touched):
        left = connection.scalar(select(func.count()).where(change.c.event_id == event_id))
        of_faces = (change.c.event_id == event_id) & (change.c.entity == Entity.FACE.value)
        faces = connection.scalar(select(func.count(change.c.entity_id.distinct())).where(of_faces))
        event_and_undoing = or_(event.c.id == event_id, event.c.target_id == event_id)
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


# names in texts


def _scrub_texts(connection: Connection, erasure: Erasure, scrubber: Scrubber) -> None:
    photo, report = schema.photo, schema.file_report
    of_report = _of_dataset(report, erasure.dataset_id)
    for part in in_batches(erasure.photo_ids):
        connection.execute(update(report).where(of_report, report.c.photo_id.in_(part)).values(photo_id=None))
    for column, in_dataset in (
        (photo.c.folder_person, _of_dataset(photo, erasure.dataset_id)),
        (report.c.person, of_report),
    ):
        present = connection.scalars(select(column).where(in_dataset, column.is_not(None)).distinct())
        erased_names = [name for name in present if scrubber.names_somebody(name)]
        connection.execute(update(column.table).where(in_dataset, column.in_(erased_names)).values({column.name: None}))
    for table in WORDS:
        _scrub_table(connection, table, erasure.dataset_id, scrubber)


def _scrub_table(connection: Connection, table: Table, dataset_id: str, scrubber: Scrubber) -> None:
    columns = _text_columns(table)
    keys = list(table.primary_key.columns)
    rows = connection.execute(select(*keys, *columns).where(_of_dataset(table, dataset_id))).all()
    for row in rows:
        values = {column.name: scrubber.json(row._mapping[column]) for column in columns}
        changed = {name: value for name, value in values.items() if value != row._mapping[table.c[name]]}
        if changed:
            if table is schema.dataset:
                changed = _free_name(connection, changed["name"], dataset_id)
            by_key = and_(*(key == row._mapping[key] for key in keys))
            connection.execute(update(table).where(by_key).values(changed))


def _free_name(connection: Connection, name: str, dataset_id: str) -> dict[str, str]:
    dataset = schema.dataset
    n_namesakes = connection.scalar(select(func.count()).where(dataset.c.name == name, dataset.c.id != dataset_id))
    return {"name": f"{name} {dataset_id}" if n_namesakes else name}


def _text_columns(table: Table) -> list[Column[Any]]:
    skipped = WORDS[table]
    return [
        column
        for column in table.columns
        if isinstance(column.type, String | JSON) and not column.primary_key and column.name not in skipped
    ]


def _of_dataset(table: Table, dataset_id: str) -> Any:
    if table is schema.dataset:
        return table.c.id == dataset_id
    if "dataset_id" in table.c:
        return table.c.dataset_id == dataset_id
    jobs = select(schema.job.c.id).where(schema.job.c.dataset_id == dataset_id)
    return table.c.job_id.in_(jobs)


def _all_texts(connection: Connection, dataset_id: str) -> Iterator[tuple[bool, str]]:
    """Every text of the database, and whether it is one of this dataset in which a name might stand."""
    for statement in connection.scalars(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")):
        yield False, statement
    for table in schema.metadata.sorted_tables:
        columns = [column for column in table.columns if isinstance(column.type, String | JSON)]
        words = {column.name for column in _text_columns(table)} if table in WORDS else set()
        words |= {"name", "base_name"} if table is schema.person else set()
        in_dataset = _of_dataset(table, dataset_id) if words else false()
        for is_in_dataset, *values in connection.execute(select(in_dataset, *columns)):
            for column, value in zip(columns, values, strict=True):
                yield from (
                    (bool(is_in_dataset) and column.name in words, text_value) for text_value in _strings(value)
                )


_LONGEST_AROUND = 16
_ESCAPED = frozenset('"\\/\n\r\t')


def _around(text: str, spellings: Spellings) -> Iterator[str]:
    """The names in a text with what stands beside them, as far as it is written as it is."""
    text = compose_accents(text)
    for mention in spellings.mentions(text):
        start, end = mention.start, mention.end
        while start > 0 and mention.start - start < _LONGEST_AROUND and text[start - 1] not in _ESCAPED:
            start -= 1
        while end < len(text) and end - mention.end < _LONGEST_AROUND and text[end] not in _ESCAPED:
            end += 1
        yield text[start:end]


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(entry)
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield key
            yield from _strings(entry)

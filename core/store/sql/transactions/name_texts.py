"""Texts of the database in which a person's names may stand: scrubbed when the person is erased, and searched after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import JSON, Column, Connection, String, Table, and_, false, func, select, update

from core.store.exchange_protocols import Erasure
from core.store.name_scrubber import Scrubber
from core.store.name_spelling import Spellings, compose_accents
from core.store.sql import schema
from core.store.sql.database import database_behind
from core.store.sql.rows import in_batches
from core.store.sql.transactions.face_rows import touch_faces

WORDS = {
    schema.dataset: {"model_id", "keep_until"},
    schema.person: {"base_name", "name", "cover_face_id", "keep_until"},
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
    schema.dataset_grant,
    schema.job_asker,
    schema.sign_out,
    schema.audit,
    schema.receipt,
)
"""The other tables: they hold no text about anybody, and their rows of the person go with the faces or as a whole. The
audit log names who looked, which stays, and knows who was looked at by an id, which goes. Addresses are of those who
may enter and of what they asked for, whoever is on the photos. A receipt names at most who
asked for it, and cannot be changed but by whoever signs it anew."""


def scrub_texts(connection: Connection, erasure: Erasure, scrubber: Scrubber) -> None:
    """Take a person's names out of all texts of the dataset, and photos that went out of its reports."""
    photo, report = schema.photo, schema.file_report
    of_report = _of_dataset(report, erasure.dataset_id)
    for part in in_batches(erasure.photo_ids):
        connection.execute(update(report).where(of_report, report.c.photo_id.in_(part)).values(photo_id=None))
    # A column that is a name and nothing else is emptied: a folder called 'erased' would be a person of that name.
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
            # Datasets are told apart by their names, and two may have differed in the erased one alone.
            if table is schema.dataset:
                changed = _free_name(connection, changed["name"], dataset_id)
            by_key = and_(*(key == row._mapping[key] for key in keys))
            connection.execute(update(table).where(by_key).values(changed))
            if table is schema.photo:  # pages show its name with its faces
                touch_faces(connection, dataset_id, schema.face.c.photo_id == row.id)


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


def read_texts(connection: Connection, dataset_id: str) -> Iterator[tuple[bool, str]]:
    """Every text of the database, and whether it is one of this dataset in which a name might stand."""
    # The schema too is text of the file, though no name should ever get there.
    for statement in database_behind(connection.engine).schema_texts(connection):
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


def read_surroundings(text: str, spellings: Spellings) -> Iterator[str]:
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

"""Datasets in SQL, how much each holds, and who has faces in it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields

from sqlalchemy import Subquery, case, delete, distinct, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.base.errors import NameTaken, NotFound
from core.base.types import Split
from core.language.texts import marked
from core.store.names import checked_name
from core.store.sql import schema
from core.store.sql.reader import SqlStore
from core.store.sql.transactions.current_values import resolve_merges
from core.store.values.datasets import Counts, Dataset, PersonCount


@dataclass(frozen=True)
class SqlDatasetStore(SqlStore):
    """The part of a ``FaceStore`` that knows datasets and people, not their faces."""

    def create_dataset(self, name: str, model_id: str, *, keeps_photos: bool = True) -> Dataset:
        dataset = Dataset(
            id=uuid.uuid4().hex[:12],
            name=checked_name(name, "dataset"),
            model_id=model_id,
            revision=0,
            created=time.time(),
            keeps_photos=keeps_photos,
        )
        with refuse_taken_name(dataset.name), self.engine.begin() as connection:
            connection.execute(insert(schema.dataset).values(asdict(dataset)))
        return dataset

    def rename_dataset(self, dataset_id: str, name: str) -> None:
        name = checked_name(name, "dataset")
        with refuse_taken_name(name), self.engine.begin() as connection:
            connection.execute(update(schema.dataset).where(schema.dataset.c.id == dataset_id).values(name=name))

    def set_photo_keeping(self, dataset_id: str, keeps_photos: bool) -> None:
        dataset = schema.dataset
        with self.engine.begin() as connection:
            connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(keeps_photos=keeps_photos))

    def delete_dataset(self, dataset_id: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(schema.dataset).where(schema.dataset.c.id == dataset_id))
        # Outside of the transaction, in which SQLite does not compact.
        self.database.compact(self.engine)

    def size_bytes(self) -> int:
        return self.database.size_bytes(self.engine)

    def describe_database(self) -> str:
        return self.database.describe()

    def dataset(self, name_or_id: str) -> Dataset:
        datasets = self.datasets()
        for dataset in datasets:
            if name_or_id in (dataset.id, dataset.name):
                return dataset
        names = ", ".join(f"'{dataset.name}'" for dataset in datasets) or "none yet"
        raise NotFound(
            marked("There is no dataset '{dataset}'. Datasets here: {names}.").format(dataset=name_or_id, names=names)
        )

    def datasets(self) -> list[Dataset]:
        columns = [schema.dataset.c[column.name] for column in fields(Dataset)]
        rows = self.read_rows(select(*columns).order_by(schema.dataset.c.created))
        return [Dataset(**row._mapping) for row in rows]

    def dataset_names(self) -> set[str]:
        return set(self.read_values(select(schema.dataset.c.name)))

    def counts(self, dataset_id: str) -> Counts:
        face, photo = schema.face, schema.photo
        is_named = face.c.person_id.is_not(None)
        photos = select(func.count()).select_from(photo).where(photo.c.dataset_id == dataset_id).scalar_subquery()
        query = select(
            photos.label("photos"),
            func.count().label("faces"),
            func.count(distinct(face.c.person_id)).label("people"),
            func.count(case((is_named & (face.c.split == Split.TRAIN), 1))).label("train_faces"),
            func.count(case((is_named & (face.c.split == Split.VAL), 1))).label("val_faces"),
            func.count(case((~is_named & ~face.c.stranger, 1))).label("unnamed_faces"),
            func.count(case((face.c.excluded, 1))).label("excluded_faces"),
        ).where(face.c.dataset_id == dataset_id, ~face.c.dismissed)
        (row,) = self.read_rows(query)
        return Counts(**row._mapping)

    def people(self, dataset_id: str) -> list[PersonCount]:
        person, cover, counted = schema.person, schema.face.alias(), _ranked_faces(dataset_id)
        query = (
            select(
                person.c.id,
                person.c.name,
                func.count(),
                func.count(case((counted.c.split == Split.TRAIN, 1))),
                func.count(case((counted.c.split == Split.VAL, 1))),
                # A person has one cover at most: its crop is the same on every row.
                func.coalesce(func.max(cover.c.crop_id), func.max(case((counted.c.rank == 1, counted.c.crop_id)))),
                person.c.hidden,
                person.c.note,
                func.count(case((counted.c.excluded, 1))),
                func.avg(counted.c.grade),
            )
            .join(counted, counted.c.person_id == person.c.id)
            .outerjoin(
                cover,
                (cover.c.dataset_id == person.c.dataset_id)
                & (cover.c.id == person.c.cover_face_id)
                & (cover.c.person_id == person.c.id)
                & ~cover.c.dismissed,
            )
            .where(person.c.dataset_id == dataset_id)
            .group_by(person.c.id)
            .order_by(person.c.name)
        )
        return [PersonCount(*row) for row in self.read_rows(query)]

    def names(self, dataset_id: str) -> dict[int, str]:
        person = schema.person
        rows = self.read_rows(select(person.c.id, person.c.name).where(person.c.dataset_id == dataset_id))
        return {row.id: row.name for row in rows}

    def people_after_merges(self, dataset_id: str) -> dict[int, int]:
        with self.engine.connect() as connection:
            return resolve_merges(connection, dataset_id)


def _ranked_faces(dataset_id: str) -> Subquery:
    """The faces that count, each with its rank among those of its person: the first one shows best who it is."""
    face, quality = schema.face, schema.quality
    look = func.coalesce(quality.c.grade, 0.0) + face.c.prob - case((face.c.excluded, 1.0), else_=0.0)
    rank = func.row_number().over(partition_by=face.c.person_id, order_by=(look.desc(), face.c.id))
    columns = (face.c.person_id, face.c.split, face.c.excluded, face.c.crop_id, quality.c.grade)
    return (
        select(*columns, rank.label("rank"))
        .outerjoin(quality, (quality.c.dataset_id == face.c.dataset_id) & (quality.c.face_id == face.c.id))
        .where(face.c.dataset_id == dataset_id, face.c.person_id.is_not(None), ~face.c.dismissed)
        .subquery()
    )


@contextmanager
def refuse_taken_name(name: str) -> Iterator[None]:
    """Let a dataset be written under a name; raises NameTaken where another one has it."""
    try:
        yield
    except IntegrityError as error:
        raise NameTaken(
            marked("A dataset called '{name}' exists already. Choose another name.").format(name=name)
        ) from error

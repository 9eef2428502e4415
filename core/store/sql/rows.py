"""Values to rows of the tables and back. Arrays are little-endian float32 blobs, hashes signed 64-bit integers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Row, Select, select

from core.base.types import Box, Face, Floats, Photo, Quality, Split
from core.corrections.model import Change, Entity, Event, EventKind, Field
from core.store.sql import schema
from core.store.values.datasets import FileOutcome, FileReport, PhotoLabel, StoredFace

_TWO_63, _TWO_64 = 1 << 63, 1 << 64
QUALITY_FIELDS = tuple(Quality.__dataclass_fields__)
LOOKUP_AT_ONCE = 500
"""How many ids one statement names."""
Id = TypeVar("Id", str, int)
SqlValue = str | int | float | bytes | None
"""What a column of the tables holds."""


def in_batches(values: Sequence[Id]) -> Iterator[list[Id]]:
    """The values, a few hundred at a time."""
    remaining = iter(values)
    while part := list(islice(remaining, LOOKUP_AT_ONCE)):
        yield part


@dataclass(frozen=True, slots=True)
class StoredPerson:
    """A person of the database, and who that is after all merges."""

    id: int | None
    root_id: int | None


def photo_row(dataset_id: str, photo: Photo, label: PhotoLabel) -> dict[str, SqlValue]:
    """The columns of a photo that comes in."""
    return {
        "dataset_id": dataset_id,
        "id": photo.id,
        "name": photo.name,
        "folder_person": label.person,
        "split": label.split,
        "width_px": photo.width_px,
        "height_px": photo.height_px,
        "size_bytes": photo.size_bytes,
        "perceptual_hash": to_signed_64(photo.perceptual_hash),
        "taken": photo.taken,
        "orientation": photo.orientation,
        **dict.fromkeys(("base_turn", "turn", "looked_turn"), photo.turn),
    }


def to_signed_64(perceptual_hash: int) -> int:
    """A 64-bit hash as the database keeps it."""
    # SQLite has no unsigned integers: the upper half is told by negative ones.
    return perceptual_hash - _TWO_64 if perceptual_hash >= _TWO_63 else perceptual_hash


def to_photo(row: Row[Any]) -> Photo:
    """The photo of a row of ``schema.photo``."""
    return Photo(
        id=row.id,
        name=row.name,
        width_px=row.width_px,
        height_px=row.height_px,
        size_bytes=row.size_bytes,
        perceptual_hash=row.perceptual_hash % _TWO_64,
        taken=row.taken,
        turn=row.turn,
        orientation=row.orientation,
    )


def face_row(dataset: Row[Any], people: Mapping[str | None, StoredPerson], stored: StoredFace) -> dict[str, SqlValue]:
    """The columns of a face that comes into a dataset; ``people`` are those of the folders by name, None included."""
    face, person = stored.face, people[stored.face.person]
    return {
        "dataset_id": dataset.id,
        "id": face.id,
        "photo_id": face.photo_id,
        **location_columns(face),
        "base_person_id": person.id,
        "assigned_id": person.id,
        "person_id": person.root_id,
        "base_split": face.split,
        "split": face.split,
        "drawn": face.drawn,
        # A drawn face counts only when the event that speaks of it is in the log.
        "dismissed": face.drawn,
        "changed": dataset.revision,
    }


def location_columns(face: Face) -> dict[str, SqlValue]:
    """Where a face is, and how it looks there."""
    left, top, right, bottom = face.box.as_tuple()
    return {
        "left": left,
        "top": top,
        "right": right,
        "bottom": bottom,
        "landmarks": to_blob(face.landmarks),
        "prob": face.prob,
        "crop_id": face.crop_id,
    }


def quality_row(dataset_id: str, face_id: str, quality: Quality) -> dict[str, SqlValue]:
    """The columns of a measured quality."""
    return {"dataset_id": dataset_id, "face_id": face_id, **asdict(quality)}


def vector_row(dataset_id: str, model_id: str, stored: StoredFace) -> dict[str, SqlValue]:
    """The columns of a face's vector by a model."""
    return {
        "dataset_id": dataset_id,
        "model_id": model_id,
        "face_id": stored.face.id,
        "vector": to_blob(stored.vector),
    }


def to_blob(values: Floats) -> bytes:
    """An array as the database keeps it: little-endian float32, row by row."""
    # The byte order is said, not the machine's: a data folder may be copied to another one.
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def report_row(job_id: str, report: FileReport) -> dict[str, SqlValue]:
    """The columns of a line of an ingest's report."""
    return {"job_id": job_id, **asdict(report)}


def to_report(row: Row[Any]) -> FileReport:
    """The line of a report of a row of ``schema.file_report``."""
    columns = {name: value for name, value in row._mapping.items() if name != "job_id"}
    return FileReport(**columns | {"outcome": FileOutcome(row.outcome), "split": to_split(row.split)})


def to_event(row: Row[Any]) -> Event:
    """The correction of a row of ``schema.event``."""
    return Event(**{**row._mapping, "kind": EventKind(row.kind)})


def to_change(row: Row[Any]) -> Change:
    """What a correction sets, of a row of ``schema.change``."""
    return Change(Entity(row.entity), row.entity_id, Field(row.field), row.value)


def to_split(value: str | None) -> Split | None:
    """The side of a division by its column; None for neither."""
    return Split(value) if value else None


def whole_faces() -> Select[Any]:
    """Faces with their person's name and their quality: the rows of ``to_face``."""
    face, person, quality = schema.face, schema.person, schema.quality
    measured = [quality.c[name] for name in QUALITY_FIELDS]
    return (
        select(face, person.c.name.label("person"), *measured)
        .outerjoin(person, person.c.id == face.c.person_id)
        .outerjoin(quality, (quality.c.dataset_id == face.c.dataset_id) & (quality.c.face_id == face.c.id))
    )


def to_face(row: Row[Any]) -> Face:
    """The face of a row of ``whole_faces``; its landmarks are (5, 2) float32."""
    return Face(
        id=row.id,
        photo_id=row.photo_id,
        box=Box(row.left, row.top, row.right, row.bottom),
        landmarks=np.frombuffer(row.landmarks, dtype="<f4").reshape(5, 2),
        prob=row.prob,
        crop_id=row.crop_id,
        person=row.person,
        split=to_split(row.split),
        person_id=row.person_id,
        quality=to_quality(row),
        excluded=row.excluded,
        confirmed=row.confirmed,
        stranger=row.stranger,
        drawn=row.drawn,
    )


def to_quality(row: Row[Any]) -> Quality | None:
    """The quality of a row; None where it was not measured."""
    if row.grade is None:
        return None
    return Quality(**{name: getattr(row, name) for name in QUALITY_FIELDS})

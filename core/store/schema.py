"""The tables. Ids are text; times are seconds since 1970; arrays are little-endian float32 blobs."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA_VERSION = 1

metadata = MetaData()

about = Table("about", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))

dataset = Table(
    "dataset",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("model_id", String, nullable=False),
    Column("revision", Integer, nullable=False, default=0),
    Column("created", Float, nullable=False),
)


def _of_dataset() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="CASCADE")


person = Table(
    "person",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("dataset_id", String, nullable=False),
    Column("name", String, nullable=False),
    _of_dataset(),
    UniqueConstraint("dataset_id", "name"),
)

photo = Table(
    "photo",
    metadata,
    Column("dataset_id", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folder_person", String),
    Column("split", String),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("perceptual_hash", BigInteger, nullable=False),
    _of_dataset(),
)

face = Table(
    "face",
    metadata,
    Column("dataset_id", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("photo_id", String, nullable=False),
    Column("left", Float, nullable=False),
    Column("top", Float, nullable=False),
    Column("right", Float, nullable=False),
    Column("bottom", Float, nullable=False),
    Column("landmarks", LargeBinary, nullable=False),
    Column("prob", Float, nullable=False),
    Column("crop_id", String, nullable=False),
    Column("person_id", Integer),
    Column("split", String),
    ForeignKeyConstraint(["dataset_id", "photo_id"], ["photo.dataset_id", "photo.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["person_id"], ["person.id"], ondelete="SET NULL"),
    Index("face_of_photo", "dataset_id", "photo_id"),
    Index("face_of_person", "dataset_id", "person_id", "split"),
)

embedding = Table(
    "embedding",
    metadata,
    Column("dataset_id", String, primary_key=True),
    Column("face_id", String, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    ForeignKeyConstraint(["dataset_id", "face_id"], ["face.dataset_id", "face.id"], ondelete="CASCADE"),
)

file_report = Table(
    "file_report",
    metadata,
    Column("job_id", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("outcome", String, nullable=False),
    Column("faces", Integer, nullable=False),
    Column("person", String),
    Column("split", String),
    Column("reason", Text, nullable=False),
    Column("photo_id", String),
    ForeignKeyConstraint(["job_id"], ["job.id"], ondelete="CASCADE"),
    Index("report_by_outcome", "job_id", "outcome"),
)

job = Table(
    "job",
    metadata,
    Column("id", String, primary_key=True),
    Column("dataset_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("params", JSON, nullable=False),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    Column("heartbeat", Float),
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("done_at_start", Integer, nullable=False, default=0),
    Column("message", Text, nullable=False, default=""),
    Column("error", Text, nullable=False, default=""),
    Column("detail", Text, nullable=False, default=""),
    Column("result", JSON, nullable=False, default=dict),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    _of_dataset(),
    Index("job_by_state", "state", "created"),
)

run = Table(
    "run",
    metadata,
    Column("id", String, primary_key=True),
    Column("dataset_id", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("model_id", String, nullable=False),
    Column("params", JSON, nullable=False),
    Column("metrics", JSON, nullable=False),
    Column("seconds", Float, nullable=False),
    _of_dataset(),
)

projection = Table(
    "projection",
    metadata,
    Column("id", String, primary_key=True),
    Column("dataset_id", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("method", String, nullable=False),
    Column("params", JSON, nullable=False),
    Column("created", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    _of_dataset(),
)

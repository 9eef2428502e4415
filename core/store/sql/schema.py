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
    PrimaryKeyConstraint,
    Table,
    text,
    true,
)
from sqlalchemy import String as PlainString
from sqlalchemy import Text as PlainText

SCHEMA_VERSION = 11
"""The newest revision in ``migrations/versions``. Who changes a table here adds a revision and raises it."""

metadata = MetaData()

# Texts sort and compare by their letters' numbers on both databases, as Python does: pages and tests see one order, and
# two names are one only when they are written alike. SQLite does so anyway.
String = PlainString().with_variant(PlainString(collation="C"), "postgresql")
Text = PlainText().with_variant(PlainText(collation="C"), "postgresql")

about = Table("about", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))
"""Under ``schema`` the version of the tables, as every version of Face Atlas reads it before it reads anything else."""

alembic_version = Table(
    "alembic_version",
    metadata,
    Column("version_num", PlainString(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""The same version for Alembic, which chooses by it what to run."""

dataset = Table(
    "dataset",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("model_id", String, nullable=False),
    Column("revision", Integer, nullable=False, default=0),
    Column("created", Float, nullable=False),
    Column("last_removal", Integer, nullable=False, default=0, server_default="0"),
    Column("purpose", Text),
    Column("consent", Text),
    Column("keep_until", String),
    Column("keeps_photos", Boolean, nullable=False, default=True, server_default=true()),
)
"""``last_removal`` is the revision that took faces away last: who went leaves no row, and nothing else tells.
``keep_until`` is a day, as ISO 8601 writes it; see ``store.retention.model``. Where ``keeps_photos`` is false there is
no file for any row of ``photo``."""


# Every table hangs on its dataset: deleting that one row deletes all of it.
def _of_dataset() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="CASCADE")


person = Table(
    "person",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("dataset_id", String, nullable=False),
    Column("base_name", String, nullable=False),
    Column("of_folder", Boolean, nullable=False, default=False),
    Column("name", String, nullable=False),
    Column("hidden", Boolean, nullable=False, default=False),
    Column("note", Text, nullable=False, default=""),
    Column("cover_face_id", String),
    Column("merged_into", Integer),
    Column("purpose", Text),
    Column("consent", Text),
    Column("keep_until", String),
    _of_dataset(),
    Index("person_by_name", "dataset_id", "name"),
    # No id is ever given twice, though erasing deletes people: open pages and logs of others name them by it.
    sqlite_autoincrement=True,
)
"""``base_...`` is what the ingest said; without it, what the corrections made of it. ``of_folder`` are the people whom
an ingest found as folders, one for each name; the others were named by somebody."""

_IS_TURNED = text("turn <> looked_turn")
# The id of a photo is the sha256 of its file, and two datasets may hold the same one: so the dataset is part of the
# key.
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
    Column("taken", Float),
    Column("base_turn", Integer, nullable=False, default=0, server_default="0"),
    Column("turn", Integer, nullable=False, default=0, server_default="0"),
    Column("looked_turn", Integer, nullable=False, default=0, server_default="0"),
    Column("orientation", Integer),
    _of_dataset(),
    # Only photos that are due are in it, so that asking for them costs nothing while there are none.
    Index("photo_to_look_at", "dataset_id", sqlite_where=_IS_TURNED, postgresql_where=_IS_TURNED),
)
"""The sides, and the boxes of the faces, are those of the picture as it is shown: upright by its EXIF, then turned by
``turn`` quarters clockwise. ``base_turn`` is what the ingest said. ``looked_turn`` is the turn under which faces were
looked for last: where it is another one, they have to be looked for again. ``orientation`` is what the EXIF of a file
said that is not kept."""

_OWN_REVISION = text("(SELECT dataset.revision FROM dataset WHERE dataset.id = face.dataset_id)")
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
    Column("base_person_id", Integer),
    Column("assigned_id", Integer),
    Column("person_id", Integer),
    Column("base_split", String),
    Column("split", String),
    Column("excluded", Boolean, nullable=False, default=False),
    Column("dismissed", Boolean, nullable=False, default=False),
    Column("confirmed", Boolean, nullable=False, default=False),
    Column("stranger", Boolean, nullable=False, default=False),
    Column("drawn", Boolean, nullable=False, default=False),
    # Written with every update of a row, whoever makes it: no correction can forget it.
    Column("changed", Integer, nullable=False, default=0, server_default="0", onupdate=_OWN_REVISION),
    ForeignKeyConstraint(["dataset_id", "photo_id"], ["photo.dataset_id", "photo.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["base_person_id"], ["person.id"], ondelete="SET NULL"),
    ForeignKeyConstraint(["assigned_id"], ["person.id"], ondelete="SET NULL"),
    ForeignKeyConstraint(["person_id"], ["person.id"], ondelete="SET NULL"),
    Index("face_of_photo", "dataset_id", "photo_id"),
    # With all that is counted of a dataset: the first page counts a million rows without reading one.
    Index("face_of_person", "dataset_id", "person_id", "dismissed", "split", "excluded", "stranger"),
    Index("face_changed", "dataset_id", "changed"),
    # Deleting a person sets these columns to NULL: without an index each time by reading every face.
    Index("face_assigned_to", "assigned_id"),
    Index("face_based_on", "base_person_id"),
)
"""``assigned_id`` is the person that the last correction named; ``person_id`` is who that is after all merges.
``changed`` is the dataset's revision at which the row, or what belongs to it (vector, quality, the photo's name and
time), was written last."""

quality = Table(
    "quality",
    metadata,
    Column("dataset_id", String, primary_key=True),
    Column("face_id", String, primary_key=True),
    Column("size_px", Float, nullable=False),
    Column("sharpness", Float, nullable=False),
    Column("brightness", Float, nullable=False),
    Column("contrast", Float, nullable=False),
    Column("yaw_deg", Float, nullable=False),
    Column("pitch_deg", Float, nullable=False),
    Column("roll_deg", Float, nullable=False),
    Column("cut_frac", Float, nullable=False),
    Column("steadiness", Float),
    Column("grade", Float, nullable=False),
    ForeignKeyConstraint(["dataset_id", "face_id"], ["face.dataset_id", "face.id"], ondelete="CASCADE"),
)

embedding = Table(
    "embedding",
    metadata,
    Column("dataset_id", String, primary_key=True),
    Column("model_id", String, primary_key=True),
    Column("face_id", String, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    ForeignKeyConstraint(["dataset_id", "face_id"], ["face.dataset_id", "face.id"], ondelete="CASCADE"),
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("dataset_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("author", String, nullable=False),
    Column("session", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("n_faces", Integer, nullable=False),
    Column("person_id", Integer),
    Column("from_person_id", Integer),
    Column("why", Text, nullable=False),
    Column("target_id", Integer),
    Column("active", Boolean, nullable=False),
    _of_dataset(),
    Index("event_of_dataset", "dataset_id", "id"),
    Index("event_of_target", "target_id"),
    # No id is ever given twice, though erasing deletes events: pages and other logs name events by it.
    sqlite_autoincrement=True,
)
"""The correction log: rows are added, and ``active`` tells which are undone; see ``corrections.model``."""

event_origin = Table(
    "event_origin",
    metadata,
    Column("event_id", Integer, primary_key=True, autoincrement=False),
    Column("dataset_id", String, nullable=False),
    Column("origin", String, nullable=False),
    ForeignKeyConstraint(["event_id"], ["event.id"], ondelete="CASCADE"),
    Index("origin_of_dataset", "dataset_id", "origin"),
)
"""Which event of another log an imported one repeats, so that the same log taken again repeats nothing twice."""

change = Table(
    "change",
    metadata,
    Column("event_id", Integer, primary_key=True),
    Column("entity", String, primary_key=True),
    Column("entity_id", String, primary_key=True),
    Column("field", String, primary_key=True),
    Column("dataset_id", String, nullable=False),
    Column("value", JSON),
    ForeignKeyConstraint(["event_id"], ["event.id"], ondelete="CASCADE"),
    Index("change_of_entity", "dataset_id", "entity_id", "field", "event_id"),
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

dataset_grant = Table(
    "dataset_grant",
    metadata,
    Column("dataset_id", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("standing", String, nullable=False),
    _of_dataset(),
    Index("grant_of_address", "address"),
)
"""Whose a dataset is, and with whom it was shared; without sign-in nobody asks."""

job_asker = Table(
    "job_asker",
    metadata,
    Column("job_id", String, primary_key=True),
    Column("address", String, nullable=False),
    Column("role", String, nullable=False),
    ForeignKeyConstraint(["job_id"], ["job.id"], ondelete="CASCADE"),
)
"""Who asked for a job, where somebody had signed in."""

sign_out = Table(
    "sign_out",
    metadata,
    Column("subject", String, primary_key=True),
    Column("moment", Float, nullable=False),
)
"""Until when the sessions of somebody (an address), or one session (its key), count no more."""

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("viewer", String, nullable=False),
    Column("action", String, nullable=False),
    Column("occasion", String, nullable=False),
    Column("dataset_id", String, nullable=False),
    Column("person_id", Integer),
    Column("of_person", Boolean, nullable=False),
    # An erasing takes the person's row, and with it the id out of every line, whoever writes one meanwhile.
    ForeignKeyConstraint(["person_id"], ["person.id"], ondelete="SET NULL"),
    Index("audit_at", "at"),
    Index("audit_of_person", "person_id"),
    sqlite_autoincrement=True,
)
"""Who saw whom; see ``audit_log``. It hangs on no dataset: that somebody looked is known after the dataset is gone.
``of_person`` without a ``person_id`` is a person who was erased."""

receipt = Table(
    "receipt",
    metadata,
    Column("id", String, primary_key=True),
    Column("dataset_id", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("document", JSON, nullable=False),
)
"""Signed receipts of erasings. They hang on no dataset: what went is to be proved when it is gone."""

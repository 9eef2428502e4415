"""The first tables: datasets, their photos, faces and people, and what is computed of them."""

from __future__ import annotations

from alembic import op

revision = "1"
down_revision = None

_STATEMENTS = (
    "CREATE TABLE about (key VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY (key))",
    """CREATE TABLE dataset (id VARCHAR NOT NULL, name VARCHAR NOT NULL, model_id VARCHAR NOT NULL,
        revision INTEGER NOT NULL, created FLOAT NOT NULL, PRIMARY KEY (id), UNIQUE (name))""",
    """CREATE TABLE person (id INTEGER NOT NULL, dataset_id VARCHAR NOT NULL, name VARCHAR NOT NULL, PRIMARY KEY (id),
        FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE, UNIQUE (dataset_id, name))""",
    """CREATE TABLE photo (dataset_id VARCHAR NOT NULL, id VARCHAR NOT NULL, name TEXT NOT NULL,
        folder_person VARCHAR, split VARCHAR, width_px INTEGER NOT NULL, height_px INTEGER NOT NULL,
        size_bytes BIGINT NOT NULL, perceptual_hash BIGINT NOT NULL, PRIMARY KEY (dataset_id, id),
        FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE)""",
    """CREATE TABLE face (dataset_id VARCHAR NOT NULL, id VARCHAR NOT NULL, photo_id VARCHAR NOT NULL,
        "left" FLOAT NOT NULL, top FLOAT NOT NULL, "right" FLOAT NOT NULL, bottom FLOAT NOT NULL,
        landmarks BLOB NOT NULL, prob FLOAT NOT NULL, crop_id VARCHAR NOT NULL, person_id INTEGER, split VARCHAR,
        PRIMARY KEY (dataset_id, id),
        FOREIGN KEY(dataset_id, photo_id) REFERENCES photo (dataset_id, id) ON DELETE CASCADE,
        FOREIGN KEY(person_id) REFERENCES person (id) ON DELETE SET NULL)""",
    "CREATE INDEX face_of_photo ON face (dataset_id, photo_id)",
    "CREATE INDEX face_of_person ON face (dataset_id, person_id, split)",
    """CREATE TABLE embedding (dataset_id VARCHAR NOT NULL, face_id VARCHAR NOT NULL, vector BLOB NOT NULL,
        PRIMARY KEY (dataset_id, face_id),
        FOREIGN KEY(dataset_id, face_id) REFERENCES face (dataset_id, id) ON DELETE CASCADE)""",
    """CREATE TABLE job (id VARCHAR NOT NULL, dataset_id VARCHAR NOT NULL, kind VARCHAR NOT NULL,
        state VARCHAR NOT NULL, owner VARCHAR NOT NULL, params JSON NOT NULL, created FLOAT NOT NULL, started FLOAT,
        finished FLOAT, heartbeat FLOAT, done INTEGER NOT NULL, total INTEGER NOT NULL,
        done_at_start INTEGER NOT NULL, message TEXT NOT NULL, error TEXT NOT NULL, detail TEXT NOT NULL,
        result JSON NOT NULL, cancel_requested BOOLEAN NOT NULL, PRIMARY KEY (id),
        FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE)""",
    "CREATE INDEX job_by_state ON job (state, created)",
    """CREATE TABLE file_report (job_id VARCHAR NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,
        outcome VARCHAR NOT NULL, faces INTEGER NOT NULL, person VARCHAR, split VARCHAR, reason TEXT NOT NULL,
        photo_id VARCHAR, PRIMARY KEY (job_id, position),
        FOREIGN KEY(job_id) REFERENCES job (id) ON DELETE CASCADE)""",
    "CREATE INDEX report_by_outcome ON file_report (job_id, outcome)",
    """CREATE TABLE run (id VARCHAR NOT NULL, dataset_id VARCHAR NOT NULL, created FLOAT NOT NULL,
        revision INTEGER NOT NULL, model_id VARCHAR NOT NULL, params JSON NOT NULL, metrics JSON NOT NULL,
        seconds FLOAT NOT NULL, PRIMARY KEY (id),
        FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE)""",
    """CREATE TABLE projection (id VARCHAR NOT NULL, dataset_id VARCHAR NOT NULL, revision INTEGER NOT NULL,
        method VARCHAR NOT NULL, params JSON NOT NULL, created FLOAT NOT NULL, seconds FLOAT NOT NULL,
        PRIMARY KEY (id), FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE)""",
    "INSERT INTO about VALUES ('schema', '1')",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)

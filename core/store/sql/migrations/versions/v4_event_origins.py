"""Imported events say which they repeat; and the tables are there that versions 2 and 3 made without a number.

Those versions made what was missing whenever a database was opened, after its version was raised: one that was killed
in between, or was written before a table came, has the number without the table.
"""

from __future__ import annotations

from alembic import op

revision = "4"
down_revision = "3"

_STATEMENTS = (
    """CREATE TABLE IF NOT EXISTS quality (dataset_id VARCHAR NOT NULL, face_id VARCHAR NOT NULL,
        size_px FLOAT NOT NULL, sharpness FLOAT NOT NULL, brightness FLOAT NOT NULL, contrast FLOAT NOT NULL,
        yaw_deg FLOAT NOT NULL, pitch_deg FLOAT NOT NULL, roll_deg FLOAT NOT NULL, cut_frac FLOAT NOT NULL,
        steadiness FLOAT NOT NULL, grade FLOAT NOT NULL, PRIMARY KEY (dataset_id, face_id),
        FOREIGN KEY(dataset_id, face_id) REFERENCES face (dataset_id, id) ON DELETE CASCADE)""",
    """CREATE TABLE IF NOT EXISTS event (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, dataset_id VARCHAR NOT NULL,
        kind VARCHAR NOT NULL, author VARCHAR NOT NULL, session VARCHAR NOT NULL, created FLOAT NOT NULL,
        revision INTEGER NOT NULL, n_faces INTEGER NOT NULL, person_id INTEGER, from_person_id INTEGER,
        why TEXT NOT NULL, target_id INTEGER, active BOOLEAN NOT NULL,
        FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE)""",
    "CREATE INDEX IF NOT EXISTS event_of_dataset ON event (dataset_id, id)",
    "CREATE INDEX IF NOT EXISTS event_of_target ON event (target_id)",
    """CREATE TABLE IF NOT EXISTS event_origin (event_id INTEGER NOT NULL, dataset_id VARCHAR NOT NULL,
        origin VARCHAR NOT NULL, PRIMARY KEY (event_id),
        FOREIGN KEY(event_id) REFERENCES event (id) ON DELETE CASCADE)""",
    "CREATE INDEX IF NOT EXISTS origin_of_dataset ON event_origin (dataset_id, origin)",
    """CREATE TABLE IF NOT EXISTS change (event_id INTEGER NOT NULL, entity VARCHAR NOT NULL,
        entity_id VARCHAR NOT NULL, field VARCHAR NOT NULL, dataset_id VARCHAR NOT NULL, value JSON,
        PRIMARY KEY (event_id, entity, entity_id, field),
        FOREIGN KEY(event_id) REFERENCES event (id) ON DELETE CASCADE)""",
    "CREATE INDEX IF NOT EXISTS change_of_entity ON change (dataset_id, entity_id, field, event_id)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)

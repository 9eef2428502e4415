"""Corrections are events: what the ingest said stays beside what was made of it, and vectors say their model.

People may have one name for a while, and vectors of two models lie side by side: keys change, which SQLite can only do
by a new table. The new one takes the old one's name at the end: renaming the old one away instead would take the
references of the other tables along.
"""

from __future__ import annotations

from alembic import op

revision = "2"
down_revision = "1"

_TABLES = {
    "person": """(id INTEGER NOT NULL, dataset_id VARCHAR NOT NULL, base_name VARCHAR NOT NULL,
        of_folder BOOLEAN NOT NULL, name VARCHAR NOT NULL, hidden BOOLEAN NOT NULL, note TEXT NOT NULL,
        cover_face_id VARCHAR, merged_into INTEGER, PRIMARY KEY (id),
        FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE)""",
    "photo": """(dataset_id VARCHAR NOT NULL, id VARCHAR NOT NULL, name TEXT NOT NULL, folder_person VARCHAR,
        split VARCHAR, width_px INTEGER NOT NULL, height_px INTEGER NOT NULL, size_bytes BIGINT NOT NULL,
        perceptual_hash BIGINT NOT NULL, taken FLOAT, PRIMARY KEY (dataset_id, id),
        FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE)""",
    "face": """(dataset_id VARCHAR NOT NULL, id VARCHAR NOT NULL, photo_id VARCHAR NOT NULL,
        "left" FLOAT NOT NULL, top FLOAT NOT NULL, "right" FLOAT NOT NULL, bottom FLOAT NOT NULL,
        landmarks BLOB NOT NULL, prob FLOAT NOT NULL, crop_id VARCHAR NOT NULL, base_person_id INTEGER,
        assigned_id INTEGER, person_id INTEGER, base_split VARCHAR, split VARCHAR, excluded BOOLEAN NOT NULL,
        dismissed BOOLEAN NOT NULL, confirmed BOOLEAN NOT NULL, stranger BOOLEAN NOT NULL, drawn BOOLEAN NOT NULL,
        PRIMARY KEY (dataset_id, id),
        FOREIGN KEY(dataset_id, photo_id) REFERENCES photo (dataset_id, id) ON DELETE CASCADE,
        FOREIGN KEY(base_person_id) REFERENCES person (id) ON DELETE SET NULL,
        FOREIGN KEY(assigned_id) REFERENCES person (id) ON DELETE SET NULL,
        FOREIGN KEY(person_id) REFERENCES person (id) ON DELETE SET NULL)""",
    "embedding": """(dataset_id VARCHAR NOT NULL, model_id VARCHAR NOT NULL, face_id VARCHAR NOT NULL,
        vector BLOB NOT NULL, PRIMARY KEY (dataset_id, model_id, face_id),
        FOREIGN KEY(dataset_id, face_id) REFERENCES face (dataset_id, id) ON DELETE CASCADE)""",
}
_ROWS = {
    "person": "SELECT id, dataset_id, name, 1, name, 0, '', NULL, NULL FROM person",
    "photo": """SELECT dataset_id, id, name, folder_person, split, width_px, height_px, size_bytes, perceptual_hash,
        NULL FROM photo""",
    "face": """SELECT dataset_id, id, photo_id, "left", top, "right", bottom, landmarks, prob, crop_id,
        person_id, person_id, person_id, split, split, 0, 0, 0, 0, 0 FROM face""",
    "embedding": """SELECT embedding.dataset_id, dataset.model_id, face_id, vector FROM embedding
        JOIN dataset ON dataset.id = embedding.dataset_id""",
}
"""A new table's columns from the old one's, in the order of the new one."""
_INDEXES = (
    "CREATE INDEX person_by_name ON person (dataset_id, name)",
    "CREATE INDEX face_assigned_to ON face (assigned_id)",
    "CREATE INDEX face_based_on ON face (base_person_id)",
    "CREATE INDEX face_of_person ON face (dataset_id, person_id, split)",
    "CREATE INDEX face_of_photo ON face (dataset_id, photo_id)",
)


def upgrade() -> None:
    for table, columns in _TABLES.items():
        op.execute(f"CREATE TABLE new_{table} {columns}")
        op.execute(f"INSERT INTO new_{table} {_ROWS[table]}")
        op.drop_table(table)
        op.rename_table(f"new_{table}", table)
    for statement in _INDEXES:
        op.execute(statement)

"""No number of a person is given again after an erasing: pages that are open, and logs of others, name people by it.

SQLite gave the number of the newest person to whoever came after them. It can only be told to number on by a new table;
the new one takes the old one's name at the end, so that the references of other tables stay. Numbering goes on behind
every number that is still written down somewhere, of people who are gone too. PostgreSQL never went back.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "10"
down_revision = "9"

_COLUMNS = (
    *("id", "dataset_id", "base_name", "of_folder", "name", "hidden", "note", "cover_face_id", "merged_into"),
    *("purpose", "consent", "keep_until"),
)
_STILL_NAMED = (
    "SELECT max(id) FROM person",
    "SELECT max(person_id) FROM event",
    "SELECT max(from_person_id) FROM event",
    "SELECT max(CAST(entity_id AS INTEGER)) FROM change WHERE entity = 'person'",
)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    last_number = max(connection.scalar(sa.text(query)) or 0 for query in _STILL_NAMED)
    op.create_table(
        "new_person",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("dataset_id", sa.String, nullable=False),
        sa.Column("base_name", sa.String, nullable=False),
        sa.Column("of_folder", sa.Boolean, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("hidden", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("cover_face_id", sa.String),
        sa.Column("merged_into", sa.Integer),
        sa.Column("purpose", sa.Text),
        sa.Column("consent", sa.Text),
        sa.Column("keep_until", sa.String),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    before, after = (sa.table(name, *(sa.column(column) for column in _COLUMNS)) for name in ("person", "new_person"))
    op.execute(after.insert().from_select(_COLUMNS, sa.select(*before.c)))
    op.drop_table("person")
    op.rename_table("new_person", "person")
    op.create_index("person_by_name", "person", ["dataset_id", "name"])
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'person'")
    numbering = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
    op.execute(numbering.insert().values(name="person", seq=last_number))

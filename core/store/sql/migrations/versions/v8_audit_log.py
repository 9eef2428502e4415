"""Who saw, identified and took along whom is written down; nobody knows it of the time before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "8"
down_revision = "7"

# Sorted by the letters' numbers on both databases, as all texts are.
_STRING = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("viewer", _STRING, nullable=False),
        sa.Column("action", _STRING, nullable=False),
        sa.Column("occasion", _STRING, nullable=False),
        sa.Column("dataset_id", _STRING, nullable=False),
        sa.Column("person_id", sa.Integer),
        sa.Column("of_person", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], ondelete="SET NULL"),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_at", "audit", ["at"])
    op.create_index("audit_of_person", "audit", ["person_id"])

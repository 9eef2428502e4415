"""Datasets and people say what for and until when they are kept; signed receipts outlive what they are about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "9"
down_revision = "8"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_STRING = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    for table in ("dataset", "person"):
        for column in ("purpose", "consent"):
            op.add_column(table, sa.Column(column, _TEXT))
        op.add_column(table, sa.Column("keep_until", _STRING))
    op.create_table(
        "receipt",
        sa.Column("id", _STRING, primary_key=True),
        sa.Column("dataset_id", _STRING, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
    )

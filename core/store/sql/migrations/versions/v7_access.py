"""Datasets have owners and are shared with people, jobs say who asked for them, and sessions end.

Datasets of before belong to nobody: where sign-in is configured, an admin gives them an owner.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "7"
down_revision = "6"


def _text() -> sa.types.TypeEngine[str]:
    return sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "dataset_grant",
        sa.Column("dataset_id", _text(), primary_key=True),
        sa.Column("address", _text(), primary_key=True),
        sa.Column("standing", _text(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="CASCADE"),
    )
    op.create_index("grant_of_address", "dataset_grant", ["address"])
    op.create_table(
        "job_asker",
        sa.Column("job_id", _text(), primary_key=True),
        sa.Column("address", _text(), nullable=False),
        sa.Column("role", _text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], ondelete="CASCADE"),
    )
    op.create_table(
        "sign_out",
        sa.Column("subject", _text(), primary_key=True),
        sa.Column("moment", sa.Float, nullable=False),
    )

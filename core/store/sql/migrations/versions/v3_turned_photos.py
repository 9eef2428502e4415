"""Photos can be turned; none of an earlier version is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    with op.batch_alter_table("photo") as photo:
        for name in ("base_turn", "turn", "looked_turn"):
            photo.add_column(sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    op.create_index("photo_to_look_at", "photo", ["dataset_id"], sqlite_where=sa.text("turn <> looked_turn"))

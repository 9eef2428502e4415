"""A face may be without a steadiness: its mirror image was not looked at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"


def upgrade() -> None:
    with op.batch_alter_table("quality") as quality:
        quality.alter_column("steadiness", existing_type=sa.Float(), nullable=True)

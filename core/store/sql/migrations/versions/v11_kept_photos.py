"""Datasets say whether they keep photos; of one that is not kept it is noted how its file lay by its EXIF."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "11"
down_revision = "10"


def upgrade() -> None:
    op.add_column("dataset", sa.Column("keeps_photos", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("photo", sa.Column("orientation", sa.Integer))

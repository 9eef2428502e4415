"""Faces say at which revision they were changed last, and datasets at which one faces went: pages read no more anew.

Rows of before have 0: they are read whole once, as whoever asks knows none of them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "6"
down_revision = "5"

_COUNTED = ["dataset_id", "person_id", "dismissed", "split", "excluded", "stranger"]


def upgrade() -> None:
    # ADD COLUMN, and no table written anew: a million faces are brought up to date in seconds.
    for table, column in (("dataset", "last_removal"), ("face", "changed")):
        op.add_column(table, sa.Column(column, sa.Integer, nullable=False, server_default="0"))
    op.drop_index("face_of_person", "face")
    op.create_index("face_of_person", "face", _COUNTED)
    op.create_index("face_changed", "face", ["dataset_id", "changed"])
    if op.get_bind().dialect.name == "postgresql":
        # It knows nothing of a new column, and would take a third of the rows for changed and read all.
        op.execute("ANALYZE face")

"""What Alembic runs for every command: the revisions of ``versions/``, on the connection that it is handed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import text

from core.store.sql.schema import metadata


def record_version(
    ctx: MigrationContext, step: MigrationInfo, heads: Collection[str], run_args: Mapping[str, Any]
) -> None:
    """Keep the number that every version of Face Atlas reads in step with the one that Alembic reads."""
    for head in heads:
        ctx.execute(text("UPDATE about SET value = :version WHERE key = 'schema'").bindparams(version=head))


# Alembic believes that SQLite's tables cannot be changed in a transaction, because Python's driver begins none for it.
# The connection comes with a transaction that was begun by hand, so all revisions and the version's number are one.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
    on_version_apply=record_version,
)
context.run_migrations()

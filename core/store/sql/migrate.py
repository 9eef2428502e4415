"""Bringing the tables of an earlier version to today's with Alembic, one revision after another.

Loaded only where there is something to bring up to date: Alembic takes as long to import as everything else of a start
that needs no networks. A revision says what its own version's tables are, in words that later versions do not change.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

REVISIONS = Path(__file__).parent / "migrations"


def upgrade_schema(connection: Connection, version: str) -> None:
    """Run the revisions after ``version``, in the transaction that the connection holds."""
    config = Config()
    config.set_main_option("script_location", str(REVISIONS).replace("%", "%%"))  # as configparser wants it
    config.attributes["connection"] = connection
    command.stamp(config, version)  # a database from before Alembic knows its version under `about` alone
    command.upgrade(config, "head")

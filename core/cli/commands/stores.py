"""Where the data lie: ``copy-store``."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path

from core.base.errors import InputRefused
from core.base.settings import Settings, settings_from_env
from core.cli.job_runner import console_progress
from core.cli.parser import Answer, Commands
from core.services import copy_store


def add_copy_store(commands: Commands) -> None:
    """``copy-store``."""
    text = "copy all data into an empty store: from SQLite to PostgreSQL, to an object store, or back, and compare it"
    command = commands.add("copy-store", _copy_store, text)
    place = "a data folder, or an address such as postgresql://USER:PASSWORD@HOST/NAME"
    command.add_argument("--from", dest="source", metavar="STORE", help=f"{place} (default: the one in use)")
    command.add_argument("--to", metavar="STORE", help=f"{place} (default: the one in use)")
    url = "where photos, crops and arrays lie, as s3://BUCKET/FOLDER"
    command.add_argument("--from-artifacts", metavar="URL", help=f"{url} (default: where they lie now)")
    command.add_argument("--to-artifacts", metavar="URL", help=f"{url} (default: with the store)")


def _copy_store(options: argparse.Namespace) -> Answer:
    current = settings_from_env(options.data)
    if not options.to and not options.to_artifacts:
        raise InputRefused("Say where to copy: a store by --to, an object store for the photos by --to-artifacts.")
    source = _settings_of(options.source, options.from_artifacts, current)
    receipt = copy_store(source, _settings_of(options.to, options.to_artifacts, current), console_progress())
    return asdict(receipt)


def _settings_of(store: str | None, artifacts_url: str | None, current: Settings) -> Settings:
    """A folder has its files with it; a database at an address uses those of the present store."""
    if store and "://" in store:
        current = replace(current, database_url=store)
    elif store:
        current = replace(current, data_dir=Path(store).resolve(), database_url="", artifacts_url="")
    return current if artifacts_url is None else replace(current, artifacts_url=artifacts_url)

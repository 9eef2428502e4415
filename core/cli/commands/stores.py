"""Where the data lie: ``copy-store``."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path

from core.base.settings import Settings, settings_from_env
from core.cli.job_runner import console_progress
from core.cli.parser import Answer, Commands
from core.services import copy_store


def add_copy_store(commands: Commands) -> None:
    """``copy-store``."""
    text = "copy all data into an empty store: from SQLite to PostgreSQL, or back; everything is compared"
    command = commands.add("copy-store", _copy_store, text)
    place = "a data folder, or an address such as postgresql://USER:PASSWORD@HOST/NAME"
    command.add_argument("--from", dest="source", metavar="STORE", help=f"{place} (default: the one in use)")
    command.add_argument("--to", required=True, metavar="STORE", help=place)


def _copy_store(options: argparse.Namespace) -> Answer:
    current = settings_from_env(options.data)
    source = _settings_of(options.source, current) if options.source else current
    receipt = copy_store(source, _settings_of(options.to, current), console_progress())
    return asdict(receipt)


def _settings_of(place: str, current: Settings) -> Settings:
    """A folder has its files with it; a database at an address uses those of the data folder."""
    if "://" in place:
        return replace(current, database_url=place)
    return replace(current, data_dir=Path(place).resolve(), database_url="")

"""Data folders that earlier versions of Face Atlas wrote, as ``fixtures/data_folders`` keeps them."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures" / "data_folders"
VERSIONS = (1, 2, 3, 5, 6, 8, 9, 10)


def lay_out(version: int, folder: Path) -> Path:
    """Write such a data folder; gives the path of its database."""
    folder.mkdir(parents=True, exist_ok=True)
    home = FIXTURES / f"version_{version}"
    connection = sqlite3.connect(folder / "atlas.db")
    connection.executescript((home / "atlas.sql").read_text())
    connection.close()
    if (home / "artifacts.zip").exists():
        shutil.unpack_archive(home / "artifacts.zip", folder / "artifacts")
    return folder / "atlas.db"


def dump(path: Path) -> str:
    """Everything in a database, as text."""
    connection = sqlite3.connect(path)
    text = "\n".join(connection.iterdump())
    connection.close()
    return text

"""What SQLite refuses, told as errors of Face Atlas: full, locked, read-only, damaged, out of reach.

Every statement of every store passes here, so that pages, jobs and the command line meet no other error of a database
that cannot be used. A broken constraint stays what it is: the stores tell what it means.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.engine import ExceptionContext

from core.base.errors import DISK_FULL, DataFolderBusy, DataFolderFault, DiskFull, FaceAtlasError
from core.language.texts import marked

NO_ROOM_BYTES = 256 << 10
"""With less free than this, an error at writing is want of room, whatever SQLite calls it: its index of the log alone
takes 32 KiB."""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_OUT_OF_REACH = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_CANTOPEN)


def fault_translator(path: Path) -> Callable[[ExceptionContext], FaceAtlasError | None]:
    """A listener for SQLAlchemy's ``handle_error`` on the database at ``path``."""

    def translate(context: ExceptionContext) -> FaceAtlasError | None:
        fault = context.original_exception
        return translate_fault(path, fault) if hasattr(fault, "sqlite_errorcode") else None

    return translate


def translate_fault(path: Path, fault: BaseException) -> FaceAtlasError | None:
    """The error to raise instead; None for one that says something about the data, not about the database."""
    code = getattr(fault, "sqlite_errorcode", None)
    # SQLite's extended codes hold the primary one in their lowest byte.
    primary = code & 0xFF if code is not None else None
    writing = primary in (sqlite3.SQLITE_IOERR, *_OUT_OF_REACH)
    # A full disk often shows as an error at writing or as a file that cannot be opened.
    if primary == sqlite3.SQLITE_FULL or (writing and _no_room(path.parent)):
        return DiskFull(DISK_FULL)
    if primary in _LOCKED:
        return DataFolderBusy(
            marked(
                "Another program has kept the database of the data folder locked all the while. Close it (a "
                "backup, a database viewer, another Face Atlas), then do it again. Nothing was lost."
            )
        )
    if primary in _DAMAGED:
        return damaged_database(path, str(fault))
    if primary in _OUT_OF_REACH:
        return DataFolderFault(
            marked(
                "The database '{file}' cannot be opened or written ({fault}). Check that the data folder and its "
                "files belong to you and that its disk can be written, or choose another data folder."
            ).format(file=path.name, fault=fault)
        )
    if primary == sqlite3.SQLITE_IOERR:
        return DataFolderFault(
            marked(
                "The disk reported an error at the database '{file}' ({fault}). Check the disk of the data "
                "folder; copy what is on it elsewhere first."
            ).format(file=path.name, fault=fault)
        )
    return None


def damaged_database(path: Path, reason: str) -> DataFolderFault:
    """The error for a file that is no whole database."""
    return DataFolderFault(
        marked(
            "The database '{file}' in the data folder is damaged and cannot be read ({reason}). Put back a copy "
            "of it, or move it away to start anew."
        ).format(file=path.name, reason=reason)
    )


def _no_room(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < NO_ROOM_BYTES
    except OSError:
        return False

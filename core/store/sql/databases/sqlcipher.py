"""A SQLite file that is encrypted as a whole, with its log: SQLCipher, whose statements are SQLite's.

Field by field was the other way: names and vectors could not be sorted, searched or compared by the database then, and
its log, its indexes and the sizes of its rows would still tell who is in it.

References
----------
https://www.zetetic.net/sqlcipher/sqlcipher-api/
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import sqlcipher3.dbapi2 as sqlcipher

from core.base.errors import DataFolderBusy, DataFolderFault
from core.store.encryption.key_file import DataKeys
from core.store.folder_artifacts import flush_folders

PLAIN_HEAD: Final = b"SQLite format 3\0"
_NONE_OPENS: Final = b""
CACHE_KIB: Final = 64 << 10
"""Of pages in clear: an encrypted file cannot be mapped into memory, and every page that is read anew is decrypted."""


def driver_options(path: Path, key: bytes) -> dict[str, Any]:
    """What SQLAlchemy's ``create_engine`` has to be told for the file at ``path``."""
    return {"module": sqlcipher, "creator": lambda: connect_encrypted(path, key)}


def connect_encrypted(path: Path, key: bytes) -> Any:
    """A connection of the driver."""
    connection = sqlcipher.connect(str(path), check_same_thread=False)
    # A key that does not open it is told by who asks; the library would write its own lines to the standard error.
    connection.execute("PRAGMA cipher_log_level = NONE")
    # Before anything of the file is read. A raw key: nothing has to be derived of it.
    connection.execute(f'PRAGMA key = "{_literal(key)}"')
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection


def is_plain(path: Path) -> bool:
    """Whether a file is a database that is not encrypted."""
    with path.open("rb") as file:
        return file.read(len(PLAIN_HEAD)) == PLAIN_HEAD


def opens_with(path: Path, key: bytes | None) -> bool:
    """Whether a database can be read with a key; None is for one that is not encrypted."""
    if key is None or is_plain(path):
        return key is None and is_plain(path)
    try:
        # Already what is set after the key reads the file.
        with closing(connect_encrypted(path, key)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlcipher.OperationalError:
        # Busy or out of reach, which says nothing of the key.
        raise
    except sqlcipher.DatabaseError:
        return False
    return True


def give_database_key(path: Path | None, keys: DataKeys, target_id: bytes | None) -> None:
    """Encrypt a database with the key of a data key, or with none, unless it is so already; None is no file at all.

    Raises
    ------
    DataFolderBusy, DataFolderFault
        As ``rewrite_database``; also where none of the keys opens it.
    """
    if path is None or not path.is_file():
        return
    candidates: list[bytes | None] = [None, *map(keys.database_key, keys.by_id)]
    target = keys.database_key(target_id) if target_id is not None else None
    key = next((candidate for candidate in candidates if opens_with(path, candidate)), _NONE_OPENS)
    if key is _NONE_OPENS:
        raise DataFolderFault(
            f"No key of this data folder opens the database '{path.name}'. Put it back from a backup."
        )
    if key != target:
        rewrite_database(path, key, target)


def rewrite_database(path: Path, key: bytes | None, new_key: bytes | None) -> None:
    """Put the same database with another key, or none, in the place of a file, once both were compared.

    It is repeated after a kill: until the last step the file is what it was.

    Raises
    ------
    DataFolderBusy
        Another process has it open.
    DataFolderFault
        The copy is not what the file is; the file stays.
    """
    draft = path.with_name(f"{path.name}.new")
    for leftover in path.parent.glob(f"{draft.name}*"):
        leftover.unlink()
    with closing(_connect(path, key)) as source:
        _require_alone(source, path)
        source.execute("ATTACH DATABASE ? AS rewritten KEY ?", (str(draft), _literal(new_key) if new_key else ""))
        source.execute("SELECT sqlcipher_export('rewritten')").fetchone()
        _require_equal(source)
        source.execute("DETACH DATABASE rewritten")
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        # While the lock is held: nobody has written to the file since it was copied.
        draft.replace(path)
    flush_folders([path.parent])


def _connect(path: Path, key: bytes | None) -> Any:
    return connect_encrypted(path, key) if key is not None else sqlcipher.connect(str(path))


def _require_alone(connection: Any, path: Path) -> None:
    """Empty the log into the file and keep everybody else out."""
    try:
        # Leaving the write-ahead log needs the file for oneself alone, which no other open connection allows.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        connection.execute("BEGIN EXCLUSIVE").connection.commit()
    except sqlcipher.OperationalError as fault:
        raise _busy(path) from fault
    if mode != "delete":
        raise _busy(path)


def _busy(path: Path) -> DataFolderBusy:
    return DataFolderBusy(
        f"The database '{path.name}' is in use. Close Face Atlas and every other program that uses this data folder, "
        "then do it again. Nothing was changed."
    )


def _require_equal(connection: Any) -> None:
    tables = [
        name for (name,) in connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()
    ]
    for table in tables:
        counts = [
            # Names of tables that this program made; a statement cannot have them as values.
            connection.execute(f'SELECT count(*) FROM {database}."{table}"').fetchone()  # nosec B608
            for database in ("main", "rewritten")
        ]
        if counts[0] != counts[1]:
            raise _damaged(f"'{table}' has {counts[1][0]} rows in the place of {counts[0][0]}")
    (verdict,) = connection.execute("PRAGMA rewritten.integrity_check(1)").fetchone()
    if verdict != "ok":
        raise _damaged(verdict)


def _damaged(reason: str) -> DataFolderFault:
    return DataFolderFault(
        f"The copy of the database is not what the database is ({reason}); the database was left as it is. Check the "
        "disk of the data folder, then do it again."
    )


def _literal(key: bytes) -> str:
    return f"x'{key.hex()}'"

"""The keys of a backup, which has a copy of the key file of its day: nothing but the passphrase is needed for it.

Where another passphrase opens it than the data folder's, whoever asks for its restoring types that one; a job gets the
backup's data keys instead, sealed with those of the data folder, and no passphrase is kept anywhere.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from core.base.errors import DataFolderLocked, FileDamaged, InputRefused
from core.language.texts import marked
from core.store.encryption.key_file import DataKeys, FolderState, load_keys, read_key_id
from core.store.encryption.keyring import find_keys, is_encrypted, key_file_path, open_folder, require_secret
from core.store.encryption.sealed_artifacts import artifact_name
from core.store.encryption.sealed_stream import open_sealed, seal

_SEALED_NAME: Final = "data keys of a backup"


def unlock_backup(
    data_dir: Path, secret: str, backup: Path, sealed_keys: str = ""
) -> Callable[[str, str, str, IO[bytes]], IO[bytes]]:
    """Open the rows of a backup for this process, and give what reads its files.

    A file is told by its dataset's id, its kind, its id, and what lies there, which closes with it.

    Parameters
    ----------
    data_dir : the data folder that it is for; a backup with the same data key needs no passphrase
    backup : the folder with its rows and its key file
    sealed_keys : as ``seal_backup_keys`` gives them, instead of a secret

    Raises
    ------
    InputRefused
        It is encrypted, and the data folder is not.
    DataFolderLocked
        The secret does not open it, or the data folder got another data key since the keys were sealed.
    """
    keys = _unseal_keys(data_dir, sealed_keys) if sealed_keys else _open_keys(data_dir, secret, backup)
    open_folder(backup, keys)
    by_id = keys.by_id

    def unseal(dataset_id: str, kind: str, file_id: str, stored: IO[bytes]) -> IO[bytes]:
        return open_sealed(stored, by_id, artifact_name(dataset_id, kind, file_id))

    return unseal


def needs_secret(data_dir: Path, backup: Path) -> bool:
    """Whether a backup is encrypted with another data key than the data folder."""
    key_file = key_file_path(backup)
    if not key_file.is_file():
        return False
    folder_keys = find_keys(data_dir)
    return folder_keys is None or folder_keys.current_id != read_key_id(key_file)


def seal_backup_keys(data_dir: Path, secret: str, backup: Path) -> str:
    """The data keys of a backup, sealed with those of the data folder; "" where that has the same, or it is in clear.

    Raises
    ------
    InputRefused, DataFolderLocked
        As ``unlock_backup``.
    """
    if not needs_secret(data_dir, backup):
        return ""
    keys, folder_keys = _open_keys(data_dir, secret, backup), find_keys(data_dir)
    assert folder_keys is not None, "a folder in clear was refused"
    by_id = {key_id.hex(): key.hex() for key_id, key in keys.by_id.items()}
    record = {"current": keys.current_id.hex(), "keys": by_id}
    return seal(json.dumps(record).encode(), folder_keys.current_id, folder_keys.current, _SEALED_NAME).hex()


def _open_keys(data_dir: Path, secret: str, backup: Path) -> DataKeys:
    if not is_encrypted(data_dir):
        raise InputRefused(
            marked(
                "The backup is encrypted, and this data folder is not: people would lie in it in clear. Encrypt "
                "it first by `python -m core encrypt`, which takes a moment where it is empty; then do this "
                "again."
            )
        )
    path, keys = key_file_path(backup), find_keys(data_dir)
    if keys is not None and keys.current_id == read_key_id(path):
        return keys
    try:
        return load_keys(path, require_secret(secret))
    except DataFolderLocked as fault:
        raise DataFolderLocked(
            marked(
                "The passphrase or key does not open this backup. Nothing was changed. Give the one of when it was "
                "taken: on the page *Backups*, or by --backup-key-file."
            )
        ) from fault


def _unseal_keys(data_dir: Path, sealed_keys: str) -> DataKeys:
    folder_keys = find_keys(data_dir)
    try:
        with open_sealed(
            io.BytesIO(bytes.fromhex(sealed_keys)), folder_keys.by_id if folder_keys else {}, _SEALED_NAME
        ) as file:
            record = json.loads(file.read())
    except FileDamaged as fault:
        raise DataFolderLocked(
            marked(
                "The data folder got another key since this was asked for. Nothing was changed. Ask for it again on "
                "the page *Backups*."
            )
        ) from fault
    by_id = {bytes.fromhex(key_id): bytes.fromhex(key) for key_id, key in record["keys"].items()}
    return DataKeys(by_id, bytes.fromhex(record["current"]), FolderState.ENCRYPTED)

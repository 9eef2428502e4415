"""The keys of a backup, which has a copy of the key file of its day: nothing but the passphrase is needed for it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from core.base.errors import DataFolderLocked, InputRefused
from core.language.texts import marked
from core.store.encryption.key_file import load_keys, read_key_id
from core.store.encryption.keyring import find_keys, is_encrypted, key_file_path, open_folder, require_secret
from core.store.encryption.sealed_artifacts import artifact_name
from core.store.encryption.sealed_stream import open_sealed


def unlock_backup(data_dir: Path, secret: str, backup: Path) -> Callable[[str, str, str, bytes], bytes]:
    """Open the rows of a backup for this process, and give what reads its files.

    A file is told by its dataset's id, its kind, its id, and the bytes that lie there.

    Parameters
    ----------
    data_dir : the data folder that it is for; a backup with the same data key needs no passphrase
    backup : the folder with its rows and its key file

    Raises
    ------
    InputRefused
        It is encrypted, and the data folder is not.
    DataFolderLocked
        The secret does not open it.
    """
    if not is_encrypted(data_dir):
        raise InputRefused(
            marked(
                "The backup is encrypted, and this data folder is not: people would lie in it in clear. Encrypt "
                "it first by `python -m core encrypt`, which takes a moment where it is empty; then do this "
                "again."
            )
        )
    path, keys = key_file_path(backup), find_keys(data_dir)
    if keys is None or keys.current_id != read_key_id(path):
        try:
            keys = load_keys(path, require_secret(secret))
        except DataFolderLocked as fault:
            raise DataFolderLocked(
                marked(
                    "The passphrase or key does not open this backup. Nothing was changed. Give the one of when "
                    "it was taken by --backup-key-file."
                )
            ) from fault
    open_folder(backup, keys)
    by_id = keys.by_id

    def unseal(dataset_id: str, kind: str, file_id: str, stored: bytes) -> bytes:
        with open_sealed(io.BytesIO(stored), by_id, artifact_name(dataset_id, kind, file_id)) as file:
            return file.read()

    return unseal

"""Which data folders are encrypted, and the keys of those that this process has opened.

Loads nothing where nothing is encrypted. Keys are in the memory of the process and nowhere else.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.base.errors import DataFolderFault, DataFolderLocked

if TYPE_CHECKING:
    from core.store.encryption.key_file import DataKeys

KEY_FILE: Final = "encryption.json"
_opened: dict[Path, DataKeys] = {}


def key_file_path(data_dir: Path) -> Path:
    """Where the key file of a data folder lies, if it is encrypted."""
    return data_dir / KEY_FILE


def is_encrypted(data_dir: Path) -> bool:
    """Whether a data folder is encrypted, or half so."""
    return key_file_path(data_dir).is_file()


def unlock_folder(data_dir: Path, secret: str) -> None:
    """Open the keys of a data folder for this process; of one that is not encrypted nothing is done.

    Raises
    ------
    DataFolderLocked
        There is no secret, or another one.
    DataFolderFault
        Encrypting or decrypting was begun and not finished.
    """
    if not is_encrypted(data_dir):
        close_folder(data_dir)
        return
    # Imported here: it loads the ciphers.
    from core.store.encryption.key_file import FolderState, load_keys

    keys = load_keys(key_file_path(data_dir), require_secret(secret))
    if keys.state is not FolderState.ENCRYPTED:
        command = "decrypt" if keys.state is FolderState.DECRYPTING else "encrypt"
        raise DataFolderFault(
            f"Changing the encryption of this data folder was begun and not finished. Run `python -m core {command}` "
            "again; it goes on where it was."
        )
    open_folder(data_dir, keys)


def find_keys(data_dir: Path) -> DataKeys | None:
    """The keys of a data folder; None where it is not encrypted. Raises DataFolderLocked where it was not opened."""
    keys = _opened.get(data_dir)
    if keys is None and is_encrypted(data_dir):
        require_secret("")
    return keys


def lend_keys(data_dir: Path, folder: Path) -> None:
    """Put the key file of a data folder, if it has one, beside a copy of its database, which the same keys open."""
    keys = find_keys(data_dir)
    if keys is not None:
        shutil.copyfile(key_file_path(data_dir), key_file_path(folder))
        open_folder(folder, keys)


def open_folder(folder: Path, keys: DataKeys) -> None:
    """Let this process use a folder whose keys it has."""
    _opened[folder] = keys


def close_folder(folder: Path) -> None:
    """Forget the keys of a folder that is not used any more."""
    _opened.pop(folder, None)


def require_secret(secret: str) -> str:
    """The same secret. Raises DataFolderLocked where there is none."""
    if not secret:
        raise DataFolderLocked(
            "This data folder is encrypted. Set FACE_ATLAS_KEY to its passphrase or key, or FACE_ATLAS_KEY_FILE to a "
            "file that holds it, or start in a terminal, where you are asked for it."
        )
    return secret

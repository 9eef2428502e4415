"""The small file that says that a data folder is encrypted, with the data keys wrapped by the user's secret.

Everything is encrypted with a random data key. The secret (a passphrase, or a key of the environment) only wraps it:
another passphrase is another wrapping, whatever the size of the folder. The file holds nothing that opens it.

References
----------
OWASP Password Storage Cheat Sheet: scrypt with N = 2**17, r = 8, p = 1.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from core.base.errors import DataFolderFault, DataFolderLocked
from core.language.texts import marked
from core.store.encryption.sealed_stream import KEY_BYTES, KEY_ID_BYTES, derive_key
from core.store.folder_artifacts import flush_folders, write_durably

FILE_FORMAT: Final = 1
_NONCE_BYTES: Final = 12
_SCRYPT_N: Final = 1 << 17
"""128 MiB and some 0.4 s for each guess."""


class FolderState(StrEnum):
    """Where the encryption of a data folder stands; in all but the first the app does not open it."""

    ENCRYPTED = "encrypted"
    REWRITING = "rewriting"
    """It is being encrypted, or encrypted with another data key."""
    DECRYPTING = "decrypting"


@dataclass(frozen=True)
class DataKeys:
    """The data keys of a folder by their ids; more than one only while the folder is rewritten."""

    by_id: Mapping[bytes, bytes] = field(repr=False)
    current_id: bytes
    state: FolderState

    @classmethod
    def generate(cls, before: Mapping[bytes, bytes] | None = None) -> DataKeys:
        """A new random key, beside those of before; what is there is still to be rewritten with it."""
        key_id = os.urandom(KEY_ID_BYTES)
        return cls({**(before or {}), key_id: os.urandom(KEY_BYTES)}, key_id, FolderState.REWRITING)

    @property
    def current(self) -> bytes:
        """The key that new files are encrypted with."""
        return self.by_id[self.current_id]

    def database_key(self, key_id: bytes) -> bytes:
        """The key of the database that belongs to a data key."""
        return derive_key(self.by_id[key_id], b"", b"database")


def store_keys(path: Path, keys: DataKeys, secret: str) -> None:
    """Write the key file in the place of the one that may be there, whole or not at all."""
    salt = os.urandom(16)
    wrapping = AESGCM(_stretch(secret, salt))
    wrapped = []
    for key_id, key in keys.by_id.items():
        nonce = os.urandom(_NONCE_BYTES)
        wrapped.append({"id": key_id.hex(), "wrapped": (nonce + wrapping.encrypt(nonce, key, key_id)).hex()})
    record = {
        "format": FILE_FORMAT,
        "state": keys.state.value,
        "salt": salt.hex(),
        "current": keys.current_id.hex(),
        "keys": wrapped,
    }
    flush_folders(write_durably(path, json.dumps(record, indent=1).encode()))


def load_keys(path: Path, secret: str) -> DataKeys:
    """The data keys.

    Raises
    ------
    DataFolderLocked
        The secret does not open them.
    DataFolderFault
        The file is damaged or of another version.
    """
    record = _read_record(path)
    wrapping = AESGCM(_stretch(secret, record.salt))
    try:
        keys = {
            key_id: wrapping.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], key_id)
            for key_id, content in record.wrapped.items()
        }
    except InvalidTag as fault:
        raise DataFolderLocked(
            marked(
                "The passphrase or key does not open this data folder. Nothing was changed. Give the one that it "
                "was encrypted with."
            )
        ) from fault
    return DataKeys(keys, record.current_id, record.state)


def read_key_id(path: Path) -> bytes:
    """The id of the data key of a folder, without any secret. Raises DataFolderFault as ``load_keys``."""
    return _read_record(path).current_id


@dataclass(frozen=True, slots=True)
class _KeyRecord:
    """What a key file says."""

    salt: bytes
    current_id: bytes
    wrapped: Mapping[bytes, bytes]
    state: FolderState


def _read_record(path: Path) -> _KeyRecord:
    try:
        record = json.loads(path.read_bytes())
        if record["format"] != FILE_FORMAT:
            raise ValueError(f"it is of the format {record['format']}")
        wrapped = {bytes.fromhex(key["id"]): bytes.fromhex(key["wrapped"]) for key in record["keys"]}
        current_id = bytes.fromhex(record["current"])
        if current_id not in wrapped:
            raise ValueError("it lacks its current key")
        return _KeyRecord(bytes.fromhex(record["salt"]), current_id, wrapped, FolderState(record["state"]))
    except (KeyError, TypeError, ValueError) as fault:
        raise DataFolderFault(
            f"The key file '{path.name}' of the data folder is damaged ({fault}). Put back a copy of it: without it "
            "nothing of the folder can be read."
        ) from fault


def _stretch(secret: str, salt: bytes) -> bytes:
    return Scrypt(salt, KEY_BYTES, _SCRYPT_N, 8, 1).derive(secret.encode())

"""The keys that an installation signs with and trusts: their files lie encrypted where the data folder is.

Those that are trusted have names of people, and whoever takes the private one signs as this installation.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from core.store.encryption.key_file import DataKeys
from core.store.encryption.sealed_stream import open_sealed, seal

KEY_FILE_ENDINGS: Final = (".pem", ".json")
"""Of what is kept in the folder; beside it lie locks and drafts."""


def key_file_name(name: str) -> str:
    """What a file of the folder is encrypted under."""
    return f"keys/{name}"


@dataclass(frozen=True)
class SealedKeyFiles:
    """How key files are written and read."""

    keys: DataKeys

    def seal(self, name: str, content: bytes) -> bytes:
        """A file's content as it is to lie on the disk."""
        return seal(content, self.keys.current_id, self.keys.current, key_file_name(name))

    def unseal(self, name: str, stored: bytes) -> bytes:
        """What a file holds. Raises DataFolderFault."""
        with open_sealed(io.BytesIO(stored), self.keys.by_id, key_file_name(name)) as file:
            return file.read()

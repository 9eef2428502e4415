"""Single files out of a folder of backups, whatever backup has them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.base.errors import FileDamaged
from core.store.artifacts import ArtifactKind, content_id
from core.workflows.safekeeping.backup_folder import BackupFolder, Unseal
from core.workflows.safekeeping.backup_manifest import ListedFile


@dataclass
class BackupContents:
    """What photos and crops of a folder of backups hold, by the hash that they are called by."""

    folder: BackupFolder
    unlock: Callable[[Path], Unseal]
    """Opens an encrypted backup in its folder. Raises InputRefused, DataFolderLocked."""
    _sealed: dict[str, list[tuple[ListedFile, Unseal]]] | None = field(default=None, repr=False)

    def read(self, file_id: str) -> bytes | None:
        """A file, held against its hash; None where no backup has it whole."""
        content = self.folder.read(file_id)
        if content is not None:
            return content
        for file, unseal in self._list_sealed().get(file_id, []):
            stored = self.folder.read(file.sha256)
            try:
                content = unseal(*file.key, io.BytesIO(stored)).read() if stored is not None else None
            except FileDamaged:
                continue  # damaged before it was backed up
            if content is not None and content_id(content) == file_id:
                return content
        return None

    def list_stored(self, key: tuple[str, str, str]) -> Iterator[bytes]:
        """What backups have of a file that is called by an id, the newest first."""
        for manifest in self.folder.manifests():
            key_file = self.folder.key_file(manifest)
            unseal = self.unlock(key_file.parent) if key_file.is_file() else None
            for file in self.folder.files(manifest):
                stored = self.folder.read(file.sha256) if file.key == key else None
                if stored is not None:
                    yield unseal(*key, io.BytesIO(stored)).read() if unseal is not None else stored

    def _list_sealed(self) -> dict[str, list[tuple[ListedFile, Unseal]]]:
        """What lies encrypted, by what it is called, of the newest backups first; their bytes have other hashes."""
        if self._sealed is None:
            self._sealed = {}
            for manifest in self.folder.manifests():
                key_file = self.folder.key_file(manifest)
                if not key_file.is_file():
                    continue
                unseal = self.unlock(key_file.parent)
                for file in self.folder.files(manifest):
                    if file.kind in (ArtifactKind.PHOTO, ArtifactKind.CROP):
                        self._sealed.setdefault(file.id, []).append((file, unseal))
        return self._sealed

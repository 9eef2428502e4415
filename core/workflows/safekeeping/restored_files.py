"""The files of a backup in the data folder again, of any size, opened with the backup's keys where it is encrypted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO

from core.base.errors import DataFolderFault
from core.base.progress import Progress
from core.language.texts import marked
from core.store.artifacts import ArtifactKind, Artifacts
from core.workflows.safekeeping.backup_folder import STREAMED_FROM_BYTES, BackupFolder, Unseal
from core.workflows.safekeeping.backup_manifest import BackupManifest, ListedFile

ANNOUNCED_EVERY_S = 20.0
"""So often it is said anew that files without rows are being written: a sweep takes them for nobody's after 60 s."""
FILES_AT_ONCE = 64
COMPARED_BYTES = 1 << 20


@dataclass
class RestoredFiles:
    """Brings the files of a backup back."""

    artifacts: Artifacts
    folder: BackupFolder
    manifest: BackupManifest
    unseal: Unseal | None
    rename: Callable[[ListedFile], ListedFile]
    without_damaged: bool
    total: int
    """How many there will be."""

    def __post_init__(self) -> None:
        self._announced: dict[str, float] = {}
        self._files = 0
        self._lacking: list[str] = []

    @property
    def summary(self) -> tuple[int, tuple[str, ...]]:
        """How many files there were, and which are lacking."""
        return self._files, tuple(self._lacking)

    def announce(self, dataset_id: str) -> None:
        """Say that the files of a dataset may go until its rows are there."""
        if time.monotonic() - self._announced.get(dataset_id, float("-inf")) > ANNOUNCED_EVERY_S:
            self.artifacts.announce_deletion(dataset_id)
            self._announced[dataset_id] = time.monotonic()

    def restore(self, files: Iterator[ListedFile], progress: Progress) -> None:
        """Bring files back; what is here already is compared. Raises DataFolderFault, Cancelled."""
        while part := list(islice(files, FILES_AT_ONCE)):
            for dataset_id in self._announced:
                self.announce(dataset_id)
            with self.artifacts.together():
                for file in part:
                    self._restore(file)
            progress.step(self._files, max(self.total, self._files), "Restoring files")

    def _restore(self, file: ListedFile) -> None:
        stored = self.folder.open(file.sha256)
        if stored is None:
            self._lacking.append(" ".join(file.key))
            if not self.without_damaged:
                raise DataFolderFault(
                    marked(
                        "A file of the backup '{backup}' is missing or damaged ({kind} {file}). Nothing was "
                        "restored. Use another backup, or restore what is whole by --without-damaged."
                    ).format(backup=self.manifest.id, kind=file.kind, file=file.id)
                )
            return
        with stored if self.unseal is None else self.unseal(*file.key, stored) as source:
            self._bring_back(self.rename(file), source)
        self._files += 1

    def _bring_back(self, target: ListedFile, source: IO[bytes]) -> None:
        key = target.dataset_id, ArtifactKind(target.kind), target.id
        size_bytes = source.seek(0, os.SEEK_END)
        source.seek(0)
        present = self.artifacts.find(*key)
        # A restoring that was killed goes on: what it has written is compared.
        is_present = present is not None and present.size_bytes == size_bytes
        if size_bytes > STREAMED_FROM_BYTES:
            if not is_present or not self._is_same(key, source):
                source.seek(0)
                self.artifacts.replace_from(*key, source)
            return
        content = source.read()
        if not is_present or self.artifacts.read(*key) != content:
            self.artifacts.replace(*key, content)

    def _is_same(self, key: tuple[str, ArtifactKind, str], source: IO[bytes]) -> bool:
        """Whether what is here is what can be read of a stream, of the same size."""
        with self.artifacts.open(*key) as present:
            while part := source.read(COMPARED_BYTES):
                if present.read(len(part)) != part:
                    return False
        return True

"""What a backup says of itself: its manifest, with the hashes of what it consists of, and the lines of its list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from core.base.errors import DataFolderFault, NotFound
from core.base.json_values import JsonRecord
from core.language.texts import marked
from core.store.artifacts import ArtifactKind, content_id

FORMAT = 1
BACKUPS, MANIFEST = "backups", "manifest.json"
MANIFESTS_IN_MEMORY = 1000


@dataclass(frozen=True, slots=True)
class BackedUpDataset(JsonRecord):
    """A dataset as it was when it was backed up."""

    id: str
    name: str
    """As it was called; in an encrypted backup it does not tell."""
    photos: int
    faces: int
    files: int = 0
    """Of it; 0 in backups of before this was counted."""
    file_bytes: int = 0


@dataclass(frozen=True, slots=True)
class BackupManifest(JsonRecord):
    """What a backup holds, with the hashes of what it consists of."""

    id: str
    created: float
    """Seconds since 1970: the moment whose rows it holds."""
    schema: int
    """The version of its tables."""
    datasets: tuple[BackedUpDataset, ...]
    is_whole: bool
    """Of the whole installation; else of one dataset."""
    database_sha256: str
    database_bytes: int
    list_sha256: str
    files: int
    file_bytes: int
    lacking: int = 0
    """Files that were missing or damaged in the data folder already."""
    format: int = FORMAT

    def holds(self, dataset_id: str) -> bool:
        """Whether a dataset is in it."""
        return any(dataset.id == dataset_id for dataset in self.datasets)

    def with_names(self, names: Mapping[str, str]) -> BackupManifest:
        """The same with the datasets' names, by their ids."""
        datasets = (replace(entry, name=names.get(entry.id, entry.name)) for entry in self.datasets)
        return replace(self, datasets=tuple(datasets))

    def find_dataset(self, name_or_id: str) -> BackedUpDataset:
        """Raises NotFound with the names that it holds."""
        for dataset in self.datasets:
            if name_or_id in (dataset.id, dataset.name):
                return dataset
        names = ", ".join(f"'{dataset.name}'" for dataset in self.datasets) or "none"
        raise NotFound(
            marked("The backup '{backup}' holds no dataset '{dataset}'. Its datasets: {names}.").format(
                backup=self.id, dataset=name_or_id, names=names
            )
        )


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A stored file of a backup."""

    dataset_id: str
    kind: str
    id: str
    sha256: str
    """Of its bytes as they lie: of an encrypted photo another one than its id."""
    size_bytes: int
    written: float
    """When the data folder got it, in seconds since 1970."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is, without what is in it."""
        return self.dataset_id, self.kind, self.id

    def to_line(self) -> str:
        """A line of the list."""
        return "\t".join((*self.key, self.sha256, str(self.size_bytes), repr(self.written)))

    @classmethod
    def of_line(cls, line: str) -> ListedFile:
        """Raises ValueError for a line that is none, or that could lead elsewhere."""
        dataset_id, kind, file_id, sha256, size_bytes, written = line.split("\t")
        is_plain = dataset_id.isalnum() and file_id.isalnum() and sha256.isalnum()
        if not is_plain or len(sha256) != len(content_id(b"")):
            raise ValueError(marked("an id or a hash is none"))
        return cls(dataset_id, ArtifactKind(kind).value, file_id, sha256, int(size_bytes), float(written))


def read_backup_manifest(folder: Path) -> BackupManifest | None:
    """The manifest in a backup's folder; None where the backup was removed meanwhile.

    It is written once: of all backups of a folder a page reads anew only those that it has not read yet.

    Raises
    ------
    DataFolderFault
        It is missing, damaged or of another version.
    """
    try:
        state = (folder / MANIFEST).stat()
    except OSError as fault:
        if not folder.exists():
            return None
        raise DataFolderFault(damaged_backup(folder.name, marked("its manifest is missing"))) from fault
    return _parse_manifest(folder, (state.st_ino, state.st_mtime_ns, state.st_size))


@lru_cache(MANIFESTS_IN_MEMORY)
def _parse_manifest(folder: Path, state: tuple[int, ...]) -> BackupManifest:
    damaged = partial(damaged_backup, folder.name)
    try:
        document = json.loads((folder / MANIFEST).read_text("utf-8"))
        if not isinstance(document, dict) or document.get("format", FORMAT) != FORMAT:
            raise DataFolderFault(
                damaged(marked("it is of another format than {format}, which this version reads").format(format=FORMAT))
            )
        manifest = BackupManifest.from_json(document)
        # What is read and removed is called by the id.
        if manifest.id != folder.name:
            raise DataFolderFault(damaged(marked("its manifest is of another backup")))
        return manifest
    except OSError as fault:
        raise DataFolderFault(damaged(marked("its manifest is missing"))) from fault
    except ValueError as fault:
        raise DataFolderFault(damaged(marked("its manifest is no JSON of a backup"))) from fault


def damaged_backup(backup_id: str, what: str) -> str:
    """What is said of a backup that cannot be used."""
    return marked(
        "The backup '{backup}' cannot be used: {reason}. Use another backup; remove this one's folder below "
        "'{backups}' if it is not to be mended from a copy."
    ).format(backup=backup_id, reason=what, backups=BACKUPS)

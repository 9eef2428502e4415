"""A folder of backups: what each of them holds, and the files that all of them share, by the hash of their bytes.

::

    TARGET/face-atlas-backups.json     says what the folder is
    TARGET/files/AB/ABCDEF..           each stored file once, whatever many backups hold it
    TARGET/backups/TIME-NUMBER/        a backup: atlas.db, files.tsv and, written last, manifest.json

Files are kept as they lie in the data folder: what is encrypted there is encrypted here, with a copy of the key file
(``encryption.json``) in each backup, and names of datasets are in its rows alone.
"""

from __future__ import annotations

import io
import json
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from core.base.errors import DataFolderBusy, DataFolderFault, InputRefused, NotFound, data_folder_fault
from core.language.texts import marked
from core.store.artifacts import content_id
from core.store.encryption.keyring import KEY_FILE
from core.store.folder_artifacts import copy_durably, flush_folders, write_durably
from core.workflows.safekeeping.backup_manifest import (
    BACKUPS,
    FORMAT,
    MANIFEST,
    BackupManifest,
    ListedFile,
    damaged_backup,
    read_backup_manifest,
)

MARKER, FILES = "face-atlas-backups.json", "files"
DATABASE, FILE_LIST = "atlas.db", "files.tsv"
Unseal = Callable[[str, str, str, IO[bytes]], IO[bytes]]
"""What a file of an encrypted backup holds: by its dataset's id, its kind and its id, of what lies there."""
STREAMED_FROM_BYTES = 4 << 20
"""Larger files, as the photos of a lookup are, are never whole in memory; smaller ones are written many at once."""
_DRAFT = ".part"


@dataclass(frozen=True)
class BackupFolder:
    """The folder at ``path``."""

    path: Path
    names: Mapping[str, str] = field(default_factory=dict)
    """What datasets that are here are called, by their ids: an encrypted backup tells no names."""

    # what is there

    def manifests(self) -> list[BackupManifest]:
        """Of all backups, the newest first. Raises DataFolderFault for one that cannot be read."""
        folders = (entry for entry in (self.path / BACKUPS).glob("*") if not entry.name.endswith(_DRAFT))
        manifests = [
            self._name_datasets(manifest) for manifest in map(read_backup_manifest, folders) if manifest is not None
        ]
        return sorted(manifests, key=lambda manifest: (manifest.created, manifest.id), reverse=True)

    def _name_datasets(self, manifest: BackupManifest) -> BackupManifest:
        return manifest.with_names(self.names) if self.key_file(manifest).is_file() else manifest

    def manifest(self, backup_id: str | None = None) -> BackupManifest:
        """Of one backup, or of the newest. Raises NotFound with what there is."""
        manifests = self.manifests()
        for manifest in manifests:
            if backup_id in (None, manifest.id):
                return manifest
        ids = ", ".join(manifest.id for manifest in manifests) or "none"
        if backup_id is None:
            raise NotFound(marked("There is no backup in this folder. There are: {backups}.").format(backups=ids))
        raise NotFound(
            marked("There is no backup {backup} in this folder. There are: {backups}.").format(
                backup=repr(backup_id), backups=ids
            )
        )

    def folder_of(self, manifest: BackupManifest) -> Path:
        """The folder of one backup."""
        return self.path / BACKUPS / manifest.id

    def database(self, manifest: BackupManifest) -> Path:
        """The rows of a backup."""
        return self.folder_of(manifest) / DATABASE

    def key_file(self, manifest: BackupManifest) -> Path:
        """The copy of the key file that an encrypted backup has."""
        return self.folder_of(manifest) / KEY_FILE

    def files(self, manifest: BackupManifest) -> Iterator[ListedFile]:
        """The stored files of a backup. Raises DataFolderFault where their list is damaged."""
        path = self.folder_of(manifest) / FILE_LIST
        if hash_file(path) != manifest.list_sha256:
            raise DataFolderFault(
                damaged_backup(manifest.id, marked("its list of files is not the one that was written"))
            )
        try:
            with path.open(encoding="utf-8") as lines:
                yield from (ListedFile.of_line(line.rstrip("\n")) for line in lines)
        except ValueError as fault:
            raise DataFolderFault(damaged_backup(manifest.id, marked("a line of its list of files is none"))) from fault

    def holds(self, sha256: str, size_bytes: int) -> bool:
        """Whether there is a file of this hash, of its length."""
        path = self._file(sha256)
        return path.is_file() and path.stat().st_size == size_bytes

    def read(self, sha256: str) -> bytes | None:
        """A file, held against its hash; None where it is missing or damaged."""
        try:
            content = self._file(sha256).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise data_folder_fault(fault) from fault
        return content if content_id(content) == sha256 else None

    def open(self, sha256: str) -> IO[bytes] | None:
        """A file of any size, as ``read``."""
        path = self._file(sha256)
        if not path.is_file() or path.stat().st_size <= STREAMED_FROM_BYTES:
            content = self.read(sha256)
            return io.BytesIO(content) if content is not None else None
        return path.open("rb") if self.is_whole(sha256) else None

    def is_whole(self, sha256: str) -> bool:
        """Whether there is a file of this hash, read from beginning to end."""
        return hash_file(self._file(sha256)) == sha256

    def _file(self, sha256: str) -> Path:
        return self.path / FILES / sha256[:2] / sha256

    # what is written; by whoever holds the lock

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only one who writes here. Raises DataFolderBusy."""
        lock = FileLock(self.path / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as busy:
            raise DataFolderBusy(
                marked("Another backup is being written into this folder. Wait until it is done.")
            ) from busy
        except OSError as fault:
            raise data_folder_fault(fault) from fault
        try:
            yield
        finally:
            lock.release()

    def add(self, content: bytes) -> str:
        """Write a file unless it is there, and read it back; its hash. Raises DataFolderFault."""
        sha256 = content_id(content)
        if not self.holds(sha256, len(content)):
            flush_folders(write_durably(self._file(sha256), content))
        if self.read(sha256) != content:
            # Damaged since an earlier backup; the length alone did not tell.
            flush_folders(write_durably(self._file(sha256), content))
            if self.read(sha256) != content:
                raise _reads_back_differently()
        return sha256

    def add_from(self, source: IO[bytes]) -> str:
        """Write a file of any size, as ``add``; it is read from its beginning."""
        source.seek(0)
        sha256 = file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]  # any file will do
        if not self.is_whole(sha256):
            source.seek(0)
            flush_folders(copy_durably(self._file(sha256), source))
            if not self.is_whole(sha256):
                raise _reads_back_differently()
        return sha256

    def new_draft(self, created: float) -> Path:
        """The folder of a backup that is being written."""
        time = datetime.fromtimestamp(created, UTC).strftime("%Y%m%dT%H%M%SZ")
        draft = self.path / BACKUPS / f"{time}-{uuid.uuid4().hex[:6]}{_DRAFT}"
        draft.mkdir(parents=True)
        return draft

    def finish(self, draft: Path, manifest: BackupManifest) -> None:
        """Make a backup of a draft: from now on it is listed."""
        content = json.dumps(manifest.to_json(), indent=1).encode()
        flush_folders(write_durably(draft / MANIFEST, content))
        draft.rename(self.folder_of(manifest))
        flush_folders([self.path / BACKUPS])

    def remove(self, manifest: BackupManifest) -> None:
        """Remove a backup; what only it needs goes with ``sweep``. One that is gone already is no fault."""
        folder = self.folder_of(manifest)
        # First the name: a kill leaves a draft, never a backup without its rows.
        draft = folder.with_name(f"{folder.name}{_DRAFT}")
        try:
            folder.rename(draft)
            shutil.rmtree(draft)
        except FileNotFoundError:
            return
        except OSError as fault:
            raise data_folder_fault(fault) from fault

    def sweep(self) -> int:
        """Remove what no backup needs, and what was killed; how many files that were."""
        for draft in (self.path / BACKUPS).glob(f"*{_DRAFT}"):
            shutil.rmtree(draft)
        for draft in self.path.glob(f"{MARKER}.*"):
            draft.unlink(missing_ok=True)
        needed = {bytes.fromhex(file.sha256) for manifest in self.manifests() for file in self.files(manifest)}
        loose = [path for path in (self.path / FILES).glob("*/*") if not _is_needed(path.name, needed)]
        for path in loose:
            path.unlink(missing_ok=True)
        return len(loose)


def open_backup_folder(path: Path, names: Mapping[str, str] | None = None) -> BackupFolder:
    """A folder that backups were written into, with the names of ``BackupFolder``.

    Raises InputRefused, and DataFolderFault for one of a newer version.
    """
    try:
        marker = json.loads((path / MARKER).read_text("utf-8"))
    except FileNotFoundError as missing:
        raise InputRefused(
            marked(
                "There are no backups of Face Atlas in '{folder}'. Give the folder that `python -m core backup` "
                "wrote into."
            ).format(folder=path)
        ) from missing
    except OSError as fault:
        raise data_folder_fault(fault) from fault
    except ValueError as damaged:
        raise DataFolderFault(
            marked("'{marker}' of '{folder}' is damaged. Put it back from a copy of the folder.").format(
                marker=MARKER, folder=path
            )
        ) from damaged
    written = marker.get("format") if isinstance(marker, dict) else None
    if written != FORMAT:
        raise DataFolderFault(
            marked(
                "'{folder}' was written by a newer version of Face Atlas (format {format}, this one reads "
                "{read_format}), or its '{marker}' is damaged. Use that version, or another folder."
            ).format(folder=path, format=written, read_format=FORMAT, marker=MARKER)
        )
    return BackupFolder(path, names or {})


def prepare_backup_folder(path: Path, data_dir: Path) -> BackupFolder:
    """The folder that a backup is to be written into, made where it is not there.

    Raises
    ------
    InputRefused
        It lies in the data folder, or holds something else.
    DataFolderFault
        It cannot be written, or is of a newer version.
    """
    path = path.resolve()
    if path.is_relative_to(data_dir.resolve()):
        raise InputRefused(
            marked("A backup in the data folder would be lost with it. Give a folder elsewhere, on another disk.")
        )
    try:
        if path.is_dir() and not (path / MARKER).exists() and not _is_begun(path):
            raise InputRefused(
                marked(
                    "'{folder}' holds something else than backups, and nothing is mixed into it. Give an empty folder."
                ).format(folder=path)
            )
        if not (path / MARKER).exists():
            flush_folders(write_durably(path / MARKER, json.dumps({"format": FORMAT}).encode()))
    except OSError as fault:
        raise data_folder_fault(fault) from fault
    return open_backup_folder(path)


def _is_begun(path: Path) -> bool:
    """Whether a folder is empty, but for what was killed when it wrote the marker."""
    return all(entry.name.startswith(f"{MARKER}.") for entry in path.iterdir())


def hash_file(path: Path) -> str:
    """The sha256 of a file of any size; "" where it is missing. Raises DataFolderFault."""
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as fault:
        raise data_folder_fault(fault) from fault


def write_file_list(path: Path, files: Iterable[ListedFile]) -> str:
    """Write the list of a backup's files; its hash."""
    content = "".join(f"{file.to_line()}\n" for file in files).encode()
    flush_folders(write_durably(path, content))
    return content_id(content)


def _reads_back_differently() -> DataFolderFault:
    return DataFolderFault(marked("A file reads back differently than it was written. Check the backup's disk."))


def _is_needed(name: str, needed: set[bytes]) -> bool:
    # Drafts of a killed backup have a dot in their names.
    return name.isalnum() and len(name) == 64 and bytes.fromhex(name) in needed

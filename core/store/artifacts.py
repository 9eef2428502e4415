"""Files beside the database: photos and crops by their sha256, arrays of runs and maps by their id.

Every dataset has a folder of its own, so that erasing a dataset is removing a folder. Files appear whole or not at
all; a file that is there already is not written again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.errors import NotFound


class Kind(StrEnum):
    """The folders of a dataset."""

    PHOTO = "photos"
    CROP = "crops"
    RUN = "runs"
    PREDICTIONS = "predictions"
    MAP = "maps"


def content_id(data: bytes) -> str:
    """The sha256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Artifacts:
    """The artifacts of all datasets below one folder."""

    root: Path

    def put(self, dataset_id: str, kind: Kind, file_id: str, data: bytes) -> None:
        """Write a file unless it is there."""
        path = self.path(dataset_id, kind, file_id)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            draft.write_bytes(data)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def read(self, dataset_id: str, kind: Kind, file_id: str) -> bytes:
        """Raises NotFound when the file is gone."""
        try:
            return self.path(dataset_id, kind, file_id).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"A file of this dataset ({kind}) is missing from the data folder.") from error

    def path(self, dataset_id: str, kind: Kind, file_id: str) -> Path:
        """Where a file lies, whether it exists or not. Ids are hexadecimal; anything else is refused."""
        for part in (dataset_id, file_id):
            if not part.isalnum():
                raise NotFound(f"'{part}' is no id of a stored file.")
        return self.root / dataset_id / kind / file_id[:2] / file_id

    def delete(self, dataset_id: str, kind: Kind, file_id: str) -> None:
        self.path(dataset_id, kind, file_id).unlink(missing_ok=True)

    def delete_dataset(self, dataset_id: str) -> None:
        """Remove everything of a dataset."""
        folder = self.root / dataset_id
        if folder.exists():
            shutil.rmtree(folder)

    def size_bytes(self, dataset_id: str) -> int:
        """Disk space of a dataset's files."""
        return sum(entry.stat().st_size for entry in _files(self.root / dataset_id))


def _files(folder: Path) -> list[os.DirEntry[str]]:
    if not folder.is_dir():
        return []
    found: list[os.DirEntry[str]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            found.extend(_files(Path(entry.path)) if entry.is_dir() else [entry])
    return found

"""Files beside the database: photos and crops by their sha256, arrays of runs and maps by their id.

They lie in a folder (``folder_artifacts``) or in an object store (``object_artifacts``), every dataset's apart from
the others', so that erasing a dataset is removing what begins with its id. Files appear whole or not at all; a file
that is there already is not written again.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, ClassVar, Final

from core.base.errors import NotFound


class ArtifactKind(StrEnum):
    """The folders of a dataset."""

    PHOTO = "photos"
    CROP = "crops"
    RUN = "runs"
    PREDICTIONS = "predictions"
    STUDY = "studies"
    """A run measured thoroughly."""
    MAP = "maps"
    CLUSTERS = "clusters"
    SUSPECTS = "suspects"
    GALLERY = "galleries"
    """The vectors that an imported run learned from."""
    LOOKUP = "lookups"
    """What was found on photos that were looked at and not taken in."""
    LOOKUP_PART = "lookup-parts"
    """The batches of a lookup that is not done yet."""
    LOOKUP_PHOTOS = "lookup-photos"
    """The zip with a lookup's photos, where it was given to be kept."""
    FACE_INDEX = "indexes"
    """The vectors of a large dataset, by their likeness."""
    FACE_TABLE = "tables"
    """The faces of a large dataset without their vectors, as pages list them."""
    AGREEMENT = "agreements"
    """Faces that two people name, neither seeing what the other says."""
    ANSWERS = "answers"
    """What one of the two said, and how differences were settled."""
    ERASURE = "erasures"
    """What an erasing that is not done yet has removed, for the search that ends it."""


GOING: Final = "going"
"""Where datasets are named that are about to go, beside the datasets; no dataset has such an id."""

WORKING_KINDS: Final = frozenset(
    {ArtifactKind.LOOKUP_PART, ArtifactKind.LOOKUP_PHOTOS, ArtifactKind.ERASURE}
    | {ArtifactKind.FACE_INDEX, ArtifactKind.FACE_TABLE}
)
"""What lies in the data folder wherever the others lie: batches are appended to their file, zips and indexes are opened
in place and mapped into memory, and what is to be erased is written nowhere else meanwhile."""


def content_id(data: bytes) -> str:
    """The sha256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as the store lists it."""

    kind: str
    """An ``ArtifactKind``, or a folder's name that means nothing to this version."""
    id: str
    size_bytes: int
    written: float
    """Seconds since 1970."""


class Artifacts(ABC):
    """The artifacts of all datasets."""

    root: Path
    """The folder of this machine below which those of ``WORKING_KINDS`` lie, if not all."""
    lists_quickly: ClassVar[bool] = True
    """Whether a page may list all files of a dataset."""

    @property
    def is_shared(self) -> bool:
        """Whether other machines may be able to write to them too, by this very value."""
        return False

    def put(self, dataset_id: str, kind: ArtifactKind, file_id: str, data: bytes) -> None:
        """Write a file unless it is there, whole."""
        stored = self.find(dataset_id, kind, file_id)
        # Files of before they were flushed may have been left empty by a power cut.
        if stored is None or stored.size_bytes != len(data):
            self.replace(dataset_id, kind, file_id, data)

    @abstractmethod
    def replace(self, dataset_id: str, kind: ArtifactKind, file_id: str, data: bytes) -> None:
        """Write a file in the place of the one that may be there; whoever reads meanwhile gets either whole.

        It is stored when this returns, or at the end of ``together``: a row may point to it then.
        """

    def replace_from(self, dataset_id: str, kind: ArtifactKind, file_id: str, source: IO[bytes]) -> None:
        """Write what can be read of a stream as ``replace`` does; in a folder without holding it in memory."""
        self.replace(dataset_id, kind, file_id, source.read())

    @abstractmethod
    def together(self) -> AbstractContextManager[None]:
        """Write files at once that are needed at the end only, which takes a tenth of the time."""

    @abstractmethod
    def read(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> bytes:
        """Raises NotFound when the file is gone."""

    @abstractmethod
    def open(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> IO[bytes]:
        """A file to read parts of, wherever in it. Raises NotFound when it is gone."""

    @abstractmethod
    def find(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> StoredFile | None:
        """What is known of a file without reading it; None where there is none."""

    @abstractmethod
    def ids(self, dataset_id: str, kind: ArtifactKind) -> list[str]:
        """The ids of all files of a kind, in no order."""

    @abstractmethod
    def dataset_ids(self) -> set[str]:
        """The datasets that have files, also those that no row speaks of any more."""

    @abstractmethod
    def files(self, dataset_id: str) -> Iterator[StoredFile]:
        """Everything of a dataset, in no order."""

    @abstractmethod
    def going_ids(self, before: float = float("inf")) -> list[str]:
        """The datasets whose deletion was announced before a time and is not done, in no order: their files may go.

        Only of these. That no row speaks of a dataset tells nothing: its rows may be in another database, of somebody
        who has given another address since, or none.
        """

    @abstractmethod
    def delete(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> None:
        """Remove a file; one that is gone already is no fault."""

    @abstractmethod
    def sweep(self, dataset_id: str, ids_to_keep: Mapping[str, Container[str]], before: float) -> int:
        """Remove every file of a dataset that is not kept and was written before a time; how many there were.

        Parameters
        ----------
        ids_to_keep : the ids to keep by the name of their folder; a folder that is not named goes as a whole
        before : seconds since 1970
        """

    @abstractmethod
    def delete_drafts(self, dataset_id: str, before: float = float("inf")) -> int:
        """Remove what a killed process was writing, and began before a time; only where nothing else is writing now."""

    @abstractmethod
    def announce_deletion(self, dataset_id: str) -> None:
        """Say that a dataset is about to go: whoever sweeps later may remove what a kill leaves of it."""

    @abstractmethod
    def withdraw_deletion(self, dataset_id: str) -> None:
        """Say that a dataset is there to stay, after all that was announced of it."""

    @abstractmethod
    def delete_dataset(self, dataset_id: str) -> None:
        """Remove everything of a dataset."""

    @abstractmethod
    def path(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> Path:
        """Where a file of ``WORKING_KINDS`` lies on this machine, whether it exists or not."""

    def keep(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> None:  # noqa: B027
        """Store what was written at a file's ``path``, where that is not where it stays; called when it is whole."""

    def open_stored(self, path: Path) -> IO[bytes]:
        """What a file holds that lies below ``root``, or anywhere else on this machine."""
        return path.open("rb")

    @abstractmethod
    def describe(self) -> str:
        """Where they lie, in a few words: never with a password. Empty for the data folder."""

    def remote_files(self, dataset_id: str) -> Sequence[StoredFile]:
        """Those of a dataset that lie in no folder of this machine."""
        return ()

    def fetch_ahead(self, dataset_id: str, kind: ArtifactKind, file_ids: Collection[str]) -> None:  # noqa: B027
        """Make ready at once what is about to be read one by one, where reading takes long."""

    def forget(self) -> None:  # noqa: B027  whoever keeps nothing in memory has nothing to forget
        """Drop what is kept in memory."""

    def exists(self, dataset_id: str, kind: ArtifactKind, file_id: str) -> bool:
        """Whether there is such a file."""
        return self.find(dataset_id, kind, file_id) is not None

    def loose(self, dataset_id: str, ids_to_keep: Mapping[str, Container[str]], before: float) -> list[StoredFile]:
        """The files that ``sweep`` would remove."""
        return [
            file
            for file in self.files(dataset_id)
            if file.id not in ids_to_keep.get(file.kind, ()) and file.written < before
        ]

    def size_bytes(self, dataset_id: str) -> int:
        """Space that a dataset's files take."""
        return sum(file.size_bytes for file in self.files(dataset_id))


def missing_file(kind: ArtifactKind) -> NotFound:
    """What is raised for a file that is gone."""
    return NotFound(f"A file of this dataset ({kind}) is missing from the data folder.")


def require_ids(*ids: str) -> None:
    """Ids are hexadecimal; anything else is refused, as it could lead elsewhere."""
    for part in ids:
        if not part.isalnum():
            raise NotFound(f"'{part}' is no id of a stored file.")

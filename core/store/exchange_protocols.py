"""What export, import and erasing ask of a store, and the values it gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from core.base.face_table import Embeddings
from core.base.progress import Progress
from core.base.types import Box, Face, Photo, Vectors
from core.corrections.model import Change, Event
from core.store.values.datasets import PhotoLabel


@dataclass(frozen=True, slots=True, eq=False)
class StoredPhoto:
    """A photo with what its archive said of it and the faces on it that were not dismissed."""

    photo: Photo
    label: PhotoLabel
    faces: tuple[Face, ...]


@dataclass(frozen=True, slots=True)
class FaceLocation:
    """Where a face is."""

    face_id: str
    photo_id: str
    box: Box
    drawn: bool = False
    turn: int = 0
    """Quarters clockwise by which the photo is turned; the box is in its pixels then."""


@dataclass(frozen=True, slots=True)
class PersonOrigin:
    """A person as they came into the dataset: by a folder, or named by somebody."""

    person_id: int
    base_name: str
    of_folder: bool


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event of the correction log with what it sets."""

    event: Event
    changes: tuple[Change, ...]
    origin: str = ""
    """Of an imported event the one that it repeats."""


@dataclass(frozen=True, slots=True, eq=False)
class DatasetSnapshot:
    """A whole dataset as rows, under ids that are free here."""

    source_id: str
    """The dataset's id where it was read: its files lie under it."""
    dataset_id: str
    """The id that it will have."""
    new_ids: Mapping[str, str]
    """Of the dataset, its jobs, runs and maps: the ids that they will have, by those that they had."""
    rows: Mapping[str, Iterable[Mapping[str, Any]]]
    """By table, each read anew whenever it is gone through, so that no table is in memory as a whole. People and events
    have the ids that they had: what is free is known when they are written."""

    @property
    def created(self) -> float:
        """When the dataset was made, in seconds since 1970."""
        (dataset,) = self.rows["dataset"]
        return float(dataset["created"])


class TransferStore(Protocol):
    """Reads a dataset of any size in pages, and takes what another installation gave."""

    def read_snapshot(self, database_path: Path, dataset_id: str, new_id: str | None = None) -> DatasetSnapshot:
        """A dataset of another folder's database, which nobody writes any more.

        Parameters
        ----------
        new_id : of an empty dataset that it is to become; a free one by default
        """

    def add_snapshot(self, snapshot: DatasetSnapshot, name: str, *, keep_times: bool = False) -> dict[int, int]:
        """Write a dataset whole or not at all, as if it had been finished just now, unless its times are kept.

        Where there is an empty dataset of its id, it becomes that one.

        Returns
        -------
        The id of every person by the one that they had.

        Raises
        ------
        NameTaken, InputRefused
            As ``FaceStore.create_dataset``.
        """

    def photos(self, dataset_id: str) -> Iterator[list[StoredPhoto]]:
        """All photos by id, some hundreds at a time."""

    def vectors(self, dataset_id: str) -> Iterator[Embeddings]:
        """The vectors in use by face id, some thousands at a time."""

    def locate_faces_on_photo(self, dataset_id: str, photo_id: str) -> list[FaceLocation]:
        """All faces of a photo, the dismissed ones too."""

    def locate_faces(self, dataset_id: str, face_ids: Iterable[str]) -> list[FaceLocation]:
        """Where these faces are, as far as they are there."""

    def photo_ids(self, dataset_id: str) -> dict[str, str]:
        """Every photo's id and name."""

    def origins(self, dataset_id: str) -> list[PersonOrigin]:
        """Everybody who ever was, by id."""

    def log(self, dataset_id: str) -> Iterator[LoggedEvent]:
        """All events, oldest first."""

    def event_origins(self, dataset_id: str, session: str | None = None) -> set[str]:
        """What events are known by that are in the log already, its own and imported ones; or those of one sitting.

        One that was undone alone counts still: somebody here has decided against it. One whose whole sitting was undone
        does not, so that it can be taken again.
        """

    def replace_vectors(self, dataset_id: str, model_id: str, vectors: Mapping[str, Vectors]) -> tuple[int, int]:
        """Put these vectors in the place of those in use, of faces that are there; the same ones are not written.

        Returns
        -------
        How many are others now, and how many were the same.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Erasure:
    """Everything that the store knows of a person, which is to go."""

    dataset_id: str
    person_ids: frozenset[int]
    """The person, and everybody who was merged into them."""
    names: tuple[str, ...]
    """Every name that they had, but those that somebody else has now."""
    spared: tuple[str, ...]
    """Names of others that hold one of theirs: 'Anna' when Ann goes."""
    face_ids: tuple[str, ...]
    crop_ids: tuple[str, ...]
    photo_ids: tuple[str, ...]
    """Photos that go."""
    shared_photo_ids: tuple[str, ...]
    """Photos that stay for other people's faces, with the person's pixels in them."""
    vectors: tuple[bytes, ...]
    """The faces' vectors as they are stored: little-endian float32."""
    elsewhere: frozenset[str]
    """Ids of faces, photos and crops that other datasets have too, in their own right."""
    elsewhere_vectors: frozenset[bytes]
    named_elsewhere: tuple[str, ...]
    """Other datasets that have a person of one of the names."""


@dataclass(frozen=True, slots=True)
class ErasureCounts:
    """What went out of the database, in numbers."""

    faces: int
    photos: int
    vectors: int
    events: int
    runs: int
    maps: int


@dataclass(frozen=True, slots=True)
class NameRemains:
    """What the database's texts still hold of a person's names."""

    living: frozenset[str]
    """Texts, or parts of them, with one of the names that may stay."""
    sure: int
    """In how many texts of the dataset a name stands."""
    possible: int
    """In how many others something stands that may be one."""


RunsOf = Callable[[Erasure], Sequence[str]]
"""The runs that go with a person."""
WriteDown = Callable[[Erasure, ErasureCounts, frozenset[str], set[str], set[str]], None]
"""Takes what was removed, in full and in numbers, the runs that went, and the photos and crops that stay."""


class EraseStore(Protocol):
    """Removes a person from a dataset, for good."""

    def erasure(self, dataset_id: str, person_id: int, *, with_shared: bool) -> Erasure:
        """What would go. ``with_shared`` takes photos that show other people too. Raises NotFound."""

    def whole(self, dataset_id: str) -> Erasure:
        """All that a dataset holds, of everybody."""

    def erase(
        self, dataset_id: str, person_id: int, runs_of: RunsOf, write_down: WriteDown, *, with_shared: bool
    ) -> None:
        """Remove it all, and these runs and all maps, in one transaction.

        ``write_down`` is called when everything is removed and nothing is certain yet: what it keeps is there for
        whoever goes on after a kill at any moment. Raises NotFound.
        """

    def has_person(self, dataset_id: str, person_id: int, names: Sequence[str]) -> bool:
        """Whether there is a person of this id with one of these names; ids are given to others in time."""

    def kept_files(self, dataset_id: str) -> tuple[set[str], set[str]]:
        """The photos and the crops that the rows speak of."""

    def remains(self, erasure: Erasure) -> NameRemains:
        """Read every text of the database."""

    def compact(self) -> None:
        """Overwrite and give back what was deleted. Raises DataFolderBusy when another process keeps old pages."""


class WholeStoreCopy(Protocol):
    """All rows of one database into another, empty one."""

    def dataset_ids(self) -> list[str]:
        """The datasets of the source."""

    def copy_rows(self, progress: Progress) -> dict[str, int]:
        """Copy and compare all rows, whole or not at all; how many there are, by table.

        Raises
        ------
        InputRefused
            Something is in the target, a job is under way in the source, or a value cannot be kept by the target.
        DataFolderFault
            One of the two cannot be used, or what was written reads back differently.
        """

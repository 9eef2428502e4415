"""The sample as it was prepared when Face Atlas was installed: photos taken, people learned, map laid, suspects found.

It lies in a folder of its own beside the sample's zip. A dataset is made of it by copying, so that it opens at once,
any number of times, and is like every other afterwards. What it says was computed here, by the same jobs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.base.json_values import JsonObject, JsonRecord
from core.base.types import Box
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.exchange_protocols import DatasetSnapshot, TransferStore
from core.store.folder_artifacts import FolderArtifacts
from core.store.protocols import FaceStore
from core.store.values.datasets import Dataset
from core.workflows.labels.review_queue import renumber_people

PREPARATION = 2
"""Raised when something else is prepared, or otherwise: what lies there of before is prepared anew then."""
DATABASE, ARTIFACTS, VERSIONS, PICTURE, STRANGER = (
    *("atlas.db", "artifacts", "versions.json", "picture.json", "stranger.jpg"),
)


@dataclass(frozen=True, slots=True)
class PicturedFace(JsonRecord):
    """A face on a photo that was not learned from, and what the recogniser said of it."""

    name: str | None
    """None where it said that it knows nobody like that."""
    left: float
    top: float
    right: float
    bottom: float

    @property
    def box(self) -> Box:
        """Where it is, in pixels of the photo."""
        return Box(self.left, self.top, self.right, self.bottom)


@dataclass(frozen=True, slots=True)
class PicturedPhoto(JsonRecord):
    """A photo with what was found on it."""

    photo_id: str
    width_px: int
    height_px: int
    faces: tuple[PicturedFace, ...]


@dataclass(frozen=True, slots=True)
class PicturedPoint(JsonRecord):
    """A face of the map."""

    x: float
    y: float
    """0..1, from the left and from the top"""
    name: str


@dataclass(frozen=True, slots=True)
class SamplePicture(JsonRecord):
    """What the first page shows of the sample: real answers and the real map."""

    dataset_id: str
    """Under which its files lie in the prepared folder."""
    photos: tuple[PicturedPhoto, ...]
    """Not learned from; they are offered to try the recogniser on."""
    points: tuple[PicturedPoint, ...]


@dataclass(frozen=True)
class PreparedSample:
    """The folder of the prepared sample, and what it must have been prepared with to be used."""

    folder: Path
    versions: JsonObject

    @property
    def is_ready(self) -> bool:
        """Whether it is there, and was prepared by this version."""
        try:
            return bool(json.loads((self.folder / VERSIONS).read_text("utf-8")) == self.versions)
        # Not there, or no JSON: the installation that writes it was ended, or the folder is a copy gone wrong.
        except (OSError, ValueError):
            return False

    @property
    def artifacts(self) -> Artifacts:
        """Its photos, crops and arrays."""
        return FolderArtifacts(self.folder / ARTIFACTS)

    def read_picture(self) -> SamplePicture:
        """What the first page shows of it."""
        return SamplePicture.from_json(json.loads((self.folder / PICTURE).read_text("utf-8")))

    def read_photo(self, photo_id: str) -> bytes:
        """The file of a photo of the picture."""
        return self.artifacts.read(self.read_picture().dataset_id, ArtifactKind.PHOTO, photo_id)

    def read_stranger(self) -> bytes | None:
        """A photo of somebody whose face was not learned; None where the sample's photos show nobody else."""
        path = self.folder / STRANGER
        return path.read_bytes() if path.is_file() else None


@dataclass(frozen=True)
class AdoptionTools:
    """What the prepared sample becomes a dataset with."""

    store: FaceStore
    transfer: TransferStore
    artifacts: Artifacts


def adopt_sample(tools: AdoptionTools, sample: PreparedSample, name: str) -> Dataset:
    """Make a dataset of the prepared sample, with its run, map and suspects.

    Raises
    ------
    NameTaken
        There is a dataset of that name.
    """
    snapshot = tools.transfer.read_snapshot(sample.folder / DATABASE, sample.read_picture().dataset_id)
    # Files first, as everywhere: a row never points to nothing. Until the rows are there, what a kill leaves is to be
    # swept.
    tools.artifacts.announce_deletion(snapshot.dataset_id)
    _copy_files(sample.artifacts, tools.artifacts, snapshot)
    try:
        people = tools.transfer.add_snapshot(snapshot, name)
    except BaseException:
        tools.artifacts.delete_dataset(snapshot.dataset_id)
        raise
    tools.artifacts.withdraw_deletion(snapshot.dataset_id)
    # People are numbered by the database, so this file alone comes after the rows. Until then its entries would name
    # nobody, and are passed over as settled.
    renumber_people(tools.artifacts, snapshot.dataset_id, people)
    return tools.store.dataset(snapshot.dataset_id)


def _copy_files(source: Artifacts, target: Artifacts, snapshot: DatasetSnapshot) -> None:
    """Copy every file of a dataset; those that are called by a run or a map get its new id."""
    new_ids: Mapping[str, str] = snapshot.new_ids
    # At once, as 240 files that each wait for the disk would take longer than all else.
    with target.together():
        for kind in ArtifactKind:
            for file_id in source.ids(snapshot.source_id, kind):
                content = source.read(snapshot.source_id, kind, file_id)
                target.replace(snapshot.dataset_id, kind, new_ids.get(file_id, file_id), content)

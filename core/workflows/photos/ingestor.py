"""What work on a dataset's photos is done with, and how a face becomes one that the store has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from core.archives.source import PhotoSource
from core.base.errors import ClusterUnavailable, ImageRefused, NotFound
from core.base.machine import Pace
from core.base.types import Box, Face, Split
from core.isolation.photos import read_stored_orientation
from core.language.texts import marked
from core.store.artifacts import ArtifactKind, Artifacts, content_id
from core.store.protocols import FaceStore, ReportStore
from core.store.values.datasets import StoredFace
from core.vision.pipeline import EmbeddedFace, FacePipeline
from core.workflows.photos.face_finding import FaceFinder
from core.workflows.photos.photo_reader import Fetch, ReadPhoto


class IngestStore(FaceStore, ReportStore, Protocol):
    """What an ingest asks of the store."""


@dataclass(frozen=True, slots=True)
class FaceLabel:
    """What is known of a face besides what its photo shows."""

    person: str | None = None
    split: Split | None = None
    face_id: str | None = None
    """The face that it was before, when it is known already."""
    drawn: bool = False


@dataclass(frozen=True)
class Ingestor:
    """Everything an ingest works with."""

    store: IngestStore
    artifacts: Artifacts
    pipeline: FacePipeline
    open_finder: Callable[[FacePipeline], FaceFinder]
    """Who looks through batches of photos for a pipeline: this process, or a cluster."""
    pace: Pace
    keeps_photos: bool = True
    """Whether the dataset keeps the files of its photos."""

    def choose_fetch(self, finder: FaceFinder, source: PhotoSource, dataset_id: str) -> Fetch | None:
        """How nodes read the photos of ``source`` for a dataset; None where this process reads and writes them all."""
        # A folder of this machine alone gets its photos from here in any case.
        is_shared = self.artifacts.is_shared and self.keeps_photos
        hold = finder.hold_files(partial(_keep_photos, self.artifacts, dataset_id)) if is_shared else None
        if hold is None:
            return None
        return lambda entry: hold(file) if (file := source.locate(entry)) is not None else None

    def keep_photo(self, dataset_id: str, photo: ReadPhoto) -> int | None:
        """Write a photo's file, unless the node that held it has; its ``Photo.orientation``."""
        return self.keep_file(dataset_id, photo.photo_id, photo.data) if photo.held is None else None

    def keep_file(self, dataset_id: str, photo_id: str, content: bytes) -> int | None:
        """Write a photo's file where the dataset keeps photos; else all that stays of it is its ``Photo.orientation``.

        Nothing is written then, at no time: a kill cannot leave what never was there.
        """
        if self.keeps_photos:
            self.artifacts.put(dataset_id, ArtifactKind.PHOTO, photo_id, content)
            return None
        try:
            return read_stored_orientation(content, self.pipeline.limits)
        except ImageRefused:
            # Its picture could be read, and its header ends the reader: then nothing is known of how it lies.
            return None

    def require_kept(self, dataset_id: str, photos: Iterable[ReadPhoto]) -> None:
        """Raises ClusterUnavailable where the node of a batch wrote its photos to somewhere else."""
        # One tells of all: they were written by the same node.
        photo_id = next((photo.photo_id for photo in photos if photo.held is not None), None)
        try:
            if photo_id is not None:
                self.artifacts.open(dataset_id, ArtifactKind.PHOTO, photo_id).close()
        except (NotFound, PermissionError) as fault:
            raise ClusterUnavailable(
                marked(
                    "A node of the Ray cluster has written photos, and they cannot be read from here in "
                    "{artifacts}. Let FACE_ATLAS_ARTIFACTS mean the same on all nodes (the same store, or a "
                    "folder that all of them share, as the same user), and resume the job."
                ).format(artifacts=self.artifacts.describe())
            ) from fault

    def prepare_face(
        self, dataset_id: str, photo_id: str, face: EmbeddedFace, label: FaceLabel = FaceLabel()
    ) -> StoredFace:
        """A face ready for the store; its portrait is written among the artifacts, before a row points to it."""
        crop_id = content_id(face.portrait)
        self.artifacts.put(dataset_id, ArtifactKind.CROP, crop_id, face.portrait)
        detection = face.detection
        stored = Face(
            id=label.face_id or new_face_id(photo_id, detection.box, self.pipeline.model.id),
            photo_id=photo_id,
            box=detection.box,
            landmarks=detection.landmarks,
            prob=detection.prob,
            crop_id=crop_id,
            person=label.person,
            split=label.split,
            quality=face.quality,
            drawn=label.drawn,
        )
        return StoredFace(stored, face.vector)


def _keep_photos(artifacts: Artifacts, dataset_id: str, photos: Sequence[tuple[str, bytes]]) -> None:
    """A ``KeepFiles``."""
    with artifacts.together():
        for photo_id, content in photos:
            artifacts.put(dataset_id, ArtifactKind.PHOTO, photo_id, content)


def new_face_id(photo_id: str, box: Box, model_id: str) -> str:
    """The id of a face when it is first seen: a hash of its photo, its box to the pixel, and the model."""
    # To the pixel, so that the last digits of an engine make no other face of it; by model, as the faces of a dataset
    # are embedded anew with it.
    corners = ",".join(str(round(side)) for side in box.as_tuple())
    return content_id(f"{photo_id}:{corners}:{model_id}".encode())[:24]

"""What work on a dataset's photos is done with, and how a face becomes one that the store has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from core.base.machine import Pace
from core.base.types import Box, Face, Split
from core.store.artifacts import ArtifactKind, Artifacts, content_id
from core.store.protocols import FaceStore, ReportStore, StoredFace
from core.vision.pipeline import EmbeddedFace, FacePipeline
from core.workflows.photos.face_finding import FaceFinder


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


def new_face_id(photo_id: str, box: Box, model_id: str) -> str:
    """The id of a face when it is first seen: a hash of its photo, its box to the pixel, and the model."""
    # To the pixel, so that the last digits of an engine make no other face of it; by model, as the faces of a dataset
    # are embedded anew with it.
    corners = ",".join(str(round(side)) for side in box.as_tuple())
    return content_id(f"{photo_id}:{corners}:{model_id}".encode())[:24]

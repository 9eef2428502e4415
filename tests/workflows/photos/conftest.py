"""A dataset of a few photos of the sample, with the tools that work on it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.base.progress import UNWATCHED, Progress
from core.base.types import Detection, Face, FacePolicy, RgbImage
from core.corrections.model import Editor
from core.imaging.pixels import turn_pixels
from core.services import Services
from core.store import artifacts
from core.store.job_model import JobKind, JobOwner
from core.vision.detect.mtcnn import Detector, DetectorSettings
from core.vision.embed.embedder import Embedder
from core.vision.engine.base import PROCESSOR_LOAD, DeviceLoad, Placement
from core.vision.engine.openvino import OpenVinoEngine, OpenVinoNetwork
from core.workflows.labels.correct import Corrector
from core.workflows.photos import look_again
from core.workflows.photos.ingest import IngestTarget, ingest_photos
from core.workflows.photos.ingestor import Ingestor
from core.workflows.photos.look_again import RedetectionSummary
from core.workflows.photos.requests import IngestRequest
from tests.conftest import MODEL_ID, write_zip

OTHER_DETECTOR = DetectorSettings(min_face_px=26, pyramid_factor=0.6)
OTHER_MODEL = "facenet-128-casia"


@dataclass
class Twice:
    """An engine that runs the installed embedder under the name of a second model, too."""

    engine: OpenVinoEngine
    name: str = "twice"
    precision: str = "f32"
    load: DeviceLoad = PROCESSOR_LOAD
    streams: int = 1

    @property
    def side_by_side(self) -> Twice:
        return self

    def placement(self, network: str) -> Placement:
        return self.engine.placement(network)

    def network(self, model_id: str, network: str) -> OpenVinoNetwork:
        return self.engine.network(MODEL_ID if model_id == OTHER_MODEL else model_id, network)


class Dim(Detector):
    """A detector that sees only the smallest face of a photo."""

    def detect(self, images: Sequence[RgbImage]) -> list[list[Detection]]:
        return [sorted(faces, key=lambda face: face.box.area)[:1] for faces in super().detect(images)]


class Blind(Detector):
    """A detector that sees no face at all."""

    def detect(self, images: Sequence[RgbImage]) -> list[list[Detection]]:
        return [[] for _ in images]


def with_parts(tools: Ingestor, **parts: Detector | Embedder) -> Ingestor:
    """The same tools with another detector or embedder."""
    return replace(tools, pipeline=replace(tools.pipeline, **parts))


def with_pace(tools: Ingestor, photos_at_once: int) -> Ingestor:
    """The same tools, with so many photos in a batch."""
    return replace(tools, pace=replace(tools.pace, photos_at_once=photos_at_once))


@dataclass
class Album:
    """A dataset with the tools that work on it."""

    services: Services
    dataset_id: str
    folder: Path

    @property
    def tools(self) -> Ingestor:
        return self.services.ingestor(self.dataset_id)

    @property
    def by(self) -> Corrector:
        return Corrector(self.services.store, self.services.log, self.dataset_id, Editor("Ann", "sitting"))

    def seeing(self, kind: type[Detector] = Detector, settings: DetectorSettings = OTHER_DETECTOR) -> Ingestor:
        return with_parts(self.tools, detector=kind(self.services.engine, settings))

    def job(self, kind: JobKind) -> str:
        params = IngestRequest("photos.zip", "photos.zip").to_json()  # of which the other kinds read nothing
        return self.services.jobs.submit(self.dataset_id, kind, params, JobOwner.COMMAND_LINE).id

    def take(
        self, files: Mapping[str, bytes], policy: FacePolicy = FacePolicy.LARGEST, tools: Ingestor | None = None
    ) -> None:
        archive = write_zip(self.folder / f"{len(files)}.zip", files)
        with self.services.open_source(archive) as source:
            ingest_photos(tools or self.tools, source, IngestTarget(self.dataset_id, self.job(JobKind.INGEST), policy))

    def look(
        self,
        tools: Ingestor | None = None,
        policy: FacePolicy = FacePolicy.LARGEST,
        job_id: str = "",
        progress: Progress = UNWATCHED,
    ) -> RedetectionSummary:
        target = IngestTarget(self.dataset_id, job_id or self.job(JobKind.LOOK_AGAIN), policy)
        return look_again.detect_again(tools or self.seeing(), target, progress)

    def photo_id(self, name: str) -> str:
        photos = self.services.store.photo_labels(self.dataset_id)
        return next(each for each in photos if self.services.store.photo(self.dataset_id, each)[0].name == name)

    def faces(self, name: str) -> list[Face]:
        return self.services.store.photo(self.dataset_id, self.photo_id(name))[1]

    def face(self, name: str) -> Face:
        (face,) = self.faces(name)
        return face

    def file(self, name: str) -> Path:
        return self.services.artifacts.path(self.dataset_id, artifacts.ArtifactKind.PHOTO, self.photo_id(name))

    def people(self) -> dict[str, int]:
        return {person.name: person.faces for person in self.services.store.people(self.dataset_id)}

    def labels(self) -> list[object]:
        """All that is known of every face but where it is and what it looks like."""
        table = self.services.store.face_table(self.dataset_id)
        flags = (table.excluded.tolist(), table.confirmed.tolist(), table.strangers.tolist())
        return [table.face_ids, [table.person(row) for row in range(len(table))], table.splits, *flags]


@pytest.fixture
def album(services: Services, tmp_path: Path) -> Album:
    return Album(services, services.store.create_dataset("family", MODEL_ID).id, tmp_path)


@pytest.fixture(scope="session")
def single(sample_files: Mapping[str, bytes], sample_faces: Mapping[str, list[Detection]]) -> list[bytes]:
    """Photos with exactly one face."""
    return [content for name, content in sample_files.items() if len(sample_faces[name]) == 1]


@pytest.fixture(scope="session")
def crowded(sample_faces: Mapping[str, list[Detection]]) -> str:
    """The name of a photo with two faces."""
    return next(name for name, faces in sample_faces.items() if len(faces) == 2)


@pytest.fixture(scope="session")
def faceless() -> bytes:
    """A photo of noise, 160 x 120."""
    pixels = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def lying(album: Album, sample_images: Mapping[str, RgbImage]) -> dict[str, bytes]:
    """Photos of two people: one upright, one on its side, one on its head."""
    names = [
        next(name for name in sample_images if name.startswith(f"val/{who}/")) for who in ("madonna", "jerry_seinfeld")
    ]
    first, second = (sample_images[name] for name in names)
    return {
        "madonna/upright.png": png(first),
        "madonna/side.png": png(turn_pixels(first, 1)),
        "jerry/head.png": png(turn_pixels(second, 2)),
    }


def png(image: RgbImage) -> bytes:
    """A file that gives back the very pixels."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def vector(album: Album, name: str) -> np.ndarray:
    (face,) = album.faces(name)
    embeddings = album.services.store.embeddings(album.dataset_id)
    return embeddings.vectors[embeddings.index(face.id)]

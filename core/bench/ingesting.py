"""One set of photos taken in: the whole, its stages, the networks alone, the decoder alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from core.archives.folder_layout import AUTO
from core.archives.source import PhotoSource
from core.base.errors import FaceAtlasError
from core.base.types import CancelToken
from core.bench import photos
from core.bench.stopwatch import REST, RecordingEngine, Stopwatch, TimedEngine, noted, replay, timed_functions
from core.imaging import decoding
from core.isolation import photos as isolation
from core.jobs.handlers import IngestRequest, handlers
from core.jobs.model import Job, JobKind, JobState, Owner
from core.jobs.worker import run_job
from core.services import Services
from core.store.protocols import Dataset, Outcome
from core.vision.detect import pyramid
from core.vision.embed import crops
from core.vision.engine.base import Engine
from core.vision.models import catalogue
from core.workflows.photos.ingest import Ingestor

STAGES = (
    "read",
    "decode",
    "pyramid",
    "pnet",
    "rnet",
    "onet",
    "boxes",
    "align",
    "embed",
    "pictures",
    "store",
    REST,
)
"""In the order of the work. ``decode`` is the wait for the children that do it, with the hash; ``boxes`` is what the
detector does about its networks: patches, arithmetic, suppression; ``pictures`` the crops that people see; ``rest`` the
queues, the standardisation and the job about it all."""
WORKFLOW_STAGES: dict[str, list[Callable[..., Any]]] = {
    "decode": [isolation.decode, isolation.decode_reduced, isolation.weigh, isolation.describe],
    "pictures": [crops.display_crop, decoding.encode_jpeg],
}
DETECTOR_STAGES: dict[str, list[Callable[..., Any]]] = {
    "pyramid": [decoding.shrink, decoding.halved, pyramid.pyramid, pyramid.pack]
}
EMBEDDER_STAGES: dict[str, list[Callable[..., Any]]] = {"align": [crops.face_crop]}

Measured = dict[str, Any]
T = TypeVar("T")


@dataclass
class _OnEngine(Services):
    """Services on another engine than their own."""

    given: Engine = field(kw_only=True)

    @cached_property
    def engine(self) -> Engine:
        return self.given


@dataclass
class _Noted(_OnEngine):
    """Services whose ingests are noted by a stopwatch."""

    watch: Stopwatch = field(kw_only=True)

    def ingestor(self, dataset_id: str, model_id: str | None = None) -> Ingestor:
        tools = super().ingestor(dataset_id, model_id)
        return replace(
            tools,
            store=noted(tools.store, self.watch, {"add": "store"}),
            artifacts=noted(tools.artifacts, self.watch, {"put": "store"}),
            detector=noted(tools.detector, self.watch, {"detect": "boxes"}),
        )

    def open_source(
        self, path: Path, *, folders_are_people: bool = True, folders: str = AUTO, zip_names: str = ""
    ) -> PhotoSource:
        opened = super().open_source(path, folders_are_people=folders_are_people, folders=folders, zip_names=zip_names)
        source: PhotoSource = noted(opened, self.watch, {"read": "read"})
        return source


def on_engine(services: Services, engine: Engine) -> Services:
    """The same data folder and settings with another engine."""
    return _OnEngine(services.settings, given=engine)


def in_folder(services: Services, folder: Path, threads: int) -> Services:
    """Services on a fresh data folder with the same models, and so many threads."""
    folder.mkdir()
    (folder / "models").symlink_to(services.settings.models_dir, target_is_directory=True)
    return Services(replace(services.settings, data_dir=folder, threads=threads))


def measure(services: Services, name: str, archive: Path, rounds: int) -> Measured:
    """Milliseconds a photo of one set of photos.

    Returns
    -------
    ``whole`` from the opened zip to the last row written, ``networks`` for the very same batches with nothing about
    them, and ``ratio``, whole over networks; ``stages``, which add up to their own run of the whole; ``decoder``, one
    photo after another on its own; all but the counts and the ratio in milliseconds a photo.
    """
    recorder = RecordingEngine(services.engine)
    ingest(on_engine(services, recorder), archive, f"{name}, warm-up")  # the networks plan for these sizes, too
    replay(services.engine, recorder.calls)
    wholes, floors = [], []
    for number in range(rounds):
        job = ingest(services, archive, f"{name}, round {number}")[1]
        wholes.append(float(job.result["seconds"]))
        floors.append(replay(services.engine, recorder.calls))
    n_photos = int(job.result["photos"])
    whole, floor = median(wholes), median(sum(seconds.values()) for seconds in floors)
    each = 1000 / n_photos
    return {
        "photos": n_photos,
        "faces": job.result["faces"],
        "without_face": job.result["outcomes"].get(Outcome.NO_FACE, 0),
        "whole": whole * each,
        "networks": floor * each,
        "network": {key: median(seconds[key] for seconds in floors) * each for key in floors[0]},
        "ratio": whole / floor,
        "stages": {stage: seconds * each for stage, seconds in stages(services, name, archive).items()},
        "decoder": _decoder(services, archive) * each,
        "rounds": [seconds * each for seconds in wholes],
    }


def stages(services: Services, name: str, archive: Path) -> dict[str, float]:
    """Seconds of every stage of one ingest; together they are its whole time.

    Raises
    ------
    FaceAtlasError
        A stage was never at work: the product calls something else now, and the tables above have to follow.
    """
    watch = Stopwatch()
    observed = _Noted(services.settings, given=TimedEngine(services.engine, watch), watch=watch)
    with (
        timed_functions(watch, "core.workflows", WORKFLOW_STAGES),
        timed_functions(watch, "core.vision.detect", DETECTOR_STAGES),
        timed_functions(watch, "core.vision.embed", EMBEDDER_STAGES),
    ):
        began = time.perf_counter()
        ingest(observed, archive, f"{name}, stages")
        ended = time.perf_counter()
    shares = watch.shares(began, ended)
    idle = [stage for stage in STAGES if stage not in shares]
    if idle:
        raise FaceAtlasError(f"The benchmark did not see these stages of an ingest: {', '.join(idle)}.")
    return {stage: shares[stage] for stage in STAGES}


def ingest(services: Services, archive: Path, title: str) -> tuple[Dataset, Job]:
    """From the zip to the store, into a dataset of its own."""
    dataset = services.store.create_dataset(title, catalogue.DEFAULT_VECTORS_ID)
    request = IngestRequest(str(archive), archive.name)
    return dataset, carry(services, dataset, JobKind.INGEST, request.params())


def _decoder(services: Services, archive: Path) -> float:
    """Seconds in which the photos are decoded whole, one after another on one thread."""
    files = photos.contents(archive).values()
    return timed(lambda: [decoding.decode(data, services.settings.images).shape for data in files])[1]


def carry(services: Services, dataset: Dataset, kind: JobKind, params: dict[str, Any]) -> Job:
    """Run a job in this process, as the worker does."""
    job = services.jobs.submit(dataset.id, kind, params, Owner.COMMAND_LINE)
    state = run_job(services.jobs, job, handlers(services)[kind], CancelToken())
    ended = services.jobs.job(job.id)
    if state is not JobState.DONE:
        raise FaceAtlasError(f"The benchmark's own {kind} failed: {ended.error}")
    return ended


def timed(call: Callable[[], T]) -> tuple[T, float]:
    """What a call gives, and its seconds."""
    began = time.perf_counter()
    given = call()
    return given, time.perf_counter() - began

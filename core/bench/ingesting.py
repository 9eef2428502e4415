"""One set of photos taken in: the whole, its stages, the networks alone, the decoder alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from core.archives.folder_layout import AUTO
from core.archives.source import PhotoSource
from core.base.errors import FaceAtlasError
from core.base.progress import CancelToken
from core.base.settings import Settings
from core.bench import photos
from core.bench.stopwatch import (
    REST,
    RecordingEngine,
    Stopwatch,
    TimedEngine,
    replay_batches,
    timed_functions,
    timed_object,
)
from core.imaging import decoding, pixels
from core.isolation import photos as isolation
from core.jobs.registry import job_handlers, submit_job
from core.jobs.worker import run_job
from core.services import Services
from core.store.job_model import Job, JobOwner, JobRequest, JobState
from core.store.values.datasets import Dataset, FileOutcome
from core.vision.detect import pyramid
from core.vision.embed import crops
from core.vision.engine.base import Engine
from core.vision.models import catalogue
from core.workflows.photos.face_finding import LocalFinder
from core.workflows.photos.ingest import IngestSummary
from core.workflows.photos.ingestor import Ingestor
from core.workflows.photos.requests import IngestRequest

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
ROOM_STAGES: dict[str, dict[str, list[Callable[..., Any]]]] = {
    "core.services": {"decode": [isolation.decode_photo]},
    "core.workflows": {"decode": [isolation.weigh_photo, isolation.describe_photo]},
    "core.vision.pipeline": {"pictures": [crops.crop_portrait, pixels.encode_jpeg]},
    "core.vision.detect": {
        "pyramid": [pixels.shrink_image, pixels.halve_image, pyramid.pyramid_levels, pyramid.pack_canvases]
    },
    "core.vision.embed": {"align": [crops.crop_face]},
}
"""By the room whose calls are noted: the same function at work elsewhere belongs to another stage."""

Measured = dict[str, Any]
T = TypeVar("T")


class _OnEngine(Services):
    """Services on another engine than their own."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        super().__init__(settings)
        # Where the property would keep the settings' own.
        self.__dict__["engine"] = engine


class _TimedServices(_OnEngine):
    """Services whose ingests are noted by a stopwatch."""

    def __init__(self, settings: Settings, engine: Engine, watch: Stopwatch) -> None:
        super().__init__(settings, engine)
        self.watch = watch

    def ingestor(self, dataset_id: str, model_id: str | None = None) -> Ingestor:
        # Wrapped from outside, object by object: the product carries no clocks.
        tools = super().ingestor(dataset_id, model_id)
        detector = timed_object(tools.pipeline.detector, self.watch, {"detect": "boxes"})
        pipeline = replace(tools.pipeline, detector=detector)
        return replace(
            tools,
            store=timed_object(tools.store, self.watch, {"add": "store"}),
            artifacts=timed_object(tools.artifacts, self.watch, {"put": "store"}),
            pipeline=pipeline,
            open_finder=LocalFinder,
        )

    def open_source(
        self,
        path: Path | str,
        *,
        folders_are_people: bool = True,
        folders: str = AUTO,
        zip_names: str = "",
        stranger_folders: bool = True,
    ) -> PhotoSource:
        opened = super().open_source(
            path,
            folders_are_people=folders_are_people,
            folders=folders,
            zip_names=zip_names,
            stranger_folders=stranger_folders,
        )
        source: PhotoSource = timed_object(opened, self.watch, {"read": "read"})
        return source


def with_engine(services: Services, engine: Engine) -> Services:
    """The same data folder and settings with another engine."""
    return _OnEngine(services.settings, engine)


def services_in_folder(services: Services, folder: Path, threads: int) -> Services:
    """Services on a fresh data folder with the same models, and so many threads."""
    # Linked, not copied: the models are hundreds of megabytes.
    folder.mkdir()
    (folder / "models").symlink_to(services.settings.models_dir, target_is_directory=True)
    return Services(replace(services.settings, data_dir=folder, database_url="", threads=threads))


def measure_ingest(services: Services, name: str, archive: Path, rounds: int) -> Measured:
    """Milliseconds a photo of one set of photos.

    Returns
    -------
    ``whole`` from the opened zip to the last row written, ``networks`` for the very same batches with nothing about
    them, and ``ratio``, whole over networks; ``stages``, which add up to their own run of the whole; ``decoder``, one
    photo after another on its own; all but the counts and the ratio in milliseconds a photo.
    """
    # One ingest first, which does not count: files come into the system's cache, the networks plan for these sizes, and
    # what they are given is recorded for the floor.
    recorder = RecordingEngine(services.engine)
    ingest_archive(with_engine(services, recorder), archive, f"{name}, warm-up")
    replay_batches(services.engine, recorder.calls)
    wholes, floors = [], []
    # In turns, so that a machine that becomes slower is slower for both, and the ratio holds.
    for number in range(rounds):
        summary = IngestSummary.of(ingest_archive(services, archive, f"{name}, round {number}")[1])
        wholes.append(summary.seconds or 0.0)
        floors.append(replay_batches(services.engine, recorder.calls))
    n_photos = summary.photos
    # The median: one round beside somebody else's work must not be the result.
    whole, floor = median(wholes), median(sum(seconds.values()) for seconds in floors)
    to_ms_per_photo = 1000 / n_photos
    return {
        "photos": n_photos,
        "faces": summary.faces,
        "without_face": summary.outcomes.get(FileOutcome.NO_FACE, 0),
        "whole": whole * to_ms_per_photo,
        "networks": floor * to_ms_per_photo,
        "network": {key: median(seconds[key] for seconds in floors) * to_ms_per_photo for key in floors[0]},
        "ratio": whole / floor,
        "stages": {
            stage: seconds * to_ms_per_photo for stage, seconds in measure_stages(services, name, archive).items()
        },
        "decoder": _decoder(services, archive) * to_ms_per_photo,
        "rounds": [seconds * to_ms_per_photo for seconds in wholes],
    }


def measure_stages(services: Services, name: str, archive: Path) -> dict[str, float]:
    """Seconds of every stage of one ingest; together they are its whole time.

    Raises
    ------
    FaceAtlasError
        A stage was never at work: the product calls something else now, and the tables above have to follow.
    """
    watch = Stopwatch()
    observed = _TimedServices(services.settings, TimedEngine(services.engine, watch), watch)
    # An ingest of its own: what it costs to watch is in these figures, and not in those of the whole.
    with ExitStack() as timings:
        for room, stages in ROOM_STAGES.items():
            timings.enter_context(timed_functions(watch, room, stages))
        began = time.perf_counter()
        ingest_archive(observed, archive, f"{name}, stages")
        ended = time.perf_counter()
    shares = watch.shares(began, ended)
    # A stage that was renamed or inlined would be counted to another one in silence.
    idle = [stage for stage in STAGES if stage not in shares]
    if idle:
        raise FaceAtlasError(f"The benchmark did not see these stages of an ingest: {', '.join(idle)}.")
    return {stage: shares[stage] for stage in STAGES}


def ingest_archive(services: Services, archive: Path, title: str) -> tuple[Dataset, Job]:
    """From the zip to the store, into a dataset of its own."""
    # Photos that a dataset has already are duplicates, and no work.
    dataset = services.store.create_dataset(title, catalogue.DEFAULT_VECTORS_ID)
    request = IngestRequest(str(archive), archive.name)
    return dataset, run_benchmark_job(services, dataset, request)


def _decoder(services: Services, archive: Path) -> float:
    """Seconds in which the photos are decoded whole, one after another on one thread."""
    files = photos.read_zip(archive).values()
    return time_call(lambda: [decoding.decode_image(data, services.settings.images).shape for data in files])[1]


def run_benchmark_job(services: Services, dataset: Dataset, request: JobRequest) -> Job:
    """Run a job in this process, as the worker does."""
    job = submit_job(services.jobs, dataset.id, request, JobOwner.COMMAND_LINE)
    state = run_job(services.jobs, job, job_handlers(services)[job.kind], CancelToken())
    ended = services.jobs.job(job.id)
    if state is not JobState.DONE:
        raise FaceAtlasError(f"The benchmark's own {job.kind} failed: {ended.error}")
    return ended


def time_call(call: Callable[[], T]) -> tuple[T, float]:
    """What a call gives, and its seconds."""
    began = time.perf_counter()
    result = call()
    return result, time.perf_counter() - began

"""The benchmark: this project, the tutorial's pipeline and other packages on the same photos, one after the other.

Times differ between machines, ratios hardly. Nothing is asserted here.
"""

from __future__ import annotations

import importlib.metadata
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.base.machine import read_processor
from core.base.progress import Progress
from core.bench import ingesting, others, photos
from core.bench.ingesting import ingest_archive, run_benchmark_job, time_call
from core.bench.report import format_report
from core.services import Services
from core.store.values.datasets import Dataset
from core.vision.models import catalogue
from core.vision.models.manifest import weights_path
from core.workflows.identification.identify import IdentifiedPhoto, Identifier
from core.workflows.projection.project import MapOptions
from core.workflows.training.request import TrainRequest, TrainResult

ROUNDS = 3
IDENTIFICATIONS = 120
FEW_PHOTOS = 24
PACKAGES = ("openvino", "numpy", "opencv-python-headless", "scikit-learn", "mtcnn", "keras-facenet", "tensorflow")

Measured = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BenchmarkOptions:
    """What is measured."""

    quick: bool = False
    """Few photos, one round, all threads, and neither the tutorial nor the map: a look, not a result."""
    group: Path | None = None
    """A zip of photos with several faces."""
    peers: Path | None = None
    """The Python interpreter of an environment that ``make bench-peers`` makes."""


def run_benchmark(services: Services, options: BenchmarkOptions, progress: Progress) -> Measured:
    """Measure; the answer's ``table`` is for people.

    Raises
    ------
    FaceAtlasError
        The tutorial's script is not there or failed, or a network is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="face-atlas-bench-") as scratch:
        progress.report(0, 0, "Enlarging photos")
        archives = prepare_photo_sets(services, options, Path(scratch))
        # One after another, never side by side: each has the whole machine.
        measured = {**_about(services), "quick": options.quick, **measure_ours(services, options, archives, progress)}
        if not options.quick:
            progress.report(0, 0, "Measuring the tutorial's pipeline")
            weights = weights_path(services.settings.models_dir, catalogue.DEFAULT_EMBEDDING_ID)
            larger = [archives[photos.ONE_MEGAPIXEL], archives[photos.TWELVE_MEGAPIXELS]]
            measured["tutorial"] = others.measure_tutorial(weights, archives[photos.SAMPLE], larger)
        if options.peers:
            progress.report(0, 0, "Measuring other packages")
            measured["peers"] = others.measure_peers(options.peers, archives[photos.SAMPLE])
    return {**measured, "table": format_report(measured)}


def prepare_photo_sets(services: Services, options: BenchmarkOptions, scratch: Path) -> dict[str, Path]:
    """Zips of photos by name: the sample, larger ones made of it, and the group photos where they are given."""
    sample = services.sample_zip()
    sizes = photos.FEW_ENLARGED if options.quick else photos.ENLARGED
    larger = {
        size.name: photos.enlarge_photos(sample, size, services.settings.images, scratch / f"{size.name}.zip")
        for size in sizes
    }
    group = {photos.GROUP: options.group.resolve()} if options.group else {}
    first = photos.select_photos(sample, FEW_PHOTOS, scratch / "sample.zip") if options.quick else sample
    return {photos.SAMPLE: first, **larger, **group}


def measure_ours(
    services: Services, options: BenchmarkOptions, archives: dict[str, Path], progress: Progress
) -> Measured:
    """Everything about Face Atlas itself; ``ingest`` is by threads, then by photos."""
    folder = Path(tempfile.mkdtemp(prefix="data-", dir=archives[photos.ONE_MEGAPIXEL].parent))
    all_threads = services.settings.threads
    ingests: dict[str, Measured] = {}
    # All threads come last: their services are those that go on to train and identify.
    for threads in [all_threads] if options.quick else sorted({1, min(2, all_threads), all_threads}):
        on_threads = ingesting.services_in_folder(services, folder / f"threads-{threads}", threads)
        for name, archive in archives.items():
            progress.report(0, 0, f"Taking in: {name}, threads: {threads}")
            measured = ingesting.measure_ingest(on_threads, name, archive, 1 if options.quick else ROUNDS)
            ingests.setdefault(str(threads), {})[name] = measured
    progress.report(0, 0, "Training and identifying")
    return {"ingest": ingests, **_recognising(on_threads, options, archives)}


def _recognising(services: Services, options: BenchmarkOptions, archives: dict[str, Path]) -> Measured:
    dataset, _ = ingest_archive(services, archives[photos.SAMPLE], "recognising")
    trained, train_s = time_call(lambda: run_benchmark_job(services, dataset, TrainRequest()))
    trained_run = services.runs.run(TrainResult.of(trained).run)
    identifier = services.identifier(trained_run)
    answer: Measured = {
        "train_s": train_s,
        "accuracy": trained_run.metrics.accuracy,
        "identify": {name: _identify(identifier, archives[name]) for name in (photos.SAMPLE, photos.ONE_MEGAPIXEL)},
    }
    if not options.quick:
        # The first map of a process compiles functions, which takes longer than the map.
        for key in ("map_s", "second_map_s"):
            answer[key] = time_call(lambda: run_benchmark_job(services, dataset, MapOptions()))[1]
        answer["start_s"] = _start(services, dataset, archives[photos.SAMPLE])
        answer["peak_mb"] = {name: _peak_mb(services, name, archive) for name, archive in archives.items()}
    return answer


def _identify(identifier: Identifier, archive: Path) -> Measured:
    """Milliseconds of one photo at a time, from its bytes to its names, in this process, warm."""
    files = list(photos.read_zip(archive).values())
    # Once through without a clock: networks plan for each size of picture when they first meet it.
    for data in files:
        _identify_bytes(identifier, data)
    ms = [time_call(partial(_identify_bytes, identifier, data))[1] * 1000 for data in _repeated(files)]
    p50, p95 = np.percentile(ms, [50, 95])
    return {"p50_ms": float(p50), "p95_ms": float(p95), "identifications": len(ms)}


def _repeated(files: list[bytes]) -> Iterator[bytes]:
    """All files as often as makes enough measurements."""
    for _ in range(-(-IDENTIFICATIONS // len(files))):
        yield from files


def _identify_bytes(identifier: Identifier, data: bytes) -> IdentifiedPhoto:
    return identifier.identify_photo(identifier.pipeline.decode_photo(data))


def _start(services: Services, dataset: Dataset, archive: Path) -> float:
    """Seconds in which a new process starts, loads everything and names one photo."""
    # Through the command line in a new process: imports, networks and recogniser are part of what somebody waits for.
    photo = services.settings.data_dir / "photo.jpg"
    photo.write_bytes(next(iter(photos.read_zip(archive).values())))
    data = str(services.settings.data_dir)
    return time_call(
        lambda: others.run_command_line("identify", str(photo), "--dataset", dataset.name, "--data", data, "--json")
    )[1]


def _peak_mb(services: Services, name: str, archive: Path) -> float:
    """Most memory of a new process that takes these photos in."""
    words = ["ingest", str(archive), "--dataset", f"{name}, memory", "--data", str(services.settings.data_dir)]
    return others.measure_peak_mb([sys.executable, "-m", "core", *words])


def _about(services: Services) -> Measured:
    cpu = read_processor()
    return {
        "processor": cpu.name,
        "features": list(cpu.features),
        "threads": services.settings.threads,
        "engine": services.engine.name,
        "precision": services.engine.precision,
        "versions": {
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in PACKAGES},
        },
    }

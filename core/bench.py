"""The benchmark table: the tutorial's pipeline and this project's on the same photos, one after the other.

Times differ between machines, ratios hardly: read the last column. The tutorial runs in a process of its own
(``tests/benchmarks/tutorial.py``), so that TensorFlow never loads in ours. Nothing is asserted here.
"""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import cv2
import numpy as np

from core.errors import FaceAtlasError
from core.images import decode, encode_jpeg
from core.jobs.handlers import IngestRequest, handlers
from core.jobs.model import Job, JobKind, JobState, Owner
from core.jobs.worker import run_job
from core.machine import processor
from core.models import catalogue, install
from core.services import Services
from core.store.base import Dataset
from core.types import CancelToken, Report
from core.workflows.identify import IdentifiedFace, Identifier
from core.workflows.project import MapOptions
from core.workflows.train import TrainOptions

TUTORIAL = Path(__file__).resolve().parents[1] / "tests" / "benchmarks" / "tutorial.py"
MODEL = catalogue.DEFAULT_EMBEDDING_ID
ROUNDS = 3
LARGER = {"1 megapixel": (1.0, 16), "12 megapixels": (12.0, 4)}
"""Size and number of the enlarged photos."""

Measured = dict[str, Any]
T = TypeVar("T")


def run(services: Services, report: Report) -> Measured:
    """Measure both pipelines; the answer's ``table`` is for people.

    Raises
    ------
    FaceAtlasError
        The tutorial's script is not there or failed, or a network is not installed.
    """
    sample = services.sample_zip()
    with tempfile.TemporaryDirectory(prefix="face-atlas-bench-") as scratch:
        report(0, 4, "Enlarging photos")
        zips = {
            name: _enlarged(services, sample, Path(scratch) / f"{name}.zip", *size) for name, size in LARGER.items()
        }
        report(1, 4, "Measuring Face Atlas")
        ours = _measure_ours(_in_folder(services, Path(scratch) / "data"), sample, zips)
        report(2, 4, "Measuring the tutorial's pipeline (a minute or two)")
        tutorial = _measure_tutorial(services, sample, list(zips.values()))
        report(4, 4, "Done")
    rows = _rows(ours, tutorial)
    about = _about(services)
    return {
        **about,
        "ours": ours,
        "tutorial": tutorial,
        "ratios": {row.key: round(row.ratio, 3) for row in rows if row.ratio is not None},
        "table": _table(about, rows),
    }


def _in_folder(services: Services, folder: Path) -> Services:
    """Services on a fresh data folder with the same models."""
    folder.mkdir()
    (folder / "models").symlink_to(services.settings.models_dir, target_is_directory=True)
    return Services(replace(services.settings, data_dir=folder))


def _enlarged(services: Services, sample: Path, target: Path, megapixels: float, count: int) -> Path:
    """A zip of some photos of the sample at another size."""
    with zipfile.ZipFile(sample) as source, zipfile.ZipFile(target, "w") as archive:
        names = [name for name in source.namelist() if not name.endswith("/")]
        for name in names[:: len(names) // count][:count]:
            image = decode(source.read(name), services.settings.images)
            factor = (megapixels * 1e6 / (image.shape[0] * image.shape[1])) ** 0.5
            large = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
            archive.writestr(f"{Path(name).with_suffix('')}.jpg", encode_jpeg(np.asarray(large, dtype=np.uint8)))
    return target


# ours


def _measure_ours(services: Services, sample: Path, larger: dict[str, Path]) -> Measured:
    _ingest(services, sample, "warm-up")
    rounds = [_ingest(services, sample, f"round {number}") for number in range(ROUNDS)]
    dataset, job = rounds[-1]
    trained, train_s = _timed(lambda: _carry(services, dataset, JobKind.TRAIN, asdict(TrainOptions())))
    answer: Measured = {
        "photos": job.result["photos"],
        "faces": job.result["faces"],
        "ingest_ms_per_photo": median(_ms_per_photo(job) for _, job in rounds),
        "train_s": train_s,
        "accuracy": services.runs.run(trained.result["run"]).metrics["accuracy"],
        **_identify(services, trained.result["run"], sample),
        "larger_ms_per_photo": {name: _larger(services, name, path) for name, path in larger.items()},
        "peak_mb": _peak_mb(),
        "start_s": _start(services, dataset, sample),
    }
    for key in ("map_s", "second_map_s"):
        answer[key] = _timed(lambda: _carry(services, dataset, JobKind.MAP, asdict(MapOptions())))[1]
    return answer


def _ingest(services: Services, archive: Path, title: str) -> tuple[Dataset, Job]:
    """From the zip to the store, into a dataset of its own."""
    dataset = services.store.create_dataset(title, MODEL)
    return dataset, _carry(services, dataset, JobKind.INGEST, IngestRequest(str(archive), archive.name).params())


def _carry(services: Services, dataset: Dataset, kind: JobKind, params: dict[str, Any]) -> Job:
    """Run a job in this process, as the worker does."""
    job = services.jobs.submit(dataset.id, kind, params, Owner.COMMAND_LINE)
    state = run_job(services.jobs, job, handlers(services)[kind], CancelToken())
    ended = services.jobs.job(job.id)
    if state is not JobState.DONE:
        raise FaceAtlasError(f"The benchmark's own {kind} failed: {ended.error}")
    return ended


def _larger(services: Services, name: str, archive: Path) -> float:
    """The second of two ingests: the first makes the plans for this size."""
    _ingest(services, archive, f"{name}, warm-up")
    return _ms_per_photo(_ingest(services, archive, name)[1])


def _ms_per_photo(job: Job) -> float:
    return float(job.result["seconds"]) * 1000 / int(job.result["photos"])


def _identify(services: Services, run_id: str, sample: Path) -> Measured:
    """One photo at a time, from its bytes to its names."""
    identifier = services.identifier(services.runs.run(run_id))
    contents = _val_photos(sample)
    times_ms = []
    for content in [*contents[:3], *contents]:
        _, seconds = _timed(partial(_identify_bytes, services, identifier, content))
        times_ms.append(seconds * 1000)
    p50, p95 = np.percentile(times_ms[3:], [50, 95])
    return {"identify_p50_ms": float(p50), "identify_p95_ms": float(p95)}


def _identify_bytes(services: Services, identifier: Identifier, content: bytes) -> list[IdentifiedFace]:
    return identifier.identify(decode(content, services.settings.images))


def _val_photos(sample: Path) -> list[bytes]:
    with zipfile.ZipFile(sample) as archive:
        return [archive.read(name) for name in archive.namelist() if "val/" in name and not name.endswith("/")]


def _start(services: Services, dataset: Dataset, sample: Path) -> float:
    """Seconds in which a new process starts, loads everything and names one photo."""
    photo = services.settings.data_dir / "photo.jpg"
    photo.write_bytes(_val_photos(sample)[0])
    words = ["identify", str(photo), "--dataset", dataset.name, "--data", str(services.settings.data_dir), "--json"]
    return _timed(lambda: _program([sys.executable, "-m", "core", *words]))[1]


# the tutorial


def _measure_tutorial(services: Services, sample: Path, larger: list[Path]) -> Measured:
    if not TUTORIAL.is_file():
        raise FaceAtlasError(
            f"There is nothing to compare with: '{TUTORIAL}' is missing. Run the benchmark from a whole checkout."
        )
    weights = install.weights_path(services.settings.models_dir, MODEL)
    answer: Measured = json.loads(_program([sys.executable, *map(str, [TUTORIAL, weights, sample, *larger])]))
    return answer


def _program(command: list[str]) -> str:
    """What a program prints. Raises FaceAtlasError with its last line of complaint."""
    done = subprocess.run(command, cwd=TUTORIAL.parents[2], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise FaceAtlasError(f"'{' '.join(command[1:3])}' ended with status {done.returncode}: {last}")
    return done.stdout


# the table


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the table; small is good in those that have a ratio."""

    key: str
    what: str
    ours: float
    tutorial: float | None
    digits: int = 0

    @property
    def ratio(self) -> float | None:
        return self.ours / self.tutorial if self.tutorial else None

    def text(self) -> str:
        theirs = "" if self.tutorial is None else f"{self.tutorial:,.{self.digits}f}"
        times = "" if self.ratio is None else f"{1 / self.ratio:,.1f} times"
        return f"{self.what:<48}{self.ours:>12,.{self.digits}f}{theirs:>12}{times:>16}"


def _rows(ours: Measured, tutorial: Measured) -> list[_Row]:
    def row(key: str, what: str, digits: int = 0) -> _Row:
        return _Row(key, what, ours[key], tutorial.get(key), digits)

    sizes = [
        _Row(f"ingest {name}", f"Ingest, {name}, ms a photo", value, tutorial["larger_ms_per_photo"].get(name))
        for name, value in ours["larger_ms_per_photo"].items()
    ]
    return [
        row("ingest_ms_per_photo", "Ingest, zip to store, ms a photo (aim: 60)", 1),
        *sizes,
        row("identify_p50_ms", "Identify one photo, warm, median, ms", 1),
        row("identify_p95_ms", "Identify one photo, warm, 95th percentile, ms", 1),
        row("train_s", "Train, s", 2),
        row("map_s", "Map, the first in a process, s", 1),
        row("second_map_s", "Map, after the first, s", 1),
        row("start_s", "Start to the first named photo, s", 1),
        row("peak_mb", "Peak memory, MB"),
    ]


def _table(about: Measured, rows: list[_Row]) -> str:
    head = (
        f"{about['processor']}, {about['threads']} threads, {about['engine']} {about['precision']}, {about['python']}"
    )
    titles = f"{'':<48}{'Face Atlas':>12}{'tutorial':>12}{'less by':>16}"
    return "\n".join([head, "", titles, *(row.text() for row in rows)])


def _about(services: Services) -> Measured:
    return {
        "processor": processor().name,
        "threads": services.settings.threads,
        "engine": services.engine.name,
        "precision": services.engine.precision,
        "python": f"Python {platform.python_version()}",
    }


def _peak_mb() -> float:
    """Most memory that this process held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    """What a call gives, and its seconds."""
    began = time.perf_counter()
    given = call()
    return given, time.perf_counter() - began

"""Twenty people in browsers at once, while a large archive is taken in::

    python -m tests.benchmarks.load --archive ARCHIVE.zip [--photos 5000] [--users 20] [--minutes 10] [--out FILE]

The app runs on a new data folder with a trained dataset of ``--learned``; ``--archive`` is taken into another one by
the worker meanwhile (of fewer photos than ``--photos`` each comes several times, as another file). People come one
after another, open pages by the menu, give a photo now and then, and think for 10 to 15 seconds in between; at last
all of them give a photo at the same moment. An interaction lasts from the click to the drawn page.

The browser works on the same processors as the app (``load_users`` says how it costs little): processor time is said
apart of the app with its readers of files, of the worker, of the browser, and of what drives it. The app's memory is
noted after one person has seen every page, given every photo and left, while all are there, and when all have left for
as long as a session is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from core.__main__ import main as run_command
from core.services import Services
from core.store.job_model import JobKind, JobState
from core.ui import menu
from core.workflows.photos.requests import IngestRequest
from tests.benchmarks.load_users import PAGES, Interactions, User, open_users
from tests.conftest import link_models
from tests.serving import ROOT, App, serve

LEARNED, ADDED = "Learned", "Added"
MODELS_DIR = ROOT / "data" / "models"
COMING_S = 5.0
"""From one user's first page to the next one's: a browser that loads the app is busy for two seconds."""
SESSION_KEPT_S = 150.0
"""Streamlit keeps a session for 120 s after its tab is closed, in case it comes back."""
PROCESSES = ("app", "worker", "browser", "driver")


@dataclass
class Measurement:
    """What was measured of the app's processes while people worked."""

    interactions: Interactions = field(default_factory=Interactions)
    memory_mb: dict[str, float] = field(default_factory=dict)
    processor_s: dict[str, float] = field(default_factory=dict)
    wall_s: float = 0.0
    ingest: str = ""

    def to_json(self) -> dict[str, object]:
        """The figures, as they are printed."""
        every = [seconds for kind in self.interactions.seconds.values() for seconds in kind]
        by_kind = {kind: [len(seconds), *_quantiles(seconds)] for kind, seconds in self.interactions.seconds.items()}
        return {
            "interactions": len(every),
            "p50_p95_max_s": _quantiles(every),
            "count_p50_p95_max_s_by_kind": dict(sorted(by_kind.items())),
            "faults": self.interactions.faults,
            "wall_s": round(self.wall_s),
            "processor_s": self.processor_s,
            "app_mb": {moment: round(size) for moment, size in self.memory_mb.items()},
            "ingest": self.ingest,
        }


def _quantiles(seconds: Sequence[float]) -> list[float]:
    return [round(float(value), 2) for value in np.quantile(seconds, [0.5, 0.95, 1.0])]


async def measure_load(app: App, url: str, asked: argparse.Namespace, photos: Sequence[bytes]) -> Measurement:
    """Let users work for some minutes, from an address on; the ingest begins with them."""
    measured = Measurement()
    async with open_users(url, 1, photos, Interactions()) as (first,):
        await first.enter()
        for script in PAGES:
            await first.open(script)
        await first.open(menu.IDENTIFY)
        # With them the networks are loaded and planned for all sizes that will come, which stays.
        for photo in photos:
            await first.measure("a photo", first.give_photo(photo))
        assert not first.interactions.faults, first.interactions.faults
    await asyncio.sleep(SESSION_KEPT_S)
    measured.memory_mb["before"] = memory_mb(app)
    services = app.open_services()
    begin_ingest(services, asked)
    async with open_users(url, asked.users, photos, measured.interactions) as people:
        began = time.monotonic()
        until = began + 60 * asked.minutes
        async with watching_memory(app, measured):
            processors = processor_seconds(app)
            await asyncio.gather(*(user.work(number * COMING_S, until) for number, user in enumerate(people)))
            after = processor_seconds(app)
            measured.wall_s = time.monotonic() - began
            measured.processor_s = {name: round(after[name] - processors[name], 1) for name in PROCESSES}
            measured.ingest = describe_ingest(services)
            await give_photos_at_once(people)
        measured.memory_mb["all there"] = memory_mb(app)
    await asyncio.sleep(SESSION_KEPT_S)
    measured.memory_mb["all gone"] = memory_mb(app)
    return measured


async def give_photos_at_once(people: Sequence[User]) -> None:
    """Everybody uploads in the same moment."""
    for user in people:
        await user.open(menu.IDENTIFY)
    await asyncio.gather(
        *(user.measure("a photo, all at once", user.give_photo(user.choose_photo())) for user in people)
    )


def begin_ingest(services: Services, asked: argparse.Namespace) -> None:
    """Give the worker photos to take in."""
    learned = services.store.dataset(LEARNED)
    added = services.store.create_dataset(ADDED, learned.model_id)
    services.jobs.submit(added.id, JobKind.INGEST, IngestRequest(str(asked.archive), asked.archive.name).to_json())


def describe_ingest(services: Services) -> str:
    """How far it is, and how long it took if it is done; it must not have failed."""
    job = next(job for job in services.jobs.jobs() if job.kind is JobKind.INGEST and job.total and job.params)
    assert job.state in (JobState.RUNNING, JobState.DONE), job.error
    took = f" in {job.finished - (job.started or 0):.0f} s" if job.finished else ""
    return f"{job.done} of {job.total} photos{took}"


def processor_seconds(app: App) -> dict[str, float]:
    """What each part has taken so far, with the children that it had."""
    served = psutil.Process(app.process.pid)
    worker = psutil.Process(app.worker_pid())
    names = {served.pid: "app", **{child.pid: "app" for child in served.children(recursive=True)}}
    names |= {worker.pid: "worker", **{child.pid: "worker" for child in worker.children(recursive=True)}}
    own = psutil.Process()
    others = [child for child in own.children(recursive=True) if child.pid not in names]
    names |= {own.pid: "driver", **{child.pid: "driver" if child.name() == "node" else "browser" for child in others}}
    taken = dict.fromkeys(PROCESSES, 0.0)
    for process_id, name in names.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            taken[name] += sum(psutil.Process(process_id).cpu_times()[:4])
    return taken


def memory_mb(app: App) -> float:
    """What the app's own process takes, the worker and the readers of files not counted."""
    return float(psutil.Process(app.process.pid).memory_info().rss / 1e6)


@contextlib.asynccontextmanager
async def watching_memory(app: App, measured: Measurement) -> AsyncIterator[None]:
    """Note the most that the app takes meanwhile."""

    async def watch() -> None:
        while True:
            measured.memory_mb["most"] = max(measured.memory_mb.get("most", 0.0), memory_mb(app))
            await asyncio.sleep(2)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


def multiply_photos(archive: Path, count: int, target: Path) -> Path:
    """An archive of so many photos: those of another one, again and again, each as a file of its own."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as written:
        names = [name for name in source.namelist() if name.lower().endswith((".jpg", ".jpeg"))]
        for number in range(count):
            content = source.read(name := names[number % len(names)])
            # A comment of its own makes another file of a JPEG, of the same picture.
            comment = b"\xff\xfe\x00\x06" + number.to_bytes(4, "big")
            written.writestr(f"round {number // len(names)}/{name}", content[:2] + comment + content[2:])
    return target


def prepare(data_dir: Path, learned: Path) -> None:
    """A data folder with a trained dataset."""
    data_dir.mkdir()
    link_models(MODELS_DIR, data_dir / "models")
    for words in (["ingest", str(learned)], ["train"]):
        with contextlib.redirect_stdout(io.StringIO()):
            assert run_command([*words, "--dataset", LEARNED, "--data", str(data_dir)]) == 0


def main() -> None:
    """Print the figures as JSON, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=5000)
    parser.add_argument("--learned", type=Path, default=MODELS_DIR / "sample" / "5-celebrity-faces.zip")
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--out", type=Path, help="a file for the figures; they are printed too")
    asked = parser.parse_args()
    with zipfile.ZipFile(asked.learned) as archive:
        photos = [archive.read(name) for name in archive.namelist() if name.lower().endswith(".jpg")][:50]
    with tempfile.TemporaryDirectory() as folder:
        asked.archive = multiply_photos(asked.archive, asked.photos, Path(folder) / "photos.zip")
        prepare(Path(folder) / "data", asked.learned)
        with serve(Path(folder) / "data") as app:
            learned = app.open_services().store.dataset(LEARNED)
            measured = asyncio.run(measure_load(app, f"{app.url}/?dataset={learned.id}", asked, photos))
    answer = json.dumps(measured.to_json(), indent=1)
    print(answer)
    if asked.out:
        asked.out.write_text(answer, encoding="utf-8")


if __name__ == "__main__":
    main()

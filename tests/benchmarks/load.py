"""Twenty people in browsers at once, while a large archive is taken in::

    python -m tests.benchmarks.load --archive ARCHIVE.zip [--learned LEARNED.zip] [--users 20] [--minutes 10]

The app runs on a new data folder with a trained dataset of ``--learned``; ``--archive`` is taken into another one by
the worker meanwhile. Every user has a browser of their own (cookies, cache, connection), opens pages by the menu as
people do, gives a photo now and then, and thinks for some seconds in between. An interaction lasts from the click to
the drawn page. The browsers work on the same processors as the app: their share of it is said too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import random
import tempfile
import time
import zipfile
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import psutil
from playwright.async_api import Browser, Error, Page, async_playwright

from core.__main__ import main as run_command
from core.store.job_model import JobKind, JobState
from core.ui import menu
from core.workflows.photos.requests import IngestRequest
from tests.browser.conftest import ARGUMENTS, VIEWPORT, find_browser
from tests.conftest import link_models
from tests.serving import ROOT, App, serve

LEARNED, ADDED = "Learned", "Added"
MODELS_DIR = ROOT / "data" / "models"
PAGES = (menu.PEOPLE, menu.CLUSTERS, menu.REVIEW, menu.SUSPECTS, menu.TRAIN, menu.EVALUATE, menu.MAP, menu.IDENTIFY)
THINKING_S = (4.0, 16.0)
COMING_S = 3.0
"""From one user's first page to the next one's."""
PHOTO_SHARE = 0.2
"""Of the interactions, how many give a photo."""
LONGEST_MS = 60_000
COMPILING = [argument for argument in ARGUMENTS if not argument.startswith("--js-flags")]
"""Scripts are compiled, as in people's browsers: these pages live long enough for it."""
SETTLED = """() => document.querySelector('[data-test-script-state=notRunning]')
  && !document.querySelector('[data-testid=stStatusWidget], [data-testid=stSkeleton], [data-stale=true]')
  && document.querySelector('[data-testid=stHeading]')"""


@dataclass
class Figures:
    """What was measured."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    processor_s: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        every = [seconds for one in self.seconds.values() for seconds in one]
        slow = {name: [len(one), *_quantiles(one)] for name, one in sorted(self.seconds.items())}
        return {
            "interactions": len(every),
            "p50_p95_max_s": _quantiles(every),
            "by_kind": slow,
            "faults": self.faults,
            "processor_s": self.processor_s,
            "app_mb_each_half_minute": [round(mb) for mb in self.memory_mb],
        }


def _quantiles(seconds: Sequence[float]) -> list[float]:
    return [round(float(value), 2) for value in np.quantile(seconds, [0.5, 0.95, 1.0])]


@dataclass(frozen=True)
class User:
    """One person with a browser."""

    page: Page
    url: str
    photos: Sequence[bytes]
    figures: Figures
    chance: random.Random

    async def work(self, late_s: float, until: float) -> None:
        await asyncio.sleep(late_s)
        await self._measure("first page", self._enter())
        while time.monotonic() < until:
            await asyncio.sleep(self.chance.uniform(*THINKING_S))
            if self.chance.random() < PHOTO_SHARE:
                await self._open(menu.IDENTIFY)
                await self._measure("a photo", self._give_photo())
            else:
                await self._open(self.chance.choice(PAGES))

    async def _enter(self) -> None:
        await self.page.goto(self.url)
        await self._settle()

    async def _open(self, script: str) -> None:
        section = next(each for each in menu.SECTIONS if any(entry.script == script for entry in each.entries))
        entry = next(entry for entry in section.entries if entry.script == script)
        # In the sidebar a section stands for that page of it which is open.
        if self._path() not in {each.address for each in section.entries}:
            await self._measure(section.title, self._follow("stSidebarNav", section.title))
        if self._path() != entry.address:
            await self._measure(entry.title, self._follow("stMain", entry.title))

    def _path(self) -> str:
        return urlsplit(self.page.url).path.strip("/")

    async def _follow(self, part: str, name: str) -> None:
        before = self.page.url.partition("?")[0]
        await self.page.get_by_test_id(part).get_by_role("link", name=name, exact=True).click()
        await self.page.wait_for_function("before => !location.href.startsWith(before + '?')", arg=before)
        await self._settle()

    async def _give_photo(self) -> None:
        photo = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": self.chance.choice(self.photos)}
        await self.page.locator("input[type=file]").first.set_input_files([photo])
        await self.page.locator(".stage img").first.wait_for()
        await self._settle()

    async def _settle(self) -> None:
        await self.page.wait_for_function(SETTLED)
        if await self.page.get_by_test_id("stException").count():
            raise AssertionError(await self.page.get_by_test_id("stException").first.inner_text())

    async def _measure(self, kind: str, action) -> None:
        began = time.monotonic()
        # Whatever goes wrong for one user is a finding, and ends nobody's work.
        try:
            await action
        except (Error, AssertionError) as fault:
            self.figures.faults.append(f"{kind}: {str(fault)[:300]}")
            await self.page.goto(self.url)
            await self.page.get_by_test_id("stMain").wait_for()
        else:
            self.figures.seconds[kind].append(time.monotonic() - began)


@contextlib.asynccontextmanager
async def open_users(url: str, count: int, photos: Sequence[bytes], figures: Figures) -> AsyncIterator[list[User]]:
    """Browsers that are open on nothing yet."""
    async with async_playwright() as playwright:
        browser: Browser = await playwright.chromium.launch(executable_path=find_browser(), args=COMPILING)
        users = []
        for number in range(count):
            context = await browser.new_context(viewport=VIEWPORT)
            context.set_default_timeout(LONGEST_MS)
            users.append(User(await context.new_page(), url, photos, figures, random.Random(number)))
        yield users
        await browser.close()


async def measure_load(app: App, url: str, asked: argparse.Namespace, photos: Sequence[bytes]) -> Figures:
    """Let users work for some minutes, from an address on."""
    figures = Figures()
    async with open_users(url, asked.users, photos, figures) as people:
        until = time.monotonic() + 60 * asked.minutes
        watching = asyncio.create_task(watch_memory(app, figures))
        before = processor_seconds(app)
        await asyncio.gather(*(user.work(number * COMING_S, until) for number, user in enumerate(people)))
        watching.cancel()
        after = processor_seconds(app)
    figures.processor_s = {name: round(after[name] - before[name], 1) for name in after}
    return figures


def processor_seconds(app: App) -> dict[str, float]:
    """What the app itself, its worker with all children, and the browsers have taken so far."""
    served = psutil.Process(app.process.pid)
    own = {served.pid: "app", **dict.fromkeys((child.pid for child in served.children(recursive=True)), "worker")}
    others = {child.pid: "browsers" for child in psutil.Process().children(recursive=True) if child.pid not in own}
    taken = dict.fromkeys(("app", "worker", "browsers"), 0.0)
    for process_id, name in {**own, **others}.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            taken[name] += sum(psutil.Process(process_id).cpu_times()[:4])
    return taken


async def watch_memory(app: App, figures: Figures) -> None:
    """Note what the app's own process takes, the worker and the readers of files not counted."""
    process = psutil.Process(app.process.pid)
    while True:
        figures.memory_mb.append(process.memory_info().rss / 1e6)
        await asyncio.sleep(30)


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
    parser.add_argument("--learned", type=Path, default=MODELS_DIR / "sample" / "5-celebrity-faces.zip")
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--out", type=Path, help="a file for the figures; they are printed too")
    asked = parser.parse_args()
    with zipfile.ZipFile(asked.learned) as archive:
        photos = [archive.read(name) for name in archive.namelist() if name.lower().endswith(".jpg")][:50]
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder) / "data", asked.learned)
        with serve(Path(folder) / "data") as app:
            services = app.open_services()
            learned = services.store.dataset(LEARNED)
            added = services.store.create_dataset(ADDED, learned.model_id)
            request = IngestRequest(str(asked.archive), asked.archive.name)
            job = services.jobs.submit(added.id, JobKind.INGEST, request.to_json())
            figures = asyncio.run(measure_load(app, f"{app.url}/?dataset={learned.id}", asked, photos))
            taken = services.jobs.job(job.id)
            assert taken.state in (JobState.RUNNING, JobState.DONE), taken.error
            answer = json.dumps({**figures.to_json(), "photos taken in": f"{taken.done} of {taken.total}"}, indent=1)
    print(answer)
    if asked.out:
        asked.out.write_text(answer, encoding="utf-8")


if __name__ == "__main__":
    main()

"""A real browser on the real app, each test file with a data folder and a server of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect, sync_playwright

from core.ui.components.mount import BROWSER_FOLDER, modules_address
from tests.conftest import new_data_dir
from tests.waiting import LONGEST_S

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "tests" / "browser" / "screenshots"
expect.set_options(timeout=LONGEST_S * 1000)
# WebGL in software, and none of the connections that a browser makes by itself.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# A component is drawn when its module has come, and a browser loads each module once, whoever asks for it.
LOAD_MODULES = """async (modules) => {
  if (document.querySelector('[data-testid=stBidiComponentIsolated]'))
    await Promise.allSettled(modules.map((module) => import(module)));
}"""


@dataclass
class App:
    """A running app."""

    url: str
    process: subprocess.Popen[bytes]
    data_dir: Path

    def worker_pid(self) -> int:
        """The worker that the app supervises."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and self._is_worker(entry):
                return int(entry.name)
        raise AssertionError("the app has no worker")

    def _is_worker(self, entry: Path) -> bool:
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:  # it ended while we looked
            return False
        return b"worker" in words and int(parent) == self.process.pid


@pytest.fixture(scope="module")
def app(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on an empty data folder, as ``make run`` starts it."""
    with serve(new_data_dir(models_dir, tmp_path_factory.mktemp("browser") / "data")) as running:
        yield running


@contextmanager
def serve(data_dir: Path, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Iterator[App]:
    """The app on a data folder, at a port that was free; with further arguments and variables of the environment."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "core.ui.serve", "--server.port", str(port), *arguments],
        cwd=ROOT,
        env={**os.environ, "FACE_ATLAS_DATA": str(data_dir), **(environment or {})},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(url, process)
        yield App(url, process, data_dir)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        assert process.poll() is None, "the app ended while it started"
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the app did not answer within {LONGEST_S} s")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, from ``CHROMIUM`` or the path."""
    with sync_playwright() as playwright:
        opened = launch(playwright.chromium)
        yield opened
        opened.close()


def launch(kind: BrowserType, more: Sequence[str] = ()) -> Browser:
    """Start the browser, with more arguments than the usual."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.fail("no Chromium: install it, or leave the browser tests out with `make test BROWSER=no`")
    return kind.launch(executable_path=found, args=[*ARGUMENTS, *more])


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """The browser of one visitor, who has the app's scripts from the first page on."""
    made = browser.new_context(viewport={"width": 1440, "height": 900})
    made.set_default_timeout(LONGEST_S * 1000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab of 1440 x 900."""
    made = context.new_page()
    yield made
    made.close()


def exported(module: str, name: str) -> str:
    """What a module of the components exports, as the page has it: an expression for an async JavaScript function."""
    return f"(await import('{modules_address()}{module}')).{name}"


def wait_until_true(page: Page, expression: str) -> None:
    """Wait until an expression of an async function holds; ``wait_for_function`` takes its promise for the truth."""
    until = time.monotonic() + LONGEST_S
    while not page.evaluate(f"async () => {expression}"):
        assert time.monotonic() < until, f"never true: {expression}"
        page.wait_for_timeout(50)


def settle(page: Page) -> None:
    """Wait until the page's script has run and its pictures are drawn."""
    page.get_by_test_id("stMain").wait_for()
    page.wait_for_function(
        "() => document.querySelector('[data-test-script-state=notRunning]')"
        " && !document.querySelector('[data-testid=stStatusWidget], [data-testid=stSkeleton], [data-stale=true]')"
        " && document.querySelector('[data-testid=stHeading], [data-testid=stException]')"
    )
    page.evaluate(LOAD_MODULES, [modules_address() + module for module in component_modules()])
    page.wait_for_timeout(200)


def component_modules() -> list[str]:
    """The modules that draw components."""
    modules = [path for path in BROWSER_FOLDER.rglob("*.js") if "export default " in path.read_text("utf-8")]
    return [path.relative_to(BROWSER_FOLDER).as_posix() for path in modules]


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page; it must show no fault and not scroll sideways."""
    settle(page)
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")
    assert page.get_by_test_id("stException").count() == 0, f"{name} shows a fault"
    spill = page.evaluate(
        "() => { const m = document.querySelector('[data-testid=stMain]'); return m.scrollWidth - m.clientWidth }"
    )
    assert spill <= 0, f"{name} is {spill} px too wide"

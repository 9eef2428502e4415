"""A real browser on the real app, each test file with a data folder and a server of its own."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    Locator,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from core.ui.components.mount import BROWSER_FOLDER, modules_address
from core.ui.menu import SECTIONS, WORDS
from core.vision.engine.openvino import OpenVinoEngine
from tests import prepared
from tests.browser import hostile
from tests.browser.watched import watched, write_watcher
from tests.conftest import PROJECT_DIR, new_data_dir, services_on
from tests.serving import WITHOUT_WORKER, App, serve
from tests.waiting import LONGEST_S

HEADING = "[data-testid=stMain] [data-testid=stHeading]"
VIEWPORT: ViewportSize = {"width": 1440, "height": 900}
SHOTS = PROJECT_DIR / "tests" / "browser" / "screenshots"
expect.set_options(timeout=LONGEST_S * 1000)
# WebGL in software, and none of the connections that a browser makes by itself. Scripts are not compiled a second and a
# third time to run faster: no page of a test lives long enough for that to be worth a quarter of the browser's work.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--js-flags=--no-opt --no-maglev",
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


@pytest.fixture(scope="module")
def app(prepared_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on an empty data folder, as ``make run`` starts it."""
    with serve(new_data_dir(prepared_models, tmp_path_factory.mktemp("browser") / "data")) as running:
        yield running


@pytest.fixture(scope="session")
def watcher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that has the app's processes watched; in it stands what they connected to."""
    folder = tmp_path_factory.mktemp("watcher")
    write_watcher(folder)
    return folder


@pytest.fixture(scope="session")
def used(
    sample_dir: Path,
    engine: OpenVinoEngine,
    sample_files: dict[str, bytes],
    watcher: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[App]:
    """The app with everything that it can show, and hostile names wherever a name can be."""
    folder = prepared.copy(sample_dir, tmp_path_factory.mktemp("hostile") / "data")
    hostile.fill(services_on(folder, engine), sample_files)
    folder.chmod(0o755)  # as installations of before have them
    (folder / "atlas.db").chmod(0o644)
    with serve(folder, environment=watched(watcher)) as running:
        yield running


@pytest.fixture(scope="session")
def learned(sample_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on a copy of the sample, learned; some add datasets, so that each is asked for by its id."""
    with serve(prepared.copy(sample_dir, tmp_path_factory.mktemp("learned") / "data")) as running:
        yield running


@pytest.fixture(scope="session")
def of_sample(learned: App) -> str:
    """What the address of a page of the sample ends with."""
    return f"?dataset={learned.open_services().store.dataset(prepared.SAMPLE).id}"


@pytest.fixture(scope="session")
def empty(prepared_models: Path, watcher: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app before anything was taken."""
    folder = new_data_dir(prepared_models, tmp_path_factory.mktemp("empty") / "data")
    with serve(folder, environment=watched(watcher) | WITHOUT_WORKER) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, from ``CHROMIUM`` or the path."""
    with sync_playwright() as playwright:
        opened = launch(playwright.chromium)
        yield opened
        opened.close()


def launch(kind: BrowserType, more: Sequence[str] = ()) -> Browser:
    """Start the browser, with more arguments than the usual."""
    return kind.launch(executable_path=find_browser(), args=[*ARGUMENTS, *more])


def find_browser() -> str:
    """The program of the browser, from ``CHROMIUM`` or the path."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not program:
        pytest.fail("no Chromium: install it, or leave the browser tests out with `make test BROWSER=no`")
    return program


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """The browser of one visitor, who has the app's scripts from the first page on."""
    made = browser.new_context(viewport=VIEWPORT)
    made.set_default_timeout(LONGEST_S * 1000)
    yield made
    made.close()


@pytest.fixture(scope="module")
def tab(context: BrowserContext) -> Page:
    """The visitor's one tab: another would cost two processor seconds, for a window with all that belongs to one."""
    return context.new_page()


@pytest.fixture
def page(tab: Page) -> Iterator[Page]:
    """A tab of 1440 x 900 that remembers nothing of the test before."""
    tab.set_viewport_size(VIEWPORT)
    tab.emulate_media(color_scheme="null")
    yield tab
    tab.goto("about:blank")


def open_by_link(page: Page, app: App, address: str) -> None:
    """Go to a page as a visitor does, by the menu and the links under a title, which load nothing anew."""
    if not page.url.startswith(app.url):
        page.goto(app.url)
        settle(page)
    if address == WORDS.address:
        _follow(page, page.get_by_test_id("stSidebarUserContent").get_by_role("link", name=WORDS.title, exact=True))
    else:
        _open_by_section(page, address)
    settle(page)


def _open_by_section(page: Page, address: str) -> None:
    section = next(section for section in SECTIONS if address in {entry.address for entry in section.entries})
    entry = next(entry for entry in section.entries if entry.address == address)
    if urlsplit(page.url).path not in {f"/{each.address}" for each in section.entries}:
        _follow(page, page.get_by_test_id("stSidebarNav").get_by_role("link", name=section.title, exact=True))
    if urlsplit(page.url).path != f"/{address}":
        _follow(page, page.get_by_test_id("stMain").get_by_role("link", name=entry.title, exact=True))


def _follow(page: Page, link: Locator) -> None:
    before = page.locator(HEADING).first.inner_text()
    link.click()
    expect(page.locator(HEADING).first).not_to_have_text(before)


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

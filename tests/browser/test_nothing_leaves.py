"""Nothing is asked of anybody but the app, whatever datasets, people, photos, files and notes are called: counted in
the browser on every page, and in the app's own processes at every connection. And no page shuts anybody out, by the
rules of axe-core (``test_axe``).

The browser's policy (``core/ui/gate.py``) stops a request, and the browser complains of it; where photos are answered
it is switched off, so that what a page would ask for goes out and is seen.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from core.base.settings import Settings
from core.services import Services
from core.ui.menu import ACCESS, ENTRIES
from tests.browser import hostile
from tests.browser.conftest import open_by_link, settle
from tests.browser.test_axe import require_access
from tests.browser.watched import watched
from tests.serving import App
from tests.ui.test_gate import HANDSHAKE, STREAM, ask
from tests.waiting import LONGEST_S, wait_until

PAGES = [entry.address for entry in ENTRIES if entry.script != ACCESS]
"""The addresses of all pages but the one that is there only where people sign in (``test_sign_in``)."""
TABS = {"evaluate": 12}
"""With two runs all of them are there."""
RUN_AGAIN = """() => new Promise((answer) => {
  const watcher = new MutationObserver(() => { watcher.disconnect(); answer(true); });
  const app = document.querySelector('[data-test-script-state]');
  watcher.observe(app, { attributes: true, attributeFilter: ['data-test-script-state'] });
  dispatchEvent(new PopStateEvent('popstate'));
  setTimeout(() => { watcher.disconnect(); answer(false); }, 5000);
})"""
"""As going back and forth does: whether the page's script ran then, which a page that draws itself anew may miss."""
IS_SHOWN_IN = "scheme => getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme === scheme"
OWN_SCHEMES = ("data:", "blob:")
TAKEN_FOR_MARKUP = """hosts => {
  const roots = [document];
  for (const root of roots)
    for (const each of root.querySelectorAll('*')) if (each.shadowRoot) roots.push(each.shadowRoot);
  const named = ['src', 'href', 'xlink:href', 'srcset', 'poster', 'data', 'action'];
  const address = (each) => named.map((name) => each.getAttribute(name) ?? '').join(' ');
  const formatted = 'strong, em, b, i, del, code, u, .katex, [class*=stMarkdownColored]';
  return roots.flatMap((root) => [...root.querySelectorAll('*')]).filter((each) =>
    [...hosts, 'mailto:'].some((host) => address(each).includes(host)) ||
    (each.matches(formatted) && each.textContent.trim() === 'sly') ||
    each.matches('.katex, img[alt="Streamlit logo"]')
  ).map((each) => each.outerHTML.slice(0, 300));
}"""


class Visitor:
    """A tab whose every request and complaint is noted."""

    def __init__(self, page: Page) -> None:
        self.page, self.url = page, ""
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url.replace("ws", "http", 1)))
        page.on("console", self._complain)

    def _note(self, url: str) -> None:
        if not url.startswith((*OWN_SCHEMES, f"{self.url}/")):
            self.foreign.append(url)

    def _complain(self, message: ConsoleMessage) -> None:
        if "Security Policy" in message.text or "Permissions policy" in message.text:
            self.complaints.append(message.text)

    def open(self, app: App, address: str) -> None:
        """Go to a page, by its entry in the navigation where it has one."""
        if not self.page.url.startswith(app.url):
            self.page.goto("about:blank")  # the app before asks for nothing any more
            self.url = app.url
        if address in PAGES:
            open_by_link(self.page, app, address)
        else:
            self.page.goto(f"{app.url}/{address}")
            settle(self.page)

    def show_in(self, scheme: Literal["dark", "light"]) -> None:
        """Have the page in the colours of night or day, drawn anew: charts have them from the server."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.wait_for_function(IS_SHOWN_IN, arg=scheme)
        wait_until(lambda: bool(self.page.evaluate(RUN_AGAIN)), "the page's script")
        settle(self.page)

    def unfold(self) -> None:
        """Open everything on the page that can be opened: tabs, expanders, popovers."""
        main = self.page.get_by_test_id("stMain")
        self.check()
        for tab in _each(main.get_by_role("tab")):
            tab.click()
            self.check()
            require_access(self.page)
        for summary in _each(main.locator("[data-testid=stExpander] summary")):
            summary.click()
            self.check()
        for opener in _each(main.locator("[data-testid=stPopover] button")):
            opener.click()
            self.check()
            self.page.keyboard.press("Escape")

    def check(self) -> None:
        """Nothing was asked of anybody else, and no name was taken for markup."""
        settle(self.page)
        assert self.page.get_by_test_id("stException").count() == 0
        assert self.page.evaluate(TAKEN_FOR_MARKUP, list(hostile.ELSEWHERE)) == []
        noted = (self.foreign, self.complaints)
        self.foreign, self.complaints = [], []
        assert noted == ([], [])


def _each(found: Locator) -> list[Locator]:
    return [each for each in found.all() if each.is_visible() and each.is_enabled()]


@pytest.fixture(scope="module")
def lenient(browser: Browser) -> Iterator[Visitor]:
    """One whose browser lets a page ask for whatever it likes."""
    context = browser.new_context(viewport={"width": 1440, "height": 1200}, bypass_csp=True)
    context.set_default_timeout(LONGEST_S * 1000)
    yield Visitor(context.new_page())
    context.close()


@pytest.fixture(scope="module")
def strict(tab: Page) -> Visitor:
    """One whose browser enforces the policy of the app."""
    return Visitor(tab)


@pytest.mark.parametrize("address", PAGES, ids=[address or "home" for address in PAGES])
def test_an_empty_page_asks_nobody_but_the_app_and_shuts_nobody_out(empty: App, lenient: Visitor, address: str):
    lenient.open(empty, address)
    require_access(lenient.page)
    lenient.unfold()


@pytest.mark.parametrize("address", PAGES, ids=[address or "home" for address in PAGES])
def test_a_page_full_of_hostile_names_asks_nobody_but_the_app_and_shuts_nobody_out(
    used: App, strict: Visitor, address: str
):
    """And what it needs is within the policy of the browser."""
    strict.page.emulate_media(color_scheme="dark")
    strict.open(used, address)
    require_access(strict.page, "color-contrast")  # nothing else is another thing by night
    strict.show_in("light")
    require_access(strict.page)
    n_tabs = strict.page.get_by_test_id("stMain").get_by_role("tab").count()
    assert n_tabs == TABS.get(address, n_tabs)
    strict.unfold()


@pytest.mark.parametrize("policy", ["strict", "lenient"])
def test_what_a_page_asks_of_somebody_else_is_seen(used: App, request: pytest.FixtureRequest, policy: str):
    visitor: Visitor = request.getfixturevalue(policy)
    visitor.open(used, "about")
    visitor.check()
    visitor.page.evaluate("fetch('http://127.0.0.1:9/seen', {mode: 'no-cors'}).catch(() => null)")
    with pytest.raises(AssertionError, match=r"127\.0\.0\.1:9/seen"):
        visitor.check()


def test_answers_about_photos_and_people_ask_nobody_but_the_app(
    used: App, lenient: Visitor, sample_files: dict[str, bytes], tmp_path: Path
):
    page = lenient.page
    photo = tmp_path / "![x](http:&#47;&#47;127.0.0.1:9&#47;x.png) **sly**.jpg"
    photo.write_bytes(next(content for name, content in sample_files.items() if name.startswith("val/madonna/")))
    broken = tmp_path / "![y](http:&#47;&#47;127.0.0.1:9&#47;y.png) **sly**.png"
    broken.write_bytes(b"no photo")
    lenient.open(used, "identify")
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.get_by_role("option", name="1. ").first).to_be_visible()
    lenient.unfold()
    page.locator("input[type=file]").set_input_files(broken)
    expect(page.get_by_test_id("stAlert")).to_be_visible()
    lenient.check()
    lenient.open(used, "verify")
    page.locator("input[type=file]").first.set_input_files(photo)
    lenient.unfold()
    for person in services_people(used):
        lenient.open(used, f"people?person={person}")
        lenient.unfold()
    lenient.open(used, "review")
    page.locator(".tile").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    lenient.check()


def services_people(app: App) -> list[int]:
    """The first and the last person of the newest dataset."""
    services = Services(Settings(app.data_dir))
    people = services.store.people(services.store.datasets()[-1].id)
    return [people[0].id, people[-1].id]


# the app's own processes


def outside(connections: Path) -> list[str]:
    """What was looked up or connected to beyond this machine."""
    own = re.compile(r"'(127\.[\d.]+|::1|localhost|)'|^\S+ (None|'/|b'/|'\\x00|b'\\x00)")
    return [line for line in connections.read_text().splitlines() if not own.search(line)]


def test_the_app_and_its_worker_connect_to_nobody(used: App, empty: App, watcher: Path):
    """After all of the above, and after a page of somebody else tried to connect."""
    for origin in ("https://example.invalid", "http://127.0.0.1:9999", "null"):
        for app in (used, empty):
            assert ask(app, STREAM, {**HANDSHAKE, "Origin": origin})[0] == 403
            assert ask(app, "/_stcore/host-config", {"Origin": origin})[0] == 403
    assert used.worker_pid()
    assert outside(watcher / "connections") == []


def test_the_watcher_sees_what_a_process_of_the_app_looks_up(watcher: Path, tmp_path: Path):
    look_up = "import socket\ntry: socket.getaddrinfo('example.invalid', 80)\nexcept OSError: pass"
    own = {**os.environ, **watched(watcher), "CONNECTIONS": str(tmp_path / "connections")}
    subprocess.run([sys.executable, "-c", look_up], env=own, check=True)
    assert outside(tmp_path / "connections") == ["socket.getaddrinfo 'example.invalid'"]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the user's folders to the user")
def test_the_data_folder_is_its_owners_alone(used: App):
    """The folder and its database were open to everybody: the app closed them, and keeps closed what it writes."""
    written = [used.data_dir, *(path for path in used.data_dir.rglob("*") if not path.is_symlink())]
    assert {"atlas.db", "atlas.db-wal", "atlas.db-shm", "inbox", "locks"} <= {path.name for path in written}
    rights = {str(path): stat.filemode(path.stat().st_mode) for path in written}
    assert set(rights.values()) <= {"drwx------", "-rw-------"}, rights

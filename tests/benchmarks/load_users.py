"""People in browsers, as the measurement of load needs them: they open pages by the menu, give photos, and think.

All of them live in one browser process, each in a context of its own: their cookies, cache, storage and connection are
theirs alone. What a person's own computer would do costs as little as it can here, where it shares the processors with
the app: nothing is animated, nothing drawn by a graphics card, and a page is looked at ten times a second instead of
at every frame. Scripts, images and all that the app sends are loaded and run as ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import Browser, Error, Page, async_playwright

from core.ui import menu
from tests.browser.conftest import ARGUMENTS, find_browser

PAGES = (menu.PEOPLE, menu.CLUSTERS, menu.REVIEW, menu.SUSPECTS, menu.TRAIN, menu.EVALUATE, menu.MAP, menu.IDENTIFY)
THINKING_S = (10.0, 15.0)
"""From one interaction to the next."""
PHOTO_SHARE = 0.2
"""Of the interactions, how many give a photo."""
LONGEST_MS = 60_000
LOOK_MS = 100
"""How often it is asked whether a page is drawn: times are as exact as that."""
COMPILING = [argument for argument in ARGUMENTS if not argument.startswith("--js-flags")]
"""Scripts are compiled, as in people's browsers: these pages live long enough for it."""
STILL = ["--force-prefers-reduced-motion", "--disable-smooth-scrolling", "--disable-threaded-animation"]
WITHOUT_ANIMATIONS = """
const still = new CSSStyleSheet();
still.replaceSync('*, *::before, *::after { animation: none !important; transition: none !important }');
document.adoptedStyleSheets = [...document.adoptedStyleSheets, still];
"""
SETTLED = """() => document.querySelector('[data-test-script-state=notRunning]')
  && !document.querySelector('[data-testid=stStatusWidget], [data-testid=stSkeleton], [data-stale=true]')
  && document.querySelector('[data-testid=stHeading]')"""


@dataclass
class Interactions:
    """How long they took, by kind, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class User:
    """One person with a tab."""

    page: Page
    url: str
    photos: Sequence[bytes]
    interactions: Interactions
    chance: random.Random

    async def work(self, late_s: float, until: float) -> None:
        """Come after some seconds, and work until a moment."""
        await asyncio.sleep(late_s)
        await self.measure("first page", self.enter())
        while time.monotonic() < until:
            await asyncio.sleep(self.chance.uniform(*THINKING_S))
            if self.chance.random() < PHOTO_SHARE:
                await self.open(menu.IDENTIFY)
                await self.measure("a photo", self.give_photo(self.choose_photo()))
            else:
                await self.open(self.chance.choice(PAGES))

    async def enter(self) -> None:
        """Open the app at its address."""
        await self.page.goto(self.url)
        await self._settle()

    async def open(self, script: str) -> None:
        """Go to a page by the menu, with one click or two."""
        section = next(each for each in menu.SECTIONS if any(entry.script == script for entry in each.entries))
        entry = next(entry for entry in section.entries if entry.script == script)
        # In the sidebar a section stands for that page of it which is open.
        if self._path() not in {each.address for each in section.entries}:
            await self.measure(section.title, self._follow("stSidebarNav", section.title))
        if self._path() != entry.address:
            await self.measure(entry.title, self._follow("stMain", entry.title))

    def choose_photo(self) -> bytes:
        """One of the photos that users have."""
        return self.chance.choice(self.photos)

    async def give_photo(self, content: bytes) -> None:
        """Upload a photo to *Who is this?*, until its faces have names."""
        photo = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": content}
        await self.page.locator("input[type=file]").first.set_input_files([photo])
        await self.page.locator(".stage img").first.wait_for()
        await self._settle()

    async def measure(self, kind: str, action: Awaitable[None]) -> None:
        """Note how long it takes; whatever goes wrong for one user is a finding, and ends nobody's work."""
        began = time.monotonic()
        try:
            await action
        except (Error, AssertionError) as fault:
            self.interactions.faults.append(f"{kind}: {str(fault)[:300]}")
            await self.page.goto(self.url)
            await self.page.get_by_test_id("stMain").wait_for()
        else:
            self.interactions.seconds[kind].append(time.monotonic() - began)

    def _path(self) -> str:
        return urlsplit(self.page.url).path.strip("/")

    async def _follow(self, part: str, name: str) -> None:
        before = self.page.url.partition("?")[0]
        await self.page.get_by_test_id(part).get_by_role("link", name=name, exact=True).click()
        has_left = "before => !location.href.startsWith(before + '?')"
        await self.page.wait_for_function(has_left, arg=before, polling=LOOK_MS)
        await self._settle()

    async def _settle(self) -> None:
        await self.page.wait_for_function(SETTLED, polling=LOOK_MS)
        if await self.page.get_by_test_id("stException").count():
            raise AssertionError(await self.page.get_by_test_id("stException").first.inner_text())


@contextlib.asynccontextmanager
async def open_users(
    url: str, count: int, photos: Sequence[bytes], interactions: Interactions
) -> AsyncIterator[list[User]]:
    """People whose tabs are open on nothing yet."""
    async with async_playwright() as playwright:
        browser: Browser = await playwright.chromium.launch(executable_path=find_browser(), args=[*COMPILING, *STILL])
        users = []
        for number in range(count):
            context = await browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
            context.set_default_timeout(LONGEST_MS)
            await context.add_init_script(WITHOUT_ANIMATIONS)
            page = await context.new_page()
            page.on("pageerror", lambda fault: interactions.faults.append(f"script: {str(fault)[:300]}"))
            users.append(User(page, url, photos, interactions, random.Random(number)))
        yield users
        await browser.close()

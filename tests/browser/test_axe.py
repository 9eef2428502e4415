"""What pages show on request held against the rules of axe-core: nothing shuts out whoever hears or works it by keys.

Every page as it opens, in light and in dark, and each of its tabs, is held against them where it is visited for what it
asks of others (``test_nothing_leaves``). What is counted is what axe calls serious or critical, and the order of
headings.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import settle
from tests.serving import App

COUNTED = ("serious", "critical")
COUNTED_TOO = ("heading-order",)
OPTIONS = {"resultTypes": ["violations"], "preload": False, "rules": {"region": {"enabled": False}}}
"""Without what no rule that is counted needs."""
FADE = """() => Promise.race([
  Promise.allSettled(
    document.getAnimations().filter((each) => each instanceof CSSTransition).map((each) => each.finished)),
  new Promise((ended) => setTimeout(ended, 1000)),
])"""
"""What was drawn anew comes to its own colours; some transitions of what nobody sees never end."""


@pytest.fixture
def photo(sample_files: dict[str, bytes], tmp_path: Path) -> Path:
    path = tmp_path / "who.jpg"
    path.write_bytes(next(content for name, content in sample_files.items() if name.startswith("val/elton_john/")))
    return path


def violations(page: Page, rules: Sequence[str]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The broken rules that are counted, each with a node that breaks it."""
    page.evaluate(FADE)
    options = OPTIONS | ({"runOnly": list(rules)} if rules else {})
    found = Axe().run(page, options=options).response["violations"]
    counted = [rule for rule in found if rule["impact"] in COUNTED or rule["id"] in COUNTED_TOO]
    return [(rule, node) for rule in counted for node in rule["nodes"]]


def require_access(page: Page, *rules: str) -> None:
    """Nothing is broken on the page as it is now, of some rules or of all."""
    ours = [
        f"{rule['impact']}: {rule['help']} ({rule['id']})\n    {node['html']}\n    {node['failureSummary']}"
        for rule, node in violations(page, rules)
    ]
    assert not ours, f"{page.url}\n" + "\n".join(ours)


def check(page: Page) -> None:
    """The page shows no fault and shuts nobody out, once it is drawn."""
    settle(page)
    assert page.get_by_test_id("stException").count() == 0
    require_access(page)


def test_a_photo_identified(used: App, page: Page, photo: Path):
    page.goto(f"{used.url}/identify")
    settle(page)
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.get_by_role("option", name="1. ").first).to_be_visible()
    check(page)


def test_two_photos_compared(used: App, page: Page, photo: Path):
    page.goto(f"{used.url}/verify")
    settle(page)
    for place in (0, 1):
        page.locator("input[type=file]").nth(place).set_input_files(photo)
        settle(page)
    expect(page.get_by_text("The same picture", exact=False).or_(page.get_by_text("same person")).first).to_be_visible()
    check(page)


def test_a_face_of_the_map_reached_by_keys(used: App, page: Page):
    page.goto(f"{used.url}/map")
    settle(page)
    page.locator("canvas.plane").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".card")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".tile").first).to_be_visible()
    check(page)


def test_a_whole_photo_in_its_dialog(used: App, page: Page):
    page.goto(f"{used.url}/review")
    page.locator(".tile").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    check(page)

"""Dozens of photos in a real browser: looked at by the worker, filtered without a reload, sorted by person."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.base import words
from tests.browser.conftest import settle, shoot
from tests.serving import App

KNOWN = 13
STRANGERS = 30


@pytest.fixture(scope="module")
def album(sample_files: Mapping[str, bytes], shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of known people, of strangers, of nothing, and a broken file."""
    nothing = io.BytesIO()
    Image.fromarray(np.full((300, 400, 3), 90, np.uint8)).save(nothing, "JPEG")
    known = list(sample_files.values())[:: 118 // KNOWN][:KNOWN]
    path = tmp_path_factory.mktemp("album") / "album.zip"
    with zipfile.ZipFile(path, "w") as made, zipfile.ZipFile(shared_dir / "faces" / "lfw-dev.zip") as others:
        for number, content in enumerate(known):
            made.writestr(f"known/{number:02}.jpg", content)
        for number, name in enumerate([name for name in others.namelist() if name.endswith(".jpg")][:STRANGERS]):
            made.writestr(f"strangers/{number}.jpg", others.read(name))
        made.writestr("nothing.jpg", nothing.getvalue())
        made.writestr("broken.jpg", known[0][:2000])
    return path


def main_button(page: Page, name: str):
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def chip(page: Page, name: str):
    return page.locator(".chip", has_text=name)


def test_a_zip_ends_in_a_table_that_filters_without_a_reload(
    learned: App, of_sample: str, page: Page, album: Path, tmp_path: Path
):
    page.goto(f"{learned.url}/batch{of_sample}")
    settle(page)
    page.locator("input[type=file]").set_input_files(album)
    main_button(page, "Look at them").click()
    expect(chip(page, "All")).to_have_text(f"All {words.count(KNOWN + STRANGERS + 2)}")
    expect(page.locator(".row")).to_have_count(24)
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some((each) => each.shadowRoot?.querySelector('.face img')"
        "?.src.startsWith('data:image/jpeg'))"
    )
    settle(page)
    shoot(page, "20-many-photos")

    page.context.set_offline(True)  # what follows needs nobody but the browser
    chip(page, "No face").click()
    expect(page.locator(".row .title")).to_have_text(["nothing.jpg"])
    chip(page, "Could not be read").click()
    expect(page.locator(".row .title")).to_have_text(["broken.jpg"])
    expect(page.locator(".row .note")).to_contain_text("cut off")
    chip(page, "Unknown").click()
    expect(page.locator(".told")).to_have_text(re.compile(r"^[23]\d photos$"))
    page.get_by_role("button", name="The next page").click()
    expect(page.locator(".pages span")).to_contain_text("Page 2 of")
    chip(page, "All").click()
    page.get_by_label("Person").select_option("madonna")
    expect(page.locator(".row .face:not(.other) .name").first).to_have_text("madonna")
    expect(page.locator(".row").first).to_be_visible()
    page.locator(".row .face:not(.other)").first.click()
    expect(page.locator(".detail .candidates li").first).to_contain_text("madonna")
    page.context.set_offline(False)


def test_filters_are_in_the_address_and_the_photos_can_be_sorted(
    learned: App, of_sample: str, page: Page, tmp_path: Path
):
    page.goto(f"{learned.url}/batch{of_sample}")
    settle(page)
    main_button(page, "Open result").click()
    chip(page, "Unknown").click()
    page.wait_for_url("**show=unknown**")
    page.reload()
    expect(chip(page, "Unknown")).to_have_attribute("aria-pressed", "true")
    settle(page)
    page.set_viewport_size({"width": 400, "height": 850})
    shoot(page, "21-many-photos-narrow")
    # However long somebody's name is, the list of people is no wider than the page.
    page.locator("select.person").evaluate("chooser => chooser.add(new Option('Maximilian'.repeat(12)))")
    assert page.locator(".lookup").evaluate("shown => shown.scrollWidth - shown.clientWidth") <= 0
    page.set_viewport_size({"width": 1440, "height": 900})

    main_button(page, "Sort by person").click()
    with page.expect_download() as coming:
        main_button(page, "Download the sorted photos").click()
    with zipfile.ZipFile(coming.value.path()) as archive:
        folders = {name.split("/")[0] for name in archive.namelist()}
    assert {"madonna", "unknown", "no face"} <= folders

    main_button(page, "Forget").click()
    page.get_by_role("button", name="Forget it", exact=True).click()
    expect(page.get_by_text("It is forgotten.")).to_be_visible()
    expect(page.get_by_text("album.zip")).to_have_count(0)
    assert not list((learned.data_dir / "artifacts").glob("*/lookup*/*/*"))

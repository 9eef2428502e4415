"""A thousand photos without a name: grouped, five people named from the keyboard, learned, and recognised.

Most of them were taken before the app starts; the last ones are added in the browser.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.base.settings import Settings
from core.base.types import Photo
from core.services import Services
from core.store.values.datasets import PhotoLabel
from tests import prepared
from tests.browser.conftest import open_by_link, settle, shoot
from tests.conftest import write_zip
from tests.serving import App, serve

NAMED = 5
EVERY = 40
"""Of so many photos one is added in the browser."""


@pytest.fixture(scope="module")
def last(shared_dir: Path) -> dict[str, bytes]:
    """The photos that are added in the browser."""
    with zipfile.ZipFile(shared_dir / "faces" / "lfw-dev.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        return {name: archive.read(name) for name in names[::EVERY]}


@pytest.fixture(scope="module")
def app(lfw_dir: Path, last: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on a shoebox of photos in which nobody has a name."""
    folder = prepared.copy(lfw_dir, tmp_path_factory.mktemp("shoebox") / "data")

    def nameless(photo: Photo) -> tuple[str, PhotoLabel] | None:
        return None if photo.name in last else (photo.name, PhotoLabel(None, None))

    prepared.refile(Services(Settings(folder)), "lfw-dev", "Shoebox", nameless)
    with serve(folder) as running:
        yield running


def main_button(page: Page, name: str):
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def photo_of_the_first(app: App, shared_dir: Path, folder: Path) -> Path:
    """A photo of the person who was named first, out of the zip."""
    services = Services(Settings(app.data_dir))
    dataset = services.store.dataset("Shoebox")
    table = services.store.face_table(dataset.id)
    alone = {photo for photo, faces in Counter(table.photo_ids).items() if faces == 1}
    row = next(row for row in range(len(table)) if table.person(row) == "Person 1" and table.photo_ids[row] in alone)
    path = folder / "who.jpg"
    with zipfile.ZipFile(shared_dir / "faces" / "lfw-dev.zip") as archive:
        path.write_bytes(archive.read(table.photo_names[row]))
    return path


def test_a_thousand_photos_are_named_from_the_keyboard(
    app: App, page: Page, last: dict[str, bytes], shared_dir: Path, tmp_path: Path
):
    write_zip(app.data_dir / "inbox" / "shoebox.zip", last)

    page.goto(f"{app.url}/ingest")
    settle(page)
    page.get_by_text("Add more photos").click()
    settle(page)
    page.get_by_role("combobox", name="From the inbox").click()
    page.get_by_role("option", name="shoebox.zip").click()
    page.get_by_role("combobox", name="How folders are read").click()
    page.get_by_role("option", name="no names from folders").click()
    expect(page.get_by_text(f"{len(last)} unlabelled")).to_be_visible()
    main_button(page, "Start").click()
    # Without another click: when the photos are in, their groups are there, and the caret is in the first field.
    expect(page.get_by_role("heading", name="Name the faces")).to_be_visible()
    expect(page.get_by_placeholder("Who is this?").first).to_be_focused()
    shoot(page, "07-groups")

    for number in range(1, NAMED + 1):  # from here on nothing but keys, and no waiting: what is typed is never lost
        page.keyboard.type(f"Person {number}")
        page.keyboard.press("Enter")
    expect(page.get_by_text(f"faces Person {NAMED}.")).to_be_visible()
    expect(page.get_by_placeholder("Who is this?").first).to_be_focused()
    shoot(page, "08-named")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.get_by_text(re.compile(r"Undone: Named .* faces Person 5\."))).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_text("Undone:")).to_have_count(0)
    expect(page.get_by_text("faces Person 5.")).to_be_visible()

    main_button(page, "Train").click()
    expect(page.get_by_text("5 people", exact=False).first).to_be_visible()
    main_button(page, "Train").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()

    open_by_link(page, app, "identify")
    expect(page.get_by_text("It knows")).to_be_visible()
    page.locator("input[type=file]").set_input_files(photo_of_the_first(app, shared_dir, tmp_path))
    expect(page.get_by_role("option", name="1. Person 1")).to_be_visible()
    shoot(page, "09-recognised")


def test_faces_are_chosen_left_out_and_taken_back_by_keys(app: App, page: Page):
    page.goto(f"{app.url}/review")
    page.locator(".tile").first.wait_for()
    page.locator(".tile").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_text(re.compile(r"^2 of .* faces chosen$"))).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_text("Left out 2 faces.")).to_be_visible()
    expect(page.get_by_text("Left out 2", exact=True)).to_be_visible()  # the chip
    shoot(page, "10-left-out")
    page.keyboard.press("u")
    expect(page.get_by_text("Left out 2", exact=True)).to_have_count(0)


def test_a_face_is_drawn_on_the_whole_photo_and_undone(app: App, page: Page):
    page.goto(f"{app.url}/review")
    page.locator(".tile").first.wait_for()
    total = page.locator("strong", has_text=re.compile(r"^[\d\u202f]+ faces$"))
    before = total.inner_text()
    page.locator(".tile").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Draw a face that is missing").click()
    stage = page.locator(".stage").bounding_box()
    assert stage
    page.mouse.move(stage["x"] + 4, stage["y"] + 4)
    page.mouse.down()
    page.mouse.move(stage["x"] + stage["width"] * 0.2, stage["y"] + stage["height"] * 0.2, steps=5)
    page.mouse.up()
    expect(page.get_by_text("Drew a face.")).to_be_visible()
    expect(total).not_to_have_text(before)
    main_button(page, "Undo").click()
    expect(total).to_have_text(before)

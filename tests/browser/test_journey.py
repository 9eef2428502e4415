"""From the sample to a name, by clicking: the journey of somebody who opens Face Atlas for the first time."""

from __future__ import annotations

import base64
import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from core.store.artifacts import GOING, content_id
from core.store.job_model import JobKind, JobState
from core.workflows.projection.project import load_map
from tests.browser.conftest import VIEWPORT, exported, open_by_link, settle, shoot, wait_until_true
from tests.serving import App
from tests.waiting import wait_until

PAGES = (
    *("", "ingest", "review", "suspects", "clusters", "people", "train", "evaluate"),
    *("map", "identify", "verify", "exchange", "jobs", "about"),
)
TELEPHONE: ViewportSize = {"width": 400, "height": 900}
SAMPLE = "5-celebrity-faces"
"""The dataset of the sample's zip."""
SCATTERS = exported("scatter/map.js", "scatters.states.values()")
"""The maps of faces of a page."""


@pytest.fixture(scope="module")
def val_photo(sample_files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo that was not learned from."""
    name = next(name for name in sample_files if name.startswith("val/elton_john/"))
    path = tmp_path_factory.mktemp("photo") / "who.jpg"
    path.write_bytes(sample_files[name])
    return path


def main_button(page: Page, name: str):
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def erase(page: Page, name: str) -> None:
    """Erase a dataset from its card on the home page, whose newest card comes first."""
    page.get_by_test_id("stMain").get_by_role("button", name="More").first.click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("cannot be brought back")).to_contain_text(name)
    page.get_by_role("button", name="Erase it").click()
    expect(page.get_by_text(f"'{name}' was erased.")).to_be_visible()


def circle_everything(page: Page) -> None:
    """Draw a lasso along the edges of the map."""
    plane = page.locator("canvas.plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    assert box
    left, top, right, bottom = box["x"] + 3, box["y"] + 50, box["x"] + box["width"] - 3, box["y"] + box["height"] - 3
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=6)
    page.mouse.up()


def test_the_first_visit_may_be_a_link_to_any_page(app: App, page: Page):
    page.goto(f"{app.url}/map")
    expect(page.get_by_text("There is no dataset yet.")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)


def test_from_the_first_visit_to_a_name_in_two_clicks(app: App, page: Page):
    page.goto(app.url)
    expect(page.get_by_role("img", name="Map of the 118 faces of the sample")).to_be_visible()
    shoot(page, "01-first-visit")
    main_button(page, "Look at the sample").click()
    expect(main_button(page, "A stranger")).to_be_visible()
    shoot(page, "02-sample-ready")
    main_button(page, "Photo 2").click()
    expect(page.get_by_role("option", name="1. elton john")).to_be_visible()
    page.goto(app.url)
    erase(page, "Five celebrities")


def drop_on_page(page: Page, path: Path) -> None:
    """Drop a file beside everything that takes one."""
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    dropped = page.evaluate_handle(
        """([name, content]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name));
          return transfer;
        }""",
        [path.name, content],
    )
    title = page.get_by_role("heading", name="Face Atlas")
    title.dispatch_event("dragover", {"dataTransfer": dropped})
    expect(page.get_by_text("Drop zips, folders or photos anywhere")).to_be_visible()
    title.dispatch_event("drop", {"dataTransfer": dropped})


def test_a_dropped_zip_is_taken_though_the_worker_is_killed_and_the_page_reloaded(
    app: App, page: Page, sample_zip: Path
):
    page.goto(app.url)
    main_button(page, "Look at the sample").wait_for()
    settle(page)
    drop_on_page(page, sample_zip)
    main_button(page, "Start").click()
    expect(page.get_by_text("You can leave this page")).to_be_visible()
    services = app.open_services()
    wait_until(lambda: any(16 <= job.done < 100 for job in services.jobs.jobs()), "the first photos")
    os.kill(app.worker_pid(), signal.SIGKILL)
    expect(page.get_by_text("Taking photos: interrupted")).to_be_visible()
    shoot(page, "01-interrupted")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("You can leave this page")).to_be_visible()
    page.reload()  # in the middle: the work goes on and the page finds it again
    expect(page.get_by_text("new photos")).to_be_visible()
    shoot(page, "03-photos-taken")
    (dataset,) = services.store.datasets()
    (job,) = [job for job in services.jobs.jobs() if job.kind is JobKind.INGEST]
    counts = services.store.counts(dataset.id)
    assert (counts.photos, counts.people) == (118, 5) and counts.faces >= 117
    assert len(services.store.reported(job.id)) == 118


def test_from_the_sample_to_a_name(app: App, page: Page, val_photo: Path):
    page.goto(f"{app.url}/ingest")
    # Without another click: trained, looked through and laid out, while the page shows it.
    headline = re.compile("5 people, 25 of 25 right on photos it had not seen, \\d things to look at")
    expect(page.get_by_role("heading", name=headline)).to_be_visible()
    expect(page.get_by_role("img", name="Map of the faces")).to_be_visible()
    expect(main_button(page, "Who is this?")).to_be_enabled()
    shoot(page, "03-answer")
    services = app.open_services()
    kinds = [job.kind for job in services.jobs.jobs() if job.state is JobState.DONE]
    assert sorted(kinds) == [JobKind.INGEST, JobKind.MAP, JobKind.SUSPECTS, JobKind.TRAIN]

    open_by_link(page, app, "evaluate")
    expect(page.get_by_text("100\u00a0%").first).to_be_visible()
    expect(page.get_by_text("25 of 25").first).to_be_visible()
    shoot(page, "04-evaluated")

    open_by_link(page, app, "map")
    expect(page.locator("canvas.plane")).to_be_visible()
    # The quick layout is replaced when UMAP's is made, and with it what was circled on it.
    wait_until_true(page, f"[...{SCATTERS}].some((map) => map.frames && !map.scene.of.startsWith('None'))")
    settle(page)
    circle_everything(page)
    expect(page.get_by_text("118 faces of 5 people").nth(1)).to_be_visible()
    shoot(page, "05-map")

    open_by_link(page, app, "identify")
    expect(page.get_by_text("It knows")).to_be_visible()
    page.locator("input[type=file]").set_input_files(val_photo)
    expect(page.get_by_role("option", name="1. elton john")).to_be_visible()
    expect(page.locator(".tag", has_text="elton john")).to_be_visible()
    shoot(page, "06-identified")


def place_on_map(page: Page, row: int) -> tuple[float, float]:
    """Where a face of the map is on the screen: its picture, where it is drawn, or its point."""
    page.locator("canvas.plane").scroll_into_view_if_needed()
    box = page.locator("canvas.plane").bounding_box()
    x, y = page.evaluate(
        "async (row) => { const map = [..." + SCATTERS + "][0]; const face = map.faces.find((one) => one.row === row);"
        " return face ? [face.x, face.y] : map.scene.screenPoint(row) }",
        row,
    )
    assert box
    return box["x"] + x, box["y"] + y


def test_pointing_at_a_face_of_the_map_shows_its_own_picture(app: App, page: Page):
    services = app.open_services()
    (dataset,) = services.store.datasets()
    table = services.store.face_table(dataset.id)
    (made, *_) = services.runs.maps(dataset.id)
    ids = load_map(services.artifacts, made).face_ids
    page.goto(f"{app.url}/map")
    settle(page)
    for row in (3, 70, 111):
        page.mouse.move(*place_on_map(page, row))
        card = page.locator(".card[data-row]")
        expect(card).to_be_visible()
        shown = int(card.get_attribute("data-row") or -1)
        crop = base64.b64decode((page.locator(".card img").get_attribute("src") or "").partition(",")[2])
        expected = table.face_ids.index(ids[shown])
        assert content_id(crop) == table.crop_ids[expected]
        x, y = place_on_map(page, row)
        near_x, near_y = place_on_map(page, shown)
        assert abs(x - near_x) + abs(y - near_y) < 15, "the face that is shown is the one that is pointed at"
        page.mouse.move(5, 5)
        expect(card).to_be_hidden()


def test_what_is_circled_on_the_map_is_renamed_and_taken_back(app: App, page: Page):
    page.goto(f"{app.url}/map")
    settle(page)
    circle_everything(page)
    expect(page.locator(".tile").first).to_be_visible()
    page.locator(".tile").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("x")
    expect(page.get_by_text("Left out 1 face")).to_be_visible()
    shoot(page, "05-map-corrected")
    main_button(page, "Undo").click()
    expect(page.get_by_text("Undone: Left out 1 face")).to_be_visible()


def test_the_map_is_walked_and_chosen_from_by_keys(app: App, page: Page):
    page.goto(f"{app.url}/map")
    settle(page)
    page.locator("canvas.plane").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".card")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 face of 1 person")).to_be_visible()


@pytest.mark.parametrize("name", PAGES, ids=[name or "home" for name in PAGES])
def test_every_page_fits_the_screen_and_a_telephone(app: App, tab: Page, name: str):
    tab.set_viewport_size(VIEWPORT)
    open_by_link(tab, app, name)
    shoot(tab, f"{name or 'home'}-1440")
    tab.set_viewport_size(TELEPHONE)
    shoot(tab, f"{name or 'home'}-400")


@pytest.mark.parametrize("name", ["", "map", "evaluate"])
def test_a_page_that_is_opened_on_a_telephone_fits_it(app: App, page: Page, name: str):
    page.set_viewport_size(TELEPHONE)
    page.goto(f"{app.url}/{name}")
    shoot(page, f"{name or 'home'}-400-opened")


def test_a_reload_keeps_the_dataset_of_the_address(app: App, page: Page):
    page.goto(f"{app.url}/train")
    settle(page)
    address = page.url
    assert "dataset=" in address
    page.goto(address)
    settle(page)
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()


def test_the_chosen_dataset_stays_from_page_to_page(app: App, page: Page):
    app.open_services().store.create_dataset("Another", "facenet-128")
    page.goto(f"{app.url}/train")
    chooser, tops = page.get_by_role("combobox", name="Dataset"), set()
    for wanted in (SAMPLE, "Another", SAMPLE):
        chooser.click()
        page.get_by_role("option", name=wanted).click()
        for address in ("map", "jobs", "identify", "batch", "ingest"):
            open_by_link(page, app, address)
            tops.add(page.get_by_test_id("stMain").get_by_role("heading", level=1).bounding_box()["y"])
            assert chooser.input_value() == wanted
    assert len(tops) == 1, f"titles stand at different heights: {tops}"
    page.goto(app.url)
    settle(page)
    erase(page, "Another")


def test_the_running_app_never_loads_tensorflow(app: App):
    """After every page was drawn and a photo identified: none of its libraries is mapped into the process."""
    mapped = Path(f"/proc/{app.process.pid}/maps").read_text()
    assert "openvino" in mapped, "the page process identified a photo, so the engine must be there"
    assert "site-packages/tensorflow/" not in mapped


def test_erasing_the_dataset_asks_once(app: App, page: Page):
    page.goto(app.url)
    settle(page)
    erase(page, SAMPLE)
    expect(main_button(page, "Look at the sample")).to_be_visible()
    left = [path for path in (app.data_dir / "artifacts").rglob("*") if path.name != GOING]
    assert left == []

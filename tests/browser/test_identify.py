"""Who is this, in a real browser: a group photo by mouse and by keys alone, pasting, teaching, and a camera."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from core.imaging.pixels import encode_jpeg
from tests.browser.conftest import exported, launch, open_by_link, settle, shoot, wait_until_true
from tests.serving import App
from tests.waiting import LONGEST_S

GROUP_PHOTO = "2007_007763.jpg"
GROUP_FACES = 7
CAMERAS = exported("camera/camera.js", "cameras.states.values()")


@pytest.fixture(scope="module")
def group_photo(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven people whom nobody knows."""
    folder = tmp_path_factory.mktemp("group")
    with zipfile.ZipFile(shared_dir / "faces" / "group-photos.zip") as archive:
        return Path(archive.extract(GROUP_PHOTO, folder))


def photo_of(sample_files: Mapping[str, bytes], person: str) -> bytes:
    return next(content for name, content in sample_files.items() if name.startswith(f"val/{person}/"))


def give(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").set_input_files(files)
    expect(page.locator(".stage img")).to_be_visible()
    settle(page)


def lines(page: Page):
    return page.get_by_role("listbox", name="Faces of the photo").get_by_role("option")


def test_a_group_photo_is_read_by_mouse(learned: App, of_sample: str, page: Page, group_photo: Path):
    page.goto(f"{learned.url}/identify{of_sample}")
    give(page, group_photo)
    expect(page.locator(".box:visible")).to_have_count(GROUP_FACES)
    expect(lines(page)).to_have_count(GROUP_FACES)
    page.locator(".box").nth(4).hover()
    expect(lines(page).nth(4)).to_have_class("line unknown lit")
    lines(page).nth(2).hover()
    expect(page.locator(".box").nth(2)).to_have_class("box unknown lit")
    page.locator(".box").nth(4).click()
    expect(lines(page).nth(4)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_test_id("stMarkdown").get_by_text("5. Unknown")).to_be_visible()
    lines(page).nth(1).click()
    expect(page.locator(".box").nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("stMarkdown").get_by_text("2. Unknown")).to_be_visible()
    settle(page)  # until then the candidates may be those of the face before
    candidates = page.get_by_role("listbox", name="Candidates").get_by_role("option")
    other = candidates.nth(1)
    name = (other.get_attribute("aria-label") or "").split(",")[0]
    other.click()
    expect(page.get_by_text(f"the photos of {name} that are most like it")).to_be_visible()
    shoot(page, "identify-group-1440")
    page.set_viewport_size({"width": 400, "height": 850})
    shoot(page, "identify-group-400")


def test_keys_alone_reach_every_face_and_action(learned: App, of_sample: str, page: Page, group_photo: Path):
    page.goto(f"{learned.url}/identify{of_sample}")
    give(page, group_photo)
    reached = walk(page)
    assert {f"Face of {number}?" for number in range(1, GROUP_FACES + 1)} <= reached, "every face on the photo"
    assert {"Forget now", "This is"} <= reached
    assert not any("It is " in name for name in reached), "nobody on it is like anybody known"
    lines(page).first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stMarkdown").get_by_text("4. Unknown")).to_be_visible()
    expect(lines(page).nth(3)).to_be_focused()
    settle(page)  # the candidates of another face are another list
    candidates = page.get_by_role("listbox", name="Candidates").get_by_role("option")
    candidates.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(candidates.nth(1)).to_have_attribute("aria-selected", "true")


def walk(page: Page, steps: int = 80) -> set[str]:
    """The names of everything that Tab reaches."""
    names = set()
    page.locator("body").press("Home")
    for _ in range(steps):
        page.keyboard.press("Tab")
        names.add(
            page.evaluate(
                """() => {
                    let at = document.activeElement;
                    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
                    return at?.getAttribute("aria-label") ?? at?.innerText ?? "";
                }"""
            ).strip()
        )
    return names


def test_what_is_said_of_a_face_is_learned_and_taken_back(learned: App, of_sample: str, page: Page, group_photo: Path):
    page.goto(f"{learned.url}/identify{of_sample}")
    give(page, group_photo)
    page.locator(".box").nth(3).click()
    expect(page.get_by_test_id("stMarkdown").get_by_text("4. Unknown")).to_be_visible()
    settle(page)  # what is typed while the page is still being drawn would be lost with the field of before
    field = page.get_by_role("combobox", name="This is")
    field.fill("Grandfather")
    field.press("Enter")
    expect(page.locator(".tag", has_text="4. Grandfather")).to_be_visible()
    expect(page.get_by_role("button", name="Train again")).to_be_visible()
    shoot(page, "identify-taught")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tag", has_text="Grandfather")).to_have_count(0)
    expect(page.locator(".tag", has_text="4?")).to_be_visible()


def test_several_photos_one_of_them_broken_and_one_without_a_face(
    learned: App, of_sample: str, page: Page, tmp_path: Path, sample_files: Mapping[str, bytes]
):
    (tmp_path / "madonna.jpg").write_bytes(photo_of(sample_files, "madonna"))
    (tmp_path / "wall.jpg").write_bytes(encode_jpeg(np.full((400, 500, 3), 120, np.uint8)))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 this is no picture")
    page.goto(f"{learned.url}/identify{of_sample}")
    give(page, *(tmp_path / name for name in ("madonna.jpg", "wall.jpg", "broken.jpg")))
    expect(page.get_by_text("3 photos in this tab")).to_be_visible()
    expect(page.locator(".tag", has_text="1. madonna")).to_be_visible()
    strip = page.get_by_role("listbox", name="Photos of this tab").get_by_role("option")
    strip.filter(has_text="wall").click()
    expect(page.get_by_text("No face could be found")).to_be_visible()
    strip.filter(has_text="broken").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("broken.jpg")
    strip.filter(has_text="madonna").click()
    expect(page.locator(".tag", has_text="1. madonna")).to_be_visible()
    shoot(page, "identify-several")


def test_a_crowd_is_listed_and_reached(learned: App, of_sample: str, page: Page, tmp_path: Path, sample_images):
    face = next(image for name, image in sample_images.items() if name.startswith("val/madonna/"))
    small = np.asarray(Image.fromarray(face).resize((100, 120), Image.Resampling.LANCZOS))
    (tmp_path / "crowd.jpg").write_bytes(encode_jpeg(np.tile(small, (10, 12, 1)), quality=95))
    page.goto(f"{learned.url}/identify{of_sample}")
    give(page, tmp_path / "crowd.jpg")
    found = lines(page).count()
    assert found >= 100, found
    expect(page.locator(".box:visible")).to_have_count(found)
    lines(page).first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(lines(page).nth(found - 1)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".box").nth(found - 1)).to_have_attribute("aria-pressed", "true")
    shoot(page, "identify-crowd")


def test_a_picture_is_pasted(learned: App, of_sample: str, page: Page, sample_files: Mapping[str, bytes]):
    page.goto(f"{learned.url}/identify{of_sample}")
    expect(page.get_by_text("Or paste a picture")).to_be_visible()
    settle(page)
    page.evaluate(
        """(content) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const carried = new DataTransfer();
            carried.items.add(new File([bytes], "pasted.jpg", { type: "image/jpeg" }));
            document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carried, bubbles: true }));
        }""",
        base64.b64encode(photo_of(sample_files, "elton_john")).decode(),
    )
    expect(page.locator(".tag", has_text="1. elton john")).to_be_visible()


# the camera


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory, sample_files: Mapping[str, bytes]) -> Path:
    """What the browser's make-believe camera shows: two people, one of them moving."""
    path = tmp_path_factory.mktemp("camera") / "film.mjpeg"
    left, right = (Image.open(io.BytesIO(photo_of(sample_files, who))) for who in ("madonna", "jerry_seinfeld"))
    left.thumbnail((300, 300))
    right.thumbnail((260, 260))
    with path.open("wb") as film:
        for step in range(60):
            shown = Image.new("RGB", (640, 480), (90, 110, 120))
            shown.paste(left, (20 + abs(step - 30), 60))
            shown.paste(right, (360, 180))
            shown.save(film, "JPEG", quality=92)
    return path


@pytest.fixture
def filmed(browser: Browser, film: Path) -> Iterator[Page]:
    """A tab whose camera shows the film."""
    shown = f"--use-file-for-fake-video-capture={film}"
    yield from tab(browser, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", shown)


@pytest.fixture
def refusing(browser: Browser) -> Iterator[Page]:
    """A tab that does not lend its camera."""
    yield from tab(browser, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny")


def tab(browser: Browser, *arguments: str) -> Iterator[Page]:
    """A tab of a browser that was started with these arguments."""
    opened = launch(browser.browser_type, arguments)
    page = opened.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(LONGEST_S * 1000)
    yield page
    opened.close()


def streams(page: Page) -> list[bool]:
    return page.evaluate(f"async () => [...{CAMERAS}].map((camera) => camera.stream !== null)")


def test_people_in_front_of_the_camera_are_named_until_it_is_stopped(learned: App, of_sample: str, filmed: Page):
    filmed.goto(f"{learned.url}/identify{of_sample}")
    filmed.get_by_text("Live camera").click()
    press = filmed.locator(".live button")
    expect(press).to_have_text("Start the camera")
    assert streams(filmed) == [False], "nothing is filmed before somebody asks for it"
    press.click()
    seen = filmed.get_by_role("list", name="In view")
    expect(seen).to_contain_text("madonna")
    expect(seen).to_contain_text("jerry seinfeld")
    expect(filmed.locator(".told")).to_contain_text("looks a second")
    shoot(filmed, "identify-live")
    press.click()
    expect(press).to_have_text("Start the camera")
    assert streams(filmed) == [False]
    press.click()
    expect(seen).to_contain_text("madonna")
    open_by_link(filmed, learned, "about")
    expect(filmed.get_by_role("heading", name="About")).to_be_visible()
    wait_until_true(filmed, f"[...{CAMERAS}].every((camera) => camera.stream === null)")


def test_a_camera_that_is_denied_is_told_with_what_to_do(learned: App, of_sample: str, refusing: Page):
    refusing.goto(f"{learned.url}/identify{of_sample}")
    refusing.get_by_text("Live camera").click()
    refusing.locator(".live button").click()
    expect(refusing.locator(".told")).to_contain_text("does not let this page use the camera")
    shoot(refusing, "identify-camera-denied")

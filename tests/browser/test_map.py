"""The map in a real browser: searching, a new photo, what can be taken out, space, look-alikes, and 100,000 faces."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from core.base.settings import Settings
from core.base.types import Box, Face, Photo
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.values.datasets import Dataset, IngestBatch, PhotoLabel, StoredFace
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.projection import project
from core.workflows.projection.project import MapOptions, Method
from tests import prepared
from tests.benchmarks import synthetic
from tests.browser.conftest import settle, shoot, wait_until_true
from tests.browser.test_journey import SCATTERS, place_on_map
from tests.serving import App

MANY, MANY_PEOPLE, FACES_OF_A_PHOTO = 100_000, 5_000, 20
STORED_AT_ONCE = 20_000
SHOWN = f"[...{SCATTERS}].at(-1)"
"""The map of the page, as its component keeps it."""
FACE_X = "(faces.find((face) => face.row === row)?.x ?? scene.screenPoint(row)[0])"
"""How far right the face of a row is drawn, or its point."""

COLOURED_PX = """() => {
  const canvas = document.querySelector("canvas.plane");
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width || 1, canvas.height || 1);
  const edge = canvas.getBoundingClientRect();
  for (let at = 0; at < data.length; at += 4) {
    const [red, green, blue, opacity] = data.subarray(at, at + 4);
    if (opacity === 255 && Math.max(red, green, blue) - Math.min(red, green, blue) > 100) {
      const scale = edge.width / width;
      return [edge.left + ((at / 4) % width) * scale, edge.top + Math.floor(at / 4 / width) * scale];
    }
  }
}"""
"""Where on the page the first point of a map was painted: people have colours, words are grey."""


@pytest.fixture(scope="module")
def sample(learned: App) -> Dataset:
    """The sample with a map that is stored as UMAP's: the journey has one that a worker lays out."""
    services = Services(Settings(learned.data_dir))
    dataset = services.store.dataset(prepared.SAMPLE)
    store_map(services, dataset.id)
    return dataset


def store_map(services: Services, dataset_id: str) -> None:
    """Lay faces out at once, and store that as the map that a page shows first."""
    made = project.build_map(services.run_tools(), dataset_id, MapOptions(method=Method.PCA))
    content, other_id = services.artifacts.read(dataset_id, ArtifactKind.MAP, made.id), made.id[::-1]
    services.artifacts.put(dataset_id, ArtifactKind.MAP, other_id, content)
    services.runs.add_map(replace(made, id=other_id, method=Method.UMAP))


@pytest.fixture(scope="module")
def crowd(learned: App) -> Dataset:
    """100,000 faces of 5,000 people without files, and a map of them that is stored as UMAP's."""
    services = Services(Settings(learned.data_dir))
    dataset = services.store.create_dataset("Crowd", DEFAULT_VECTORS_ID)
    labels = np.arange(MANY, dtype=np.int64) % MANY_PEOPLE
    vectors = synthetic.vectors_of(labels, MANY_PEOPLE)
    for start in range(0, MANY, STORED_AT_ONCE):
        rows = range(start, start + STORED_AT_ONCE)
        photos = [(crowded_photo(row), PhotoLabel(None, None)) for row in rows[::FACES_OF_A_PHOTO]]
        faces = [StoredFace(face_in_crowd(row, f"person_{labels[row]:04d}"), vectors[row]) for row in rows]
        services.store.add(dataset.id, "", IngestBatch(photos=photos, faces=faces))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project, "measure_faithfulness", lambda *_: None)  # of so many it takes longest, for one figure
        store_map(services, dataset.id)
    return services.store.dataset(dataset.id)


def crowded_photo(row: int) -> Photo:
    """The photo on which a face and those after it are."""
    photo_id = f"{row // FACES_OF_A_PHOTO:064x}"
    return Photo(photo_id, name=f"{row}.jpg", width_px=100, height_px=100, size_bytes=1000, perceptual_hash=row)


def face_in_crowd(row: int, person: str) -> Face:
    return Face(
        id=f"{row:024x}",
        photo_id=crowded_photo(row).id,
        box=Box(10, 10, 60, 70),
        landmarks=np.zeros((5, 2), dtype=np.float32),
        prob=0.99,
        crop_id=f"{row:064x}",
        person=person,
        split=None,
    )


def open_map(learned: App, page: Page, dataset: Dataset, **address: str) -> None:
    words = "".join(f"&{name}={value}" for name, value in address.items())
    page.goto(f"{learned.url}/map?dataset={dataset.id}{words}")
    page.locator("canvas.plane").wait_for()
    wait_until_true(page, f"{SHOWN}?.frames > 0")
    settle(page)


def circle(page: Page, left: float, top: float, right: float, bottom: float) -> None:
    """Draw a lasso along a rectangle in shares of the map."""
    page.locator("canvas.plane").scroll_into_view_if_needed()
    box = page.locator("canvas.plane").bounding_box()
    assert box
    corners = [
        (box["x"] + x * box["width"], box["y"] + y * box["height"])
        for x, y in ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    ]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for x, y in corners[1:]:
        page.mouse.move(x, y, steps=6)
    page.mouse.up()


def download(page: Page, label: str) -> bytes:
    with page.expect_download() as coming:
        page.get_by_role("button", name=label).click()
    return Path(coming.value.path()).read_bytes()


def test_a_person_who_is_searched_for_stands_in_front(learned: App, page: Page, sample: Dataset):
    open_map(learned, page, sample)
    page.get_by_role("combobox", name="Find people").click()
    page.keyboard.type("madonna")
    page.keyboard.press("Enter")
    expect(page.get_by_text("24 faces of madonna")).to_be_visible()
    assert "person=madonna" in page.url
    expect(page.locator(".legend")).to_contain_text("everyone else")
    shoot(page, "map-search")


def test_a_new_photo_lies_among_those_it_is_like(
    learned: App, page: Page, sample: Dataset, sample_files, tmp_path: Path
):
    photo = tmp_path / "who.jpg"
    photo.write_bytes(sample_files[next(name for name in sample_files if name.startswith("val/elton"))] + b"another")
    open_map(learned, page, sample)
    page.get_by_role("button", name="New photo").click()
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.get_by_text("1 face of the new photo")).to_be_visible()
    page.keyboard.press("Escape")
    wait_until_true(page, f"{SHOWN}.scene.marks.length === 1")
    shoot(page, "map-new-photo")
    # Beside the new photo's column the map is narrower, and whole as before.
    seen = f"async () => (({{ scene }}) => [...Array(scene.n).keys()].map((row) => scene.screenPoint(row)[0]))({SHOWN})"
    width = page.locator("canvas.plane").bounding_box()["width"]
    assert all(0 < x < width for x in page.evaluate(seen))
    lines = page.evaluate(f"async () => {SHOWN}.scene.marks[0].lines.length")
    assert lines == 3
    page.mouse.move(*place_on_map(page, page.evaluate(f"async () => {SHOWN}.scene.n")))
    card = page.locator(".card")
    expect(card).to_contain_text("Face 1 of the new photo")
    expect(card).to_contain_text("elton john: likeness")


def test_faces_are_seen_at_their_points_and_a_click_shows_whom_one_is_like(learned: App, page: Page, sample: Dataset):
    open_map(learned, page, sample)
    seen = f"((map) => map.faces.filter((face) => map.pictures.pictureOf(face.row)).length)({SHOWN})"
    wait_until_true(page, f"{seen} > 100")
    page.mouse.click(*place_on_map(page, 70))
    expect(page.get_by_text("Most like it")).to_be_visible()
    wait_until_true(page, f"{SHOWN}.near?.row === 70 && {SHOWN}.near.rows.length === 8")
    settle(page)
    shoot(page, "map-near-faces")
    page.locator("canvas.plane").press("Escape")
    wait_until_true(page, f"!{SHOWN}.near")


def test_what_is_circled_can_be_taken_along(learned: App, page: Page, sample: Dataset):
    open_map(learned, page, sample)
    circle(page, 0.01, 0.09, 0.99, 0.99)
    expect(page.get_by_text("118 faces of 5 people").nth(1)).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Download").click()
    rows = list(csv.DictReader(io.StringIO(download(page, "Table (CSV)").decode("utf-8-sig"))))
    assert len(rows) == 118 and {row["person"] for row in rows} >= {"madonna", "ben_afflek"}
    assert all(row["x"] and row["y"] for row in rows) and sum(bool(row["prediction"]) for row in rows) == 25
    shoot(page, "map-download")
    assert download(page, "Table with the vectors (Parquet)")[:4] == b"PAR1"
    with zipfile.ZipFile(io.BytesIO(download(page, "Faces with the table (zip)"))) as archive:
        assert sum(name.endswith(".jpg") for name in archive.namelist()) == 118


def saved(page: Page, place: int, to: Path) -> str:
    """A kind of the menu, which is opened and walked by keys alone."""
    page.get_by_role("button", name="Save the picture").focus()
    page.keyboard.press("ArrowDown")
    for _ in range(place):
        page.keyboard.press("ArrowDown")
    with page.expect_download() as coming:
        page.keyboard.press("Enter")
    expect(page.locator(".menu")).to_be_hidden()
    coming.value.save_as(to)
    return str(coming.value.suggested_filename)


def test_the_picture_is_saved_by_keys_and_the_page_of_it_works_from_disk(
    learned: App, page: Page, browser: Browser, sample: Dataset, tmp_path: Path
):
    open_map(learned, page, sample)
    assert saved(page, 0, tmp_path / "map.png") == "map-of-faces.png"
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert saved(page, 1, tmp_path / "map.svg") == "map-of-faces.svg"
    drawing = (tmp_path / "map.svg").read_text()
    assert drawing.count("<use ") == 118 and ">elton john</text>" in drawing
    assert saved(page, 2, tmp_path / "map.html") == "map-of-faces.html"
    content = (tmp_path / "map.html").read_text()
    assert "data:image" not in content and not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", content)
    alone, asked = browser.new_page(viewport={"width": 1000, "height": 800}), []
    alone.on("request", lambda request: asked.append(request.url))
    alone.on("pageerror", lambda fault: asked.append(str(fault)))
    alone.goto(f"file://{tmp_path}/map.html")
    alone.wait_for_function(COLOURED_PX)
    alone.mouse.move(*alone.evaluate(COLOURED_PX))
    expect(alone.locator(".tip")).to_have_text(
        re.compile("^(ben afflek|elton john|jerry seinfeld|madonna|mindy kaling)$")
    )
    alone.screenshot(path=Path(__file__).parent / "screenshots" / "map-saved-page.png")
    alone.close()
    assert asked == [f"file://{tmp_path}/map.html"]


def test_space_turns_and_is_circled_as_it_is_seen(learned: App, page: Page, sample: Dataset):
    open_map(learned, page, sample, layout="PCA", dimensions="3-D")
    plane = page.locator("canvas.plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    assert box
    before = page.evaluate(f"async () => {SHOWN}.scene.screenPoint(3)")
    page.mouse.move(box["x"] + 200, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 330, box["y"] + 340, steps=6)
    page.mouse.up()
    after = page.evaluate(f"async () => {SHOWN}.scene.screenPoint(3)")
    assert abs(after[0] - before[0]) + abs(after[1] - before[1]) > 5
    page.get_by_role("button", name="Circle faces").click()
    left_half = (
        f"async () => {{ const {{ scene, faces }} = {SHOWN};"
        f" const places = Array.from({{ length: scene.n }}, (_, row) => {FACE_X});"
        f" return places.filter((x) => x < {box['width'] / 2}).length }}"
    )
    seen = page.evaluate(left_half)
    circle(page, 0.01, 0.01, 0.5, 0.99)
    expect(page.get_by_text(re.compile(rf"^{seen} faces? of")).last).to_be_visible()
    shoot(page, "map-space")


def test_a_click_in_the_matrix_of_look_alikes_shows_the_two_on_the_map(learned: App, page: Page, sample: Dataset):
    page.goto(f"{learned.url}/map?dataset={sample.id}&view=Look-alikes")
    expect(page.get_by_text("Most alike are")).to_be_visible()
    chart = page.locator(".js-plotly-plot")
    chart.scroll_into_view_if_needed()
    shoot(page, "map-look-alikes")
    cell = chart.locator(".textpoint").first.bounding_box()
    assert cell
    page.mouse.click(cell["x"] + cell["width"] / 2, cell["y"] + cell["height"] / 2)
    expect(page.get_by_text(re.compile(r"^\d+ faces of .+, .+"))).to_be_visible()
    assert page.url.count("person=") == 2
    wait_until_true(page, f"{SHOWN}?.scene.n === 118")


@pytest.fixture
def crowded(learned: App, page: Page, crowd: Dataset) -> Page:
    open_map(learned, page, crowd)
    return page


def test_a_hundred_thousand_faces_are_drawn_as_dots_and_as_symbols_from_near(crowded: Page):
    assert crowded.evaluate(f"async () => {SHOWN}.inView") == MANY
    expect(crowded.locator(".told")).to_have_text(
        "100\u202f000 faces in view: drawn as dots. Zoom in to see the symbols."
    )
    shoot(crowded, "map-crowd")
    zoom_in = crowded.get_by_role("button", name="Zoom in")
    for _ in range(12):
        zoom_in.click()
    wait_until_true(crowded, f"{SHOWN}.inView < 6000")
    expect(crowded.locator(".told")).to_be_hidden()
    shoot(crowded, "map-crowd-near")


def test_thousands_are_circled_among_a_hundred_thousand(crowded: Page):
    for _ in range(2):
        crowded.get_by_role("button", name="Zoom in").click()
    circle(crowded, 0.35, 0.35, 0.65, 0.65)
    wait_until_true(crowded, f"{SHOWN}.count > 1000")
    count = crowded.evaluate(f"async () => {SHOWN}.count")
    told = f"{count:,}".replace(",", "\u202f")
    expect(crowded.get_by_text(re.compile(rf"^{told} faces of"))).to_be_visible()
    shoot(crowded, "map-crowd-circled")

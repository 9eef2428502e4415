"""Every page held against the rules of axe-core: nothing on it shuts out whoever hears it, or works it by keys.

What is counted is what axe calls serious or critical, and the order of headings.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from core.corrections.model import Editor
from core.store.job_model import JobKind
from core.ui.menu import ACCESS, ENTRIES
from core.vision.engine.openvino import OpenVinoEngine
from core.workflows.identification.lookups.values import LookupRequest
from core.workflows.labels.correct import Corrector
from core.workflows.projection.project import MapOptions, Method
from core.workflows.training.request import TrainRequest
from tests import prepared
from tests.browser.conftest import open_by_link, settle
from tests.conftest import new_data_dir, services_on, write_zip
from tests.serving import WITHOUT_WORKER, App, serve

COUNTED = ("serious", "critical")
COUNTED_TOO = ("heading-order",)
MISFILED, NAMELESS = 4, 8


PAGES = [entry.address for entry in ENTRIES if entry.script != ACCESS]
"""The addresses of all pages but the one that is there only where people sign in (``test_sign_in``)."""


@pytest.fixture(scope="module")
def empty(prepared_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app before anything was taken."""
    folder = new_data_dir(prepared_models, tmp_path_factory.mktemp("empty") / "data")
    with serve(folder, environment=WITHOUT_WORKER) as running:
        yield running


@pytest.fixture(scope="module")
def used(
    sample_dir: Path,
    engine: OpenVinoEngine,
    sample_files: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[App]:
    """The app on the sample with everything that it can show: errors, groups, suspects, a map, a study, a lookup."""
    folder = prepared.copy(sample_dir, tmp_path_factory.mktemp("used") / "data")
    services = services_on(folder, engine)
    dataset = services.store.dataset(prepared.SAMPLE)
    faces = services.store.face_table(dataset.id).face_ids
    by = Corrector(services.store, services.log, dataset.id, Editor("somebody", "a sitting"))
    by.move(faces[:MISFILED], "elton_john")
    by.move(faces[-MISFILED:], "madonna")
    by.unname(faces[40 : 40 + NAMELESS])
    run = prepared.carry(services, dataset.id, JobKind.TRAIN, TrainRequest().to_json()).result["run"]
    write_zip(services.settings.inbox_dir / "album.zip", dict(list(sample_files.items())[:6]))
    lookup = LookupRequest("inbox/album.zip", "album.zip", run)
    for kind, params in (
        (JobKind.STUDY, {"run": run, "repeats": 1}),
        (JobKind.MAP, MapOptions(Method.PCA).to_json()),
        (JobKind.CLUSTER, {}),
        (JobKind.SUSPECTS, {}),
        (JobKind.LOOKUP, lookup.to_json()),
    ):
        prepared.carry(services, dataset.id, kind, params)
    with serve(folder, environment=WITHOUT_WORKER) as running:
        yield running


@pytest.fixture
def photo(sample_files: dict[str, bytes], tmp_path: Path) -> Path:
    path = tmp_path / "who.jpg"
    path.write_bytes(next(content for name, content in sample_files.items() if name.startswith("val/elton_john/")))
    return path


def violations(page: Page) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The broken rules that are counted, each with a node that breaks it."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    counted = [rule for rule in found if rule["impact"] in COUNTED or rule["id"] in COUNTED_TOO]
    return [(rule, node) for rule in counted for node in rule["nodes"]]


def check(page: Page) -> None:
    """Nothing is broken on the page as it is now."""
    settle(page)
    assert page.get_by_test_id("stException").count() == 0
    ours = [
        f"{rule['impact']}: {rule['help']} ({rule['id']})\n    {node['html']}\n    {node['failureSummary']}"
        for rule, node in violations(page)
    ]
    assert not ours, f"{page.url}\n" + "\n".join(ours)


@pytest.mark.parametrize("address", PAGES, ids=[address or "home" for address in PAGES])
def test_a_page_on_which_nothing_was_taken_yet(empty: App, tab: Page, address: str):
    open_by_link(tab, empty, address)
    check(tab)


@pytest.mark.parametrize("address", PAGES, ids=[address or "home" for address in PAGES])
def test_a_page_in_use(used: App, tab: Page, address: str):
    open_by_link(tab, used, address)
    check(tab)


@pytest.mark.parametrize("address", PAGES, ids=[address or "home" for address in PAGES])
def test_a_page_in_the_dark(used: App, tab: Page, address: str):
    tab.emulate_media(color_scheme="dark")
    open_by_link(tab, used, address)
    check(tab)


def test_every_part_of_the_evaluation(used: App, page: Page):
    page.goto(f"{used.url}/evaluate")
    settle(page)
    tabs = page.get_by_test_id("stMain").get_by_role("tab")
    expect(tabs, "with two runs all of them are there").to_have_count(12)
    for place in range(tabs.count()):
        tabs.nth(place).click()
        check(page)


def test_a_photo_identified(used: App, page: Page, photo: Path):
    page.goto(f"{used.url}/identify")
    settle(page)
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.get_by_role("option", name="1. elton john")).to_be_visible()
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

"""The loop: a photo under the wrong name, found through the confusion matrix, corrected, learned anew, and compared."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core.base.types import Photo, Split
from core.store.job_model import JobKind
from core.store.values.datasets import Dataset, PhotoLabel
from core.vision.engine.openvino import OpenVinoEngine
from core.workflows.training.request import TrainRequest
from tests import prepared
from tests.browser.conftest import settle, shoot
from tests.conftest import services_on
from tests.serving import App

SHOWN, FILED = "madonna", "elton_john"
MISFILED = "One misfiled"


@pytest.fixture(scope="module")
def misfiled(learned: App, engine: OpenVinoEngine) -> Dataset:
    """The sample once more, learned, but one photo to test on lies under another person."""
    services = services_on(learned.data_dir, engine)
    found = False

    def misfile(photo: Photo) -> tuple[str, PhotoLabel] | None:
        nonlocal found
        if "/" not in photo.name:  # one that another test has named a face on
            return None
        split, person, name = photo.name.split("/")[-3:]
        if not found and (split, person) == ("val", SHOWN):
            found, person = True, FILED
        return f"{split}/{person}/{name}", PhotoLabel(person, Split(split))

    dataset_id = prepared.refile(services, prepared.SAMPLE, MISFILED, misfile)
    prepared.carry(services, dataset_id, JobKind.TRAIN, TrainRequest().to_json())
    return services.store.dataset(dataset_id)


def click_cell(page: Page, who: str, given: str) -> None:
    """Click the field of the real chart where the row of one person meets the column of another."""
    chart = page.locator(".js-plotly-plot").first
    chart.scroll_into_view_if_needed()
    settle(page)
    place = chart.evaluate(
        """(chart, [who, given]) => {
            const { xaxis, yaxis } = chart._fullLayout, box = chart.getBoundingClientRect();
            const at = (axis, name) => axis._offset + axis.c2p(axis._categories.indexOf(name));
            return [box.left + at(xaxis, given), box.top + at(yaxis, who)];
        }""",
        [who, given],
    )
    page.mouse.move(*place)
    page.mouse.click(*place)


def test_a_misfiled_photo_is_found_corrected_learned_and_compared(learned: App, misfiled: Dataset, page: Page):
    page.goto(f"{learned.url}/evaluate?dataset={misfiled.id}&tab=Confusion")
    expect(page.get_by_text("The one error is elton john taken for madonna")).to_be_visible()
    click_cell(page, "elton john", "madonna")
    expect(page.get_by_text("elton john, taken for madonna: 1 face")).to_be_visible()
    tile = page.locator(".tile")
    expect(tile).to_have_count(1)
    tile.scroll_into_view_if_needed()
    shoot(page, "20-cell")

    tile.focus()
    page.keyboard.press("1")
    expect(page.get_by_text("Moved 1 face from elton john to madonna.")).to_be_visible()
    expect(page.get_by_text("changed since this run")).to_be_visible()
    expect(page.locator(".tile", has_text="madonna")).to_have_count(1)
    shoot(page, "21-stale")

    page.get_by_role("button", name="Train again").click()
    page.get_by_role("button", name="What changed?").click()
    expect(page.get_by_text("Newly right: 1 face")).to_be_visible()
    expect(page.get_by_text("Right for 25 of 25 faces")).to_be_visible()
    expect(page.get_by_text("Both are right for the same 25 of 25 faces.")).to_be_visible()
    expect(page.get_by_text("Moved 1 face from elton john to madonna").last).to_be_visible()
    page.locator(".tile", has_text="madonna").scroll_into_view_if_needed()
    shoot(page, "22-compared")

    page.locator(".tile", has_text="madonna").click()
    expect(page.get_by_role("dialog").get_by_text("Choose a face to name or dismiss it.")).to_be_visible()
    shoot(page, "23-whole-photo")

"""The loop: a photo under the wrong name, found through the confusion matrix, corrected, learned anew, and compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.base.progress import CancelToken
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job
from core.store.job_model import JobKind, JobOwner, JobState
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.photos.requests import IngestRequest
from core.workflows.training.request import TrainRequest
from tests.browser.conftest import App, settle, shoot
from tests.conftest import services_on, write_zip

SHOWN, FILED = "madonna", "elton_john"


@pytest.fixture(scope="module")
def misfiled(app: App, sample_files: dict[str, bytes], engine: OpenVinoEngine, tmp_path_factory) -> str:
    """A trained dataset in whose val folders one photo lies under another person; gives its id."""
    wrong = next(name for name in sample_files if name.startswith(f"val/{SHOWN}/"))
    files = {name: content for name, content in sample_files.items() if name != wrong}
    files[f"val/{FILED}/{Path(wrong).name}"] = sample_files[wrong]
    zipped = write_zip(tmp_path_factory.mktemp("misfiled") / "misfiled.zip", files)
    services = services_on(app.data_dir, engine)
    dataset = services.store.create_dataset("One misfiled", DEFAULT_VECTORS_ID)
    request = IngestRequest(str(zipped), "misfiled.zip")
    for kind, params in ((JobKind.INGEST, request.to_json()), (JobKind.TRAIN, TrainRequest().to_json())):
        job = services.jobs.submit(dataset.id, kind, params, JobOwner.COMMAND_LINE)
        assert run_job(services.jobs, job, job_handlers(services)[kind], CancelToken()) is JobState.DONE
    return dataset.id


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


def test_a_misfiled_photo_is_found_corrected_learned_and_compared(app: App, page: Page, misfiled: str):
    page.goto(f"{app.url}/evaluate?dataset={misfiled}&tab=Confusion")
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

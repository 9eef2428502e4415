"""The main journey of somebody whose database is on a PostgreSQL server: from photos to a name, then the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.store.job_model import JobKind, JobState
from tests.browser import test_journey
from tests.browser.conftest import settle
from tests.browser.test_journey import drop_on_page, main_button, val_photo
from tests.conftest import new_data_dir
from tests.postgresql import running_server
from tests.serving import App, serve

__all__ = ["val_photo"]


@pytest.fixture(scope="module")
def app(prepared_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on an empty data folder and an empty database of a server."""
    environment = {"FACE_ATLAS_DATABASE_URL": running_server().new_database("template0")}
    folder = new_data_dir(prepared_models, tmp_path_factory.mktemp("browser") / "data")
    with serve(folder, environment=environment) as running:
        yield running


def test_dropped_photos_are_taken_into_the_database_of_the_server(app: App, page: Page, sample_zip: Path):
    """What a worker that is killed leaves there is tested without a browser (``tests/faults/test_database_server``)."""
    page.goto(app.url)
    main_button(page, "Look at the sample").wait_for()
    settle(page)
    drop_on_page(page, sample_zip)
    main_button(page, "Start").click()
    expect(page.get_by_text("new photos")).to_be_visible()
    services = app.open_services()
    (job,) = [job for job in services.jobs.jobs() if job.kind is JobKind.INGEST]
    assert job.state is JobState.DONE
    assert services.store.counts(job.dataset_id).photos == len(services.store.reported(job.id)) == 118


def test_the_journey_goes_on_to_a_name(app: App, page: Page, val_photo: Path):
    test_journey.test_from_the_sample_to_a_name(app, page, val_photo)
    test_journey.test_what_is_circled_on_the_map_is_renamed_and_taken_back(app, page)
    test_journey.test_erasing_the_dataset_asks_once(app, page)
    assert not (app.data_dir / "atlas.db").exists(), "nothing was written into a file of the data folder"

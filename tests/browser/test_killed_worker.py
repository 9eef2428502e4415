"""The worker dies in the middle of an ingest: the page says so, and resume finishes the work."""

from __future__ import annotations

import os
import signal
import time

from playwright.sync_api import Page, expect

from core.base.settings import Settings
from core.services import Services
from tests.browser.conftest import App, shoot


def wait_until_begun(services: Services) -> None:
    """Until a batch is written and others are to come."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if any(16 <= job.done < 100 for job in services.jobs.jobs()):
            return
        time.sleep(0.05)
    raise AssertionError("the ingest did not begin, or ended too soon to be killed")


def test_a_killed_worker_is_told_and_its_work_resumed(app: App, page: Page):
    page.goto(app.url)
    page.get_by_role("button", name="Use the sample").click()
    services = Services(Settings(app.data_dir))
    wait_until_begun(services)
    os.kill(app.worker_pid(), signal.SIGKILL)

    expect(page.get_by_text("Taking photos: interrupted")).to_be_visible()
    shoot(page, "07-interrupted")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("new photos")).to_be_visible()

    (dataset,) = services.store.datasets()
    counts = services.store.counts(dataset.id)
    assert (counts.photos, counts.people) == (118, 5)
    assert counts.faces >= 117
    (job,) = services.jobs.jobs(dataset.id)
    assert len(services.store.reported(job.id)) == 118

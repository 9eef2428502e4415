"""The dock: what runs on every page but the one that shows it itself, and for a while what has come of it."""

from __future__ import annotations

import time
from dataclasses import replace

from core.store.job_model import Job, JobKind, JobState
from core.ui import menu, state
from core.ui.shell import dock
from tests.pages.conftest import button, work


def links(app) -> list[str]:
    """What the links on a page say."""
    return [link.proto.label for link in app.get("page_link")]


def test_what_runs_is_said_on_every_page_but_the_one_that_follows_it(trained, open_page):
    (dataset,) = trained.store.datasets()
    trained.jobs.submit(dataset.id, JobKind.TRAIN, {})
    said = f"Training ({dataset.name})"
    assert said in "\n".join(links(open_page(menu.ABOUT)))
    assert said not in "\n".join(links(open_page(menu.TRAIN, dataset=dataset.id)))
    trained.jobs.submit(dataset.id, JobKind.SUSPECTS, {})
    assert f"{said}; 1 more waits" in links(open_page(menu.TRAIN, dataset=dataset.id)), "what else waits is news there"


def test_what_has_come_of_it_is_news_for_a_while_and_not_where_it_is_shown(trained, open_page, monkeypatch):
    (dataset,) = trained.store.datasets()
    job = trained.jobs.submit(dataset.id, JobKind.SUSPECTS, {})
    app = open_page(menu.ABOUT)
    assert [ended.state for ended in work(trained)] == [JobState.DONE]
    assert "See what came of it" in links(app.run())
    app.switch_page(menu.SUSPECTS).run()
    assert "See what came of it" not in links(app)
    for page in (menu.ABOUT, menu.JOBS):
        app.session_state[state.FOLLOWED] = [job.id]
        app.switch_page(page).run()
        assert "See what came of it" in links(app)
    button(app, "Dismiss").click().run()
    assert "See what came of it" not in links(app)
    app.session_state[state.FOLLOWED] = [job.id]
    now = time.time()
    monkeypatch.setattr(dock.time, "time", lambda: now + dock.NEWS_S)
    assert "See what came of it" not in links(app.run())


def test_what_was_stopped_stays_until_somebody_has_seen_it(trained, open_page, monkeypatch):
    (dataset,) = trained.store.datasets()
    job = trained.jobs.submit(dataset.id, JobKind.SUSPECTS, {})
    app = open_page(menu.ABOUT)
    trained.jobs.cancel(job.id)
    assert trained.jobs.job(job.id).state is JobState.CANCELLED
    now = time.time()
    monkeypatch.setattr(dock.time, "time", lambda: now + 100 * dock.NEWS_S)
    assert "See why" in links(app.run())


def test_it_is_drawn_less_often_while_work_takes_minutes_yet():
    now = time.time()
    begun = Job("1", "a", JobKind.INGEST, JobState.RUNNING, {}, now - 100, started=now - 100, heartbeat=now, total=1000)
    assert dock.find_poll_interval([]) is None
    assert dock.find_poll_interval([begun]) == dock.POLL, "nobody can tell how long it takes"
    assert dock.find_poll_interval([replace(begun, done=100)]) == "15s"
    assert dock.find_poll_interval([replace(begun, done=500)]) == "5s"
    assert dock.find_poll_interval([replace(begun, done=900)]) == dock.POLL

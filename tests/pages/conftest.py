"""Pages as AppTest sees them: the whole app on a data folder of its own, with a worker that runs when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from core.base.progress import CancelToken
from core.corrections.model import Editor
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job
from core.services import Services
from core.store.job_model import Job
from core.store.values.datasets import Dataset
from core.ui import data as ui_data
from core.ui.audit import recording
from core.ui.menu import ENTRIES
from core.vision.engine.openvino import OpenVinoEngine
from core.workflows.labels.correct import Corrector
from tests import prepared
from tests.conftest import new_data_dir
from tests.waiting import LONGEST_S

ROOT = Path(__file__).parents[2]
ADDRESSES = {entry.script: entry.address for entry in ENTRIES}


@pytest.fixture(scope="session", autouse=True)
def cheap_page_runs() -> Iterator[None]:
    """Without what costs every run of a page up to a second and no test is about.

    Each new AppTest reads about every installed package whether it brings a component. Around each run Streamlit
    collects garbage among everything that the process has loaded, and has Keras, where that is loaded, do it again: the
    app never loads it, but tests of the networks do.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
        st.config.set_option("runner.postScriptGC", False)
        yield


@pytest.fixture
def app_data(models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: OpenVinoEngine) -> Services:
    """The services of the app under test, on an empty data folder."""
    return app_services(new_data_dir(models_dir, tmp_path / "data"), monkeypatch, engine)


@pytest.fixture
def with_sample(
    prepared_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: OpenVinoEngine
) -> Services:
    """The app's services on an empty data folder, with the sample prepared."""
    return app_services(new_data_dir(prepared_models, tmp_path / "data"), monkeypatch, engine)


@pytest.fixture
def trained(sample_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: OpenVinoEngine) -> Services:
    """The app's services on a copy of the trained sample."""
    return app_services(prepared.copy(sample_dir, tmp_path / "data"), monkeypatch, engine)


def app_services(folder: Path, patch: pytest.MonkeyPatch, engine: OpenVinoEngine) -> Services:
    patch.setenv("FACE_ATLAS_DATA", str(folder))
    patch.setenv("FACE_ATLAS_WORKER", "external")
    patch.setitem(st.config.get_config_options()["client.showErrorDetails"].__dict__, "value", "full")
    st.cache_resource.clear()
    st.cache_data.clear()
    services = ui_data.services()
    services.__dict__["engine"] = engine
    return services


def work(services: Services) -> list[Job]:
    """Run what is queued, as the worker would."""
    known = job_handlers(services)
    ended = []
    while job := services.jobs.claim():
        run_job(services.jobs, job, known[job.kind], CancelToken())
        ended.append(services.jobs.job(job.id))
    return ended


def app_at(page: str) -> AppTest:
    """The app at the address of a page, as a bookmark opens it; nothing of it has run."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=LONGEST_S)
    # What ``switch_page`` sets, which knows the addresses of pages only after another one was drawn.
    app._page_hash = calc_hash(ADDRESSES[page])
    return app


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """Open a page of the app by its file, with query parameters."""

    def opened(page: str, /, **query: str) -> AppTest:
        app = app_at(page)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, app.exception
        return app

    return opened


EVALUATE = "pages/model/evaluate.py"


def open_tab(open_page: Callable[..., AppTest], tab: str, **query: str) -> AppTest:
    """A tab of the evaluation, opened."""
    app = open_page(EVALUATE, **query)
    app.session_state["tab"] = tab
    app.run()
    assert not app.exception, app.exception
    return app


def texts(app: AppTest) -> str:
    """Everything that a page says in words."""
    parts = [*app.title, *app.markdown, *app.caption, *app.header, *app.error, *app.warning, *app.info, *app.success]
    return "\n".join(str(part.value) for part in parts)


def button(app: AppTest, label: str):
    """The button with this label."""
    return next(found for found in app.button if found.label == label)


def open_explanations(app: AppTest) -> AppTest:
    """Open every "How is this computed?" of the page: what they hold is drawn only then."""
    assert not app.table
    for key in app.session_state._state.filtered_state:
        if key.startswith("explain_"):
            app.session_state[key] = True
    app.run()
    assert not app.exception, app.exception
    return app


def corrector_of(services: Services, dataset: Dataset) -> Corrector:
    """Somebody in the sitting "this one"."""
    return Corrector(services.store, services.log, dataset.id, Editor(recording.THIS_COMPUTER, "this one"))

"""The jobs page and the about page."""

from __future__ import annotations

from core.store.job_model import JobKind
from tests.pages.conftest import texts


def test_jobs_with_nothing_done_yet_lead_on(app_data, open_page):
    assert "No work has been done yet." in texts(open_page("pages/system/jobs.py"))


def test_jobs_lists_what_ended_and_what_runs(trained, open_page):
    (dataset,) = trained.store.datasets()
    job = trained.jobs.submit(dataset.id, JobKind.TRAIN, {})
    app = open_page("pages/system/jobs.py")
    assert len(app.dataframe[0].value) == 2
    assert app.button(key=f"cancel_{job.id}")


def test_about_tells_engine_models_and_versions(trained, open_page):
    app = open_page("pages/system/about.py")
    assert "openvino" in texts(app)
    installed = app.dataframe[0].value.set_index("Name")["Installed"]
    assert (installed["mtcnn"], installed["facenet-128"], installed["facenet-512-casia"]) == ("yes", "yes", "no")
    assert "streamlit" in set(app.dataframe[2].value["Package"])

"""The page that takes photos: nothing yet, wrong input, work in progress, work failed, and the report."""

from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image

from core.jobs.handlers import IngestRequest
from core.jobs.model import JobKind, JobState
from core.store.base import Outcome
from tests.pages.conftest import button, texts, work

INGEST = "pages/data/ingest.py"


def a_zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_without_a_dataset_the_page_leads_home(app_data, open_page):
    app = open_page(INGEST)
    assert "There is no dataset yet." in texts(app)
    assert button(app, "Start with your photos or the sample")


def test_an_empty_dataset_takes_the_sample(app_data, open_page):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    app = open_page(INGEST)
    button(app, "Use the sample").click().run()
    assert not app.exception
    assert app_data.jobs.jobs(dataset.id)[0].state is JobState.QUEUED
    (ended,) = work(app_data)
    assert ended.state is JobState.DONE
    said = texts(open_page(INGEST, dataset=dataset.id))
    assert "118 new photos" in said
    assert "learn the people" in said


def test_an_upload_is_previewed_and_started(app_data, open_page, sample_files):
    app_data.store.create_dataset("Family", "facenet-128")
    first, second = list(sample_files.values())[:2]
    upload = a_zip({"Ann/1.jpg": first, "Ann/2.jpg": second, "Ann/notes.txt": b"no photo"})
    app = open_page(INGEST)
    app.get("file_uploader")[0].upload("family.zip", upload, "application/zip").run()
    assert not app.exception
    said = texts(app)
    assert "family.zip" in said
    assert "2 photos" in said
    assert "1 file in it cannot be taken" in said
    button(app, "Start").click().run()
    (ended,) = work(app_data)
    assert ended.result["photos"] == 2
    assert list(app_data.settings.uploads_dir.iterdir()) == [], "the copy of the upload goes when it is taken"
    refused = app_data.store.file_reports(ended.id, [Outcome.REFUSED])
    assert [line.name for line in refused] == ["Ann/notes.txt"]


def test_a_file_that_is_no_zip_is_refused_in_words_and_forgotten(app_data, open_page):
    app_data.store.create_dataset("Family", "facenet-128")
    app = open_page(INGEST)
    app.get("file_uploader")[0].upload("family.zip", b"not a zip at all", "application/zip").run()
    assert not app.exception
    assert app.error, texts(app)
    assert not [entry for entry in app.button if entry.label == "Start"]
    assert list(app_data.settings.uploads_dir.iterdir()) == []


def test_an_empty_zip_says_what_to_do(app_data, open_page):
    app_data.store.create_dataset("Family", "facenet-128")
    app = open_page(INGEST)
    app.get("file_uploader")[0].upload("family.zip", a_zip({}), "application/zip").run()
    assert "There are no photos in family.zip" in texts(app)


def test_a_zip_in_the_inbox_can_be_chosen(app_data, open_page):
    app_data.store.create_dataset("Family", "facenet-128")
    (app_data.settings.inbox_dir / "box.zip").write_bytes(app_data.sample_zip().read_bytes())
    app = open_page(INGEST)
    app.selectbox(key="inbox").select("box.zip").run()
    assert not app.exception
    assert "train 93, val 25, 5 people" in texts(app)


def test_work_in_progress_shows_its_rate_and_can_be_cancelled(app_data, open_page):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    job = app_data.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest("box.zip", "box.zip").params())
    app_data.jobs.claim()
    app_data.jobs.beat(job.id, 40, 118, "Looking for faces")
    app = open_page(INGEST)
    app.button(key=f"cancel_{job.id}").click().run()
    assert not app.exception
    assert app_data.jobs.job(job.id).cancel_requested


def test_an_interrupted_ingest_says_so_and_is_resumed(app_data, open_page):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    request = IngestRequest(str(app_data.sample_zip()), "the sample")
    job = app_data.jobs.submit(dataset.id, JobKind.INGEST, request.params())
    app_data.jobs.claim()
    app_data.jobs.locks.release(job.id)  # as the system does when the worker dies
    app = open_page(INGEST)
    assert "interrupted" in texts(app)
    app.button(key=f"resume_{job.id}").click().run()
    (ended,) = work(app_data)
    assert (ended.state, ended.result["photos"]) == (JobState.DONE, 118)


def test_a_failed_ingest_says_why(app_data, open_page):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    app_data.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest("gone.zip", "gone.zip").params())
    work(app_data)
    assert "'gone.zip' is not there any more" in texts(open_page(INGEST))


@pytest.mark.parametrize(
    ("folder", "advice"),
    [
        ("Ann/", "Only one person has a name."),
        ("", "These faces have no names yet."),
    ],
    ids=["one person", "loose photos"],
)
def test_what_cannot_be_learned_yet_gets_advice(app_data, open_page, sample_files, folder, advice):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    archive = app_data.settings.inbox_dir / "box.zip"
    archive.write_bytes(a_zip({f"{folder}1.jpg": next(iter(sample_files.values()))}))
    app_data.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest(str(archive), "box.zip").params())
    work(app_data)
    assert advice in texts(open_page(INGEST))


def test_photos_without_a_face_get_advice(app_data, open_page):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    buffer = io.BytesIO()
    Image.new("RGB", (200, 200), "navy").save(buffer, "JPEG")
    archive = app_data.settings.inbox_dir / "box.zip"
    archive.write_bytes(a_zip({"Ann/1.jpg": buffer.getvalue()}))
    app_data.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest(str(archive), "box.zip").params())
    work(app_data)
    said = texts(open_page(INGEST))
    assert "No face was found in these photos." in said
    assert "1 photo has no face that could be found" in said

"""The page that takes photos: nothing yet, wrong input, work in progress, work failed, and the report."""

from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image

from core.store.job_model import JobKind, JobState
from core.store.values.datasets import FileOutcome
from core.workflows.photos.requests import IngestRequest
from tests.pages.conftest import button, texts, work

INGEST = "pages/data/ingest.py"
N_PHOTOS = 20


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
    assert ended.params["answer"]
    app = open_page(INGEST, dataset=dataset.id)
    assert "118 new photos" in texts(app)
    assert not app.dataframe, "where nothing was wrong, no file is listed unasked"
    button(app, "Train").click().run()
    assert app.title[0].value == "Train"


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
    refused = app_data.store.file_reports(ended.id, [FileOutcome.REFUSED])
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
    job = app_data.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest("box.zip", "box.zip").to_json())
    app_data.jobs.claim()
    app_data.jobs.beat(job.id, 40, 118, "Looking for faces")
    app = open_page(INGEST)
    app.button(key=f"cancel_{job.id}").click().run()
    assert not app.exception
    assert app_data.jobs.job(job.id).cancel_requested


def test_an_interrupted_ingest_says_so_and_is_resumed(app_data, open_page, sample_files):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    archive = app_data.settings.inbox_dir / "box.zip"
    archive.write_bytes(a_zip(dict(list(sample_files.items())[:N_PHOTOS])))
    request = IngestRequest(str(archive), "box.zip")
    job = app_data.jobs.submit(dataset.id, JobKind.INGEST, request.to_json())
    app_data.jobs.claim()
    app_data.jobs.locks.release(job.id)  # as the system does when the worker dies
    app = open_page(INGEST)
    assert "interrupted" in texts(app)
    app.button(key=f"resume_{job.id}").click().run()
    (ended,) = work(app_data)
    assert (ended.state, ended.result["photos"]) == (JobState.DONE, N_PHOTOS)


def test_a_failed_ingest_says_why(app_data, open_page):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    app_data.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest("gone.zip", "gone.zip").to_json())
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
    app_data.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest(str(archive), "box.zip").to_json())
    work(app_data)
    assert advice in texts(open_page(INGEST))


def test_photos_without_a_face_get_advice(app_data, open_page):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    buffer = io.BytesIO()
    Image.new("RGB", (200, 200), "navy").save(buffer, "JPEG")
    archive = app_data.settings.inbox_dir / "box.zip"
    archive.write_bytes(a_zip({"Ann/1.jpg": buffer.getvalue()}))
    app_data.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest(str(archive), "box.zip").to_json())
    work(app_data)
    app = open_page(INGEST)
    said = texts(app)
    assert "No face in 1 photo" in said
    assert "No face was found in these photos." in said
    assert "1 photo has no face that could be found" in said
    assert list(app.dataframe[0].value["file"]) == ["Ann/1.jpg"], "the table opens on what went wrong"


# what is dropped


def give(app, *files: tuple[str, bytes]):
    """Drop files; a name with folders is one of a dropped folder."""
    app.get("file_uploader")[0].set_value([(name, content, "") for name, content in files]).run()
    assert not app.exception, app.exception
    return app


def start(app, services) -> list:
    """Press Start, and do what was queued."""
    button(app, "Start").click().run()
    assert not app.exception, app.exception
    return work(services)


def test_two_photos_of_one_name_are_both_taken(app_data, open_page, sample_files):
    app_data.store.create_dataset("Family", "facenet-128")
    first, second, third = list(sample_files.values())[:3]
    app = give(open_page(INGEST), ("IMG_1.jpg", first), ("IMG_1.jpg", second), ("img_1.JPG", third))
    assert "**3 files**: 3 photos" in texts(app)
    (ended,) = start(app, app_data)
    lines = app_data.store.file_reports(ended.id)
    assert [line.name for line in lines] == ["IMG_1 (2).jpg", "IMG_1.jpg", "img_1 (3).JPG"]
    assert ended.result["photos"] == 3


def test_several_zips_are_taken_one_after_another_each_with_its_report(app_data, open_page, sample_files):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    first, second, third = list(sample_files.values())[:3]
    zips = ("ann.zip", a_zip({"Ann/1.jpg": first})), ("ben.zip", a_zip({"Ben/1.jpg": second}))
    app = give(open_page(INGEST), *zips, ("loose.jpg", third), ("notes.txt", b"no photo"))
    said = texts(app)
    assert "**ann.zip**: 1 photo" in said
    assert "**ben.zip**: 1 photo" in said
    assert "**2 files**: 1 photo" in said
    ended = start(app, app_data)
    assert [(job.params["title"], job.result["photos"]) for job in ended] == [
        ("ann.zip", 1),
        ("ben.zip", 1),
        ("2 files", 1),
    ]
    assert {person.name for person in app_data.store.people(dataset.id)} == {"Ann", "Ben"}
    assert list(app_data.settings.uploads_dir.iterdir()) == []
    app = open_page(INGEST)
    chooser = next(box for box in app.selectbox if box.label == "The report of")
    assert [option.partition(",")[0] for option in chooser.options] == ["2 files", "ben.zip", "ann.zip"]
    chooser.select_index(2).run()
    app.pills[0].select(FileOutcome.TAKEN).run()
    assert not app.exception
    assert list(app.dataframe[0].value["file"]) == ["Ann/1.jpg"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("box.rar", b"Rar!\x1a\x07\x01\x00", "a RAR archive"),
        ("box.7z", b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        ("box.docx", b"PK\x03\x04 [Content_Types].xml word/", "a Word document"),
        ("box.mp4", b"\0\0\0\x20ftypisom", "an MP4 film"),
    ],
)
def test_what_is_no_photo_is_refused_in_words_on_the_page(app_data, open_page, name, content, reason):
    app_data.store.create_dataset("Family", "facenet-128")
    app = give(open_page(INGEST), (name, content))
    assert f"There are no photos in {name}" in texts(app)
    (line,) = [line.value for line in app.text]
    assert line.startswith(f"{name}: ")
    assert reason in line
    assert not [entry for entry in app.button if entry.label == "Start"]
    assert list(app_data.settings.uploads_dir.iterdir()) == []


def test_a_dropped_folder_keeps_its_folders_and_stays_where_it_was_put(app_data, open_page, sample_files):
    app_data.store.create_dataset("Family", "facenet-128")
    first, second = list(sample_files.values())[:2]
    inside = ("Box/Ann/1.jpg", first), ("Box/Ben/../Ben/1.jpg", second), ("Box/Ben/Thumbs.db", b"")
    app = give(open_page(INGEST), *inside, ("Box\\Ann\\a\x00b.jpg", second), ("Box/Ann/" + "x" * 300 + ".jpg", first))
    said = texts(app)
    assert "**Box**: 4 photos, 2 people" in said
    assert "People are the folders inside Box." in said
    (ended,) = start(app, app_data)
    assert [line.name for line in app_data.store.file_reports(ended.id)][:2] == ["Box/Ann/1.jpg", "Box/Ann/a_b.jpg"]


def test_more_than_may_be_given_at_once_is_refused_in_words(app_data, open_page, monkeypatch):
    monkeypatch.setattr("core.ui.photos.uploads.MOST_UPLOAD_BYTES", 150)
    app_data.store.create_dataset("Family", "facenet-128")
    app = give(open_page(INGEST), ("1.jpg", bytes(100)), ("2.jpg", bytes(100)))
    assert [error.value.split(";")[0] for error in app.error] == ["What you gave has 200 bytes in all"]
    assert list(app_data.settings.uploads_dir.iterdir()) == []


def test_the_names_of_a_zip_are_shown_with_their_code_page_and_another_can_be_chosen(app_data, open_page, sample_files):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    content = a_zip({"Zo#/1.jpg": next(iter(sample_files.values()))}).replace(b"Zo#", "Zoë".encode("cp1252"))
    app = give(open_page(INGEST), ("box.zip", content))
    assert "People: Zoë." in texts(app)
    chooser = next(box for box in app.selectbox if box.label == "The names in this zip are written in")
    assert "Windows 1252 (Western Europe): Zoë" in chooser.options
    chooser.select("cp1257").run()
    assert not app.exception
    assert "People: Zoė." in texts(app)
    start(app, app_data)
    assert [person.name for person in app_data.store.people(dataset.id)] == ["Zoė"]


@pytest.mark.parametrize("answer", [True, False])
def test_whether_the_answer_follows_is_said_in_the_options_and_remembered(app_data, open_page, sample_files, answer):
    app_data.store.create_dataset("Family", "facenet-128")
    app = give(open_page(INGEST), ("1.jpg", next(iter(sample_files.values()))))
    if not answer:
        app.toggle(key="answer").set_value(False).run()
    (ended,) = start(app, app_data)
    assert IngestRequest.of(ended).answer is answer


def test_how_folders_are_read_is_shown_and_can_be_said_otherwise(app_data, open_page, sample_files):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    first, second = list(sample_files.values())[:2]
    app = give(open_page(INGEST), ("box.zip", a_zip({"train/Ann/1.jpg": first, "dev/Ann/2.jpg": second})))
    assert "Read as sides of the test, not as people: train to learn from; dev to test with." in texts(app)
    chooser = next(box for box in app.selectbox if box.label == "How folders are read")
    chooser.select("1").run()
    assert "People: dev, train." in texts(app)
    start(app, app_data)
    assert {person.name for person in app_data.store.people(dataset.id)} == {"train", "dev"}


@pytest.mark.parametrize("are_strangers", [True, False])
def test_a_folder_of_strangers_is_asked_about_and_never_a_person_in_silence(
    app_data, open_page, sample_files, are_strangers
):
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    first, second = list(sample_files.values())[:2]
    app = give(open_page(INGEST), ("box.zip", a_zip({"Ann/1.jpg": first, "unbekannt/2.jpg": second})))
    assert "Read as strangers, nobody to name: unbekannt (1 photo)." in texts(app)
    toggle = next(toggle for toggle in app.toggle if toggle.label.startswith("Its unknown folder"))
    assert toggle.value
    if not are_strangers:
        toggle.set_value(False).run()
        assert "People: Ann, unbekannt." in texts(app)
    (ended,) = start(app, app_data)
    table = app_data.store.face_table(dataset.id)
    assert set(table.people) == ({"Ann"} if are_strangers else {"Ann", "unbekannt"})
    assert table.strangers.sum() == ended.result["strangers"] == (1 if are_strangers else 0)
    assert app_data.store.counts(dataset.id).unnamed_faces == 0


def test_a_job_that_an_earlier_version_stored_is_still_read():
    stored = {"path": "box.zip", "title": "box.zip", "policy": "largest", "folders_are_people": False}
    request = IngestRequest.from_json(stored)
    assert (request.folders, request.zip_names, request.folders_are_people) == ("auto", "", False)

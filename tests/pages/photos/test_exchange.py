"""Export and import: what can be taken, what can be brought in, what is refused, and the way back."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from core.base.types import Box
from core.corrections.model import Editor
from core.formats import xmp
from core.formats.signed_zip import SIGNATURE_NAME
from core.formats.xmp import Region, Sidecar
from core.jobs.startup import sweep_uploads
from core.store.artifacts import ArtifactKind as FileKind
from core.store.job_model import JobKind, JobState
from core.ui.photos import exports as exports_ui
from core.workflows.exchange.export import ExportKind, ExportRequest, export_path
from core.workflows.labels.correct import Corrector
from tests.pages.conftest import button, texts, work
from tests.stored_faces import add_faces

EXCHANGE = "pages/data/exchange.py"
EDITOR = Editor("Ann", "a sitting")


@pytest.fixture
def family(app_data):
    return add_faces(app_data, "Family", {"Ann": 3, "Bob": 2, None: 1})


def names(services, dataset) -> dict[str, str | None]:
    table = services.store.face_table(dataset.id)
    return {face_id: table.person(row) for row, face_id in enumerate(table.face_ids)}


def made(services, dataset, what: ExportKind) -> Path:
    """An export, as the worker makes it."""
    services.jobs.submit(dataset.id, JobKind.EXPORT, ExportRequest(what).to_json())
    (job,) = work(services)
    assert job.state is JobState.DONE, job.error
    return export_path(services.settings.exports_dir, dataset.id, job.id)


def drop(app, name: str, content: bytes):
    app.get("file_uploader")[0].upload(name, content, "application/octet-stream").run()
    assert not app.exception, app.exception
    return app


def press(app, label: str):
    button(app, label).click().run()
    assert not app.exception, app.exception
    return app


def has(app, label: str) -> bool:
    return any(entry.label == label for entry in app.button)


def downloads(app) -> list[str]:
    return [entry.label for entry in app.get("download_button")]


def member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


# taking out


def test_an_empty_dataset_has_nothing_to_export_and_leads_to_photos(app_data, open_page):
    app_data.store.create_dataset("Family", "facenet-128")
    app = open_page(EXCHANGE)
    assert "There is nothing to export yet." in texts(app)
    assert has(app, "Add photos") and not has(app, "Export")


def test_an_export_is_made_downloaded_and_deleted(app_data, open_page, family):
    app = open_page(EXCHANGE)
    assert not downloads(app)
    app.radio(key=f"export_what_{family.id}").set_value(ExportKind.FACES).run()
    press(app, "Export")
    (job,) = work(app_data)
    assert (job.state, job.result["faces"]) == (JobState.DONE, 6)
    app = open_page(EXCHANGE)
    assert "**Table of faces**" in texts(app) and "6 faces in the table" in texts(app)
    assert downloads(app) == ["Download"]
    press(app, "Delete")
    assert not downloads(app)
    assert not export_path(app_data.settings.exports_dir, family.id, job.id).exists()


def test_a_large_export_says_where_it_lies(app_data, open_page, family, monkeypatch):
    path = made(app_data, family, ExportKind.LOG)
    monkeypatch.setattr(exports_ui, "LARGEST_DOWNLOAD_BYTES", 10)
    app = open_page(EXCHANGE)
    assert not downloads(app)
    assert [entry.value for entry in app.code] == [str(path)]


def test_a_bundle_needs_a_training(app_data, open_page, family):
    app = open_page(EXCHANGE)
    app.radio(key=f"export_what_{family.id}").set_value(ExportKind.BUNDLE).run()
    assert "Nothing was trained yet." in texts(app)
    assert button(app, "Export").disabled


def test_work_in_progress_can_be_cancelled_and_is_not_started_twice(app_data, open_page, family):
    job = app_data.jobs.submit(family.id, JobKind.EXPORT, ExportRequest().to_json())
    app_data.jobs.claim()
    app = open_page(EXCHANGE)
    assert button(app, "Export").disabled
    app.button(key=f"cancel_{job.id}").click().run()
    assert app_data.jobs.job(job.id).cancel_requested


def test_an_interrupted_export_is_resumed_and_whole(app_data, open_page, family):
    job = app_data.jobs.submit(family.id, JobKind.EXPORT, ExportRequest(ExportKind.FACES).to_json())
    app_data.jobs.claim()
    app_data.jobs.locks.release(job.id)  # as the system does when the worker dies
    app = open_page(EXCHANGE)
    assert "interrupted" in texts(app)
    app.button(key=f"resume_{job.id}").click().run()
    work(app_data)
    with zipfile.ZipFile(export_path(app_data.settings.exports_dir, family.id, job.id)) as archive:
        assert archive.testzip() is None and "faces.csv" in archive.namelist()


def test_a_failed_export_says_why(app_data, open_page, family):
    app_data.jobs.submit(family.id, JobKind.EXPORT, ExportRequest(ExportKind.PHOTOS).to_json())
    (job,) = work(app_data)  # these faces have no photos on disk
    assert job.state is JobState.FAILED
    assert "failed" in texts(open_page(EXCHANGE))


def test_one_persons_photos_are_exported_from_their_page(trained, open_page):
    (dataset,) = trained.store.datasets()
    person = trained.store.people(dataset.id)[0]
    app = press(open_page("pages/data/people.py", person=str(person.id)), "Export photos")
    (job,) = work(trained)
    with zipfile.ZipFile(export_path(trained.settings.exports_dir, dataset.id, job.id)) as archive:
        inside = [name for name in archive.namelist() if name != SIGNATURE_NAME]
    assert len(inside) == person.faces
    assert {Path(name).parent.name for name in inside} == {person.name}
    app = open_page(EXCHANGE)
    assert f"Photos of {person.name.replace('_', ' ')}" in texts(app)


# bringing in


def test_a_log_is_described_taken_and_undone(app_data, open_page, family):
    mine = Corrector(app_data.store, app_data.log, family.id, EDITOR)
    face = next(face for face, name in names(app_data, family).items() if name == "Ann")
    mine.move([face], "Cleo")
    log = member(made(app_data, family, ExportKind.LOG), "log.jsonl")
    mine.undo_session()
    before = names(app_data, family)
    app = drop(open_page(EXCHANGE), "log.jsonl", log)
    assert "A log of 1 correction; 1 of the 1 photo" in texts(app)
    assert names(app_data, family) == before, "nothing is taken before it is asked for"
    press(app, "Bring it in")
    (job,) = work(app_data)
    assert job.state is JobState.DONE, job.error
    assert names(app_data, family)[face] == "Cleo"
    assert list(app_data.settings.uploads_dir.iterdir()) == [], "the copy of the upload goes when it is taken"
    app = open_page(EXCHANGE)
    assert "1 correction was repeated" in texts(app)
    press(app, "Undo the import")
    assert names(app_data, family) == before
    assert "It was undone." in texts(app) and not has(app, "Undo the import")


def test_sidecars_give_names_and_those_that_cannot_be_used_are_told_by_name(app_data, open_page, family):
    face = app_data.store.faces(family.id, [f for f, name in names(app_data, family).items() if name is None])[0]
    photo, _ = app_data.store.photo(family.id, face.photo_id)
    app_data.artifacts.put(family.id, FileKind.PHOTO, photo.id, b"a photo")
    regions = (Region(Box(0.1, 0.1, 0.6, 0.7), "Zoe"),)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.jpg.xmp", xmp.encode_sidecar(Sidecar((100, 100), regions, photo.id)))
        archive.writestr("b.jpg.xmp", xmp.encode_sidecar(Sidecar((300, 100), regions, photo.id)))
    app = drop(open_page(EXCHANGE), "names.zip", zipped.getvalue())
    assert "2 XMP sidecars" in texts(app)
    press(app, "Bring it in")
    work(app_data)
    assert names(app_data, family)[face.id] == "Zoe"
    app = open_page(EXCHANGE)
    assert "1 file was read: 1 face got a name." in texts(app)
    assert "1 file refused" in [entry.label for entry in app.expander]
    (table,) = app.dataframe
    assert table.value["What"].tolist() == ["b.jpg.xmp"] and "300 x 100" in table.value["Why"][0]
    press(app, "Undo the import")
    assert names(app_data, family)[face.id] is None


def test_vectors_of_another_model_are_refused_before_anything_starts(app_data, open_page, family):
    vectors = member(made(app_data, family, ExportKind.EMBEDDINGS), "embeddings.npz")
    app = drop(open_page(EXCHANGE), "embeddings.npz", vectors)
    assert "6 of them are of faces in this dataset" in texts(app)
    other = app_data.store.create_dataset("Other", "facenet-512")
    app = drop(open_page(EXCHANGE, dataset=other.id), "embeddings.npz", vectors)
    assert "It belongs to photos, and 'Other' holds none." in texts(app)
    add_faces(app_data, "Other", {"Ann": 1})
    app = drop(open_page(EXCHANGE, dataset=other.id), "embeddings.npz", vectors)
    assert "and 'Other' uses 'facenet-512" in texts(app)
    assert button(app, "Bring it in").disabled


def test_a_whole_export_offers_each_of_its_parts(app_data, open_page, family):
    services, before = app_data, app_data.store.embeddings(family.id)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("log.jsonl", member(made(services, family, ExportKind.LOG), "log.jsonl"))
        vectors = made(services, family, ExportKind.EMBEDDINGS)
        for name in ("embeddings.npz", "embeddings.parquet"):
            archive.writestr(name, member(vectors, name))
        archive.writestr("photos/Ann/1.jpg", b"a photo")
    app = drop(open_page(EXCHANGE), "all.zip", content.getvalue())
    choice = app.radio(key="arrival_part")
    assert choice.options == ["A correction log", "Embeddings"]
    choice.set_value(choice.options[1]).run()
    press(app, "Bring it in")
    (job,) = work(services)
    assert job.result == {"taken": 0, "unchanged": 6, "unknown": 0}
    assert (services.store.embeddings(family.id).vectors == before.vectors).all()
    assert "6 vectors were the same as here." in texts(open_page(EXCHANGE))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("photos.zip", {"Ann/1.jpg": b"x"}, "nothing in 'photos.zip' that can be brought in"),
        ("cut.zip", b"PK\x03\x04 cut off", "damaged or cut-off"),
    ],
)
def test_a_wrong_file_is_refused_in_words_and_forgotten(app_data, open_page, family, name, content, reason):
    if isinstance(content, dict):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for each, inside in content.items():
                archive.writestr(each, inside)
        content = buffer.getvalue()
    app = drop(open_page(EXCHANGE), name, content)
    assert reason in texts(app) and not has(app, "Bring it in")
    assert list(app_data.settings.uploads_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("log.jsonl", b'{"format": "other"}', "This is no correction log"),
        ("e.npz", b"no arrays", "e.npz"),
        ("a.bundle.zip", None, "was changed or damaged"),
    ],
)
def test_what_cannot_be_used_says_why_and_cannot_be_started(trained, open_page, name, content, reason):
    (dataset,) = trained.store.datasets()
    if content is None:
        path = made(trained, dataset, ExportKind.BUNDLE)
        changed = bytearray(path.read_bytes())
        changed[60] ^= 1
        content = bytes(changed)
    app = drop(open_page(EXCHANGE), name, content)
    assert reason in texts(app)
    assert button(app, "Bring it in").disabled
    press(app, "Leave it")
    assert not has(app, "Bring it in") and list(trained.settings.uploads_dir.iterdir()) == []


def test_a_bundle_becomes_a_dataset_under_a_free_name(trained, open_page):
    (dataset,) = trained.store.datasets()
    bundle = made(trained, dataset, ExportKind.BUNDLE).read_bytes()
    app = drop(open_page(EXCHANGE), "stars.bundle.zip", bundle)
    assert "A recogniser of 5 people, trained on 'Five celebrities'" in texts(app)
    field = next(entry for entry in app.text_input if entry.label == "Name of the dataset")
    assert field.value == "Five celebrities 2"
    field.set_value("Five celebrities").run()
    assert button(app, "Bring it in").disabled
    field.set_value("Stars").run()
    press(app, "Bring it in")
    (job,) = work(trained)
    assert job.state is JobState.DONE, job.error
    stars = trained.store.dataset("Stars")
    app = open_page(EXCHANGE, dataset=dataset.id)
    assert "'Stars' knows 5 people." in texts(app)
    app.button(key=f"use_{job.id}").click().run()
    assert app.query_params["dataset"] in (stars.id, [stars.id])
    app = open_page(EXCHANGE, dataset=stars.id)
    assert app.radio(key=f"export_what_{stars.id}").options == ["The recogniser (bundle)"], "it has no photos"


def test_an_installation_without_a_dataset_takes_a_bundle_at_once(trained, open_page):
    (dataset,) = trained.store.datasets()
    bundle = made(trained, dataset, ExportKind.BUNDLE).read_bytes()
    trained.store.delete_dataset(dataset.id)
    app = open_page(EXCHANGE)
    assert "There is nothing to export yet." in texts(app)
    press(drop(app, "stars.bundle.zip", bundle), "Bring it in")
    (made_here,) = trained.store.datasets()
    assert (made_here.name, len(trained.runs.runs(made_here.id))) == ("Five celebrities", 1)
    assert list(trained.settings.uploads_dir.iterdir()) == []


def test_a_file_in_the_inbox_is_taken_and_stays_there(app_data, open_page, family):
    inbox = app_data.settings.inbox_dir / "log.jsonl"
    inbox.write_bytes(member(made(app_data, family, ExportKind.LOG), "log.jsonl"))
    app = open_page(EXCHANGE)
    app.selectbox(key="arrival_inbox").select("log.jsonl").run()
    press(app, "Bring it in")
    (job,) = work(app_data)
    assert job.state is JobState.DONE and inbox.exists()


def test_an_upload_waits_for_its_import_and_no_longer(app_data, open_page, family):
    log = member(made(app_data, family, ExportKind.LOG), "log.jsonl")
    press(drop(open_page(EXCHANGE), "log.jsonl", log), "Bring it in")
    assert sweep_uploads(app_data, older_than_s=-1) == 0
    job = next(job for job in app_data.jobs.jobs(family.id) if job.kind is JobKind.IMPORT)
    app_data.jobs.cancel(job.id)
    app_data.jobs.forget_job(job.id)
    assert sweep_uploads(app_data, older_than_s=-1) == 1


def test_an_import_that_stopped_half_way_can_be_undone(app_data, open_page, family):
    mine = Corrector(app_data.store, app_data.log, family.id, EDITOR)
    mine.rename(next(person.id for person in app_data.store.people(family.id) if person.name == "Ann"), "Anna")
    log = member(made(app_data, family, ExportKind.LOG), "log.jsonl")
    mine.undo_session()
    press(drop(open_page(EXCHANGE), "log.jsonl", log), "Bring it in")
    (job,) = work(app_data)
    assert "Anna" in names(app_data, family).values()
    app_data.jobs.finish(job.id, JobState.CANCELLED, error="You stopped it.")
    app = open_page(EXCHANGE)
    assert "What it had taken until then holds." in texts(app)
    press(app, "Undo the import")
    assert "Anna" not in names(app_data, family).values()

"""Making, renaming and erasing datasets."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from core.base.errors import DataFolderBusy, InputRefused, ModelMismatch, NameTaken, NotFound
from core.base.progress import UNWATCHED, CancelToken
from core.base.types import FacePolicy
from core.jobs.registry import job_handlers
from core.jobs.startup import sweep_uploads
from core.jobs.worker import run_job
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind, JobState
from core.workflows import datasets
from core.workflows.erasure.erase_dataset import erase_dataset
from core.workflows.erasure.erase_person import require_quiet
from core.workflows.photos.orphans import sweep_leftovers
from core.workflows.photos.requests import IngestRequest
from tests.conftest import write_zip
from tests.stored_faces import add_faces


def taken(services, files, name="Family"):
    """A dataset that holds these photos."""
    dataset = services.store.create_dataset(name, "facenet-128")
    archive = write_zip(services.settings.inbox_dir / "box.zip", files)
    services.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest(str(archive), "box.zip").to_json())
    run_job(services.jobs, services.jobs.claim(), job_handlers(services)[JobKind.INGEST], CancelToken())
    archive.unlink()
    return dataset


def test_an_erased_dataset_leaves_no_row_no_file_and_no_name(services, sample_files):
    photos = [content for name, content in sample_files.items() if "madonna" in name][:3]
    dataset = taken(services, {f"Zebedee Quux/{number}.jpg": content for number, content in enumerate(photos)})
    assert services.store.counts(dataset.id).faces == 3
    datasets.delete_dataset(
        services.store, services.jobs, services.artifacts, services.settings.exports_dir, dataset.id
    )
    assert services.store.datasets() == []
    for path in services.settings.data_dir.rglob("*"):
        if path.is_file() and "models" not in path.parts:
            content = path.read_bytes()
            assert b"Zebedee" not in content, path
            assert not any(photo[:4096] in content for photo in photos), path


def test_erasing_one_dataset_leaves_the_same_photos_of_another(services, sample_files):
    photos = {"Ann/1.jpg": next(iter(sample_files.values()))}
    first, second = taken(services, photos, "One"), taken(services, photos, "Two")
    datasets.delete_dataset(services.store, services.jobs, services.artifacts, services.settings.exports_dir, first.id)
    table = services.store.face_table(second.id)
    assert len(table) == 1
    assert services.artifacts.read(second.id, "photos", table.photo_ids[0])


def test_erasing_stops_work_that_is_waiting(services):
    dataset = services.store.create_dataset("Family", "facenet-128")
    services.jobs.submit(dataset.id, JobKind.TRAIN, {})
    datasets.delete_dataset(
        services.store, services.jobs, services.artifacts, services.settings.exports_dir, dataset.id
    )
    assert services.jobs.claim() is None


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\nb"], ids=["empty", "blank", "too long", "line break"])
def test_a_name_that_cannot_be_shown_is_refused(services, name):
    with pytest.raises(InputRefused):
        services.store.create_dataset(name, "facenet-128")


def test_a_name_is_given_once(services):
    services.store.create_dataset("Family", "facenet-128")
    with pytest.raises(NameTaken, match="Family"):
        services.store.create_dataset("Family ", "facenet-128")


def test_an_unknown_name_lists_those_that_exist(services):
    services.store.create_dataset("Family", "facenet-128")
    with pytest.raises(NotFound, match="'Family'"):
        services.store.dataset("Familie")


def test_one_dataset_has_one_model(services):
    datasets.find_or_create_dataset(services.store, "Family", None, "facenet-128")
    with pytest.raises(ModelMismatch, match="facenet-512"):
        datasets.find_or_create_dataset(services.store, "Family", "facenet-512-casia", "facenet-128")


def test_uploads_that_no_unfinished_job_needs_are_swept_after_a_day(services):
    dataset = services.store.create_dataset("Family", "facenet-128")
    needed, abandoned = (services.settings.uploads_dir / name for name in ("needed", "abandoned"))
    for folder in (needed, abandoned):
        folder.mkdir()
        (folder / "box.zip").write_bytes(b"PK")
    services.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest(str(needed / "box.zip"), "box.zip").to_json())
    assert sweep_uploads(services) == 0, "an upload of today may still be started"
    time.sleep(0.01)
    assert sweep_uploads(services, older_than_s=0) == 1
    assert needed.exists()
    assert not abandoned.exists()


def test_an_erased_dataset_is_looked_for_in_every_file(services, sample_files):
    """Its names, photos and uploads; a name that somebody elsewhere has is not its own."""
    photos = [content for name, content in sample_files.items() if "madonna" in name][:2]
    dataset = taken(services, {f"Zebedee Quux/{number}.jpg": content for number, content in enumerate(photos)})
    settings = services.settings
    (settings.uploads_dir / "dropped").mkdir()
    (settings.uploads_dir / "dropped" / "zebedee_quux.zip").write_bytes(photos[0])
    os.utime(settings.uploads_dir / "dropped", (1, 1))
    (settings.inbox_dir / "ZebedeeQuux_1.jpg").write_bytes(photos[1])
    (settings.data_dir / "some.log").write_text("Zebedee%20Quux")
    receipt = erase_dataset(services.erase_tools(), dataset.id)
    assert (receipt.removed.faces, receipt.uploads, receipt.names_searched) == (2, 1, 1)
    assert {(trace.path, trace.what) for trace in receipt.check.left} == {
        ("inbox/erased_1.jpg", "name"),
        ("inbox/erased_1.jpg", "file"),
        ("some.log", "name"),
    }
    assert list(settings.uploads_dir.iterdir()) == []


def test_what_a_cut_off_deletion_leaves_is_swept(services, sample_files):
    dataset = taken(services, {"Ann/1.jpg": next(iter(sample_files.values()))})
    services.artifacts.announce_deletion(dataset.id)
    services.store.delete_dataset(dataset.id)  # and killed before the files went
    assert (services.artifacts.root / dataset.id).exists()
    other = services.store.create_dataset("Other", "facenet-128")
    services.artifacts.put(other.id, ArtifactKind.RUN, "abcd", b"a run without its row")
    draft = services.artifacts.path(other.id, ArtifactKind.CROP, "ab12").with_name("ab12.1234.part")
    draft.parent.mkdir(parents=True)
    draft.write_bytes(b"half a crop")
    assert sweep_leftovers(services.leftover_tools()) == 0, "it may be somebody's who is at work"
    assert sweep_leftovers(services.leftover_tools(), older_than_s=-1.0) == 3
    assert not [path for path in services.artifacts.root.rglob("*") if path.is_file()]


def test_what_only_another_database_knows_is_nobodys_leftover(services):
    """Somebody gives another address of a database, or forgets to give it: no photo is lost by that."""
    dataset = add_faces(services, "Family", {"Ann": 2})
    for kind in ArtifactKind:
        services.artifacts.put(dataset.id, kind, "ab12", b"content")
    export = services.settings.exports_dir / dataset.id / "export.zip"
    export.parent.mkdir(parents=True)
    export.write_bytes(b"photos")
    address = f"sqlite:///{services.settings.data_dir / 'other.db'}"
    other = Services(replace(services.settings, database_url=address))
    assert sweep_leftovers(other.leftover_tools(), older_than_s=-1.0) == 0
    assert all(services.artifacts.exists(dataset.id, kind, "ab12") for kind in ArtifactKind)
    assert export.exists()


def test_what_a_long_job_is_writing_is_no_leftover_however_many_came_since(services):
    dataset = services.store.create_dataset("Family", "facenet-128")
    request = IngestRequest("box.zip", "box.zip", policy=FacePolicy.KEEP_OTHERS)
    services.jobs.submit(dataset.id, JobKind.INGEST, request.to_json())
    job = services.jobs.claim()
    for _ in range(200):
        services.jobs.finish(services.jobs.submit(dataset.id, JobKind.SUSPECTS, {}).id, JobState.DONE)
    services.artifacts.put(dataset.id, ArtifactKind.PHOTO, "ab12", b"a photo before its row")
    assert sweep_leftovers(services.leftover_tools(), older_than_s=-1.0) == 0
    with pytest.raises(DataFolderBusy):
        require_quiet(services.jobs, dataset.id, "")
    assert services.face_policy(dataset.id) is FacePolicy.KEEP_OTHERS
    services.jobs.finish(job.id, JobState.DONE)
    assert sweep_leftovers(services.leftover_tools(), older_than_s=-1.0) == 1


def test_nothing_is_swept_while_somebody_writes(services):
    dataset = services.store.create_dataset("Other", "facenet-128")
    services.artifacts.put(dataset.id, ArtifactKind.PHOTO, "abcd", b"a photo whose row is about to come")
    with services.lock_dataset(dataset.id, UNWATCHED):
        assert sweep_leftovers(services.leftover_tools(), older_than_s=-1.0) == 0
    assert sweep_leftovers(services.leftover_tools(), older_than_s=-1.0) == 1

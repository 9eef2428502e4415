"""The contract of artifacts, run over a folder, object stores, one that keeps versions, and memory."""

from __future__ import annotations

import io
import itertools
import os
import socket
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import boto3
import fsspec
import pytest

from core.base.errors import ArtifactsUnavailable, FaceAtlasError, InputRefused, NotFound
from core.base.progress import CancelToken
from core.base.settings import Settings
from core.composition.stores import open_artifacts
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job
from core.services import Services
from core.store.artifacts import WORKING_KINDS, ArtifactKind, Artifacts
from core.store.encryption.key_file import DataKeys, FolderState, store_keys
from core.store.encryption.keyring import key_file_path, lend_keys, unlock_folder
from core.store.job_model import Job, JobKind, JobState
from core.store.object_artifacts import ObjectArtifacts
from core.store.object_store import ObjectStore, S3Store
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.photos.requests import IngestRequest
from tests.conftest import write_zip
from tests.object_store import new_bucket, new_google_bucket, use_google_store, use_store

DATASET, OTHER = "d00", "d01"
PHOTO, CROP = ArtifactKind.PHOTO, ArtifactKind.CROP
STORED_IN = [kind for kind in ArtifactKind if kind not in WORKING_KINDS]
LATER = time.time() + 1e6


@pytest.fixture
def s3(object_store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use_store(object_store, monkeypatch)


@pytest.fixture(scope="module")
def unlocked_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encrypted data folder whose keys serve others: opening one takes half a second."""
    folder, secret = tmp_path_factory.mktemp("unlocked"), "correct horse"
    keys = replace(DataKeys.generate(), state=FolderState.ENCRYPTED)
    store_keys(key_file_path(folder), keys, secret)
    unlock_folder(folder, secret)
    return folder


@pytest.fixture(params=["data folder", "encrypted", "other folder", "s3", "s3 with versions", "gs", "memory"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Artifacts]:
    settings, wanted = Settings(tmp_path / "data"), str(request.param)
    if wanted == "other folder":
        settings = replace(settings, artifacts_url=(tmp_path / "other").as_uri())
    if wanted == "encrypted":
        settings = replace(settings, memory_root=tmp_path / "memory")
        settings.memory_root.mkdir()
        settings.data_dir.mkdir()
        lend_keys(request.getfixturevalue("unlocked_folder"), settings.data_dir)
    if wanted.startswith("s3"):
        request.getfixturevalue("s3")
        settings = replace(settings, artifacts_url=new_bucket(keeps_versions="versions" in wanted))
    if wanted == "gs":
        address = request.getfixturevalue("google_store")
        use_google_store(address, request.getfixturevalue("monkeypatch"))
        settings = replace(settings, artifacts_url=new_google_bucket(address))
    if wanted == "memory":
        settings = replace(settings, artifacts_url="memory://atlas")
    yield open_artifacts(settings)
    if wanted == "memory":
        fsspec.filesystem("memory").store.clear()


def leftover_versions(artifacts: Artifacts) -> int:
    """How many objects and markers a bucket holds, whether they are listed or not."""
    assert isinstance(artifacts, ObjectArtifacts)
    bucket = artifacts.objects.url.split("/")[2]
    versions = boto3.client("s3").list_object_versions(Bucket=bucket)
    return len(versions.get("Versions", ())) + len(versions.get("DeleteMarkers", ()))


@pytest.mark.parametrize("kind", [PHOTO, CROP, ArtifactKind.LOOKUP_PART, ArtifactKind.ERASURE])
def test_what_is_put_is_read_and_what_is_deleted_is_gone(artifacts: Artifacts, kind: ArtifactKind) -> None:
    assert artifacts.find(DATASET, kind, "ab12") is None and not artifacts.exists(DATASET, kind, "ab12")
    artifacts.put(DATASET, kind, "ab12", b"first")
    assert artifacts.read(DATASET, kind, "ab12") == b"first"
    stored = artifacts.find(DATASET, kind, "ab12")
    assert stored is not None and (stored.kind, stored.id, stored.size_bytes) == (kind, "ab12", 5)
    assert abs(stored.written - time.time()) < 60
    assert artifacts.ids(DATASET, kind) == ["ab12"] and artifacts.ids(OTHER, kind) == []
    artifacts.delete(DATASET, kind, "ab12")
    artifacts.delete(DATASET, kind, "ab12")
    with pytest.raises(NotFound, match="missing"):
        artifacts.read(DATASET, kind, "ab12")
    with pytest.raises(NotFound, match="missing"):
        artifacts.open(DATASET, kind, "ab12")
    assert artifacts.ids(DATASET, kind) == []


def test_what_is_there_whole_is_not_written_again_and_what_was_cut_is(artifacts: Artifacts) -> None:
    artifacts.put(DATASET, PHOTO, "ab12", b"first")
    artifacts.put(DATASET, PHOTO, "ab12", b"other")
    assert artifacts.read(DATASET, PHOTO, "ab12") == b"first"
    artifacts.put(DATASET, PHOTO, "ab12", b"longer than the first")
    assert artifacts.read(DATASET, PHOTO, "ab12") == b"longer than the first"
    artifacts.replace(DATASET, ArtifactKind.MAP, "ab12", b"one")
    artifacts.replace(DATASET, ArtifactKind.MAP, "ab12", b"two")
    assert artifacts.read(DATASET, ArtifactKind.MAP, "ab12") == b"two"


def test_what_is_written_together_is_there_at_the_end(artifacts: Artifacts) -> None:
    with artifacts.together():
        for number in range(40):
            artifacts.put(DATASET, CROP, f"{number:04x}", b"%04d" % number)
        artifacts.replace(DATASET, ArtifactKind.ERASURE, "ee00", b"plan")
    assert sorted(artifacts.ids(DATASET, CROP)) == [f"{number:04x}" for number in range(40)]
    artifacts.fetch_ahead(DATASET, CROP, [*artifacts.ids(DATASET, CROP), "ffff"])
    assert [artifacts.read(DATASET, CROP, f"{number:04x}") for number in range(40)] == [b"%04d" % n for n in range(40)]
    assert artifacts.size_bytes(DATASET) == 164


@pytest.mark.parametrize("kind", [ArtifactKind.MAP, ArtifactKind.LOOKUP_PHOTOS, ArtifactKind.LOOKUP_PART])
def test_a_stream_is_written_whole_in_the_place_of_what_was_there(artifacts: Artifacts, kind: ArtifactKind) -> None:
    content = os.urandom((2 << 20) + 5)
    artifacts.replace(DATASET, kind, "ab12", b"before")
    artifacts.replace_from(DATASET, kind, "ab12", io.BytesIO(content))
    assert artifacts.read(DATASET, kind, "ab12") == content
    artifacts.replace_from(DATASET, kind, "ab12", io.BytesIO(b""))
    stored = artifacts.find(DATASET, kind, "ab12")
    assert artifacts.read(DATASET, kind, "ab12") == b"" and stored is not None and stored.size_bytes == 0


def test_parts_of_a_file_are_read_wherever_they_are(artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("small", b"1" * 10)
        archive.writestr("large", os.urandom(3 << 20))
    artifacts.put(DATASET, ArtifactKind.LOOKUP, "ab12", packed.getvalue())
    requests: list[object] = []
    read = ObjectStore.read
    monkeypatch.setattr(ObjectStore, "read", lambda self, *part: requests.append(part) or read(self, *part))
    with artifacts.open(DATASET, ArtifactKind.LOOKUP, "ab12") as file:
        assert zipfile.ZipFile(file).read("small") == b"1" * 10
        file.seek(0)
        assert file.read() == packed.getvalue()
    assert len(requests) < 10


def test_a_sweep_takes_what_is_not_kept_and_is_older(artifacts: Artifacts) -> None:
    for file_id in ("aa00", "bb00"):
        artifacts.put(DATASET, PHOTO, file_id, b"photo")
        artifacts.put(DATASET, ArtifactKind.SUSPECTS, file_id, b"names")
    artifacts.put(DATASET, ArtifactKind.LOOKUP_PART, "cc00", b"batches")
    artifacts.put(OTHER, PHOTO, "aa00", b"photo")
    keep = {PHOTO: {"aa00"}}
    assert len(artifacts.loose(DATASET, keep, LATER)) == 4
    assert artifacts.sweep(DATASET, keep, time.time() - 3600) == 0, "it may have been written since"
    assert artifacts.sweep(DATASET, keep, LATER) == 4
    assert [(file.kind, file.id) for file in artifacts.files(DATASET)] == [(PHOTO, "aa00")]
    assert artifacts.ids(OTHER, PHOTO) == ["aa00"]


def test_a_file_that_goes_while_all_are_listed_is_no_fault(artifacts: Artifacts) -> None:
    for file_id in ("aa00", "aa01", "aa02"):
        artifacts.put(DATASET, PHOTO, file_id, b"photo")
    files = artifacts.files(DATASET)
    first = next(files)
    for file_id in {"aa00", "aa01", "aa02"} - {first.id}:
        artifacts.delete(DATASET, PHOTO, file_id)
    assert {file.id for file in files} <= {"aa00", "aa01", "aa02"}


def test_a_dataset_goes_whole_and_no_other(artifacts: Artifacts) -> None:
    for kind in ArtifactKind:
        artifacts.put(DATASET, kind, "ab12", b"content")
        artifacts.put(OTHER, kind, "ab12", b"content")
    assert artifacts.going_ids() == [], "no row was asked: they may be in another database"
    for dataset_id in (DATASET, OTHER):
        artifacts.announce_deletion(dataset_id)
    artifacts.withdraw_deletion(OTHER)
    assert artifacts.going_ids() == [DATASET] and artifacts.going_ids(before=1.0) == []
    artifacts.delete_dataset(DATASET)
    artifacts.delete_dataset(DATASET)
    assert list(artifacts.files(DATASET)) == [] and artifacts.going_ids() == []
    assert len(list(artifacts.files(OTHER))) == len(ArtifactKind)


def test_an_id_that_could_lead_elsewhere_is_none(artifacts: Artifacts) -> None:
    for dataset_id, file_id in (("..", "ab12"), (DATASET, "../x"), ("", "ab12"), (DATASET, "a/b")):
        with pytest.raises(NotFound, match="no id"):
            artifacts.read(dataset_id, PHOTO, file_id)
        with pytest.raises(NotFound, match="no id"):
            artifacts.put(dataset_id, PHOTO, file_id, b"x")


def test_what_is_in_use_lies_in_the_data_folder(artifacts: Artifacts, tmp_path: Path) -> None:
    for kind in WORKING_KINDS:
        artifacts.put(DATASET, kind, "ab12", b"content")
        with artifacts.open_stored(artifacts.path(DATASET, kind, "ab12")) as file:
            assert file.read() == b"content"
    assert artifacts.root in (tmp_path / "data/artifacts", tmp_path / "other")
    assert not artifacts.remote_files(DATASET)


# what an object store alone does


def test_no_version_of_what_was_erased_is_left(s3: None, tmp_path: Path) -> None:
    artifacts = open_artifacts(Settings(tmp_path, artifacts_url=new_bucket(keeps_versions=True)))
    for content in (b"one", b"two", b"three"):
        artifacts.replace(DATASET, ArtifactKind.SUSPECTS, "aa00", content)
        artifacts.replace(DATASET, ArtifactKind.RUN, "bb00", content)
    artifacts.delete(DATASET, ArtifactKind.SUSPECTS, "aa00")
    assert leftover_versions(artifacts) == 3, "of the run, and no marker of the other"
    artifacts.sweep(DATASET, {ArtifactKind.RUN: {"bb00"}}, LATER)
    assert leftover_versions(artifacts) == 1, "the one that is kept"
    assert artifacts.read(DATASET, ArtifactKind.RUN, "bb00") == b"three"
    artifacts.announce_deletion(DATASET)
    artifacts.delete_dataset(DATASET)
    assert leftover_versions(artifacts) == 0


def test_what_was_uploaded_in_part_goes(s3: None, tmp_path: Path) -> None:
    url = new_bucket()
    artifacts, client = open_artifacts(Settings(tmp_path, artifacts_url=url)), boto3.client("s3")
    bucket = url.split("/")[2]
    client.create_multipart_upload(Bucket=bucket, Key=f"atlas/{DATASET}/photos/aa/aa00")
    assert artifacts.delete_drafts(DATASET, 0.0) == 0, "it may be going on"
    assert artifacts.delete_drafts(OTHER) == 0
    assert artifacts.delete_drafts(DATASET) == 1
    assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)


@pytest.mark.parametrize("switched", ["on later", "off again"])
def test_photos_of_a_bucket_that_kept_versions_for_a_while_go(s3: None, tmp_path: Path, switched: str) -> None:
    """The versions of all that was written meanwhile have one name."""
    url = new_bucket(keeps_versions=switched == "off again")
    artifacts, bucket = open_artifacts(Settings(tmp_path, artifacts_url=url)), url.split("/")[2]
    status = "Enabled" if switched == "on later" else "Suspended"

    def switch() -> None:
        boto3.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})

    if switched == "off again":
        switch()
    for file_id in ("aa00", "bb00", "cc00"):
        artifacts.put(DATASET, PHOTO, file_id, b"photo")
    artifacts.delete(DATASET, PHOTO, "cc00")
    if switched == "on later":
        switch()
    assert artifacts.sweep(DATASET, {PHOTO: {"aa00"}}, LATER) == 1
    assert artifacts.ids(DATASET, PHOTO) == ["aa00"] and leftover_versions(artifacts) == 1


def test_only_what_is_called_so_is_removed(s3: None, tmp_path: Path) -> None:
    url = new_bucket(keeps_versions=True)
    artifacts = open_artifacts(Settings(tmp_path, artifacts_url=url))
    boto3.client("s3").put_object(Bucket=url.split("/")[2], Key="atlas/clock", Body=b"somebody's")
    for file_id in ("aa00", "aa00bb"):
        artifacts.put(DATASET, PHOTO, file_id, b"photo")
    artifacts.delete(DATASET, PHOTO, "aa00")
    artifacts.sweep(DATASET, {PHOTO: {"aa00bb"}}, LATER)
    assert artifacts.ids(DATASET, PHOTO) == ["aa00bb"]
    assert leftover_versions(artifacts) == 2, "the other photo, and what is not ours"


def test_a_crop_is_fetched_once_and_forgotten_with_what_is_erased(
    s3: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts = open_artifacts(Settings(tmp_path, artifacts_url=new_bucket()))
    ids = [f"{number:04x}" for number in range(48)]
    for file_id in ids:
        artifacts.put(DATASET, CROP, file_id, file_id.encode())
    asked: list[str] = []
    read = S3Store.read
    monkeypatch.setattr(S3Store, "read", lambda self, key, *part: asked.append(key) or read(self, key, *part))
    artifacts.fetch_ahead(DATASET, CROP, ids)
    for _ in range(2):
        assert [artifacts.read(DATASET, CROP, file_id) for file_id in ids] == [file_id.encode() for file_id in ids]
    assert len(asked) == 48 == len(set(asked))
    forgetting: list[Callable[[], object]] = [
        artifacts.forget,
        lambda: artifacts.delete(DATASET, CROP, ids[0]),
        lambda: artifacts.sweep(DATASET, {CROP: set(ids)}, LATER),
    ]
    for forget in forgetting:
        asked.clear()
        artifacts.read(DATASET, CROP, ids[1])
        forget()
        artifacts.read(DATASET, CROP, ids[1])
        assert asked[-1].endswith(ids[1])
    assert not list(tmp_path.rglob("*.jpg")) and not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://key:secret@bucket/x", "holds a password"),
        ("nonsense://x", "nonsense://"),
        ("/some/folder", "give the URL of a folder"),
        ("file://host/folder", "give the URL of a folder"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_what_to_do(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(InputRefused, match=words) as refusal:
        open_artifacts(Settings(tmp_path, artifacts_url=url))
    assert "secret" not in str(refusal.value)


def every_use(artifacts: Artifacts) -> list[Callable[[], object]]:
    return [
        lambda: artifacts.put(DATASET, PHOTO, "aa00", b"photo"),
        lambda: artifacts.replace(DATASET, PHOTO, "aa00", b"photo"),
        lambda: artifacts.read(DATASET, PHOTO, "aa00"),
        lambda: artifacts.ids(DATASET, PHOTO),
        lambda: artifacts.going_ids(),
        lambda: artifacts.delete(DATASET, PHOTO, "aa00"),
        lambda: artifacts.delete_dataset(DATASET),
    ]


def test_a_bucket_that_is_not_there_is_no_photo_that_is_not_there(s3: None, tmp_path: Path) -> None:
    artifacts = open_artifacts(Settings(tmp_path, artifacts_url="s3://nobodys/atlas"))
    for use in every_use(artifacts):
        with pytest.raises(ArtifactsUnavailable, match=r"s3://nobodys/atlas.*what is stored there stands"):
            use()


def test_a_bucket_of_google_that_is_not_there_is_no_photo_that_is_not_there(
    google_store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_google_store(google_store, monkeypatch)
    artifacts = open_artifacts(Settings(tmp_path, artifacts_url="gs://nobodys/atlas"))
    for use in every_use(artifacts):
        with pytest.raises(ArtifactsUnavailable, match=r"gs://nobodys/atlas.*what is stored there stands"):
            use()


def test_a_store_that_is_gone_says_so_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    use_store(f"http://127.0.0.1:{port}", monkeypatch)
    artifacts = open_artifacts(Settings(tmp_path, artifacts_url="s3://gone/atlas"))
    with pytest.raises(FaceAtlasError, match="cannot be read just now"):
        artifacts.read(DATASET, PHOTO, "aa00")


def test_what_may_not_be_deleted_is_told(s3: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifacts = open_artifacts(Settings(tmp_path, artifacts_url=new_bucket()))
    artifacts.put(DATASET, PHOTO, "aa00", b"photo")
    ask = S3Store._call

    def refuse(self: S3Store, method: str, **arguments: object) -> object:
        if method == "delete_objects":
            return {"Errors": [{"Key": "x", "Code": "AccessDenied", "Message": "locked until 2030"}]}
        return ask(self, method, **arguments)

    monkeypatch.setattr(S3Store, "_call", refuse)
    with pytest.raises(ArtifactsUnavailable, match=r"cannot be deleted.*locked until 2030"):
        artifacts.delete_dataset(DATASET)


def test_a_job_that_the_store_refuses_stops_in_words_and_goes_on_where_it_was(
    services: Services, sample_files: Mapping[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.artifacts = open_artifacts(replace(services.settings, artifacts_url="memory://atlas"))
    archive = write_zip(tmp_path / "photos.zip", dict(list(sample_files.items())[:40]))
    dataset = services.store.create_dataset("photos", DEFAULT_VECTORS_ID)
    job = services.jobs.submit(dataset.id, JobKind.INGEST, IngestRequest(path=str(archive), title="photos").to_json())
    memory, writes = fsspec.filesystem("memory"), itertools.count()
    write = type(memory).pipe_file

    def refuse_later(self: object, path: str, content: bytes) -> None:
        if next(writes) > 20:
            raise PermissionError("the key was withdrawn")
        write(self, path, content)

    monkeypatch.setattr(type(memory), "pipe_file", refuse_later)

    def attempt() -> Job:
        claimed = services.jobs.claim()
        assert claimed is not None
        run_job(services.jobs, claimed, job_handlers(services)[JobKind.INGEST], CancelToken())
        return services.jobs.job(job.id)

    try:
        failed = attempt()
        assert (failed.state, failed.detail) == (JobState.FAILED, "")
        assert "'memory://atlas' cannot be written just now" in failed.error and "key was withdrawn" in failed.error
        monkeypatch.undo()
        services.jobs.resume(job.id)
        assert attempt().state is JobState.DONE
        assert len(services.artifacts.ids(dataset.id, PHOTO)) == services.store.counts(dataset.id).photos == 40
    finally:
        memory.store.clear()

"""Photos below a URL: an object store, a shared folder, and what goes wrong with them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import boto3
import fsspec
import pytest

from core.archives.opening import open_source
from core.archives.source import CHANGED, PhotoSource
from core.base.errors import ArchiveRefused, ImageRefused, SourceUnavailable
from core.base.settings import ArchiveLimits
from core.base.types import Refusal
from tests.object_store import new_google_bucket, use_google_store, use_store

LIMITS = ArchiveLimits()
FILES = {
    "ada/1.jpg": b"\xff\xd8\xff\xe0 first",
    "ada/2.jpg": b"\xff\xd8\xff\xe0 second",
    "bob/3.png": b"\x89PNG\r\n\x1a\n third",
    "bob/notes.txt": b"no photo",
    "bob/.DS_Store": b"left over",
}


@pytest.fixture(params=["s3", "gs", "memory", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder of files in each kind of store."""
    root = f"{request.param}://photos/archive"
    if request.param == "file":
        root = (tmp_path / "archive").as_uri()
    if request.param == "s3":
        use_store(request.getfixturevalue("object_store"), monkeypatch)
        boto3.client("s3").create_bucket(Bucket="photos")
    if request.param == "gs":
        address = request.getfixturevalue("google_store")
        use_google_store(address, monkeypatch)
        root = new_google_bucket(address)
    for name, content in FILES.items():
        write(f"{root}/{name}", content)
    yield root
    fsspec.filesystem(request.param).rm(root, recursive=True)


def write(url: str, content: bytes) -> None:
    with fsspec.open(url, "wb", auto_mkdir=True) if url.startswith("file") else fsspec.open(url, "wb") as file:
        file.write(content)


def read_all(source: PhotoSource) -> dict[str, bytes]:
    return {entry.name: source.read(entry) for entry in source.entries}


def test_photos_are_read_with_their_people_and_the_others_are_refused(url: str) -> None:
    with open_source(url, LIMITS) as source:
        photos = ("ada/1.jpg", "ada/2.jpg", "bob/3.png")
        assert read_all(source) == {name: FILES[name] for name in photos}
        assert [(entry.person, entry.size_bytes) for entry in source.entries] == [
            (name.split("/")[0], len(FILES[name])) for name in photos
        ]
        assert [refusal.name for refusal in source.refused if not refusal.left_out] == ["bob/notes.txt"]
        assert isinstance(source.refused[0], Refusal)


@pytest.mark.parametrize("content", [b"\xff\xd8\xff\xe0 FIRST", b"\xff\xd8\xff\xe0 longer than the first", None])
def test_a_photo_that_changes_between_listing_and_reading_is_reported(url: str, content: bytes | None) -> None:
    with open_source(url, LIMITS) as source:
        path = f"{url}/ada/1.jpg"
        if content is None:
            fsspec.open(path).fs.rm(path)
        else:
            write(path, content)
        with pytest.raises(ImageRefused, match=CHANGED[:20]):
            source.read(source.entries[0])
        assert source.read(source.entries[1]) == FILES["ada/2.jpg"]


def test_empty_files_stop_nobody(url: str) -> None:
    write(f"{url}/bob/_SUCCESS", b"")
    if url.startswith("s3"):
        # What consoles leave where somebody makes a folder.
        for folder in ("", "bob/"):
            boto3.client("s3").put_object(Bucket="photos", Key=f"archive/{folder}", Body=b"")
    with open_source(url, LIMITS) as source:
        assert [entry.name for entry in source.entries] == ["ada/1.jpg", "ada/2.jpg", "bob/3.png"]
        assert [refusal.name for refusal in source.refused if not refusal.left_out] == ["bob/_SUCCESS", "bob/notes.txt"]


@pytest.mark.parametrize("url", ["s3"], indirect=True)
def test_a_name_with_an_empty_folder_hides_no_other(url: str) -> None:
    boto3.client("s3").put_object(Bucket="photos", Key="archive//ada/1.jpg", Body=b"\xff\xd8\xff\xe0 other")
    with open_source(url, LIMITS) as source:
        assert read_all(source)["ada/1.jpg"] == FILES["ada/1.jpg"]
        (refusal,) = [refusal for refusal in source.refused if refusal.name == "/ada/1.jpg"]
        assert "leaves the folder" in refusal.reason


def test_the_url_of_a_file_is_refused(url: str) -> None:
    with pytest.raises(ArchiveRefused, match="is a file"):
        open_source(f"{url}/ada/1.jpg", LIMITS)


def test_a_store_that_does_not_answer_is_no_photos_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for name, value in {
        "ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "ACCESS_KEY_ID": "x",
        "SECRET_ACCESS_KEY": "x",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(SourceUnavailable, match="s3://elsewhere/photos"):
        open_source("s3://elsewhere/photos", LIMITS)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense://x/y", "nonsense://"),
        *(
            (f"{scheme}://169.254.169.254/x", f"'{scheme}://' cannot be used")
            for scheme in ("http", "ftp", "zip", "dir")
        ),
        ("s3://key:secret@bucket/x", "holds a password"),
        ("s3://key:secret@[bucket/x", "cannot be read"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_what_to_do(url: str, words: str) -> None:
    with pytest.raises(ArchiveRefused, match=words) as refusal:
        open_source(url, LIMITS)
    assert "secret" not in str(refusal.value)

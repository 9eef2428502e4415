"""Datasets and photos on the command line: listed, renamed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.cli.conftest import Command, Refusal


def test_datasets_are_listed_and_renamed(command: Command, refusal: Refusal) -> None:
    (dataset,) = command("datasets", dataset=None)["datasets"]
    assert (dataset["dataset"], dataset["photos"], dataset["faces"]) == ("Five celebrities", 118, 118)
    assert (dataset["people"], dataset["unnamed"], dataset["runs"]) == (5, 0, 1)
    assert command("rename-dataset", "Stars")["dataset"] == "Stars"
    assert "There is no dataset 'Five celebrities'. Datasets here: 'Stars'." in refusal("people")
    assert "name" in refusal("rename-dataset", " ", dataset="Stars")
    assert command("rename-dataset", "Five celebrities", dataset="Stars")["id"] == dataset["id"]


def test_photos_are_listed_and_those_without_a_face_alone(command: Command) -> None:
    photos = command("photos")["photos"]
    assert len(photos) == 118
    assert {photo["faces"] for photo in photos} == {1}
    assert command("photos", "--without-face")["photos"] == []
    (face,) = command("faces", "--photo", photos[0]["photo"])["faces"]
    command("mark", face["face"], "--as", "no-face")
    assert [photo["sha256"] for photo in command("photos", "--without-face")["photos"]] == [photos[0]["sha256"]]


def test_photos_are_taken_from_a_url(
    command: Command, refusal: Refusal, sample_files: Mapping[str, bytes], tmp_path: Path
) -> None:
    for name, content in list(sample_files.items())[:2]:
        path = tmp_path / "shared" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    answer = command("ingest", (tmp_path / "shared").as_uri(), dataset="by url")
    assert (answer["photos"], answer["duplicates"]) == (2, 0)
    assert "ftps://" in refusal("ingest", "ftps://somewhere/photos", dataset="by url")

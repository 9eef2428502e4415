"""Kept results of lookups on the command line: listed, read again, sorted and forgotten."""

from __future__ import annotations

import zipfile
from pathlib import Path

from core.services import Services
from core.workflows.identification.lookups.lookup import PhotoToKeep, keep_identified_photos
from tests.cli.conftest import Command, Refusal
from tests.conftest import write_zip


def test_a_kept_result_is_read_again_at_another_rate_sorted_and_forgotten(
    command: Command, refusal: Refusal, sample_files: dict[str, bytes], tmp_path: Path
) -> None:
    photos = write_zip(tmp_path / "new.zip", dict(list(sample_files.items())[:4]))
    looked = command("lookup", photos)
    (kept,) = command("lookups")["lookups"]
    assert (kept["lookup"], kept["title"], kept["photos"], kept["damage"]) == (looked["lookup"], "new.zip", 4, "")
    again = command("lookup", "--kept", kept["lookup"], "--fpir", 0.05, "--csv", tmp_path / "table.csv")
    assert [photo["photo"] for photo in again["photos"]] == [photo["photo"] for photo in looked["photos"]]
    assert (again["fpir"], again["counts"]["named"]) == (0.05, 4)
    assert "seconds" not in again["counts"] and len((tmp_path / "table.csv").read_text().splitlines()) == 5
    assert command("lookup", "--kept", kept["lookup"], "--sorted", tmp_path / "sorted.zip")["sorted"]["photos"] == 4
    assert "There is no kept result 'nothing'" in refusal("lookup", "--kept", "nothing")
    assert command("lookups", "--forget", kept["lookup"]) == {"lookups": []}
    assert "There is no kept result" in refusal("lookups", "--forget", kept["lookup"])


def test_photos_that_a_tab_kept_are_sorted_too(
    command: Command, app: Services, sample_files: dict[str, bytes], tmp_path: Path
) -> None:
    (dataset,) = app.store.datasets()
    (run,) = app.runs.runs(dataset.id)
    identifier, content = app.identifier(run), next(iter(sample_files.values()))
    identified = identifier.identify_photo(identifier.pipeline.decode_photo(content))
    photo = PhotoToKeep("new.jpg", content, identified.turn, identified.faces)
    kept = keep_identified_photos(app.lookup_tools(), dataset.id, run, identifier, "new.jpg", [photo])
    assert command("lookup", "--kept", kept.id, "--sorted", tmp_path / "sorted.zip")["sorted"]["photos"] == 1
    with zipfile.ZipFile(tmp_path / "sorted.zip") as archive:
        assert len(archive.namelist()) >= 1

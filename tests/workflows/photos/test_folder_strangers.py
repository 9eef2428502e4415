"""Photos in a folder called "unknown": their faces are nobody's, unless somebody says otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.cli.program import main
from core.services import Services
from core.store.job_model import JobKind
from core.workflows.photos.folder_strangers import mark_folder_strangers
from core.workflows.photos.ingest import IngestTarget
from tests.conftest import write_zip


@pytest.fixture
def archive(sample_files, tmp_path: Path) -> Path:
    photos = [content for name, content in sample_files.items() if name.startswith("val/")]
    return write_zip(
        tmp_path / "box.zip", {"Ann/1.jpg": photos[0], "Ben/2.jpg": photos[6], "unknown/3.jpg": photos[12]}
    )


def ingest(capsys, data_dir: Path, archive: Path, *words: str) -> dict:
    capsys.readouterr()
    assert main(["ingest", str(archive), "--dataset", "Family", "--data", str(data_dir), "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_faces_from_a_folder_of_strangers_are_marked_in_the_history(capsys, services: Services, data_dir, archive):
    answer = ingest(capsys, data_dir, archive)
    assert answer["strangers"] == 1 and answer["people"] == 2
    assert "nobody on it is to be named" in answer["remarks"][0]["reason"]
    dataset = services.store.dataset("Family")
    table = services.store.face_table(dataset.id)
    assert set(table.people) == {"Ann", "Ben"} and table.strangers.sum() == 1
    (event,) = services.log.events(dataset.id)
    assert event.kind == "stranger"


def test_the_command_line_takes_the_folder_as_a_person_when_it_is_told_to(capsys, services, data_dir, archive):
    answer = ingest(capsys, data_dir, archive, "--unknown-folders", "person")
    assert answer["strangers"] == 0 and answer["people"] == 3
    table = services.store.face_table(services.store.dataset("Family").id)
    assert "unknown" in table.people and not table.strangers.any()


def test_what_was_there_before_stays_and_a_repeated_mark_is_no_second_one(capsys, services, data_dir, archive):
    ingest(capsys, data_dir, archive, "--unknown-folders", "person")
    dataset = services.store.dataset("Family")
    ingest(capsys, data_dir, archive)
    table = services.store.face_table(dataset.id)
    assert "unknown" in table.people and not table.strangers.any() and not services.log.events(dataset.id)


def test_marking_again_adds_nothing(capsys, services, data_dir, archive):
    ingest(capsys, data_dir, archive)
    dataset = services.store.dataset("Family")
    job = next(job for job in services.jobs.jobs(dataset.id) if job.kind is JobKind.INGEST)
    with services.open_source(archive) as source:
        target = IngestTarget(dataset.id, job.id)
        assert mark_folder_strangers(services.store, services.log, source, target) == 1
    assert len(services.log.events(dataset.id)) == 1

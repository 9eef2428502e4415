"""The prepared sample becomes a dataset: complete, under ids of its own, as often as somebody likes, and erasable."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.__main__ import main
from core.base.errors import NameTaken
from core.base.progress import UNWATCHED
from core.base.settings import Settings
from core.cli.sample_preparation import prepare_sample
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind, JobState
from core.vision.models.sample import SAMPLE_NAME
from core.workflows.erasure.erase_dataset import erase_dataset
from core.workflows.exchange.prepared_sample import VERSIONS, adopt_sample
from core.workflows.labels.review_queue import load_queue
from core.workflows.labels.suspects_document import queue_json
from core.workflows.projection.project import load_map
from core.workflows.training.request import TrainResult
from tests.conftest import link_models, new_data_dir


@pytest.fixture
def atlas(prepared_models: Path, tmp_path: Path, engine) -> Services:
    made = Services(Settings(new_data_dir(prepared_models, tmp_path / "data")))
    made.__dict__["engine"] = engine
    return made


def adopt(atlas: Services, name: str):
    return adopt_sample(atlas.adoption_tools(), atlas.prepared_sample(), name)


def test_the_sample_comes_with_its_people_recogniser_map_and_suspects(atlas):
    atlas.store.create_dataset("Before", "facenet-128@2")
    adopt(atlas, "First")
    dataset = adopt(atlas, "Second")  # its people have other numbers than those that were prepared
    counts = atlas.store.counts(dataset.id)
    assert (counts.photos, counts.people, counts.val_faces) == (118, 5, 25)
    (run,), (info,) = atlas.runs.runs(dataset.id), atlas.runs.maps(dataset.id)
    people = {person.id: person.name for person in atlas.store.people(dataset.id)}
    assert [people[person_id] for person_id in run.params.person_ids] == list(run.params.people)
    assert (run.metrics.accuracy, run.revision, info.revision) == (1.0, dataset.revision, dataset.revision)
    assert set(load_map(atlas.artifacts, info).face_ids) == set(atlas.store.face_table(dataset.id).face_ids)
    jobs = {job.kind: job for job in atlas.jobs.jobs(dataset.id)}
    assert {job.state for job in jobs.values()} == {JobState.DONE}
    assert TrainResult.of(jobs[JobKind.TRAIN]).run == run.id
    assert len(atlas.store.file_reports(jobs[JobKind.INGEST].id)) == 118
    queue = load_queue(atlas.artifacts, dataset.id)
    assert queue is not None
    assert {person for entry in queue.suspects for person in entry.person_ids} <= people.keys()
    shown = queue_json(atlas.store, atlas.log, atlas.artifacts, dataset.id)["suspects"]
    assert len(shown) == len(queue.suspects), "none of them is taken for settled"


def test_the_recogniser_of_the_sample_names_its_photos_and_not_the_stranger(atlas):
    dataset, prepared = adopt(atlas, "Stars"), atlas.prepared_sample()
    (run,) = atlas.runs.runs(dataset.id)
    identifier, picture = atlas.identifier(run), prepared.read_picture()
    assert sorted(face.name or "" for photo in picture.photos for face in photo.faces) == sorted(run.params.people)
    stranger = prepared.read_stranger()
    assert stranger
    for content, names in (
        (prepared.read_photo(picture.photos[1].photo_id), [picture.photos[1].faces[0].name]),
        (stranger, [None]),
    ):
        identified = identifier.identify_photo(identifier.pipeline.decode_photo(content))
        assert [face.name(identifier.threshold()) for face in identified.faces] == names


def test_what_is_shown_and_offered_was_not_learned_from(atlas):
    dataset = adopt(atlas, "Stars")
    table, shown = atlas.store.face_table(dataset.id), atlas.prepared_sample().read_picture()
    sides = {table.splits[table.photo_ids.index(photo.photo_id)] for photo in shown.photos}
    assert (len(shown.photos), sides) == (5, {"val"})


def test_every_opened_sample_is_a_dataset_of_its_own_and_goes_without_a_trace(atlas):
    first, second = adopt(atlas, "First"), adopt(atlas, "Second")
    runs = {run.id for dataset in (first, second) for run in atlas.runs.runs(dataset.id)}
    assert len(runs) == 2
    assert erase_dataset(atlas.erase_tools(), first.id).check.found == 0
    assert atlas.store.counts(second.id).faces >= 117
    assert not atlas.artifacts.ids(first.id, ArtifactKind.PHOTO)


def test_a_name_that_is_taken_leaves_nothing_behind(atlas):
    dataset = adopt(atlas, "Stars")
    with pytest.raises(NameTaken):
        adopt(atlas, "Stars")
    files = [path for path in atlas.artifacts.root.rglob("*") if path.is_file()]
    assert {path.relative_to(atlas.artifacts.root).parts[0] for path in files} == {dataset.id}


def test_it_is_prepared_once_and_again_for_another_version(atlas):
    prepared = atlas.prepared_sample()
    before = (prepared.folder / VERSIONS).stat().st_mtime_ns
    assert prepare_sample(atlas.settings, UNWATCHED)
    assert (prepared.folder / VERSIONS).stat().st_mtime_ns == before
    assert not replace(prepared, versions={**prepared.versions, "preparation": 0}).is_ready
    assert json.loads((prepared.folder / VERSIONS).read_text()) == prepared.versions


def test_a_preparation_that_was_cut_off_is_not_taken_for_one(atlas, tmp_path):
    prepared = atlas.prepared_sample()
    half = shutil.copytree(prepared.folder, tmp_path / "half", ignore=shutil.ignore_patterns(VERSIONS))
    assert not replace(prepared, folder=half).is_ready
    (half / VERSIONS).write_text('{"preparation": 1')
    assert not replace(prepared, folder=half).is_ready


def test_a_sample_that_cannot_be_prepared_keeps_nobody_from_the_networks(models_dir, tmp_path, capfd):
    link_models(models_dir, tmp_path / "models")
    photos = tmp_path / "models" / "sample" / SAMPLE_NAME
    photos.unlink()
    photos.write_bytes(b"cut off")
    assert main(["models", "install", "--data", str(tmp_path), "--json"]) == 0
    said = capfd.readouterr()
    assert (len(json.loads(said.out)["installed"]), json.loads(said.out)["sample_prepared"]) == (2, False)
    assert "The sample was not prepared, so that it opens more slowly:" in said.err
    assert [path.name for path in photos.parent.iterdir()] == [SAMPLE_NAME]


def test_without_the_sample_s_photos_nothing_is_prepared(tmp_path):
    assert not prepare_sample(Settings(tmp_path), UNWATCHED)
    assert not list(tmp_path.iterdir())

"""A data folder of an earlier version, with what was trained, laid out and corrected in it, is as its owner left it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from core.base.settings import Settings
from core.base.types import Split
from core.corrections.model import Editor, EventKind
from core.learn.classification.training_material import TrainOptions
from core.services import Services
from core.store.artifacts import ArtifactKind, content_id
from core.store.job_model import JobKind, JobState
from core.workflows.clustering.cluster import load_clustering
from core.workflows.evaluation.compare import compare_runs
from core.workflows.evaluation.evaluate import evaluation_json
from core.workflows.labels.correct import Corrector
from core.workflows.labels.review_queue import load_queue
from core.workflows.projection import project
from core.workflows.training.train import load_predictions, load_recogniser
from tests import earlier_folders, prepared

SITTING = Editor("Ann", "a sitting")
"""Whose corrections they are."""


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """On a folder of commit f37d875; no networks are needed."""
    earlier_folders.lay_out(2, tmp_path)
    return Services(Settings(tmp_path))


@pytest.fixture
def dataset_id(services: Services) -> str:
    return services.store.dataset("Invented").id


def names(services: Services, dataset_id: str) -> list[tuple[str, int]]:
    return [(person.name, person.faces) for person in services.store.people(dataset_id)]


def test_its_photos_faces_and_reports_are_there(services: Services, dataset_id: str) -> None:
    counts = services.store.counts(dataset_id)
    assert (counts.photos, counts.faces, counts.people, counts.unnamed_faces, counts.excluded_faces) == (
        25,
        24,
        6,
        2,
        1,
    )
    table, embeddings = services.store.face_table(dataset_id), services.store.embeddings(dataset_id)
    assert embeddings.face_ids == table.face_ids
    np.testing.assert_allclose(np.linalg.norm(embeddings.vectors, axis=1), 1, atol=1e-6)
    assert set(services.store.qualities(dataset_id)) > set(table.face_ids), "the dismissed one has its quality too"
    for photo_id, crop_id in zip(table.photo_ids, table.crop_ids, strict=True):
        for kind, file_id in ((ArtifactKind.PHOTO, photo_id), (ArtifactKind.CROP, crop_id)):
            assert content_id(services.artifacts.read(dataset_id, kind, file_id)) == file_id
    jobs = services.jobs.jobs(dataset_id)
    assert {job.state for job in jobs} == {JobState.DONE}
    assert [job.kind for job in reversed(jobs)] == [
        *(JobKind.INGEST, JobKind.TRAIN, JobKind.MAP),
        *(JobKind.CLUSTER, JobKind.SUSPECTS),
    ]
    assert len(services.store.file_reports(jobs[-1].id)) == 25


def test_its_corrections_hold_and_can_be_undone(services: Services, dataset_id: str) -> None:
    corrected = [("Ada Lovelace", 5), ("Bo", 5), ("Cy", 4), ("Dee", 3), ("Dee the younger", 2), ("Eve", 2)]
    assert names(services, dataset_id) == corrected
    people = {person.name: person for person in services.store.people(dataset_id)}
    assert (people["Dee"].hidden, people["Bo"].note, people["Bo"].excluded) == (True, "met in spring", 1)
    table = services.store.face_table(dataset_id)
    assert (int(table.confirmed.sum()), int(table.strangers.sum()), int(table.excluded.sum())) == (6, 1, 1)
    events = services.log.events(dataset_id)
    assert (len(events), events[0].kind, {event.author for event in events}) == (17, EventKind.REDO, {"Ann"})
    assert [event.kind for event in events if not event.active] == [EventKind.MERGE]
    assert len(services.log.pairs_kept_apart(dataset_id)) == 1
    corrector = Corrector(services.store, services.log, dataset_id, SITTING)
    (undone,) = corrector.undo()
    assert undone.kind is EventKind.UNDO
    assert not {person.name: person.hidden for person in services.store.people(dataset_id)}["Dee"]
    (merge,) = [event for event in events if event.kind is EventKind.MERGE]
    corrector.redo(merge.id)
    assert ("Bo", 9) in names(services, dataset_id)
    corrector.undo_session()
    assert names(services, dataset_id) == [(name, 5) for name in ("Ada", "Bo", "Cy", "Dee")]
    splits = services.store.face_table(dataset_id).splits
    assert (splits.count(Split.VAL), splits.count(None)) == (4, 5)


def test_its_run_is_read_and_it_trains_again(services: Services, dataset_id: str) -> None:
    (run,) = services.runs.runs(dataset_id)
    recogniser, predictions = load_recogniser(services.artifacts, run), load_predictions(services.artifacts, run)
    assert recogniser.people == ("Ada", "Bo", "Cy", "Dee")
    assert evaluation_json(run, predictions, recogniser)["accuracy"] == 1.0
    embeddings = services.store.embeddings(dataset_id)
    said = recogniser.classifier.probabilities(embeddings.vectors[embeddings.indices(predictions.face_ids)]).argmax(
        axis=1
    )
    assert said.tolist() == predictions.given.tolist()
    assert sorted(recogniser.people[index] for index in said) == ["Ada", "Bo", "Cy", "Dee"]
    job = prepared.carry(services, dataset_id, JobKind.TRAIN, asdict(TrainOptions()))
    again = services.runs.run(job.result["run"])
    new_predictions = load_predictions(services.artifacts, again)
    assert new_predictions.people == ("Ada Lovelace", "Bo", "Cy", "Dee the younger", "Eve")
    compared = compare_runs(services.store, services.log, (run, predictions), (again, new_predictions))
    assert compared.to_json()["both_right"] >= 3


def test_its_map_groups_and_suspects_are_read(services: Services, dataset_id: str) -> None:
    (info,) = services.runs.maps(dataset_id)
    face_map = project.load_map(services.artifacts, info)
    embeddings = services.store.embeddings(dataset_id)
    assert (info.method, len(face_map.face_ids), face_map.points.shape) == (project.Method.UMAP, 25, (25, 2))
    assert project.add_newcomers(face_map, embeddings).newcomers == frozenset()
    assert set(face_map.face_ids) > set(embeddings.face_ids)
    clustering = load_clustering(services.store, services.log, services.artifacts, dataset_id)
    assert (clustering.stale, clustering.cut().alone) == (True, 1), "four of the five were named or put aside since"
    queue = load_queue(services.artifacts, dataset_id)
    assert queue is not None and queue.revision == 1

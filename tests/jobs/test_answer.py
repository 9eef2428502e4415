"""What photos lead to: the steps that a dataset is ready for, without those that are there already."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base.face_table import FaceTable
from core.corrections.model import Editor
from core.jobs.answer import plan_answer
from core.jobs.registry import list_follow_ups, submit_job
from core.learn.classification.training_material import TrainOptions
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind
from core.vision.engine.openvino import OpenVinoEngine
from core.workflows.clustering.hierarchy import ClusterOptions
from core.workflows.labels.correct import Corrector
from core.workflows.labels.review_queue import SuspectsRequest
from core.workflows.photos.requests import IngestRequest
from core.workflows.projection.project import MapOptions
from core.workflows.training.request import TrainRequest
from tests import prepared
from tests.conftest import services_on


@pytest.fixture
def sample(sample_dir: Path, tmp_path: Path, engine: OpenVinoEngine) -> Services:
    """The sample with a run of its present faces, and with nothing else."""
    return services_on(prepared.copy(sample_dir, tmp_path / "data"), engine)


def corrector(services: Services) -> Corrector:
    return Corrector(services.store, services.log, services.store.datasets()[0].id, Editor("Ben", "this one"))


def table(services: Services) -> FaceTable:
    return services.store.face_table(services.store.datasets()[0].id)


def plan(services: Services) -> list[object]:
    return list(plan_answer(services, services.store.datasets()[0].id))


def test_an_empty_dataset_is_ready_for_nothing(services: Services) -> None:
    services.store.create_dataset("Family", "facenet-128")
    assert plan(services) == []


def test_named_faces_are_learned_looked_through_and_laid_out(sample: Services) -> None:
    (run,) = sample.runs.runs(sample.store.datasets()[0].id)
    sample.runs.delete_run(run.id)
    assert plan(sample) == [TrainRequest(), SuspectsRequest(), MapOptions()]


def test_faces_without_a_name_are_grouped(sample: Services) -> None:
    corrector(sample).unname(table(sample).face_ids)
    assert plan(sample) == [ClusterOptions(), MapOptions()]


def test_a_training_is_repeated_as_it_was_asked_for(sample: Services) -> None:
    dataset = sample.store.datasets()[0]
    options = TrainOptions(folds=3, seed=7)
    prepared.carry(sample, dataset.id, JobKind.TRAIN, TrainRequest(options).to_json())
    corrector(sample).unname(table(sample).face_ids[:1])
    assert plan(sample) == [TrainRequest(options), ClusterOptions(), SuspectsRequest(), MapOptions()]


def test_one_photo_a_person_is_not_learned_from(sample: Services) -> None:
    faces = table(sample)
    first_rows = [faces.labels.tolist().index(label) for label in range(len(faces.people))]
    others = [face_id for row, face_id in enumerate(faces.face_ids) if row not in first_rows]
    corrector(sample).unname(others)
    assert plan(sample) == [ClusterOptions(), SuspectsRequest(), MapOptions()]


def test_what_is_there_and_of_these_faces_is_not_done_again(sample: Services) -> None:
    dataset = sample.store.datasets()[0]
    corrector(sample).unname(table(sample).face_ids[:1])
    prepared.carry(sample, dataset.id, JobKind.TRAIN)
    prepared.carry(sample, dataset.id, JobKind.CLUSTER)
    prepared.carry(sample, dataset.id, JobKind.SUSPECTS)
    assert plan(sample) == [MapOptions()]
    sample.artifacts.replace(dataset.id, ArtifactKind.SUSPECTS, "queue", b"cut off")
    assert plan(sample) == [SuspectsRequest(), MapOptions()], "a damaged queue is none"


@pytest.mark.parametrize("answer", [True, False])
def test_an_ingest_is_followed_when_it_says_so(sample: Services, answer: bool) -> None:
    dataset = sample.store.datasets()[0]
    ingest = submit_job(sample.jobs, dataset.id, IngestRequest("a.zip", "a.zip", answer=answer))
    kinds = [work.kind for work in list_follow_ups(sample, ingest)]
    assert kinds == ([JobKind.SUSPECTS, JobKind.MAP] if answer else [])


def test_no_other_work_is_followed(sample: Services) -> None:
    training = submit_job(sample.jobs, sample.store.datasets()[0].id, TrainRequest())
    assert list_follow_ups(sample, training) == []

"""The newest recogniser brought up to date: who is known, what is said of its figures, when only a training can."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import pytest

from core.base.progress import UNWATCHED
from core.corrections.model import Editor
from core.jobs.handlers.learning import run_training
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.classification.training_material import TrainOptions
from core.learn.metrics.run_values import ImportOrigin
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind, JobOwner
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.workflows.labels.correct import Corrector
from core.workflows.training import train, update
from core.workflows.training.request import TrainRequest, TrainResult, find_training_request
from core.workflows.training.train import TrainingTask
from tests import prepared
from tests.stored_faces import add_faces

PEOPLE: dict[str | None, int] = {"Ann": 6, "Bob": 6, "Cleo": 6, "Dora": 6}


@pytest.fixture
def dataset(services: Services) -> Dataset:
    """Four people, learned."""
    dataset = add_faces(services, "Family", PEOPLE)
    train.train_recogniser(services.run_tools(), TrainingTask(dataset.id, TrainOptions(folds=3, seed=2)))
    return dataset


def update_run(services: Services, dataset: Dataset, **options: object) -> Run | None:
    return update.update_newest_run(services.run_tools(), dataset.id, **options)  # type: ignore[arg-type]


def ids_of(services: Services, dataset: Dataset, name: str) -> list[str]:
    table = services.store.face_table(dataset.id)
    return [face_id for row, face_id in enumerate(table.face_ids) if table.person(row) == name]


def test_a_new_person_is_known_and_the_figures_stay_those_of_the_training(services: Services, dataset: Dataset) -> None:
    (before,) = services.runs.runs(dataset.id)
    add_faces(services, "Family", {"Eve": 5})
    run = update_run(services, dataset)
    assert run is not None and run.revision == services.store.dataset(dataset.id).revision
    assert run.params.people == ("Ann", "Bob", "Cleo", "Dora", "Eve")
    assert (run.metrics.n_people, run.metrics.n_train) == (5, 29)
    told = run.params.updated
    assert told is not None
    assert (told.trained, told.trained_at) == (before.id, before.created)
    assert (told.people_added, told.people_removed) == (1, 0)
    assert (run.metrics.n_test, run.metrics.accuracy) == (before.metrics.n_test, before.metrics.accuracy)
    assert run.params.threshold.rate == before.params.threshold.rate
    identifier = services.identifier(run)
    vectors = services.store.embeddings(dataset.id)
    eve = vectors.take(vectors.match(ids_of(services, dataset, "Eve"))[1])
    answers = identifier.name_vectors(eve.vectors, identifier.threshold())
    assert [name for name, _ in answers] == ["Eve"] * 5
    assert train.run_to_json(run)["updated"]["not_measured_again"] == ["accuracy", "threshold"]  # type: ignore[index, call-overload]


def test_whom_learned_faces_speak_for_is_written_down_and_stays_with_them(services: Services, dataset: Dataset) -> None:
    def require_labels(run: Run, n_faces: int) -> None:
        identifier = services.identifier(run)
        assert identifier.gallery_labels is not None and len(identifier.gallery) == n_faces
        computed = replace(identifier, gallery_labels=None).neighbours
        assert identifier.neighbours is not None and computed is not None
        assert identifier.neighbours.labels.tolist() == computed.labels.tolist()

    (before,) = services.runs.runs(dataset.id)
    require_labels(before, 24)
    corrector = Corrector(services.store, services.log, dataset.id, Editor("Ben", "now"))
    corrector.dismiss(ids_of(services, dataset, "Ann")[1:3])
    require_labels(before, 22)
    add_faces(services, "Family", {"Aaron": 5})
    run = update_run(services, dataset)
    assert run is not None
    require_labels(run, 27)


def test_somebody_who_lost_their_name_is_known_no_more(services: Services, dataset: Dataset) -> None:
    bobs = ids_of(services, dataset, "Bob")
    Corrector(services.store, services.log, dataset.id, Editor("Ben", "now")).unname(bobs)
    run = update_run(services, dataset)
    assert run is not None and run.params.people == ("Ann", "Cleo", "Dora")
    predictions = train.load_predictions(services.artifacts, run)
    assert predictions.people == run.params.people and len(predictions.face_ids) == 18
    assert set(bobs).isdisjoint({*predictions.face_ids, *predictions.learned_ids})
    assert predictions.impostors is None
    recogniser = train.load_recogniser(services.artifacts, run)
    assert recogniser.people == run.params.people == tuple(recogniser.classifier.people)


def test_a_classifier_that_is_learned_as_a_whole_is_not_updated_but_trained(services: Services) -> None:
    dataset = add_faces(services, "Family", PEOPLE)
    options = TrainOptions(folds=3, classifier=ClassifierKind.LOGISTIC)
    train.train_recogniser(services.run_tools(), TrainingTask(dataset.id, options))
    add_faces(services, "Family", {"Eve": 5})
    assert update_run(services, dataset) is None
    prepared.carry(services, dataset.id, JobKind.TRAIN, TrainRequest(update=True).to_json())
    run = services.runs.runs(dataset.id)[0]
    assert run.params.updated is None and "Eve" in run.params.people
    assert run.params.kind is ClassifierKind.LOGISTIC, "trained as the one before, though no job tells how that was"


def test_updates_of_an_update_speak_of_one_training_which_takes_their_place(
    services: Services, dataset: Dataset
) -> None:
    (before,) = services.runs.runs(dataset.id)
    add_faces(services, "Family", {"Eve": 5})
    first = update_run(services, dataset)
    add_faces(services, "Family", {"Finn": 5})
    second = update_run(services, dataset)
    assert first is not None and second is not None and second.params.updated is not None
    assert (second.params.updated.trained, second.params.updated.people_added) == (before.id, 2)
    assert [run.id for run in services.runs.runs(dataset.id)] == [second.id, before.id]
    assert update_run(services, dataset) == second, "of these faces already"
    corrector = Corrector(services.store, services.log, dataset.id, Editor("Ben", "now"))
    corrector.unname(ids_of(services, dataset, "Eve"))
    third = update_run(services, dataset)
    assert third is not None and third.params.updated is not None
    assert (third.params.updated.people_added, third.params.updated.people_removed) == (1, 0), "she came and went"
    whole = train.train_recogniser(services.run_tools(), TrainingTask(dataset.id))
    assert [run.id for run in services.runs.runs(dataset.id)] == [whole.id, before.id]
    for earlier in (first, second, third):
        assert not services.artifacts.path(dataset.id, ArtifactKind.RUN, earlier.id).exists()
    assert whole.params.updated is None


def test_an_interrupted_update_leaves_the_recogniser_before(
    services: Services, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    (before,) = services.runs.runs(dataset.id)
    add_faces(services, "Family", {"Eve": 5})

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(services.runs), "add_run", stop)
    with pytest.raises(KeyboardInterrupt):
        update_run(services, dataset)
    assert services.runs.runs(dataset.id) == [before]
    assert train.load_recogniser(services.artifacts, before).people == ("Ann", "Bob", "Cleo", "Dora")


def test_a_job_updates_or_trains_as_the_newest_was_where_it_cannot(services: Services, dataset: Dataset) -> None:
    ask = TrainRequest(update=True).to_json()
    (before,) = services.runs.runs(dataset.id)
    add_faces(services, "Family", {"Eve": 5})
    updated = services.runs.run(TrainResult.of(prepared.carry(services, dataset.id, JobKind.TRAIN, ask)).run)
    assert updated.params.updated is not None
    assert find_training_request(services.jobs, dataset.id, updated) == TrainRequest(), "the first had no job"
    for run in services.runs.runs(dataset.id):
        train.delete_run(services.runs, services.artifacts, run)
    trained = services.runs.run(TrainResult.of(prepared.carry(services, dataset.id, JobKind.TRAIN, ask)).run)
    assert trained.params.updated is None and trained.id != before.id


def test_a_training_killed_when_its_run_was_stored_replaces_the_updated_one_when_it_goes_on(
    services: Services, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    (before,) = services.runs.runs(dataset.id)
    add_faces(services, "Family", {"Eve": 5})
    assert update_run(services, dataset) is not None
    job = services.jobs.submit(dataset.id, JobKind.TRAIN, TrainRequest().to_json(), JobOwner.COMMAND_LINE)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(services.runs), "delete_run", stop)
        with pytest.raises(KeyboardInterrupt):
            run_training(services, job, TrainRequest(), UNWATCHED)
    assert len(services.runs.runs(dataset.id)) == 3
    assert run_training(services, job, TrainRequest(), UNWATCHED).run == job.id
    assert [run.id for run in services.runs.runs(dataset.id)] == [job.id, before.id]


def test_a_long_training_brings_the_recogniser_up_to_date_first(
    services: Services, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "UPDATE_FIRST_FROM", 20)
    add_faces(services, "Family", {"Eve": 5})
    seen: list[tuple[str, ...]] = []
    real = train.train_recogniser

    def watched(*arguments: object) -> Run:
        seen.append(services.runs.runs(dataset.id)[0].params.people)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(train, "train_recogniser", watched)
    job = prepared.carry(services, dataset.id, JobKind.TRAIN)
    assert seen == [("Ann", "Bob", "Cleo", "Dora", "Eve")]
    assert services.runs.runs(dataset.id)[0].id == job.id
    assert all(run.params.updated is None for run in services.runs.runs(dataset.id))


@pytest.mark.parametrize("case", ["no run", "from elsewhere", "too early a version", "damaged", "too few people"])
def test_what_only_a_training_can_do_is_left_to_it(services: Services, dataset: Dataset, case: str) -> None:
    (run,) = services.runs.runs(dataset.id)
    add_faces(services, "Family", {"Eve": 5})
    services.runs.delete_run(run.id)
    if case == "damaged":
        services.artifacts.replace(dataset.id, ArtifactKind.RUN, run.id, b"cut off")
    if case == "too few people":
        corrector = Corrector(services.store, services.log, dataset.id, Editor("Ben", "now"))
        corrector.unname(
            [face_id for name in ("Ann", "Bob", "Cleo", "Dora") for face_id in ids_of(services, dataset, name)]
        )
    changes = {
        "from elsewhere": {"imported": ImportOrigin("ab", "Family")},
        "too early a version": {"person_ids": None},
    }
    if case != "no run":
        services.runs.add_run(dataclasses.replace(run, params=dataclasses.replace(run.params, **changes.get(case, {}))))
    assert update_run(services, dataset) is None

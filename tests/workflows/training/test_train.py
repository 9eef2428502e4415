"""Training as a whole: what it tells on the way, how it stops, and that measuring in parts changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from core.base.errors import Cancelled, TrainingRefused
from core.base.progress import UNWATCHED, CancelToken, Progress
from core.learn.classification import training
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.classification.training_material import TrainOptions
from core.workflows.training import train
from core.workflows.training.train import TrainingTask
from tests.stored_faces import add_faces

PEOPLE = {f"person {number}": 6 for number in range(8)}


def trained(services, dataset, options=None, progress=UNWATCHED):
    task = TrainingTask(dataset.id, options or TrainOptions())
    return train.train_recogniser(services.run_tools(), task, progress)


def test_progress_rises_from_the_first_fit_to_the_last(services):
    told: list[tuple[int, int, str]] = []
    trained(services, add_faces(services, "Eight", PEOPLE), progress=Progress(lambda *line: told.append(line)))
    done, total, messages = zip(*told[1:], strict=True)  # the first line is about reading
    assert list(done) == sorted(done) and set(total) == {6 * 8} and done[-1] == 6 * 8
    assert list(dict.fromkeys(messages)) == [
        "Learning from all",
        *(f"Learning and testing, part {part} of 5" for part in range(1, 6)),
        "Done",
    ]


@pytest.mark.parametrize("kind", ClassifierKind)
def test_every_kind_is_trained_tested_and_says_which_it_is(services, kind):
    """With so many people the rule for strangers is learned by the classifier's own trials."""
    dataset = add_faces(services, "Many", {"i" * number: 4 for number in range(1, 43)})
    run = trained(services, dataset, TrainOptions(folds=2, classifier=kind))
    assert run.params.kind is kind and run.metrics.accuracy > 0.95
    assert not run.params.threshold.from_prior and run.params.threshold.genuine_kept > 0.8
    recogniser = train.load_recogniser(services.artifacts, run)
    assert recogniser.classifier.kind is kind
    assert train.run_to_json(run)["classifier"] == kind.value
    stored = services.runs.run(run.id)
    assert stored.params.classifier is kind


def test_a_wish_to_stop_is_heard_inside_a_fit(services):
    token, told = CancelToken(), []

    def report(done: int, total: int, message: str) -> None:
        told.append((done, message))
        if 0 < done < 8:
            token.cancel()

    dataset = add_faces(services, "Eight", PEOPLE)
    with pytest.raises(Cancelled):
        trained(services, dataset, progress=Progress(report, token))
    assert told[-1][1] == "Learning from all" and services.runs.runs(dataset.id) == []


def test_testing_in_parts_measures_what_testing_at_once_does(services, monkeypatch):
    dataset = add_faces(services, "Eight", PEOPLE | {"twin": 6}, {"twin": "person 0"})
    at_once = train.load_predictions(services.artifacts, trained(services, dataset))
    monkeypatch.setattr(training, "SCORES_AT_ONCE", 20)
    in_parts = train.load_predictions(services.artifacts, trained(services, dataset))
    assert in_parts.evaluation.n_correct < in_parts.evaluation.n_test  # the twins are taken for each other
    assert (in_parts.evaluation.confusion != at_once.evaluation.confusion).nnz == 0
    assert in_parts.evaluation.top3 == at_once.evaluation.top3
    assert in_parts.evaluation.ece == pytest.approx(at_once.evaluation.ece, abs=1e-6)  # float32 products
    assert np.allclose(in_parts.distances, at_once.distances, atol=1e-6)


def test_two_people_with_a_photo_each_are_refused_with_what_to_do(services):
    with pytest.raises(TrainingRefused, match="Add photos"):
        trained(services, add_faces(services, "Two", {"Ann": 1, "Bob": 1}))

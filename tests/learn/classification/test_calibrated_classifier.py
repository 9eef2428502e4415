"""The classifier, which is a linear SVM unless another is asked for: its C, its probabilities, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from core.base.errors import TrainingRefused
from core.learn.classification import calibrated_classifier, row_learners
from core.learn.classification.calibrated_classifier import fit_classifier, fit_temperature
from core.learn.classification.classifier_kinds import ClassifierSettings
from core.learn.classification.row_learners import C_GRID
from tests.learn.faces import clusters, names
from tests.shares import hear_shares


def test_the_share_that_is_done_rises_to_one():
    faces = clusters(40, 4)
    told: list[float] = []
    fit_classifier(faces, names(40), progress=hear_shares(told.append))
    assert told == sorted(told) and told[-1] == 1
    assert len(told) > 5


def test_two_people_have_two_opposite_rows():
    faces = clusters(2, 5)
    svm = fit_classifier(faces, ("Ann", "Bob"), ClassifierSettings(c=1.0))
    assert svm.linear.coef.shape == (2, 16)
    assert np.allclose(svm.linear.coef[0], -svm.linear.coef[1], atol=1e-4)
    assert svm.linear.predict(faces.vectors).tolist() == faces.labels.tolist()


def test_separable_people_are_all_recognised_and_the_smallest_of_equal_values_is_taken():
    faces = clusters(5, 8, spread=0.2)
    svm = fit_classifier(faces, names(5))
    assert C_GRID[0] == svm.C
    assert (svm.linear.predict(faces.vectors) == faces.labels).all()


@pytest.mark.parametrize(
    ("case", "n_wrong", "tried"), [("nothing is wrong", 0, C_GRID[:1]), ("a photo of somebody else", 1, C_GRID[:2])]
)
def test_larger_values_are_tried_only_while_they_bring_fewer_errors(monkeypatch, case, n_wrong, tried):
    faces = clusters(5, 8, spread=0.2)
    faces.labels[:n_wrong] = 1
    fitted = []
    real = row_learners.fit_one_versus_rest

    def watched(vectors, labels, n_people, C, **options):
        fitted.append(C)
        return real(vectors, labels, n_people, C, **options)

    monkeypatch.setattr(row_learners, "fit_one_versus_rest", watched)
    svm = fit_classifier(faces, names(5))
    assert fitted == [C for C in tried for _ in range(calibrated_classifier.CHOOSING_FOLDS)] + [C_GRID[0]]
    assert C_GRID[0] == svm.C


@pytest.mark.parametrize(
    ("case", "errors", "chosen"),
    [
        ("fewer by chance", {0.3: 12, 1.0: 11, 3.0: 9, 10.0: 0}, 0.3),
        ("clearly fewer", {0.3: 12, 1.0: 8, 3.0: 7, 10.0: 0}, 1.0),
        ("the last of them", {0.3: 1, 1.0: 0, 3.0: 0, 10.0: 0}, 1.0),
    ],
)
def test_a_larger_value_is_taken_for_more_than_a_standard_error_of_errors(monkeypatch, case, errors, chosen):
    faces = clusters(5, 8)

    def with_errors(trial, faces, fold_of, progress):
        margins = np.eye(5)[faces.labels]
        margins[: errors[trial.C]] = np.eye(5)[(faces.labels[: errors[trial.C]] + 1) % 5]
        return margins, trial.starts

    monkeypatch.setattr(calibrated_classifier, "_out_of_fold", with_errors)
    assert calibrated_classifier.choose_c(faces) == chosen


def test_fitting_twice_gives_the_same_arrays():
    faces = clusters(4, 6)
    one, two = (fit_classifier(faces, names(4), seed=5) for _ in range(2))
    assert (one.linear.coef == two.linear.coef).all() and one.temperature == two.temperature and one.C == two.C


@pytest.mark.parametrize(("n_people", "n_each"), [(2, 1), (2, 2), (5, 3), (5, 40)])
def test_probabilities_sum_to_one_and_are_never_certain(n_people, n_each):
    faces = clusters(n_people, n_each, spread=0.1)
    probabilities = fit_classifier(faces, names(n_people)).probabilities(faces.vectors)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities > 0).all() and (probabilities < 1).all()


def test_few_photos_promise_less_than_many():
    def surest(n_each: int) -> float:
        faces = clusters(5, n_each, spread=0.3)
        return float(fit_classifier(faces, names(5)).probabilities(faces.vectors).max())

    assert surest(3) < 0.96 < 0.99 < surest(40)
    assert surest(1) < 0.7


def test_a_burst_counts_as_one_shot_for_how_sure_to_be():
    faces = clusters(5, 12, spread=0.3)
    alone = fit_classifier(faces, names(5), ClassifierSettings(c=1.0))
    bursts = fit_classifier(replace(faces, shots=faces.shots // 4), names(5), ClassifierSettings(c=1.0))
    assert bursts.temperature > alone.temperature


def test_the_temperature_of_honest_margins_is_one():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 4)) * 2
    truth = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)  # drawn from softmax(logits)
    assert fit_temperature(logits, truth, 20_000) == pytest.approx(1.0, abs=0.03)
    assert fit_temperature(logits * 5, truth, 20_000) == pytest.approx(5.0, abs=0.15)


def test_a_person_with_one_shot_is_learned_beside_people_with_many():
    faces = clusters(3, 13, spread=0.5)
    keep = np.concatenate([[0], np.arange(13, 39)])
    svm = fit_classifier(faces.take(keep), names(3))
    assert (svm.linear.predict(faces.vectors) == faces.labels).all()


def test_the_penalty_is_chosen_on_a_sample_of_a_large_dataset_but_everybody_is_learned():
    faces = clusters(130, 20, spread=0.1)
    svm = fit_classifier(faces, names(130), seed=1)
    assert len(svm.people) == 130
    assert (svm.linear.predict(faces.vectors) == faces.labels).mean() > 0.98


@pytest.mark.parametrize(
    ("case", "people", "error"),
    [("one person", ("Ann",), TrainingRefused), ("a person without a face", ("Ann", "Bob", "Cat"), ValueError)],
)
def test_what_cannot_be_learned_is_refused(case, people, error):
    faces = clusters(min(len(people), 2), 3)
    with pytest.raises(error):
        fit_classifier(faces, people)


def test_a_vector_that_is_no_number_is_refused():
    faces = clusters(2, 3)
    faces.vectors[1, 2] = np.nan
    with pytest.raises(TrainingRefused, match="no number"):
        fit_classifier(faces, ("Ann", "Bob"))

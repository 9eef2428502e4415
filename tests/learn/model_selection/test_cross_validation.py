"""Repeated folds: whole shots, nobody tested by what saw them, and figures that equal scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score, top_k_accuracy_score
from sklearn.neighbors import NearestCentroid as TextbookCentroid

from core.learn.classification.classifier_kinds import WHY_NOT, ClassifierKind, ClassifierSettings
from core.learn.labelled_faces import LabelledFaces
from core.learn.metrics.bootstrap import draw_resamples
from core.learn.metrics.fold_summary import summarise_folds
from core.learn.metrics.slices import UNKNOWN, slice_faces
from core.learn.model_selection.baselines import DUMMY, list_contenders
from core.learn.model_selection.cross_validation import (
    count_learned_faces,
    deal_repetitions,
    draw_subset,
    name_and_rank,
    predict_out_of_fold,
)
from core.learn.model_selection.learning_curve import measurable_steps, measure_learning_curve
from tests.learn.faces import people, unit

ALL = list_contenders()


def silent() -> None:
    """Nobody to tell."""


def test_shots_stay_together_and_every_repetition_tests_every_face_once():
    known = people([9, 7, 12, 8])
    known = LabelledFaces(known.vectors, known.labels, np.arange(36) // 2 + 100 * known.labels)  # two faces a shot
    divided = deal_repetitions(known, 4, seed=0)
    assert len(divided) == 4 and all(len(folds) == 5 for folds in divided)
    for folds in divided:
        assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(36))
        for fold in folds:
            assert not set(known.shots[fold.train]) & set(known.shots[fold.test])
            assert len(fold.train) + len(fold.test) == 36
            assert set(known.labels[fold.train]) == {0, 1, 2, 3}
    tests = {tuple(fold.test.tolist()) for folds in divided for fold in folds}
    assert len(tests) > 5  # dealt anew


def test_a_person_with_one_shot_is_learned_and_never_tested():
    known = people([6, 1, 6])
    divided = deal_repetitions(known, 2, seed=0)
    assert all(6 in fold.train and 6 not in fold.test for folds in divided for fold in folds)
    said = predict_out_of_fold(known, ALL[0], divided, silent)
    assert (said.given[:, 6] == -1).all() and (said.given[:, known.testable] >= 0).all()
    assert count_learned_faces(known, divided)[6] == -1


@pytest.mark.parametrize("contender", ALL, ids=[one.id for one in ALL])
def test_two_people_with_two_photos_each_can_be_measured_by_all(contender):
    known = people([2, 2], noise=0.1)
    divided = deal_repetitions(known, 3, seed=0)
    said = predict_out_of_fold(known, contender, divided, silent)
    assert len(divided[0]) == 2 and (count_learned_faces(known, divided) == 1).all()
    rate = summarise_folds(said, known.labels, 2, draw_resamples(known.labels, known.shots)).accuracy
    assert rate.mean == (0.5 if contender.id == DUMMY else 1.0) and rate.low < 0.6


@pytest.mark.parametrize("contender", ALL, ids=[one.id for one in ALL])
def test_what_tells_the_name_on_the_test_side_only_helps_nobody(contender):
    """Every tested face points at its true person in dimensions that are 0 for all that is learned from."""
    rng = np.random.default_rng(3)
    n_people, labels = 6, np.repeat(np.arange(6), 10)
    noise = unit(rng.normal(size=(60, 12)))
    code = np.eye(n_people, dtype=np.float32)[labels]
    known = LabelledFaces(noise, labels, np.arange(60))
    divided = deal_repetitions(known, 5, seed=0)
    without = np.hstack([noise, np.zeros_like(code)])
    honest = predict_out_of_fold(LabelledFaces(without, labels, known.shots), contender, divided, silent)
    leaking, everywhere = honest.given.copy(), np.hstack([noise, code])
    for turn, folds in enumerate(divided):
        for fold in folds:
            given = without.copy()
            given[fold.test] = everywhere[fold.test]
            said = predict_out_of_fold(LabelledFaces(given, labels, known.shots), contender, [[fold]], silent)
            leaking[turn, fold.test] = said.given[0, fold.test]
    assert abs((leaking == labels).mean() - (honest.given == labels).mean()) < 0.08
    assert (leaking == labels).mean() < 0.4
    seen = predict_out_of_fold(LabelledFaces(unit(everywhere), labels, known.shots), contender, divided, silent)
    assert contender.id == DUMMY or (seen.given == labels).mean() > 0.9  # where it may be learned, it is


def test_the_figures_equal_those_of_scikit_learn():
    known = people([12, 7, 9, 15, 1], noise=1.6)
    divided = deal_repetitions(known, 3, seed=1)
    rows = np.flatnonzero(known.testable)
    said, truth = predict_out_of_fold(known, ALL[0], divided, silent).of(rows), known.labels[rows]
    found = summarise_folds(said, truth, 5, draw_resamples(truth, known.shots[rows]))
    assert 0.4 < found.accuracy.mean < 0.95
    for name, score in (
        ("accuracy", accuracy_score),
        ("balanced_accuracy", lambda true, given: recall_score(true, given, labels=range(4), average="macro")),
        ("macro_f1", lambda true, given: f1_score(true, given, average="macro")),
    ):
        textbook = np.mean([score(truth, given) for given in said.given])
        one = getattr(found, name)
        assert one.mean == pytest.approx(textbook, abs=1e-12)
        assert one.low < one.mean < one.high


def test_resampled_balanced_accuracy_and_f1_are_those_of_the_repeated_faces():
    """Against scikit-learn on the resample itself: its people that were drawn several times are several people."""
    known = people([12, 7, 9], noise=1.6)
    said = predict_out_of_fold(known, ALL[0], deal_repetitions(known, 1, seed=1), silent)
    drawn = draw_resamples(known.labels, known.shots, count=50)
    recalls, f1s = [], []
    for faces, times in zip(drawn.faces, drawn.people, strict=True):
        rows = np.repeat(np.arange(28), faces.astype(int))
        true, given, there = known.labels[rows], said.given[0, rows], np.flatnonzero(times)
        recall = [np.mean(given[true == person] == person) for person in there]
        f1 = f1_score(true, given, labels=there, average=None)
        recalls.append(np.average(recall, weights=times[there]))
        f1s.append(np.average(f1, weights=times[there]))
    found = summarise_folds(said, known.labels, 3, drawn)
    for one, textbook in ((found.balanced_accuracy, recalls), (found.macro_f1, f1s)):
        assert one.low == pytest.approx(np.quantile(textbook, 0.025) + one.mean - np.mean(textbook))


def test_ranks_count_who_comes_before_and_ties_count_against():
    scores = np.array([[3.0, 2, 1], [3, 2, 1], [1, 1, 1], [1, 1, 0]])
    given, ranks = name_and_rank(scores, np.array([0, 2, 1, 0]))
    assert given.tolist() == [0, 0, 0, 0] and ranks.tolist() == [0, 2, 2, 0]
    rng = np.random.default_rng(0)
    scores, truth = rng.random((200, 7)), rng.integers(0, 7, 200)
    _, ranks = name_and_rank(scores, truth)
    assert np.mean(ranks < 3) == pytest.approx(top_k_accuracy_score(truth, scores, k=3))


def test_nearest_centroid_is_the_textbooks():
    known, probes = people([5, 9, 7], noise=2.0), people([20, 20, 20], noise=2.0, seed=1).vectors
    (ours,) = (one for one in ALL if one.id == "nearest-centroid")
    given = ours.fit(known.vectors, known.labels, 3)(probes).argmax(axis=1)
    assert (given == TextbookCentroid().fit(known.vectors, known.labels).predict(probes)).all()


def test_more_photos_of_a_person_are_worth_more():
    known = people([30] * 6 + [3], noise=1.8)
    divided = deal_repetitions(known, 2, seed=0)
    points = measure_learning_curve(known, ALL[0], divided, 0, silent)
    assert [(point.photos, point.people) for point in points] == measurable_steps(known, divided)
    assert [(point.photos, point.people) for point in points] == [
        (1, 7),
        (2, 7),
        (3, 6),
        (5, 6),
        (8, 6),
        (12, 6),
        (20, 6),
    ]
    rates = [point.right.mean() for point in points]
    assert rates[0] + 0.1 < rates[-1]
    whole = predict_out_of_fold(known, ALL[0], divided, silent).right(known.labels).mean()
    assert rates[-1] == pytest.approx(whole, abs=0.05)


def test_the_curve_learns_from_one_face_of_a_shot():
    known = people([12, 12])
    known = LabelledFaces(known.vectors, known.labels, np.arange(24) // 6)  # two shots of six faces each
    learned = []

    class Watching:
        def fit(self, vectors, labels, n_people):
            learned.append(len(labels))
            return ALL[0].fit(vectors, labels, n_people)

    measure_learning_curve(known, Watching(), deal_repetitions(known, 1, seed=0), 0, silent)
    assert learned == [2, 2]  # one step, two folds: one shot of each person is on either side


def test_of_many_faces_whole_shots_of_some_people_are_drawn():
    known = people([20] * 30 + [1] * 10)
    known = LabelledFaces(known.vectors, known.labels, np.arange(610) // 2 + 1000 * known.labels)
    rows = draw_subset(known, most_people=10, most_faces=100, seed=0)
    kept = known.only(rows)
    assert kept.n_people == 10 and len(rows) <= 100 and (kept.shots_each >= 2).all()
    assert all(np.isin(np.flatnonzero(known.shots == shot), rows).all() for shot in kept.shots)
    assert (draw_subset(known, 10, 100, seed=0) == rows).all() and not np.array_equal(
        draw_subset(known, 10, 100, seed=1), rows
    )
    assert len(draw_subset(known, 100, 10_000, seed=0)) == 610


def test_every_face_is_in_one_slice_of_each_kind_and_what_is_not_measured_apart():
    nan = np.nan
    found = slice_faces(
        np.array([0.4, 0.7, nan, 0.9]),
        np.array([-40, 3, nan, -14.9]),
        np.array([30, 80, 79, 500.0]),
        np.array([1, 3, 11, 2]),
    )
    for kind in ("quality", "pose", "face size", "training photos"):
        assert (np.sum([one.members for one in found if one.by == kind], axis=0) == 1).all()
    named = {(one.by, one.name): np.flatnonzero(one.members).tolist() for one in found}
    assert named["quality", "below 50 %"] == [0] and named["quality", "70 to 85 %"] == [1]
    assert named["quality", UNKNOWN] == named["pose", UNKNOWN] == [2]
    assert named["pose", "turned 30° and more"] == [0] and named["pose", "frontal"] == [1, 3]
    assert named["face size", "40 to 79 px"] == [2] and named["training photos", "1 or 2"] == [0, 3]


def test_the_one_in_use_comes_first_and_the_baseline_last():
    assert ALL[0].id == "linear-svm" and ALL[-1].id == DUMMY
    settings = [one.settings for one in list_contenders(ClassifierSettings(c=3.0))]
    assert settings == ["C = 3", "C = 3", "C = 10", "", "k = 5", ""]
    other = list_contenders(ClassifierSettings(ClassifierKind.LOGISTIC, 2.0))
    assert other[0].id == "logistic" and other[-1].id == DUMMY
    assert [one.settings for one in other] == ["C = 2", "C = 1", "C = 1", "", "k = 5", ""]


def test_every_contender_is_a_kind_of_recogniser_or_says_why_not():
    kinds = set(ClassifierKind)
    assert {one.id for one in ALL if one.id not in WHY_NOT} == kinds
    assert not kinds & set(WHY_NOT)

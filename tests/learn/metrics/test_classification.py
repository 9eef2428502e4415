"""Metrics: small ones by hand, random ones against scikit-learn."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from core.base.errors import InputRefused
from core.learn.metrics.classification import (
    ConfusedPair,
    Evaluation,
    count_more_probable,
    evaluate_from_ranks,
    evaluate_predictions,
    order_by_confusion,
    wilson_interval,
)
from tests.learn.model_selection.test_splits import ints


def sure_of(predicted: np.ndarray, n_people: int, prob: float = 0.9) -> np.ndarray:
    """Probabilities that put ``prob`` on the predicted person."""
    rows = np.full((len(predicted), n_people), (1 - prob) / (n_people - 1))
    rows[np.arange(len(predicted)), predicted] = prob
    return rows


def a_test(true, predicted, people=("Ann", "Bob", "Cat")) -> Evaluation:
    return evaluate_predictions(people, ints(*true), ints(*predicted), sure_of(ints(*predicted), len(people)))


def test_a_small_test_by_hand():
    result = a_test((0, 0, 0, 1, 1, 2), (0, 0, 1, 1, 1, 1))
    assert result.accuracy == 4 / 6
    assert (result.n_correct, result.n_test) == (4, 6)
    assert result.confusion.toarray().tolist() == [[2, 1, 0], [0, 2, 0], [0, 1, 0]]
    ann, bob, cat = result.per_person
    assert (ann.precision, ann.recall, ann.f1, ann.support) == (1, 2 / 3, 0.8, 3)
    assert (bob.precision, bob.recall, bob.support) == (0.5, 1, 2)
    assert (cat.precision, cat.recall, cat.f1, cat.support) == (0, 0, 0, 1)
    assert result.balanced_accuracy == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert result.most_confused == (ConfusedPair("Ann", "Bob", 1), ConfusedPair("Cat", "Bob", 1))
    assert result.ece == pytest.approx(0.9 - 4 / 6)


def test_someone_neither_tested_nor_named_does_not_lower_the_means():
    result = a_test((0, 1), (0, 1))
    assert result.macro_f1 == result.balanced_accuracy == 1
    assert result.per_person[2].support == 0


def test_wilsons_interval_is_the_published_one_and_stays_inside():
    assert wilson_interval(25, 25) == pytest.approx((0.8668, 1.0), abs=1e-4)
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998, table I
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_an_evaluation_survives_json():
    before = a_test((0, 0, 1, 2), (0, 1, 1, 2))
    document = json.loads(json.dumps(before.figures()))
    after = Evaluation.of_figures(document, before.people, before.confusion)
    assert after.to_json() == before.to_json()
    assert after.confusion.dtype == np.int64 and (after.confusion != before.confusion).nnz == 0
    assert after.per_person == before.per_person and after.accuracy_ci95 == before.accuracy_ci95


def test_nothing_to_test_is_refused():
    with pytest.raises(InputRefused, match="no face to test"):
        evaluate_predictions(("Ann", "Bob"), ints(), ints(), np.zeros((0, 2)))


@given(st.integers(4, 9), st.integers(1, 60), st.integers(0, 10_000))
@settings(deadline=None)
def test_metrics_equal_scikit_learns(n_people, n, seed):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, n_people, n)
    probabilities = rng.dirichlet(np.ones(n_people), n)
    predicted = np.where(rng.random(n) < 0.5, true, probabilities.argmax(axis=1))
    people = [f"p{i}" for i in range(n_people)]
    result = evaluate_predictions(people, true, predicted, probabilities)
    everybody = list(range(n_people))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        true, predicted, labels=everybody, zero_division=0
    )
    rows = result.per_person
    assert result.accuracy == pytest.approx(metrics.accuracy_score(true, predicted))
    assert result.macro_f1 == pytest.approx(metrics.f1_score(true, predicted, average="macro", zero_division=0))
    assert [row.precision for row in rows] == pytest.approx(precision.tolist())
    assert [row.recall for row in rows] == pytest.approx(recall.tolist())
    assert [row.f1 for row in rows] == pytest.approx(f1.tolist())
    assert [row.support for row in rows] == support.tolist()
    assert (result.confusion.toarray() == metrics.confusion_matrix(true, predicted, labels=everybody)).all()
    assert result.balanced_accuracy == pytest.approx(recall[support > 0].mean())
    assert result.top3 == pytest.approx(metrics.top_k_accuracy_score(true, probabilities, k=3, labels=everybody))


def test_confused_people_stand_side_by_side():
    confusion = np.diag([10] * 6)
    confusion[0, 5] = confusion[5, 0] = 4
    confusion[1, 4] = 3
    order = order_by_confusion(confusion).tolist()
    assert sorted(order) == list(range(6))
    assert abs(order.index(0) - order.index(5)) == 1
    assert abs(order.index(1) - order.index(4)) == 1
    assert order[4:] == [2, 3], "people whom nobody confuses come last, in their order"


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_without_confusion_the_order_stays(n):
    assert order_by_confusion(np.diag([3] * n).reshape(n, n)).tolist() == list(range(n))


@given(st.integers(1, 12), st.integers(0, 500))
@settings(deadline=None)
def test_the_order_is_a_permutation_and_repeatable(n_people, seed):
    confusion = np.random.default_rng(seed).integers(0, 4, (n_people, n_people))
    order = order_by_confusion(confusion)
    assert sorted(order) == list(range(n_people))
    assert (order == order_by_confusion(confusion)).all()


def test_judging_from_summaries_equals_judging_from_all_probabilities():
    rng = np.random.default_rng(0)
    true, probabilities = rng.integers(0, 5, 40), rng.dirichlet(np.ones(5), 40)
    given = probabilities.argmax(axis=1)
    above = count_more_probable(probabilities, true)
    judged = evaluate_from_ranks("abcde", true, given, probabilities.max(axis=1), above)
    assert judged.to_json() == evaluate_predictions("abcde", true, given, probabilities).to_json()
    assert judged.top3 == np.mean([row in np.argsort(-p)[:3] for row, p in zip(true, probabilities, strict=True)])


def test_very_many_people_are_evaluated_in_the_room_of_their_faces():
    people, true = [f"p{number}" for number in range(60_000)], ints(5, 5, 59_999, 7)
    result = evaluate_from_ranks(people, true, ints(5, 7, 59_999, 7), np.full(4, 0.9), ints(0, 1, 0, 0))
    assert (result.n_correct, result.confusion.nnz) == (3, 4), "a matrix with every 0 would take 29 GB"
    assert [(pair.person, pair.given, pair.count) for pair in result.most_confused] == [("p5", "p7", 1)]
    assert result.to_json()["confusion"] is None and len(result.to_json()["per_person"]) == 60_000

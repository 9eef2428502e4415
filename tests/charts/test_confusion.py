"""The part of a confusion matrix that a chart shows, and what the errors come to."""

from __future__ import annotations

import numpy as np
import pytest

from core.charts.confusion import ConfusionMatrix, cut_confusion_matrix, describe_confusions, select_confused_people
from core.learn.metrics.classification import evaluate_predictions
from tests.charts.made import an_evaluation


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_people_who_read_the_same_keep_their_folder_names():
    evaluation = evaluate_predictions(["A B", "A_B"], ints(0, 1), ints(0, 1), np.eye(2))
    assert cut_confusion_matrix(evaluation, ints(0, 1), by_name=True).names == ["A B", "A_B"]


def test_the_matrix_is_cut_by_name_or_with_the_confused_side_by_side():
    evaluation = an_evaluation(6, [(0, 5), (0, 5), (2, 4)])
    by_name = cut_confusion_matrix(evaluation, ints(5, 0, 2), by_name=True)
    assert by_name.names == ["p 000", "p 002", "p 005"] and by_name.people.tolist() == [0, 2, 5]
    assert by_name.counts.tolist() == [[1, 0, 2], [0, 1, 0], [0, 0, 1]]
    assert by_name.support.tolist() == [3, 2, 1]  # the face of p 002 that was called p 004 counts too
    together = cut_confusion_matrix(evaluation, ints(0, 2, 5)).people.tolist()
    assert abs(together.index(0) - together.index(5)) == 1


def test_shares_are_of_all_faces_of_the_true_person():
    matrix = ConfusionMatrix(["a", "b"], ints(0, 1), np.array([[1, 2], [0, 0]]), ints(4, 0))
    assert matrix.shares.tolist() == [[0.25, 0.5], [0, 0]]


def test_the_people_of_the_most_frequent_confusions_are_chosen():
    evaluation = an_evaluation(9, [(7, 8), (7, 8), (1, 0), (3, 2)])
    assert select_confused_people(evaluation, 3).tolist() == [1, 7, 8]
    assert select_confused_people(evaluation, 99).tolist() == [0, 1, 2, 3, 7, 8]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], "Nobody was taken for anybody else"),
        ([(0, 1)], "The one error is p 000 taken for p 001"),
        ([(0, 1), (1, 2)], "2 errors, each between other people"),
        ([(0, 1)] * 4 + [(2, 1)], "4 of 5 errors are p 000 taken for p 001"),
    ],
)
def test_the_finding_of_the_errors(wrong, said):
    assert describe_confusions(an_evaluation(3, wrong)) == said

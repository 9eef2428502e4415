"""Two recognisers on the same faces: the exact test by hand, the interval, and the verdict in words."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.errors import InputRefused
from core.learn.model_selection.comparison import Verdict, compare_recognisers, describe_odds, mcnemar_p_value
from tests.learn.model_selection.test_splits import ints


def outcomes(both: int, only_old: int, only_new: int, neither: int):
    """Whether each of two recognisers is right, face by face."""
    old = [True] * (both + only_old) + [False] * (only_new + neither)
    new = [True] * both + [False] * only_old + [True] * only_new + [False] * neither
    return np.array(old, dtype=bool), np.array(new, dtype=bool)


def each_alone(old, new):
    """Every face another person's, on a photo of its own."""
    return compare_recognisers(old, new, np.arange(len(old)), np.arange(len(old)))


def test_the_exact_test_is_the_binomial_tail_by_hand():
    assert mcnemar_p_value(1, 9) == pytest.approx(2 * (1 + 10) / 2**10)
    assert mcnemar_p_value(9, 1) == mcnemar_p_value(1, 9)
    assert mcnemar_p_value(3, 3) == mcnemar_p_value(0, 0) == 1.0
    # What statsmodels' mcnemar([[101, 121], [59, 33]], exact=True) gives.
    assert mcnemar_p_value(59, 121) == pytest.approx(4.434445e-06, rel=1e-6)


@given(st.integers(0, 40), st.integers(0, 40))
@settings(deadline=None)
def test_the_exact_test_doubles_the_smaller_tail(one, other):
    n = one + other
    tail = sum(comb(n, k) for k in range(min(one, other) + 1)) / 2**n if n else 1.0
    assert mcnemar_p_value(one, other) == pytest.approx(min(1.0, 2 * tail))


def test_the_counts_are_of_faces_and_the_difference_is_of_accuracies():
    found = each_alone(*outcomes(5, 1, 3, 2))
    assert (found.both, found.only_old, found.only_new, found.neither, found.faces) == (5, 1, 3, 2, 11)
    assert found.difference == pytest.approx(2 / 11)
    assert found.low <= found.difference <= found.high


def test_many_faces_of_many_people_make_a_difference_real():
    found = each_alone(*outcomes(330, 0, 9, 11))
    assert found.verdict is Verdict.REAL and found.low > 0
    assert found.sentence() == (
        "The newer one is right for 9 more of 350 faces; a difference this size comes by chance 1 time in 256: "
        "it is real."
    )


def test_a_loss_is_said_to_be_one():
    found = each_alone(*outcomes(330, 8, 0, 12))
    assert found.verdict is Verdict.REAL and "right for 8 fewer of 350 faces" in found.sentence()


def test_few_faces_could_be_chance():
    found = each_alone(*outcomes(20, 0, 2, 3))
    assert found.verdict is Verdict.CHANCE
    assert found.sentence().endswith("comes by chance 1 time in 2: it could be chance.")


def test_ten_faces_of_one_person_are_real_by_faces_but_hang_on_that_person():
    old, new = outcomes(90, 0, 10, 0)
    people = np.concatenate([np.repeat(np.arange(9), 10), np.full(10, 9)])
    found = compare_recognisers(old, new, people, np.arange(100))
    assert found.p_value < 0.01 and found.low == 0
    assert found.verdict is Verdict.FEW_PEOPLE and "hangs on few people" in found.sentence()


def test_ten_faces_on_one_photo_are_one_piece_of_evidence():
    old, new = outcomes(90, 0, 10, 0)
    people, photos = np.zeros(100), np.concatenate([np.arange(90), np.full(10, 90)])
    wide, narrow = compare_recognisers(old, new, people, photos), compare_recognisers(old, new, people, np.arange(100))
    assert wide.high - wide.low > narrow.high - narrow.low


def test_what_tells_no_two_apart_is_the_same():
    assert each_alone(*outcomes(9, 0, 0, 1)).sentence() == "Both are right for the same 9 of 10 faces."
    tied = each_alone(*outcomes(6, 2, 2, 0))
    assert tied.verdict is Verdict.SAME and "neither is better" in tied.sentence()


def test_without_a_face_in_common_nothing_is_compared():
    none = np.empty(0, dtype=bool)
    with pytest.raises(InputRefused, match="no face in common"):
        compare_recognisers(none, none, ints(), ints())


@pytest.mark.parametrize(
    ("p_value", "words"),
    [
        (1.0, "more often than not"),
        (0.5, "1 time in 2"),
        (1 / 60, "1 time in 60"),
        (1e-9, "less than 1 time in 1\u202f000\u202f000"),
    ],
)
def test_chances_are_said_in_plain_words(p_value, words):
    assert describe_odds(p_value) == words

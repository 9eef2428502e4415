"""Whether some people have far fewer faces than others."""

from __future__ import annotations

import numpy as np
import pytest

from core.learn.model_selection.imbalance import Imbalance, find_imbalance

PEOPLE = ("Ann", "Bob", "Cat", "Dan")


@pytest.mark.parametrize(
    "faces",
    [
        pytest.param([39, 2, 30, 5], id="nineteen and a half times"),
        pytest.param([7, 7, 7, 7], id="all alike"),
        pytest.param([40, 0, 30, 3], id="who has none takes no part"),
    ],
)
def test_less_than_twenty_times_anothers_faces_is_not_named(faces):
    assert find_imbalance(PEOPLE, np.array(faces)) is None


def test_nobody_is_no_imbalance():
    assert find_imbalance((), np.zeros(0, dtype=np.int64)) is None


def test_those_with_a_twentieth_of_the_most_are_named_with_the_fewest_first():
    imbalance = find_imbalance(PEOPLE, np.array([5, 90, 4, 2]))
    assert imbalance == Imbalance("Bob", 90, scarce=("Dan", "Cat"), scarce_faces=(2, 4))
    assert imbalance.ratio == 45

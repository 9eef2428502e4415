"""The words for one person having many times another's photos."""

from __future__ import annotations

import pytest

from core.learn.model_selection.imbalance import Imbalance
from core.ui.training.imbalance import describe_imbalance


def describe(scarce: dict[str, int]) -> str:
    return describe_imbalance(Imbalance("Ann_Lee", 200, tuple(scarce), tuple(scarce.values())))


@pytest.mark.parametrize(
    ("scarce", "said"),
    [
        ({"Bob": 4}, "Ann Lee has 200 faces, Bob 4: 50 times as many."),
        ({"Bob": 4, "Cat": 5}, "Ann Lee has 200 faces, Bob 4 and Cat 5: up to 50 times"),
        ({"Bob": 4, "Cat": 5, "Dan": 6, "Eve": 9}, "Bob 4, Cat 5, Dan 6 and 1 other at most 9: up to 50 times"),
    ],
)
def test_the_few_are_named_with_how_many_they_have_and_what_to_do(scarce, said):
    text = describe(scarce)
    assert said in text
    assert "Add photos of them" in text


def test_twenty_faces_are_enough_beside_any_number():
    text = describe({"Bob": 20, "Cat": 25})
    assert "nothing needs to be done" in text
    assert "Add photos" not in text

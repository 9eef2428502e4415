"""The word and the number that say how sure it is who a face shows."""

from __future__ import annotations

import numpy as np
import pytest

from core.base.types import TRUSTED_GRADE
from core.learn.open_set.certainty import (
    LIKELY_PROB,
    SURE_PROB,
    CertaintyRule,
    Sureness,
    find_uncertainty_band,
    measure_pair_likeness,
    rate_pair,
)
from core.learn.open_set.prior_rule import prior_rule
from core.learn.open_set.rejection_rule import RATES, Threshold, threshold_at_rate
from tests.learn.open_set.test_rejection_rule import a_rule


def thresholds_at(*scores: float) -> tuple[Threshold, ...]:
    """A threshold for each of ``RATES``, the largest first."""
    return tuple(
        Threshold(rate=rate, score=score, expected=rate, low=0.0, high=0.1, enough=True)
        for rate, score in zip(RATES, scores, strict=True)
    )


RULE = CertaintyRule(thresholds_at(1, 2, 3, 4, 5, 6), full_score=10.0)
IN_USE = threshold_at_rate(RULE.thresholds, 0.01)
"""Its score is 3: one step looser is 2, one stricter 4, the strictest 6."""


@pytest.mark.parametrize(
    ("score", "prob", "grade", "word"),
    [
        (2.0, 0.99, 1.0, "unknown"),
        (2.1, 0.99, 1.0, "unsure"),
        (2.1, 0.1, 1.0, "unsure"),
        (3.0, 0.99, 1.0, "unsure"),
        (4.0, 0.99, 1.0, "unsure"),
        (4.1, 0.99, 1.0, "likely"),
        (9.0, LIKELY_PROB - 0.01, 1.0, "unsure"),
        (9.0, SURE_PROB - 0.01, 1.0, "likely"),
        (6.0, 0.99, 1.0, "likely"),
        (6.1, SURE_PROB, 1.0, "sure"),
        (9.0, 0.99, TRUSTED_GRADE - 0.01, "unknown"),
    ],
    ids=[
        "one step looser keeps it unknown",
        "one step looser would name it",
        "an unknown face is asked for no probability",
        "on the threshold it has no name",
        "one step stricter would take the name",
        "beyond one step",
        "another name is too probable",
        "not probable enough to be sure",
        "the strictest step would take the name",
        "the strictest step names it too",
        "too poor to tell",
    ],
)
def test_the_word_follows_the_decisions_that_the_steps_of_the_slider_take(score, prob, grade, word):
    assert RULE.judge_face(score, prob, grade, IN_USE).sureness.word == word


def test_only_a_face_with_a_name_is_likely_or_sure_at_any_rate():
    scores, probs = np.linspace(-1, 12, 200), np.linspace(0, 1, 200)
    for threshold in RULE.thresholds:
        sureness = RULE.rate_faces(scores, probs, np.ones(200), threshold)
        assert (scores[sureness >= Sureness.LIKELY] > threshold.score).all()
        assert (scores[sureness == Sureness.UNKNOWN] <= threshold.score).all()


@pytest.mark.parametrize(
    ("scores", "rate", "expected"),
    [((1, 2, 3, 4, 5, 6), 0.01, (2, 4)), ((1, 2, 3, 3, 5, 5), 0.01, (2, 5)), ((1, 2, 3, 3, 5, 5), 0.001, (3, 7))],
    ids=["a step on both sides", "a limit that stays", "nothing stricter: as wide as below"],
)
def test_unsure_is_what_one_step_of_the_limit_decides_otherwise(scores, rate, expected):
    thresholds = thresholds_at(*scores)
    near = find_uncertainty_band(thresholds, threshold_at_rate(thresholds, rate).score)
    assert (near.low, near.high) == expected


def test_a_likeness_of_100_is_a_face_as_like_as_those_learned_from_and_nothing_lies_beyond():
    judged = [RULE.judge_face(score, 0.99, 1.0, IN_USE) for score in (-3.0, 0.0, 5.0, 10.0, 14.0)]
    assert [certainty.likeness for certainty in judged] == [0, 0, 50, 100, 100]
    assert {certainty.threshold for certainty in judged} == {30}
    # Weights 1, 2 and 0.5 with an offset of -1: all three features at 1 come to 2.5.
    assert CertaintyRule.of(a_rule((0.01, 0.5))).full_score == 2.5


def test_the_scale_of_a_small_dataset_is_the_cosine_to_the_centre():
    rule = CertaintyRule.of(prior_rule(5))
    assert rule.likeness(0.62) == pytest.approx(62)


def test_a_threshold_always_leaves_something_above_it():
    rule = CertaintyRule.of(a_rule((0.01, 7.0)))
    assert rule.likeness(7.0) == pytest.approx(95)


@pytest.mark.parametrize(
    ("is_same", "others", "prob", "word"),
    [
        (True, [True], 0.99, "sure"),
        (True, [True], 0.9, "likely"),
        (True, [False], 0.99, "unsure"),
        (False, [False], 0.01, "sure"),
        (False, [False], 0.1, "likely"),
        (False, [False], 0.3, "unsure"),
        (False, [True], 0.01, "unsure"),
    ],
)
def test_the_answer_about_two_faces_is_as_sure_as_both_rates_and_its_probability(is_same, others, prob, word):
    assert rate_pair(is_same=is_same, is_same_by_others=others, prob=prob).word == word


def test_the_likeness_of_two_faces_is_their_cosine_and_never_negative():
    assert [measure_pair_likeness(cosine) for cosine in (-0.2, 0.0, 0.5, 1.0)] == [0, 0, 50, 100]

"""A cosine as a probability and a decision: calibrated, bounded, drawn always alike, and never from one's own shot."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from core.base.errors import InputRefused
from core.learn.labelled_faces import LabelledFaces
from core.learn.verification.pair_rule import (
    ALL_PAIRS_MOST,
    ENOUGH_PEOPLE,
    FARS,
    MEASURED,
    PairRule,
    PairScores,
    choose_pair_rule,
    cosine_threshold_at_far,
    fit_pair_rule,
    score_pairs,
    score_people,
)
from core.vision.models.catalogue import DEFAULT_VECTORS_ID


def crowd(people: int, faces: int, *, spread: float = 0.05, seed: int = 0):
    """Unit vectors of people who lie around directions of their own, and whose they are."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(people, 64))
    labels = np.repeat(np.arange(people), faces)
    vectors = centres[labels] / np.linalg.norm(centres[labels], axis=1, keepdims=True)
    vectors = vectors + spread * rng.normal(size=vectors.shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def scored(genuine, impostor, people: int = 50) -> PairScores:
    cosines = np.concatenate([genuine, impostor]).astype(np.float32)
    rows = np.arange(len(cosines))
    return PairScores(first=rows, second=rows, same=rows < len(genuine), cosines=cosines, n_people=people)


def drawn(n: int, seed: int = 0) -> PairScores:
    rng = np.random.default_rng(seed)
    return scored(rng.normal(0.5, 0.2, n), rng.normal(0.1, 0.2, 10 * n))


def test_the_line_is_that_of_scikit_learns_balanced_logistic_regression() -> None:
    scores = drawn(5_000)
    rule = fit_pair_rule(scores)
    reference = LogisticRegression(class_weight="balanced", C=1e9).fit(scores.cosines[:, None], scores.same)
    # the targets are 0.9998 and 0.00002 instead of 1 and 0: a slope that is flatter by up to a few per cent
    assert rule.slope == pytest.approx(reference.coef_[0, 0], rel=0.05)
    assert -rule.offset / rule.slope == pytest.approx(-reference.intercept_[0] / reference.coef_[0, 0], abs=0.005)


def test_probabilities_hold_on_other_pairs() -> None:
    rule, others = fit_pair_rule(drawn(5_000)), drawn(5_000, seed=1)
    probs = np.array([rule.prob(float(cosine)) for cosine in others.cosines])
    weight = np.where(others.same, 1.0, 0.1)
    for low in np.arange(0, 1, 0.2):
        there = (probs >= low) & (probs <= low + 0.2)
        came = np.average(others.same[there], weights=weight[there])
        assert came == pytest.approx(np.average(probs[there], weights=weight[there]), abs=0.03)


def test_a_prior_shifts_the_odds_and_nothing_is_ever_certain() -> None:
    rule = PairRule(slope=20.0, offset=-8.0, limits={}, surest=0.999, n_people=79, n_genuine=1000, n_impostor=1000)
    assert rule.prob(0.4) == pytest.approx(0.5)
    assert rule.prob(0.4, prior=0.01) == pytest.approx(0.01)
    assert (rule.prob(1.0), rule.prob(-1.0)) == (0.999, pytest.approx(0.001))


def test_few_pairs_are_never_sure() -> None:
    rule = fit_pair_rule(scored([0.9, 0.95, 0.92], np.linspace(-0.1, 0.1, 30)))
    assert (rule.prob(1.0), rule.prob(-1.0)) == (pytest.approx(0.8), pytest.approx(0.2))


@pytest.mark.parametrize("far", FARS)
def test_a_limit_lets_no_more_pass_than_promised_and_is_the_loosest_such(far: float) -> None:
    impostor = np.random.default_rng(3).normal(size=20_000)
    limit = cosine_threshold_at_far(impostor, far)
    assert np.count_nonzero(impostor >= limit) == far * 20_000
    assert cosine_threshold_at_far(np.repeat(0.5, 100), far) > 0.5  # all alike: none can pass


# pairs


def test_every_pair_of_a_small_dataset_is_looked_at_but_those_of_one_shot() -> None:
    vectors, labels = crowd(3, 3)
    groups = np.array([0, 0, 1, 2, 3, 4, 5, 6, 7])
    scores = score_pairs(LabelledFaces(vectors, labels, groups))
    assert len(scores.same) == 9 * 8 // 2 - 1
    assert int(scores.same.sum()) == 3 * 3 - 1
    first, second = int(scores.first[5]), int(scores.second[5])
    assert scores.cosines[5] == pytest.approx(float(vectors[first] @ vectors[second]), abs=1e-6)


def test_a_large_dataset_is_drawn_from_always_alike_and_each_pair_once() -> None:
    vectors, labels = crowd(400, 5)
    assert len(vectors) > ALL_PAIRS_MOST
    one, other = (score_pairs(LabelledFaces(vectors, labels, np.arange(len(labels)))) for _ in range(2))
    assert np.array_equal(one.first, other.first) and np.array_equal(one.cosines, other.cosines)
    pairs = np.sort(np.stack([one.first, one.second], axis=1), axis=1)
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    assert np.array_equal(one.same, labels[one.first] == labels[one.second])
    assert (one.first != one.second).all()
    assert one.n_people == 400 and (~one.same).sum() > 40_000


def towards(face, others) -> float:
    """The cosine with the middle of the others, by hand."""
    middle = others.mean(axis=0)
    return float(face @ middle / np.sqrt(middle @ middle))


def test_a_person_is_compared_without_ones_own_shot() -> None:
    vectors, labels = crowd(2, 3)
    groups = np.array([0, 0, 1, 2, 3, 4])
    scores = score_people(LabelledFaces(vectors, labels, groups))
    genuine = dict(zip(scores.first[scores.same].tolist(), scores.cosines[scores.same].tolist(), strict=True))
    assert genuine[0] == pytest.approx(float(vectors[0] @ vectors[2]), abs=1e-6)
    assert genuine[2] == pytest.approx(towards(vectors[2], vectors[:2]), abs=1e-6)
    assert int((~scores.same).sum()) == 6
    row = int(np.flatnonzero(~scores.same & (scores.first == 0))[0])
    assert scores.cosines[row] == pytest.approx(towards(vectors[0], vectors[3:]), abs=1e-6)


def test_somebody_with_one_shot_is_no_genuine_pair() -> None:
    vectors, labels = crowd(2, 2)
    faces = LabelledFaces(vectors, labels, np.array([0, 0, 1, 2]))
    scores = score_people(faces)
    assert scores.first[scores.same].tolist() == [2, 3]
    assert score_pairs(faces).n_people == 1


# which rule


def test_a_dataset_of_enough_people_has_a_rule_of_its_own() -> None:
    vectors, labels = crowd(ENOUGH_PEOPLE, 8)
    scores = score_pairs(LabelledFaces(vectors, labels, np.arange(len(labels))))
    assert scores.enough
    assert choose_pair_rule("unheard-of", scores, MEASURED).n_people == ENOUGH_PEOPLE


def test_a_small_dataset_is_judged_by_what_the_model_was_measured_on() -> None:
    vectors, labels = crowd(5, 40)
    scores = score_pairs(LabelledFaces(vectors, labels, np.arange(len(labels))))
    assert not scores.enough
    assert choose_pair_rule(DEFAULT_VECTORS_ID, scores, MEASURED) is MEASURED[DEFAULT_VECTORS_ID]
    with pytest.raises(InputRefused, match="was not measured yet"):
        choose_pair_rule("unheard-of", scores, MEASURED)


@pytest.mark.parametrize(
    ("far", "reason"),
    [
        (1e-6, "takes 10\u202f000\u202f000 pairs. This threshold was measured on 520\u202f603. Ask for one from 2e-05"),
        (0.5, "no threshold for a false-accept rate of 0.5"),
        (0.0, "no threshold for a false-accept rate of 0"),
        (float("nan"), "no threshold for a false-accept rate of nan"),
    ],
)
def test_a_rate_that_the_pairs_cannot_tell_is_refused_with_what_it_takes(far: float, reason: str) -> None:
    with pytest.raises(InputRefused, match=reason):
        MEASURED[DEFAULT_VECTORS_ID].limit(far)


@pytest.mark.parametrize("far", [0.03, 3e-3, 7e-4, 3e-4])
def test_a_rate_between_two_that_are_kept_lets_about_as_many_pass_as_was_asked(far: float) -> None:
    scores = drawn(20_000)
    rule, impostor = fit_pair_rule(scores), scores.cosines[~scores.same]
    assert np.mean(impostor >= rule.limit(far)) == pytest.approx(far, rel=0.15)
    assert rule.tells(1e-4) and not rule.tells(1e-5), "200 000 pairs"
    limits = [rule.limit(rate) for rate in (0.1, 0.05, 0.01, 1e-3, 1e-4)]
    assert limits == sorted(limits)

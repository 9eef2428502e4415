"""The rule of a dataset too small to learn one: what the prior says, and what its few people change."""

from dataclasses import replace

import numpy as np
import pytest

from core.learn.labelled_faces import LabelledFaces
from core.learn.numerics.labels import fit_centroids
from core.learn.open_set import prior_rule as small
from core.learn.open_set.prior_rule import (
    PRIOR,
    PRIOR_MEAN,
    PRIOR_SPREAD,
    LeftOutPeople,
    StrangerScores,
    leave_people_out,
    person_weights,
    prior_rule,
    prior_threshold,
    share_nearer,
)
from core.learn.open_set.rejection_rule import RATES, TARGET_RATE
from tests.learn.faces import people, unit

DRAWS = 30
PROMISE = 1.2
"""The mean of the FPIR against what was asked for."""


def faces_of(n_people: int, *, alike: float = 0.0, seed: int = 0, each: int = 6) -> LabelledFaces:
    """People about as alike as the reference's are; the more ``alike``, the more they share."""
    faces = people([each] * n_people, noise=0.7, dimension=60, seed=seed)
    return replace(faces, vectors=unit(faces.vectors + alike * np.eye(60, dtype=np.float32)[0]))


def score_at(n_people: int, left_out: LeftOutPeople | None = None, strangers: StrangerScores | None = None) -> float:
    return prior_rule(n_people, left_out=left_out, strangers=strangers).at(TARGET_RATE).score


# the prior alone


def test_the_prior_is_stricter_the_more_people_and_the_fewer_strangers_may_pass():
    assert prior_threshold(2) > prior_threshold(20) > prior_threshold(100)
    assert prior_threshold(5, 0.001) < prior_threshold(5, 0.01) == pytest.approx(0.987)


def test_the_prior_rule_names_by_the_distance_to_the_centroid_and_promises_little():
    rule = prior_rule(5)
    limit = rule.at(0.01)
    assert rule.from_prior and not any(one.enough for one in rule.thresholds)
    assert [one.rate for one in rule.thresholds] == list(RATES)
    edge = 1 - 0.987**2 / 2
    scores = rule.scores(np.array([[9.0, edge + 0.01, 0.0], [9.0, edge - 0.01, 1.0]]))
    assert (scores > limit.score).tolist() == [True, False]
    assert limit.low == 0 and limit.high > 0.04


def test_the_share_of_strangers_is_what_was_measured_and_goes_on_beyond_it():
    measured = 1 - np.array(list(PRIOR.values())) ** 2 / 2
    assert share_nearer(measured) == pytest.approx(list(PRIOR))
    beyond = share_nearer(np.array([0.7, 0.8, 0.9, 1.0]))
    assert (np.diff(beyond) < 0).all() and (beyond > 0).all() and beyond[0] < min(PRIOR)
    assert share_nearer(np.array([-1.0])) == 1


def test_stricter_rates_are_stricter_also_beyond_what_was_measured():
    scores = [threshold.score for threshold in prior_rule(39).thresholds]
    assert scores == sorted(set(scores)), "no two rates share a threshold for want of measurements"


# people left out


def test_a_person_left_out_is_held_against_the_others_only():
    vectors = unit(
        np.array([[1, 0, 0], [1, 0.1, 0], [0, 1, 0.2], [0, 1, 0.1], [0.6, 0.1, 1], [0.5, 0.1, 1]], np.float32)
    )
    faces = LabelledFaces(vectors, np.array([0, 0, 1, 1, 2, 2]), np.arange(6))
    left_out = leave_people_out(faces)
    assert left_out is not None and left_out.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert left_out.nearest.tolist() == [2, 2, 2, 2, 0, 0] and left_out.n_gallery == 3
    centroids = fit_centroids(vectors, faces.labels, 3)
    cosines = vectors.astype(np.float64) @ centroids.T
    assert left_out.scores[:2] == pytest.approx(cosines[:2, 2], abs=1e-6)
    others = cosines[np.arange(3) != faces.labels[:, None]]
    assert (left_out.mean, left_out.spread) == pytest.approx((others.mean(), others.std()), abs=1e-6)


def test_of_one_person_nobody_is_left_out():
    assert leave_people_out(people([4])) is None


def test_a_photo_under_the_wrong_name_does_not_make_everybody_unknown():
    faces = faces_of(5)
    labels = faces.labels.copy()
    labels[0] = 1
    mixed = leave_people_out(replace(faces, labels=labels))
    assert mixed is not None and len(mixed.labels) == len(labels) - 1
    assert score_at(5, mixed) == pytest.approx(score_at(5, leave_people_out(faces)), abs=0.03)


def test_somebody_under_two_names_is_no_stranger():
    faces = faces_of(5, each=8)
    labels = np.where(np.arange(40) < 4, 5, faces.labels)
    left_out = leave_people_out(replace(faces, labels=labels))
    assert left_out is not None and set(left_out.labels.tolist()) == {1, 2, 3, 4}


def test_faces_of_one_shot_are_no_evidence_for_their_own_name():
    """With nothing but copies of itself a face has no other shot to be like: it stays a trial."""
    faces = faces_of(4, each=3)
    one_shot = replace(faces, shots=faces.labels)
    left_out = leave_people_out(one_shot)
    assert left_out is not None and len(left_out.labels) == 12


# what they change


def test_people_who_look_alike_make_it_stricter_and_the_more_there_are_the_more():
    moved = []
    for n_people in (5, 10, 20, 39):
        alike, plain = (leave_people_out(faces_of(n_people, alike=share)) for share in (0.7, 0.0))
        moved.append(score_at(n_people, alike) - score_at(n_people, plain))
    assert moved == sorted(moved) and moved[0] > 0.01 and moved[-1] > 0.15


def test_people_like_those_of_the_reference_change_little():
    for n_people in (5, 20):
        left_out = leave_people_out(faces_of(n_people, seed=2))
        assert left_out is not None
        like_reference = replace(left_out, mean=PRIOR_MEAN, spread=PRIOR_SPREAD, scores=left_out.scores * 0)
        # Of n people nobody passes: that is worth as much as so many people are against the reference's.
        expected = prior_threshold(n_people, TARGET_RATE * (1 + n_people / small.PRIOR_WEIGHT))
        assert score_at(n_people, like_reference) == pytest.approx(1 - expected**2 / 2, abs=2e-3)


def test_what_it_rests_on_is_counted_in_people_and_the_interval_holds_the_mean():
    left_out = leave_people_out(faces_of(20))
    rule = prior_rule(20, left_out=left_out, strangers=StrangerScores(np.zeros(6), np.array([30, 30, 30, 31, 31, 32])))
    assert rule.from_prior and (rule.n_people, rule.n_impostors) == (23, 126)
    assert [threshold.enough for threshold in rule.thresholds] == [True, False, False, False, False, False]
    for threshold in rule.thresholds:
        assert threshold.low <= threshold.expected <= threshold.rate and threshold.expected < threshold.high
    assert rule.at(TARGET_RATE).high < prior_rule(20).at(TARGET_RATE).high


def test_strangers_who_look_like_somebody_make_it_stricter():
    near = StrangerScores(np.full(10, 0.8), np.arange(10))
    assert score_at(5, strangers=near) >= 0.8 > score_at(5)


@pytest.mark.parametrize("n_strangers", [5, 20, 60])
@pytest.mark.parametrize("rate", [0.05, 0.01])
def test_strangers_who_were_lent_let_as_many_pass_as_was_asked_on_average(n_strangers: int, rate: float) -> None:
    """Strangers as the reference says: without a correction those who did not pass would vouch for others."""
    rng = np.random.default_rng(n_strangers)
    shares = np.minimum(5 * share_nearer(small._SCORES), 1.0)
    reached = []
    for _ in range(300):
        # A stranger as near to somebody as the share that draws them says.
        scores = np.interp(-rng.random(n_strangers), -shares, small._SCORES)
        rule = prior_rule(5, strangers=StrangerScores(scores, np.arange(n_strangers)))
        reached.append(np.interp(rule.at(rate).score, small._SCORES, shares))
        assert rule.at(rate).expected <= rate * 1.001
    assert np.mean(reached) == pytest.approx(rate, rel=0.12)


def test_many_photos_of_one_stranger_are_one_stranger():
    assert person_weights(np.array([3, 3, 3, 7])).tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])
    many = StrangerScores(np.full(10, 0.8), np.zeros(10, dtype=np.int64))
    assert prior_rule(5, strangers=many).n_people == 1


def share_named(n_people: int, *, alike: float, seed: int, updated: bool = True) -> float:
    """Of 60 people never seen, of the population of those who are known, the share of faces that gets a name."""
    faces = faces_of(n_people + 60, alike=alike, seed=seed)
    is_known = faces.labels < n_people
    known = faces.take(is_known)
    score = score_at(n_people, leave_people_out(known) if updated else None)
    centroids = fit_centroids(known.vectors, known.labels, n_people)
    return float(np.mean((faces.vectors[~is_known] @ centroids.T).max(axis=1) > score))


@pytest.mark.parametrize(("n_people", "alike"), [(5, 0.0), (10, 0.0), (20, 0.0), (39, 0.0), (20, 0.8), (39, 0.8)])
def test_the_promise_holds_on_people_never_seen(n_people, alike):
    """From about 20 people on also in a population much more alike than the reference is."""
    shares = [share_named(n_people, alike=alike, seed=seed) for seed in range(DRAWS)]
    assert np.mean(shares) <= PROMISE * TARGET_RATE


def test_without_its_people_the_prior_would_break_the_promise_there():
    assert share_named(20, alike=0.8, seed=0, updated=False) > 0.1

"""The rule learned by leaving people out: what it promises, what it never sees, and when it does not dare."""

from dataclasses import replace

import numpy as np
import pytest

from core.base.progress import UNWATCHED
from core.learn.classification.calibrated_classifier import fit_classifier
from core.learn.classification.classifier_kinds import ClassifierSettings
from core.learn.labelled_faces import LabelledFaces
from core.learn.numerics.labels import fit_centroids
from core.learn.open_set import rule_fitting
from core.learn.open_set.left_out_trials import RuleTrainingData, try_everybody
from core.learn.open_set.rejection_rule import FEATURES, Gallery, Impostors, RejectionRule, name_faces
from core.learn.open_set.rule_fitting import (
    ENOUGH_PEOPLE,
    ENOUGH_STRANGERS,
    fisher_direction,
    learn_rules,
)
from tests.learn.faces import clusters, names, unit


def learned(faces: LabelledFaces) -> RuleTrainingData:
    svm = fit_classifier(faces, names(faces.n_people), ClassifierSettings(c=1.0))
    return RuleTrainingData(faces, svm)


def passed(of: RuleTrainingData, rule: RejectionRule, strangers, rate=0.01) -> float:
    centres = fit_centroids(of.faces.vectors, of.faces.labels, of.n_people)
    linear = of.classifier.linear
    seen = name_faces(linear, centres, Gallery.of(linear, of.faces.vectors), strangers)
    return float(np.mean(rule.scores(seen.features) > rule.at(rate).score))


def test_fishers_direction_is_scikit_learns():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rng = np.random.default_rng(0)
    spread = rng.normal(size=(3, 3))
    one, other = rng.normal(size=(400, 3)) @ spread + [1, 0, 2], rng.normal(size=(400, 3)) @ spread
    model = LinearDiscriminantAnalysis(solver="lsqr").fit(np.vstack([one, other]), [1] * 400 + [0] * 400)
    ours = fisher_direction(one, other)
    assert ours / np.linalg.norm(ours) == pytest.approx(model.coef_[0] / np.linalg.norm(model.coef_), abs=1e-3)


def test_the_rate_asked_for_is_kept_on_people_never_seen():
    faces = clusters(180, 8, spread=0.5, seed=3)
    known = faces.labels < 120
    of = learned(faces.take(known))
    rule = learn_rules(of).full
    assert not rule.from_prior and rule.at(0.01).enough
    share = passed(of, rule, faces.vectors[~known])
    assert rule.at(0.01).low <= share <= rule.at(0.01).high
    assert rule.genuine_kept > 0.5


def test_a_stricter_rate_never_has_a_lower_limit_and_few_people_say_so():
    faces = clusters(60, 6, spread=0.5)
    for rule in (learn_rules(learned(faces)).full, learn_rules(learned(faces)).alone):
        scores = [limit.score for limit in rule.thresholds]
        assert scores == sorted(scores)
        assert [limit.enough for limit in rule.thresholds][-1] is False
        assert rule.n_people == 60 and rule.n_impostors == 360
        assert all(limit.low <= limit.expected <= limit.high for limit in rule.thresholds)


@pytest.mark.parametrize(
    ("case", "people", "faces"), [("few people", ENOUGH_PEOPLE - 1, 6), ("one photo each", ENOUGH_PEOPLE + 5, 1)]
)
def test_what_is_too_little_takes_the_models_prior(case, people, faces):
    rules = learn_rules(learned(clusters(people, faces)))
    assert rules.full.from_prior and rules.alone.from_prior
    assert (len(rules.full.weights), len(rules.alone.weights)) == (len(FEATURES), len(FEATURES) - 1)


def test_two_people_with_a_photo_each_and_a_person_without_rivals_are_answered():
    faces = clusters(2, 1)
    rule = learn_rules(learned(faces)).full
    assert rule.from_prior and np.isnan(rule.genuine_kept)
    assert not rule.at(0.01).enough


def test_strangers_that_were_given_set_the_limits_of_a_small_dataset():
    faces = clusters(5, 6)
    of = learned(faces)
    near = unit(
        faces.vectors[:1] + 0.04 * np.random.default_rng(0).normal(size=(ENOUGH_STRANGERS, faces.vectors.shape[1]))
    )
    rule = learn_rules(of, near).full
    assert not rule.from_prior and rule.n_impostors == ENOUGH_STRANGERS
    assert passed(of, rule, near) <= 0.01 < passed(of, learn_rules(of).full, near)
    assert learn_rules(of, near[: ENOUGH_STRANGERS - 1]).full.from_prior
    assert learn_rules(of, near[:0]).full.from_prior


def test_strangers_make_a_learned_rule_stricter_when_they_look_like_somebody():
    faces = clusters(60, 6, spread=0.3)
    of = learned(faces)
    like = unit(faces.vectors[::3] + 0.01)
    assert learn_rules(of, like).full.at(0.01).score > learn_rules(of).full.at(0.01).score


def test_a_face_is_scored_by_weights_that_never_saw_it():
    """Features that give away the strangers of one fold change the weights, but not those that score this fold."""
    genuine, strange = try_everybody(learned(clusters(48, 6, spread=0.4)), UNWATCHED)
    fold = int(strange.fold[0])
    rows = strange.fold == fold
    leaking = strange.features.copy()
    leaking[rows, 1] = -50.0
    spoiled = replace(strange, features=leaking)
    clean, own = (rule_fitting._fit(genuine, trials, 3, without=fold)[0] for trials in (strange, spoiled))
    assert (clean == own).all()
    everywhere = (rule_fitting._fit(genuine, trials, 3)[0] for trials in (strange, spoiled))
    assert not np.allclose(*everywhere)


def test_a_limit_is_tried_on_each_person_with_what_the_others_set():
    """Two look-alikes and ten others: the limit of the others alone is passed by both, so it is made stricter."""
    who = np.arange(12)
    scores = np.array([9.0, 9.0, *np.linspace(0, 1, 10)])
    named = np.array([1, 0, 3, *[2] * 9])
    order = rule_fitting._Scored(scores, who, named).descending()
    passing = rule_fitting._passed_in_turn(order)
    assert passing[0].all() and passing[1].all(), "each without the other is beyond every limit"
    limit = rule_fitting._thresholds(order, 1.0)[0]
    assert not limit.enough and limit.score == 9.0 and limit.expected == pytest.approx(2 / 12)


def test_faces_of_one_person_count_as_one_person():
    """A hundred faces of one stranger do not outvote fifty others."""
    who = np.r_[np.zeros(100, np.int64), 1 + np.arange(50)]
    tried = rule_fitting._Scored(np.r_[np.full(100, 0.5), np.linspace(1, 2, 50)], who, np.full(150, 99)).descending()
    assert tried.weights.sum() == pytest.approx(51)
    assert rule_fitting._thresholds_at(tried.scores, tried.weights, np.array([0.1]))[0] > 1.8


# whom it was tried on


def test_the_impostors_are_those_that_the_limits_rest_on():
    faces = clusters(60, 6, spread=0.5)
    near = unit(np.random.default_rng(5).normal(size=(30, 16)))
    rules = learn_rules(learned(faces), near)
    tried, rule = rules.impostors, rules.full
    assert tried is not None and (len(tried.scores), len(np.unique(tried.who))) == (rule.n_impostors, rule.n_people)
    assert tried.given.sum() == 30 and (np.diff(tried.scores) <= 0).all()
    limit = rule.at(0.01)
    assert tried.passing(limit.score).mean() <= limit.expected


def test_numbers_of_impostors_say_nothing_of_who_they_are():
    faces = clusters(60, 6, spread=0.5)
    tried = learn_rules(learned(faces)).impostors
    assert tried is not None
    first = np.unique(tried.who, return_index=True)[1]
    assert (np.diff(first) > 0).all(), "numbered by their best score, not as they are in the dataset"


def test_each_persons_share_above_a_limit_counts_once():
    tried = Impostors(np.array([3.0, 2.0, 1.0]), np.array([0, 0, 1]), np.zeros(3, dtype=bool))
    assert tried.passing(1.5).tolist() == [1.0, 0.0]


def test_many_photos_of_few_strangers_are_few_strangers():
    of = learned(clusters(10, 8, spread=0.5))
    near = unit(np.random.default_rng(5).normal(size=(ENOUGH_STRANGERS, 16)))
    assert not learn_rules(of, near).full.from_prior
    assert learn_rules(of, near, stranger_ids=np.arange(ENOUGH_STRANGERS) % 20).full.from_prior


def test_people_with_two_photos_each_are_told_from_strangers():
    """A face held out meets one photo of its person, a stranger met two: that difference must not become the rule."""
    faces = clusters(100, 12, spread=0.4, seed=5)
    known = faces.labels < 60
    rank = np.tile(np.arange(12), 100)
    of = learned(faces.take(known & (rank < 2)))
    rule = learn_rules(of).full
    assert passed(of, rule, faces.vectors[~known]) < 0.05
    assert passed(of, rule, faces.vectors[known & (rank >= 2)]) > 0.9

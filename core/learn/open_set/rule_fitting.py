"""The rejection rule learned from a dataset: everybody plays the stranger once, with their own photos left out.

How
    By the trials of ``left_out_trials``: people left out in turn are strangers (impostors), and shots held out are
    faces that the recogniser should know (genuine).

Weights
    Fisher's discriminant between the two, on the features of ``rejection_rule``. On lfw-dev with 20 of 79 people
    hidden (20 draws), right names at an FPIR of 0.1 %: SVM margin 0.981, similarity to the centroid 0.971, this 0.985;
    with 20 known people of 4 photos 0.957, 0.970, 0.986. Logistic regression on the same is worse (0.982): the two
    sides are all but separable, and its weights hang on a few faces. Gaps to the second person and the nearest face of
    everybody added nothing, nor did limits of each person's own (z-norm: 0.872; t-norm: 0.886); what else was tried is
    in docs/accuracy.md. Strangers are taken with a shot less of whom they were named, as faces held out are: with two
    photos a person the rule kept 0.60 of the right names at a limit for 1 % before, and 0.96 so.

Limits
    Nested: a face that plays the stranger is scored by weights that were fitted on other people. And a limit set on
    some people is too low for others, whose look-alikes are not known yet (with 59 of lfw-dev's people a limit that
    1 % pass was passed by 2.3 to 2.7 % of the 20 others). So each person is tried with the limit that the others alone
    would have set, trials against that person left out as well, and the limit is made stricter until the mean over
    people is what was asked for (1.5 to 2 % of the others then, within the interval in 92 % of the draws and more).

References
----------
Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7, 1936.
Barber, Candes, Ramdas, Tibshirani, "Predictive inference with the jackknife+", Annals of Statistics 49, 2021.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.base.progress import UNWATCHED, Progress
from core.base.types import Doubles, Ints, Vectors
from core.learn.open_set.left_out_trials import PARTS, RuleTrainingData, Trials, try_everybody, try_strangers
from core.learn.open_set.prior_rule import StrangerScores, leave_people_out, person_weights, prior_rule
from core.learn.open_set.rejection_rule import (
    FEATURES,
    RATES,
    TARGET_RATE,
    Impostors,
    RejectionRule,
    RejectionRules,
    Threshold,
    exact_interval,
)

ENOUGH_PEOPLE = 40
ENOUGH_IMPOSTORS = 100
ENOUGH_GENUINE = 30
"""Below any of them the weights cannot be learned, and the people who are there update the model's prior."""
ENOUGH_STRANGERS = 100
"""With so many people among given strangers the prior's limits are replaced by what these would pass."""
BOOTSTRAP_FROM = 10
"""People with a face named, from which on the interval is a bootstrap over people. Below, it begins at 0 and ends where
the exact binomial one does, with people as what is counted: faces of one person pass or fail together."""
BOOTSTRAP_DRAWS = 1000

_STRICTNESS = np.geomspace(0.1, 1e-5, 81)
"""The rates that limits are tried at, so that what the others pass is what was asked for."""
_LEAST_SPREAD = 1e-6


def learn_rules(
    learned: RuleTrainingData,
    strangers: Vectors | None = None,
    progress: Progress = UNWATCHED,
    stranger_ids: Ints | None = None,
) -> RejectionRules:
    """Learn when to say "unknown".

    Parameters
    ----------
    strangers : (n, dimension) float32 faces of people who are not among those learned: they set the limits, too
    progress : told the finished share, several times a second
    stranger_ids : (n,) int64 from 0, whom each stranger's face shows; everybody is somebody else when None
    """
    genuine, impostors = (None, None) if learned.n_people < ENOUGH_PEOPLE else try_everybody(learned, progress)
    outside = None if strangers is None or not len(strangers) else try_strangers(learned, strangers, stranger_ids)
    columns = len(FEATURES)
    # The last feature needs the training faces; where they are not at hand a rule without it must stand alone.
    (full, tried_impostors), (alone, _) = (
        _rule(learned, genuine, impostors, outside, n) for n in (columns, columns - 1)
    )
    return RejectionRules(full, alone, tried_impostors)


def _rule(
    learned: RuleTrainingData, genuine: Trials | None, impostors: Trials | None, outside: Trials | None, n_features: int
) -> tuple[RejectionRule, Impostors | None]:
    if genuine is not None and impostors is not None and _enough(genuine, impostors):
        rule, scored = _learned_rule(genuine, impostors, outside, n_features)
    else:
        rule, scored = _rule_of_few(learned, outside, n_features)
    return rule, _impostors(scored, learned.n_people) if len(scored.who) else None


def _rule_of_few(learned: RuleTrainingData, outside: Trials | None, n_features: int) -> tuple[RejectionRule, _Scored]:
    """The prior, updated by whoever is there; enough real strangers know better for this dataset."""
    strangers = _score_by_similarity(outside)
    n_strangers = len(np.unique(strangers.who))
    if n_strangers >= ENOUGH_STRANGERS:
        prior = prior_rule(learned.n_people, n_features)
        thresholds, n_faces = _thresholds(strangers, 1.0), len(strangers.who)
        rule = replace(prior, thresholds=thresholds, from_prior=False, n_impostors=n_faces, n_people=n_strangers)
        return rule, strangers
    left_out = leave_people_out(learned.faces)
    rule = prior_rule(learned.n_people, n_features, left_out, StrangerScores(strangers.scores, strangers.who))
    if left_out is None:
        return rule, strangers
    return rule, strangers.joined(_Scored(left_out.scores, left_out.labels, left_out.nearest))


def _score_by_similarity(outside: Trials | None) -> _Scored:
    if outside is None:
        return _Scored(np.empty(0), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    return _Scored(outside.features[:, FEATURES.index("centroid_similarity")], outside.who, outside.named)


def _impostors(scored: _Scored, n_known: int) -> Impostors:
    """Forget who is who: people are numbered in the order of their best scores."""
    scored = scored.descending()
    # Sorted by score, a first appearance is a best score: the numbers say nothing of who the people were.
    _, first, person = np.unique(scored.who, return_index=True, return_inverse=True)
    numbers = np.argsort(np.argsort(first))[person]
    return Impostors(scored.scores, np.asarray(numbers, dtype=np.int64), np.asarray(scored.who >= n_known))


def _enough(genuine: Trials, impostors: Trials) -> bool:
    return len(impostors.who) >= ENOUGH_IMPOSTORS and int(genuine.right.sum()) >= ENOUGH_GENUINE


# weights


def _learned_rule(
    genuine: Trials, impostors: Trials, outside: Trials | None, n_features: int
) -> tuple[RejectionRule, _Scored]:
    weights, offset = _fit(genuine, impostors, n_features)
    unseen_impostors, unseen_genuine = np.empty(len(impostors.who)), np.empty(len(genuine.who))
    for fold in np.unique(np.concatenate([impostors.fold, genuine.fold])):
        # Nested: a limit set on scores of faces that shaped the weights would be too low for new ones.
        fold_weights, fold_offset = _fit(genuine, impostors, n_features, without=int(fold))
        for trials, scores in ((impostors, unseen_impostors), (genuine, unseen_genuine)):
            rows = trials.fold == fold
            scores[rows] = trials.features[rows, :n_features] @ fold_weights + fold_offset
    scored = _Scored(unseen_impostors, impostors.who, impostors.named)
    if outside is not None:
        scored = scored.joined(_Scored(outside.features[:, :n_features] @ weights + offset, outside.who, outside.named))
    # A trial knew one part fewer people than the gallery will hold, and more people have more look-alikes.
    thresholds = _thresholds(scored, 1 - 1 / PARTS)
    threshold = next(threshold for threshold in thresholds if threshold.rate == TARGET_RATE)
    # A genuine face that was named wrongly is lost at any limit.
    is_kept = genuine.right & (unseen_genuine > threshold.score)
    rule = RejectionRule(
        weights,
        offset,
        thresholds,
        from_prior=False,
        n_impostors=len(scored.scores),
        n_people=len(np.unique(scored.who)),
        n_genuine=len(is_kept),
        genuine_kept=float(is_kept.mean()),
    )
    return rule, scored


def _fit(genuine: Trials, impostors: Trials, n_features: int, without: int | None = None) -> tuple[Doubles, float]:
    """Fit the weights and the offset that makes the mean stranger 0 and their standard deviation 1."""
    # A wrongly named face shows the features of an impostor: it would pull the direction the wrong way.
    known = genuine.features[genuine.right & (genuine.fold != without), :n_features]
    is_fitted = impostors.fold != without
    weights = fisher_direction(known, impostors.matched_features[is_fitted, :n_features])
    scores = impostors.features[is_fitted, :n_features] @ weights
    # Scaled by the strangers, scores of different folds can be sorted together.
    spread = max(float(scores.std()), _LEAST_SPREAD)
    return weights / spread, -float(scores.mean()) / spread


def fisher_direction(genuine: Doubles, impostors: Doubles) -> Doubles:
    """Give the direction in which two clouds lie furthest apart for their width: (n_features,).

    Parameters
    ----------
    genuine, impostors : (n, n_features); the direction points from the impostors to the genuine faces
    """
    # Both clouds count the same, whatever their sizes; the ridge keeps equal features solvable.
    within = (np.cov(genuine.T) + np.cov(impostors.T)) / 2 + _LEAST_SPREAD * np.eye(genuine.shape[1])
    return np.asarray(np.linalg.solve(within, genuine.mean(axis=0) - impostors.mean(axis=0)), dtype=np.float64)


# limits


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """Scores of faces that play the stranger."""

    scores: Doubles
    who: Ints
    named: Ints

    def joined(self, more: _Scored) -> _Scored:
        """Both, of whom nobody is in the other."""
        both = [(self.scores, more.scores), (self.who, more.who), (self.named, more.named)]
        return _Scored(*(np.concatenate(columns) for columns in both))

    def descending(self) -> _Scored:
        order = np.argsort(-self.scores, kind="stable")
        return _Scored(self.scores[order], self.who[order], self.named[order])

    @property
    def weights(self) -> Doubles:
        """Every person counts the same."""
        return person_weights(self.who)


def _thresholds(scored: _Scored, known_share: float) -> tuple[Threshold, ...]:
    """Set the limit for each of ``RATES``.

    Parameters
    ----------
    known_share : how many of the people were known when the faces were tried; against all of them so many more pass
    """
    scored = scored.descending()
    passed = _passed_in_turn(scored)
    means = passed.mean(axis=0)
    return tuple(_threshold(scored, passed, means, rate, known_share) for rate in RATES)


def _threshold(scored: _Scored, passed: Doubles, means: Doubles, rate: float, known_share: float) -> Threshold:
    # A limit that the others set lets too many pass, so ever stricter ones are tried until the mean fits.
    fitting = np.flatnonzero((means <= rate * known_share) & (rate * known_share >= _STRICTNESS))
    # Where none is strict enough, the strictest is taken, and the threshold says that it is not enough.
    index = int(fitting[0]) if len(fitting) else len(_STRICTNESS) - 1
    score = float(_thresholds_at(scored.scores, scored.weights, _STRICTNESS[index : index + 1])[0])
    expected = min(float(means[index]) / known_share, 1.0)
    low, high = _interval(passed[:, index] / known_share)
    return Threshold(
        rate=rate,
        score=score,
        expected=expected,
        low=low,
        high=high,
        enough=len(passed) + 1 >= 1 / rate and len(fitting) > 0,
    )


def _passed_in_turn(scored: _Scored) -> Doubles:
    """Of each person, the share of faces named by the limits that the others would set: (n_people, n_rates)."""
    people = np.unique(scored.who)
    weights = scored.weights
    passed = np.empty((len(people), len(_STRICTNESS)))
    for row, person in enumerate(people):
        is_own = scored.who == person
        # Faces taken for this person would tell the limit of the look-alike that it is to be tried with.
        is_other = ~is_own & (scored.named != person)
        thresholds = _thresholds_at(scored.scores[is_other], weights[is_other], _STRICTNESS)
        passed[row] = (scored.scores[is_own][:, None] > thresholds).mean(axis=0)
    return passed


def _thresholds_at(descending: Doubles, weights: Doubles, rates: Doubles) -> Doubles:
    """Give for each rate the smallest score that at most this weighted share of the scores is above."""
    if not len(descending):
        return np.full(len(rates), np.inf)
    # By weight, not by count: a person with many photos must not set the limit alone.
    share = np.cumsum(weights) / weights.sum()
    return descending[np.minimum(np.searchsorted(share, rates, side="right"), len(descending) - 1)]


def _interval(passed: Doubles) -> tuple[float, float]:
    """Give the 95 % interval of the mean over people."""
    n = len(passed)
    if np.count_nonzero(passed) < BOOTSTRAP_FROM:
        return 0.0, exact_interval(min(float(passed.sum()), n), n)[1]
    rng = np.random.default_rng(0)
    # People are drawn, not faces: faces of one person pass or fail together.
    means = passed[rng.integers(n, size=(BOOTSTRAP_DRAWS, n))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), min(float(high), 1.0)

"""The rejection rule of a dataset too small to learn one: the model's own, moved by what its few people tell.

The score is the similarity to the named person's centroid. What share of strangers comes so near to one person was
measured with the model on a reference, lfw-dev: that is the prior. The dataset's people, each left out in turn, update
it twice.

Where strangers lie
    The mean and the spread of their similarities to each other, which few people tell already: children, relatives or
    old scans are more alike than press photos are. Shrunk towards the reference's, by the number of pairs of people.
How many pass
    The reference counts as ``PRIOR_WEIGHT`` people, of whom the share passes that it says; each person left out counts
    as one, of whom passes whoever does (beta-binomial). The threshold is where the mean of both is what was asked for;
    with strangers who were lent, where it is on average over others like them (``_allow_strangers``).

On lfw-dev, 5 to 39 people drawn, the others and its 150 strangers as strangers: ``docs/accuracy.md``.

References
----------
Gelman et al., "Bayesian Data Analysis", 3rd ed., 2013, 2.1 (beta-binomial) and 2.6 (shrinkage of a normal mean).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.base.types import Doubles, Ints
from core.base.vectors import normalise_rows
from core.learn.labelled_faces import LabelledFaces
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.labels import sum_by_label
from core.learn.numerics.unit_vectors import cosines_to_distances
from core.learn.open_set.rejection_rule import FEATURES, RATES, TARGET_RATE, RejectionRule, Threshold

PRIOR = {0.0001: 0.810, 0.0002: 0.834, 0.0005: 0.897, 0.001: 0.949, 0.002: 0.987, 0.005: 1.040, 0.01: 1.085}
"""The share of strangers nearer to one person's centroid than a distance.

Measured for the 128-D model on lfw-dev, each face against the centroids of the 78 others (10 or more photos
each; with 2 photos the distances are 0.01 to 0.03 larger). Against n people at most n times as many come near
one of them: at 1 % that gives 0.99 for 5 people, 0.90 for 20. Beyond its ends the logarithm goes on straight.
"""
PRIOR_MEAN, PRIOR_SPREAD = 0.044, 0.142
"""Of the same cosines, everybody counting the same."""
PRIOR_WEIGHT = 20
"""As how many people of the dataset the reference counts, which has 79, of other photos."""
PRIOR_PAIRS = 40
"""As how many pairs of people it counts for mean and spread: of 5 people a fifth of the way is gone, of 20 four."""
DOUBTFUL_SHARE = 0.25
"""Who has so many faces nearer to somebody else is no stranger to them, but probably one person under two names."""

_SCORES = np.linspace(-1.0, 1.0, 2001)
"""The thresholds that are tried."""
_BLOCK_ROWS = 1024
_SHARE_STEPS = 4001


@dataclass(frozen=True, slots=True, eq=False)
class LeftOutPeople:
    """People of the dataset as strangers to the others."""

    scores: Doubles
    """(n,) the cosine of each face to the nearest other person's centroid"""
    nearest: Ints
    """(n,) that person"""
    labels: Ints
    """(n,) whom it shows"""
    mean: float
    spread: float
    """Of the cosines to all others' centroids, everybody counting the same."""
    n_gallery: int
    """The people of the dataset: each was held against one fewer."""


@dataclass(frozen=True, slots=True, eq=False)
class StrangerScores:
    """Faces of people who are not in the dataset, (n,) each: their scores, and whom they show."""

    scores: Doubles
    who: Ints


def leave_people_out(faces: LabelledFaces) -> LeftOutPeople | None:
    """Hold everybody's faces against the others; None where there is nobody to be held against.

    No training is needed: of a person left out nothing but the own centroid would be missing.
    """
    others = _compare_with_others(faces)
    # A face nearer to somebody else than to its own person is under a wrong name, and tells nothing of strangers.
    is_misplaced = others.similarity > others.own
    n_misplaced = np.bincount(faces.labels, is_misplaced, minlength=faces.n_people)
    is_doubtful = n_misplaced >= DOUBTFUL_SHARE * np.bincount(faces.labels, minlength=faces.n_people)
    used = ~is_misplaced & ~(is_doubtful & (n_misplaced > 1))[faces.labels]
    if faces.n_people < 2 or not used.any():
        return None
    weights = person_weights(faces.labels[used])
    mean = float(np.average(others.mean[used], weights=weights))
    variance = float(np.average(others.mean_square[used], weights=weights)) - mean**2
    return LeftOutPeople(
        scores=others.similarity[used],
        nearest=others.nearest[used],
        labels=faces.labels[used],
        mean=mean,
        spread=float(np.sqrt(max(variance, 0.0))),
        n_gallery=faces.n_people,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Others:
    """Of each face, (n,): cosines to the centroids of other people, and to that of its own other shots."""

    nearest: Ints
    similarity: Doubles
    """To that person."""
    mean: Doubles
    mean_square: Doubles
    own: Doubles
    """1 where there is no other shot"""


def _compare_with_others(faces: LabelledFaces) -> _Others:
    sums = sum_by_label(faces.vectors, faces.labels, faces.n_people)
    shot_sums = sum_by_label(faces.vectors, faces.shots, int(faces.shots.max(initial=-1)) + 1)
    centroids = normalise_rows(sums)
    # The own centroid without the face's shot: one that the face is part of would be too near.
    own_centroids = normalise_rows(sums[faces.labels] - shot_sums[faces.shots])
    own = np.where(faces.testable, np.einsum("ij,ij->i", faces.vectors, own_centroids), 1.0)
    n_others = max(faces.n_people - 1, 1)
    blocks = []
    for rows in row_blocks(len(faces), _BLOCK_ROWS):
        cosines = (faces.vectors[rows] @ centroids.T).astype(np.float64)
        is_own = np.arange(faces.n_people) == faces.labels[rows, None]
        others = np.where(is_own, 0.0, cosines)
        # Below every cosine: nobody is nearest to themselves.
        nearest = np.where(is_own, -2.0, cosines).argmax(axis=1)
        similarity = others[np.arange(len(nearest)), nearest]
        blocks.append((nearest, similarity, others.sum(axis=1) / n_others, (others**2).sum(axis=1) / n_others))
    nearest, similarity, mean, mean_square = (np.concatenate(column) for column in zip(*blocks, strict=True))
    return _Others(nearest=nearest, similarity=similarity, mean=mean, mean_square=mean_square, own=own)


def person_weights(who: Ints) -> Doubles:
    """Weights of faces, (n,), by which those of every person add up to one."""
    _, person, n_faces = np.unique(who, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / n_faces[person], dtype=np.float64)


# the rule


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    """Whoever could be tried as a stranger."""

    n_people: int
    n_faces: int
    passing: Doubles
    """At each of ``_SCORES``, how many of these people pass; one with half of the faces as a half."""
    n_strangers: int
    """Of them, who were lent as strangers."""

    @property
    def prior_weight(self) -> int:
        """As how many people the reference counts beside them."""
        # A threshold set on some strangers is too low for others (see ``rule_fitting``), so half of what they tell is
        # taken back to the reference.
        return PRIOR_WEIGHT + self.n_strangers

    def allowed(self, rate: float) -> float:
        """How many of all these people may pass, so that the share of strangers yet to come is ``rate``."""
        n_left_out = self.n_people - self.n_strangers
        return rate * n_left_out + _allow_strangers(rate, self.prior_weight, self.n_strangers)

    @classmethod
    def of(cls, left_out: LeftOutPeople | None, strangers: StrangerScores | None) -> _Tried:
        n_people, n_faces, n_strangers, passing = 0, 0, 0, np.zeros(len(_SCORES))
        if left_out is not None:
            # Held against one person fewer than strangers will be.
            more = left_out.n_gallery / (left_out.n_gallery - 1)
            passing = more * _count_passing(left_out.scores, left_out.labels)
            n_people, n_faces = len(np.unique(left_out.labels)), len(left_out.labels)
        if strangers is not None:
            passing = passing + _count_passing(strangers.scores, strangers.who)
            n_strangers = len(np.unique(strangers.who))
            n_people, n_faces = n_people + n_strangers, n_faces + len(strangers.who)
        return cls(n_people, n_faces, passing, n_strangers)


@lru_cache(maxsize=64)
def _allow_strangers(rate: float, weight: int, n: int) -> float:
    """How many may pass of a reference counted as ``weight`` people and of ``n`` strangers.

    Where none of a handful passes, the reference's share could be ``(weight + n) / weight`` of the rate, as if those
    that did not pass could vouch for it: such a threshold is chosen because these few lie below it. So as many are
    allowed as let the rate pass on average, over strangers who come as the reference says.
    """
    if not n:
        return rate * weight
    # Imported here, as the start of the program need not wait for it.
    from scipy.optimize import brentq
    from scipy.special import bdtr

    def mean_share(allowed: float) -> float:
        # The threshold lies at the share u or beyond where no more than allowed - weight * u strangers pass there.
        shares = np.linspace(0.0, min(allowed / weight, 1.0), _SHARE_STEPS)
        is_beyond = bdtr(np.clip(np.floor(allowed - weight * shares), 0, n), n, shares)
        return float(np.trapezoid(is_beyond, shares))

    return float(brentq(lambda allowed: mean_share(allowed) - rate, 1e-9, weight + n, xtol=1e-6))


def _count_passing(scores: Doubles, who: Ints) -> Doubles:
    order = np.argsort(scores)
    below = np.concatenate([[0.0], np.cumsum(person_weights(who)[order])])
    return np.asarray(below[-1] - below[np.searchsorted(scores[order], _SCORES, side="right")], dtype=np.float64)


def prior_rule(
    n_people: int,
    n_features: int = len(FEATURES),
    left_out: LeftOutPeople | None = None,
    strangers: StrangerScores | None = None,
) -> RejectionRule:
    """The model's own rule for a gallery of so many people, updated by whoever could be tried as a stranger."""
    weights = np.zeros(n_features)
    weights[FEATURES.index("centroid_similarity")] = 1.0
    tried = _Tried.of(left_out, strangers)
    # Against n people up to n times as many strangers come near one of them as near a given one.
    prior_share = np.minimum(n_people * share_nearer(_to_reference(_SCORES, left_out)), 1.0)
    return RejectionRule(
        weights=weights,
        offset=0.0,
        thresholds=tuple(_posterior_threshold(prior_share, tried, rate) for rate in RATES),
        from_prior=True,
        n_impostors=tried.n_faces,
        n_people=tried.n_people,
        n_genuine=0,
        genuine_kept=float("nan"),
    )


def _to_reference(cosines: Doubles, left_out: LeftOutPeople | None) -> Doubles:
    """Cosines where they would lie on the reference, whose strangers are as far from each other as its own."""
    if left_out is None:
        return cosines
    n_pairs = left_out.n_gallery * (left_out.n_gallery - 1) / 2
    trust = n_pairs / (n_pairs + PRIOR_PAIRS)
    mean = PRIOR_MEAN + trust * (left_out.mean - PRIOR_MEAN)
    # Of two people with a photo each there is no spread, whose logarithm must not be asked for.
    stretch = (max(left_out.spread, PRIOR_SPREAD / 10) / PRIOR_SPREAD) ** trust
    return np.asarray(PRIOR_MEAN + (cosines - mean) / stretch, dtype=np.float64)


def share_nearer(cosines: Doubles) -> Doubles:
    """The share of strangers that is more like one person of the reference than a cosine: (n,)."""
    distances = cosines_to_distances(np.clip(cosines, -1.0, 1.0))
    measured, log_shares = np.array(list(PRIOR.values())), np.log(list(PRIOR))
    # Straight on beyond the ends: the nearest strangers met are not the nearest that there are.
    slopes = np.diff(log_shares) / np.diff(measured)
    nearer, farther = np.minimum(distances - measured[0], 0), np.maximum(distances - measured[-1], 0)
    shares = np.exp(np.interp(distances, measured, log_shares) + slopes[0] * nearer + slopes[-1] * farther)
    return np.asarray(np.minimum(shares, 1.0), dtype=np.float64)


def _posterior_threshold(prior_share: Doubles, tried: _Tried, rate: float) -> Threshold:
    # Imported here, as the start of the program need not wait for it.
    from scipy.special import betaincinv

    # People are what counts, not their pairs nor their faces: faces of one person pass or fail together.
    n, allowed = tried.prior_weight + tried.n_people, tried.allowed(rate)
    counts = tried.prior_weight * prior_share + tried.passing
    # The counts fall. Where people are so alike that not even a cosine of 1 is strict enough, that is the threshold.
    index = min(int(np.count_nonzero(counts > allowed)), len(_SCORES) - 1)
    # What is allowed is what lets the rate pass: with strangers it is less than the rate of all who are counted.
    passed = min(float(counts[index]) * rate * n / allowed, n * (1 - 1e-9))
    # Below one person the density is highest at 0, so that is where the interval begins.
    low = float(betaincinv(passed, n - passed, 0.025)) if passed > 1 else 0.0
    return Threshold(
        rate=rate,
        score=float(_SCORES[index]),
        expected=passed / n,
        low=low,
        high=float(betaincinv(passed, n - passed, 0.975)),
        # The reference's people are not these: a rate is promised by people who were tried here.
        enough=tried.n_people + 1 >= 1 / rate,
    )


def prior_threshold(n_people: int, target_rate: float = TARGET_RATE) -> float:
    """Give the model's own distance: about ``target_rate`` of strangers come nearer to one of so many people."""
    return float(np.interp(np.log(target_rate / max(n_people, 1)), np.log(list(PRIOR)), list(PRIOR.values())))

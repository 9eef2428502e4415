"""When to say "unknown": a score of how much a face is like the person it was named, and limits for a chosen FPIR.

The classifier always names somebody; a stranger gets the name of whoever is nearest. So a face keeps its name only when
its score is above a limit. The score is a weighted sum of what is known of the face and the person it was named (the
SVM's margin, the similarity to the person's centroid and to the person's nearest training faces); the weights and the
limits are learned from the dataset (``rule_fitting``). In a dataset too small for that the score is the similarity to
the centroid alone, and the limits are the model's own, updated by the dataset (``prior_rule``).

FPIR, the false-positive identification rate, is the share of strangers' faces that get a name.

References
----------
ISO/IEC 19795-1:2021, "Biometric performance testing and reporting": FPIR.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from core.base.errors import InputRefused
from core.base.types import TRUSTED_GRADE, Bools, Doubles, Floats, Ints, Vectors
from core.language.texts import marked
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.labels import rows_by_value
from core.learn.numerics.linear_classifier import LinearClassifier

FEATURES = ("margin", "centroid_similarity", "neighbour_similarity")
"""What the score is made of: the SVM's best margin, the cosine to the named person's centroid, and the mean cosine to
the person's ``NEIGHBOURS`` nearest training faces. The last one needs the training faces and may be left out."""
NEIGHBOURS = 5
TARGET_RATE = 0.01
"""The FPIR that is used unless another is chosen."""
RATES = (0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
"""Limits are set for these; what lies between is interpolated."""

REACH, PRIOR_REACH = 0.6, 0.06
"""How far from all thresholds a face that is to be named gets no second look, on the scale of the scores.

Looking at the mirror image of the faces in between finds as many known people at an FPIR of 1 % and 0.1 % as looking at
everybody's; see docs/accuracy.md."""

_BLOCK_ROWS = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Training faces and the person that the classifier gives each.

    Not the person that the face was learned as: a photo under the wrong name then speaks for whom it shows.
    """

    vectors: Vectors
    labels: Ints

    @classmethod
    def of(cls, classifier: LinearClassifier, vectors: Vectors) -> Gallery:
        """The gallery of (n, dimension) float32 vectors, as the classifier names them."""
        return cls(vectors, classifier.predict(vectors))

    def rows_of(self, people: Ints) -> list[Ints]:
        """The rows of each of some people, distinct and ascending; the rows ascending."""
        # One look at all labels, whoever is asked about: a look for each of 50,000 people takes minutes.
        rows = np.flatnonzero(np.isin(self.labels, people))
        rows = rows[np.argsort(self.labels[rows], kind="stable")]
        starts = np.searchsorted(self.labels[rows], people)
        return [rows[start:end] for start, end in pairwise([*starts.tolist(), len(rows)])]


@dataclass(frozen=True, slots=True, eq=False)
class BestMatches:
    """Faces with the person of the best margin, and what speaks for it."""

    person: Ints
    """(n,) places among the people"""
    features: Doubles
    """(n, 3), the columns of ``FEATURES``; (n, 2) without training faces"""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit for the score, and what it promises."""

    rate: float
    """The FPIR asked for."""
    score: float
    """A face is named when its score is larger."""
    expected: float
    """The FPIR to expect: of people (and strangers) in turn unseen, the mean share of faces named."""
    low: float
    high: float
    """The 95 % interval of it."""
    enough: bool
    """False when the people are too few for this rate: the limit is as strict as they allow, the FPIR may be larger."""

    def decide_named(self, scores: Doubles | float, grades: Doubles | float) -> Bools:
        """Tell which faces get the name of whom they are most like; the others are called unknown.

        Parameters
        ----------
        scores : (n,) or one, as ``RejectionRule`` gives them
        grades : (n,) or one, their quality, 0..1: below ``TRUSTED_GRADE`` different people look alike
        """
        return np.asarray((np.asarray(scores) > self.score) & (np.asarray(grades) >= TRUSTED_GRADE))


@dataclass(frozen=True, slots=True, eq=False)
class RejectionRule:
    """The score and its limits."""

    weights: Doubles
    """(2,) or (3,) one for each feature"""
    offset: float
    """Added to the weighted sum. Learned scores are in standard deviations above the mean stranger; the prior's score
    is the cosine to the centroid."""
    thresholds: tuple[Threshold, ...]
    """For each of ``RATES``, the largest first."""
    from_prior: bool
    """True when the dataset is too small to tell alone, and the limits are the model's own, updated by its people."""
    n_impostors: int
    """Faces that played the stranger."""
    n_people: int
    """The people they show; every stranger of unknown name counts as one."""
    n_genuine: int
    """Faces held out and named by others' help."""
    genuine_kept: float
    """The share of those that gets the right name at ``TARGET_RATE``; NaN without any."""

    def scores(self, features: Doubles) -> Doubles:
        """The score of each row of features: (n,)."""
        return np.asarray(features @ self.weights + self.offset, dtype=np.float64)

    def is_near_threshold(self, scores: Doubles) -> Bools:
        """Which faces a second look may decide otherwise: (n,), from a little below the loosest threshold on."""
        reach = PRIOR_REACH if self.from_prior else REACH
        return (scores > self.thresholds[0].score - reach) & (scores < self.thresholds[-1].score + reach)

    def at(self, rate: float) -> Threshold:
        """The limit for an FPIR; see ``threshold_at_rate``. Raises InputRefused for one outside of ``RATES``."""
        return threshold_at_rate(self.thresholds, rate)


def threshold_at_rate(thresholds: Sequence[Threshold], rate: float) -> Threshold:
    """The limit for an FPIR; between two of ``RATES`` their limits are interpolated over the logarithm.

    Parameters
    ----------
    thresholds : for each of ``RATES``, the largest first

    Raises
    ------
    InputRefused
        The rate is outside of ``RATES``.
    """
    ascending = thresholds[::-1]
    rates = [threshold.rate for threshold in ascending]
    if not rates[0] <= rate <= rates[-1]:
        raise InputRefused(
            marked("The FPIR {rate} is outside of {least} to {most}. Choose one between.").format(
                rate=f"{rate:g}", least=f"{rates[0]:g}", most=f"{rates[-1]:g}"
            )
        )

    def between(name: str) -> float:
        return float(np.interp(np.log(rate), np.log(rates), [getattr(threshold, name) for threshold in ascending]))

    # Whether there are enough people is told by the stricter neighbour: an interpolated limit promises as much.
    strict = next(threshold for threshold in thresholds if threshold.rate <= rate or threshold is thresholds[-1])
    score, expected, low, high = (between(name) for name in ("score", "expected", "low", "high"))
    return replace(strict, rate=rate, score=score, expected=expected, low=low, high=high)


@dataclass(frozen=True, slots=True, eq=False)
class Impostors:
    """Faces that played the stranger, each scored by a rule that was learned without it."""

    scores: Doubles
    """(n,) on the scale of the full rule"""
    who: Ints
    """(n,) numbers that tell their people apart and say nothing else"""
    given: Bools
    """(n,) photos of other people that were given as strangers; the rest are known people left out in turn"""

    def passing(self, threshold: float) -> Doubles:
        """Of each person, the share of faces above a limit: (n_people,), in the order of ``who``."""
        _, person, faces = np.unique(self.who, return_inverse=True, return_counts=True)
        return np.asarray(np.bincount(person, weights=self.scores > threshold) / faces, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class RejectionRules:
    """The rule with training faces at hand, and the one without."""

    full: RejectionRule
    alone: RejectionRule
    impostors: Impostors | None = None
    """Whom they were tried on; not saved with the recogniser."""


def distances_to_named(vectors: Vectors, person_of_face: Ints, person_centroids: Vectors) -> Floats:
    """Give each face's Euclidean distance to the centroid of the person it was named: (n,) float32, 0..2."""
    gap = vectors - person_centroids[person_of_face]
    return np.asarray(np.linalg.norm(gap, axis=1), dtype=np.float32)


def name_faces(
    classifier: LinearClassifier, person_centroids: Vectors, gallery: Gallery | None, vectors: Vectors
) -> BestMatches:
    """Name faces and gather what speaks for it.

    Parameters
    ----------
    person_centroids : (n_people, dimension) float32, unit length
    gallery : the training faces, or None where they are not at hand
    vectors : (n, dimension) float32, unit length
    """
    # Of no face at all there is a block too, so that its empty columns have their widths.
    slices = row_blocks(max(len(vectors), 1), _BLOCK_ROWS)
    blocks = [_name_block(classifier, person_centroids, gallery, vectors[rows]) for rows in slices]
    person = np.concatenate([persons for persons, _ in blocks])
    return BestMatches(person, np.concatenate([features for _, features in blocks]))


def _name_block(
    classifier: LinearClassifier, person_centroids: Vectors, gallery: Gallery | None, vectors: Vectors
) -> tuple[Ints, Doubles]:
    # The margin names, and the other features only judge that name: they say nothing of who else it could be.
    persons = classifier.predict(vectors)
    return persons, gather_features(classifier, person_centroids, gallery, vectors, persons)


def gather_features(
    classifier: LinearClassifier, person_centroids: Vectors, gallery: Gallery | None, vectors: Vectors, persons: Ints
) -> Doubles:
    """Give what speaks for each face being the person at its side: (n, 3) ``FEATURES``, or (n, 2) without a gallery.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    persons : (n,) indices of people
    """
    # Row by row: all margins of all faces would be a matrix of which one number a row is wanted.
    margins = np.einsum("ij,ij->i", vectors, classifier.coef[persons]) + classifier.intercept[persons]
    similarity = np.einsum("ij,ij->i", vectors, person_centroids[persons])
    columns = [margins, similarity]
    if gallery is not None:
        columns.append(_neighbour_similarity(gallery, vectors, persons, similarity))
    return np.stack(columns, axis=1).astype(np.float64)


def _neighbour_similarity(gallery: Gallery, vectors: Vectors, persons: Ints, otherwise: Floats) -> Floats:
    """Give the mean cosine to the named person's nearest training faces; ``otherwise`` where there are none left."""
    similarities = np.array(otherwise, dtype=np.float32)
    named, rows_of_named = np.unique(persons), rows_by_value(persons)
    for rows, gallery_rows in zip(rows_of_named, gallery.rows_of(named), strict=True):
        faces = gallery.vectors[gallery_rows]
        if len(faces):
            # Several faces, not the nearest alone: one photo under a wrong name would let its owner pass.
            cosine = np.sort(vectors[rows] @ faces.T, axis=1)
            similarities[rows] = cosine[:, -NEIGHBOURS:].mean(axis=1)
    return similarities


def exact_interval(count: float, n: int) -> tuple[float, float]:
    """Give the 95 % interval of a share of n, wide where few were counted (0 of n: up to about 3.7 / n).

    References
    ----------
    Clopper, Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26,
    1934; continued to fractions of a count by the beta distribution.
    """
    # Imported here, as the start of the program need not wait for it.
    from scipy.special import betaincinv

    low = float(betaincinv(count, n - count + 1, 0.025)) if count > 0 else 0.0
    return low, (float(betaincinv(count + 1, n - count, 0.975)) if count < n else 1.0)

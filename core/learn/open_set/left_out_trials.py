"""Trials of a recogniser on faces that it does not know: everybody plays the stranger once, their photos left out.

People are dealt into ``PARTS``, and so are the shots of each. For each part a classifier is trained without the part's
people and without the part's shots of the others. Then the people left out are strangers (impostors), and the shots
held out are faces that it should know (genuine). In large datasets only the first parts are done. What is concluded
from the trials is ``rule_fitting``'s business.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import ceil

import numpy as np

from core.base.progress import Progress
from core.base.types import Bools, Doubles, Ints, Vectors
from core.learn.classification.calibrated_classifier import CalibratedClassifier
from core.learn.classification.row_learners import ROW_LEARNERS
from core.learn.labelled_faces import LabelledFaces
from core.learn.model_selection.splits import deal_testable
from core.learn.numerics.labels import fit_centroids
from core.learn.numerics.linear_classifier import LinearClassifier
from core.learn.open_set.rejection_rule import Gallery, gather_features, name_faces

PARTS = 8
ENOUGH_LEFT_OUT = 125
"""When so many people have been left out, no further part is done: each costs a training."""
MOST_TRIED = 2000
"""People of a part who are tried at most; all of it are left out. Setting a threshold takes the square of them."""
ENOUGH_FOR_WEIGHTS = (50, 500)
"""People and faces that are enough for a rule's weights, where nobody asks for its thresholds. With 4 of the 8 parts
(105 people of 40 faces) scores differ from those of all by 0.2 standard deviations of a stranger at one deal of the
people, as they do between two deals of all 8 (0.2)."""


@dataclass(frozen=True, slots=True, eq=False)
class RuleTrainingData:
    """What a rule is learned from: training faces only, and a classifier of theirs."""

    faces: LabelledFaces
    classifier: CalibratedClassifier
    """Trained on all of these. The trials learn as it did, and begin at it, which saves time and changes nothing."""
    seed: int = 0
    most_parts: int = PARTS
    """How many of the parts are tried at most."""

    @property
    def n_people(self) -> int:
        """How many people the classifier tells apart."""
        return len(self.classifier.people)


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Faces that were scored by a classifier that did not know them, (n,) rows."""

    features: Doubles
    """(n, 3)"""
    matched_features: Doubles
    """(n, 3), for the weights: of a stranger against as few shots of the named person as a face held out meets"""
    who: Ints
    """The person shown; strangers of unknown name follow after the people, each a number of its own."""
    named: Ints
    """The person whom the classifier named."""
    fold: Ints
    """Faces of one fold are scored by weights that were fitted without them: half of the people of one part."""

    @property
    def right(self) -> Bools:
        """(n,) true where the classifier named the person shown."""
        return np.asarray(self.who == self.named)


def try_everybody(learned: RuleTrainingData, progress: Progress) -> tuple[Trials, Trials]:
    """Try everybody's faces as strangers, and their held-out shots as known: genuine, impostors."""
    rng = np.random.default_rng(learned.seed)
    part_of_person = rng.permutation(learned.n_people) % PARTS
    part_of_shot = deal_testable(learned.faces, PARTS, seed=learned.seed)
    # Each part costs a training; in a large dataset the first parts leave out enough people.
    n_parts = min(learned.most_parts, _parts_leaving_out(ENOUGH_LEFT_OUT / learned.n_people))
    pairs = []
    for part in range(n_parts):
        progress.advance(part / n_parts)
        pairs.append(_try_part(learned, part, part_of_person[learned.faces.labels] == part, part_of_shot == part))
    genuine, impostors = zip(*pairs, strict=True)
    return _join_trials(genuine), _join_trials(impostors)


def count_parts_for_weights(faces: LabelledFaces) -> int:
    """How many parts to try where a rule's scores are wanted, and its thresholds are not."""
    enough_people, enough_faces = ENOUGH_FOR_WEIGHTS
    return _parts_leaving_out(max(enough_people / faces.n_people, enough_faces / len(faces)))


def _parts_leaving_out(share: float) -> int:
    return min(PARTS, ceil(share * PARTS))


def _try_part(learned: RuleTrainingData, part: int, left_out: Bools, held_out: Bools) -> tuple[Trials, Trials]:
    labels, train = learned.faces.labels, learned.faces.only(~left_out & ~held_out)
    known = np.unique(labels[~left_out & ~held_out])
    # Begin at the classifier of all: it is near the answer, and where one begins changes nothing.
    start = learned.classifier.linear.only(known)
    learner = ROW_LEARNERS[learned.classifier.kind]
    C = learner.c_for_fewer(learned.classifier.C, len(labels), len(train))
    classifier = learner.fit_rows(train.vectors, train.labels, len(known), C, start)
    references = _References.of(classifier, train)
    # A face held out meets a person with a shot less than there will be. Where strangers met them with all their shots,
    # that shot itself would tell the two apart: of two photos, one alone is its own centroid.
    tested = np.unique(labels[held_out & ~left_out])
    fewer = _References.of(classifier, _thin_out(train, np.flatnonzero(np.isin(known, tested))))

    def try_faces(rows: Ints, matched_with: _References) -> Trials:
        vectors, who = learned.faces.vectors[rows], labels[rows]
        matches = name_faces(classifier, references.centroids, references.gallery, vectors)
        matched = gather_features(classifier, matched_with.centroids, matched_with.gallery, vectors, matches.person)
        # Two folds a part, dealt by person: a stranger is scored by weights fitted without that person's fold.
        return Trials(
            features=matches.features,
            matched_features=matched,
            who=who,
            named=known[matches.person],
            fold=2 * part + who % 2,
        )

    genuine, impostors = (_rows_of_some(labels, tried, learned.seed) for tried in (held_out & ~left_out, left_out))
    return try_faces(genuine, references), try_faces(impostors, fewer)


def _rows_of_some(labels: Ints, tried: Bools, seed: int) -> Ints:
    """The rows that are tried, of ``MOST_TRIED`` people at most."""
    rows = np.flatnonzero(tried)
    people = np.random.default_rng(seed).permutation(np.unique(labels[rows]))[:MOST_TRIED]
    return rows[np.isin(labels[rows], people)]


@dataclass(frozen=True, slots=True, eq=False)
class _References:
    """What faces are compared with."""

    centroids: Vectors
    gallery: Gallery

    @classmethod
    def of(cls, classifier: LinearClassifier, faces: LabelledFaces) -> _References:
        centroids = fit_centroids(faces.vectors, faces.labels, classifier.n_people)
        return cls(centroids, Gallery.of(classifier, faces.vectors))


def _thin_out(train: LabelledFaces, lost_some: Ints) -> LabelledFaces:
    """Without one shot of each person who has several, but of those who lost some to the trial.

    Parameters
    ----------
    lost_some : labels of ``train``
    """
    has_more = train.shots_each > 1
    has_more[lost_some] = False
    first = np.unique(train.labels, return_index=True)[1]
    return train.take(~np.isin(train.shots, train.shots[first[has_more]]))


def try_strangers(learned: RuleTrainingData, strangers: Vectors, stranger_ids: Ints | None) -> Trials:
    """Try faces of people who are not among those learned.

    Parameters
    ----------
    strangers, stranger_ids : as ``learn_rules`` takes them
    """
    references = _References.of(learned.classifier.linear, learned.faces)
    matches = name_faces(learned.classifier.linear, references.centroids, references.gallery, strangers)
    # Strangers are numbered after the people, so that nobody is taken for one that is known.
    who = learned.n_people + (np.arange(len(strangers)) if stranger_ids is None else stranger_ids)
    return Trials(
        features=matches.features,
        matched_features=matches.features,
        who=who,
        named=matches.person,
        fold=np.full(len(who), -1, dtype=np.int64),
    )


def _join_trials(parts: tuple[Trials, ...]) -> Trials:
    columns = (column.name for column in fields(Trials))
    return Trials(**{name: np.concatenate([getattr(trials, name) for trials in parts]) for name in columns})

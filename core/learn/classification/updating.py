"""Bring a recogniser up to date with people who came, went or changed, without training it anew.

One-versus-rest lets each person's row be fitted by itself, and a row rests on the faces inside its margin alone: 100 to
400 of 20,000. A face that came or went beyond a margin changes nothing of that row. So the rows are asked how far they
are from their minimum for the faces as they are now, and the few that are away from it are solved again from where they
are (``solver.refit_changed``); a new person begins at the centroid. What comes out is what a fit of all rows gives at
the same C. Where somebody went, the rows that their faces had a part in are among those, so nothing of them is left in
it.

Centroids are those of the faces as they are now. Kept as they were trained: C, the temperature of the probabilities,
and the rule of when to say "unknown" with its thresholds; nothing is measured. A training does that.

The means of a nearest centroid are simply taken anew. The rows of logistic regression depend on each other: who came
or went takes a training.

Erasing one of 1,000 people with 20 faces each solves 54 to 84 rows again, in a tenth of the time of a whole fit.

References
----------
Cauwenberghs, Poggio, "Incremental and Decremental Support Vector Machine Learning", NIPS 2000 (from the SVM before).
Cao, Yang, "Towards Making Systems Forget with Machine Unlearning", IEEE Symposium on Security and Privacy 2015.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.base.errors import TrainingRefused
from core.base.face_table import take_items
from core.base.progress import UNWATCHED, Progress
from core.base.types import Floats, Ints, Vectors
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.classification.recogniser import Recogniser
from core.learn.classification.row_learners import ROW_LEARNERS
from core.learn.classification.solver import refit_changed
from core.learn.metrics.classification import evaluate_from_ranks
from core.learn.metrics.predictions import Predictions
from core.learn.numerics.labels import fit_centroids
from core.learn.numerics.linear_classifier import LinearClassifier

NEWCOMER_STEEPNESS, NEWCOMER_OFFSET = 3.0, -1.6
"""Where a new person's row begins: 1 at a cosine of 0.87 to the centroid, -1 at 0.2."""


@dataclass(frozen=True, slots=True, eq=False)
class CurrentFaces:
    """The faces that a recogniser is to know, and what it knew of their people before."""

    vectors: Vectors
    """(n, dimension) float32, unit length"""
    labels: Ints
    """(n,) int64, indices of ``people``; everybody has a face"""
    people: tuple[str, ...]
    former_rows: Ints
    """(n_people,) int64: each person's row in the recogniser, -1 for who was not in it"""


@dataclass(frozen=True, slots=True, eq=False)
class UpdatedRecogniser:
    """A recogniser that knows the current faces."""

    recogniser: Recogniser
    n_refitted: int
    """Rows that were solved again."""


def update_recogniser(
    recogniser: Recogniser, mean_faces: float, faces: CurrentFaces, progress: Progress = UNWATCHED
) -> UpdatedRecogniser:
    """Learn the faces as they are now, from a recogniser of almost the same.

    Parameters
    ----------
    mean_faces : how many faces a person had on average when the recogniser was trained

    Raises
    ------
    TrainingRefused
        The classifier is of a kind that has to be trained anew (``ClassifierKind.is_updated_by_rows``).
    """
    classifier, n_people = recogniser.classifier, len(faces.people)
    centroids = fit_centroids(faces.vectors, faces.labels, n_people)
    # Faces weigh by the mean number a person (``solver.weigh_people``), which a newcomer with many would change a
    # little for everybody: all rows would be away from their minimum for nothing. C makes up for it.
    C = classifier.C * mean_faces / (len(faces.labels) / n_people)
    start = _start_rows(classifier.linear, faces.former_rows, centroids)
    linear, refitted = _refit(classifier.kind, faces, C, start, progress)
    updated = replace(
        recogniser,
        classifier=replace(classifier, people=faces.people, linear=linear),
        centroids=centroids,
    )
    return UpdatedRecogniser(updated, len(refitted))


def _refit(
    kind: ClassifierKind, faces: CurrentFaces, C: float, start: LinearClassifier, progress: Progress
) -> tuple[LinearClassifier, Ints]:
    """The rows of the faces as they are now, and those that are others than before."""
    if kind is ClassifierKind.LINEAR_SVM:
        return refit_changed(faces.vectors, faces.labels, C, start, progress)
    if not kind.is_updated_by_rows:
        raise TrainingRefused(
            f"The rows of {kind.plain_name} depend on each other: nobody can be learned or forgotten alone. "
            "Train again."
        )
    # Means cost nothing: all of them are taken anew.
    linear = ROW_LEARNERS[kind].fit_rows(faces.vectors, faces.labels, start.n_people, C)
    progress.advance(1.0)
    return linear, np.flatnonzero((linear.coef != start.coef).any(axis=1))


def find_former_rows(current_ids: Sequence[int], former_ids: Sequence[int]) -> Ints:
    """Each current person's index among the former ones, by id; -1 for newcomers: (n_people,)."""
    row_of = {person_id: row for row, person_id in enumerate(former_ids)}
    return np.array([row_of.get(person_id, -1) for person_id in current_ids], dtype=np.int64)


def carry_predictions(before: Predictions, faces: CurrentFaces, remaining: Container[str]) -> Predictions:
    """What is said of the tested faces goes on for the people who stay, as it was measured; nobody new was tested.

    Parameters
    ----------
    remaining : ids of the faces that may be spoken of
    """
    row_now = np.full(len(before.people), -1, dtype=np.int64)
    was_known = faces.former_rows >= 0
    row_now[faces.former_rows[was_known]] = np.flatnonzero(was_known)
    true, predicted = row_now[before.true], row_now[before.given]
    is_there = np.array([face_id in remaining for face_id in before.face_ids], dtype=np.bool_)
    # A face that was taken for somebody who went says something of them, though it shows another.
    rows = np.flatnonzero((true >= 0) & (predicted >= 0) & is_there)
    # Whose scores these are is not written down: where somebody went, theirs could not be told from the others.
    impostors = before.impostors if (row_now >= 0).all() else None
    probs, ranks = before.probs[rows], before.ranks[rows]
    return replace(
        before,
        people=faces.people,
        face_ids=take_items(before.face_ids, rows),
        true=true[rows],
        given=predicted[rows],
        probs=probs,
        distances=before.distances[rows],
        scores=before.scores[rows],
        ranks=ranks,
        evaluation=evaluate_from_ranks(faces.people, true[rows], predicted[rows], probs.astype(np.float64), ranks),
        impostors=impostors,
        learned_as=None,
    )


def _start_rows(classifier: LinearClassifier, former_rows: Ints, centroids: Vectors) -> LinearClassifier:
    is_new = former_rows < 0
    coef: Floats = classifier.coef[former_rows]
    intercept: Floats = classifier.intercept[former_rows]
    # Index -1 took the last person's row for newcomers: it must not be where they begin.
    coef[is_new], intercept[is_new] = NEWCOMER_STEEPNESS * centroids[is_new], NEWCOMER_OFFSET
    return LinearClassifier(coef, intercept)

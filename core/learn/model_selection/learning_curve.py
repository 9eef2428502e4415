"""How many photos of a person it takes: accuracy when only so many shots of each are learned from.

Each repetition deals the shots into folds. Of a training side every person's shots are put in a random order, and one
face each of the first k is learned from; whoever has fewer keeps what there is. The test side is always the whole fold,
so every point is measured on the same faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.types import Doubles, Ints
from core.learn.labelled_faces import LabelledFaces, count_shots
from core.learn.model_selection.baselines import Contender
from core.learn.model_selection.cross_validation import Tick, predict_out_of_fold
from core.learn.model_selection.splits import Fold
from core.learn.numerics.labels import rank_within_label

STEPS = (1, 2, 3, 5, 8, 12, 20, 35, 60)
FEWEST_PEOPLE = 2
"""A step is measured when so many people have as many shots to learn from."""


@dataclass(frozen=True, slots=True, eq=False)
class CurvePoint:
    """One step of the curve."""

    photos: int
    people: int
    """Who have as many shots on the training sides; the others gave what they have."""
    right: Doubles
    """(n,) in which share of the repetitions each face got its name; of untested faces without meaning"""


def measurable_steps(known: LabelledFaces, divided: Sequence[Sequence[Fold]]) -> list[tuple[int, int]]:
    """The numbers of shots to measure, each with how many people have them on a training side in the mean."""
    sides = [fold.train for folds in divided for fold in folds]
    shots = np.concatenate([count_shots(known.labels[rows], known.shots[rows], known.n_people) for rows in sides])
    having = [(k, round(np.count_nonzero(shots >= k) / len(sides))) for k in STEPS]
    return [(k, people) for k, people in having if people >= FEWEST_PEOPLE]


def measure_learning_curve(
    known: LabelledFaces, contender: Contender, divided: Sequence[Sequence[Fold]], seed: int, tick: Tick
) -> list[CurvePoint]:
    """Measure every step on the same folds."""
    points = []
    for k, people in measurable_steps(known, divided):
        # The same order for every step: more photos are the fewer and some others, so the curve shows no luck of the
        # draw.
        rng = np.random.default_rng(seed)
        reduced = [[Fold(_first_shots(known, fold.train, k, rng), fold.test) for fold in folds] for folds in divided]
        predictions = predict_out_of_fold(known, contender, reduced, tick)
        points.append(CurvePoint(k, people, predictions.right(known.labels)))
    return points


def _first_shots(known: LabelledFaces, rows: Ints, k: int, rng: np.random.Generator) -> Ints:
    """One face each of k random shots of everybody, ascending."""
    # unique takes the first face of each shot: shuffled before, which one that is is drawn too.
    rows = rng.permutation(rows)
    one_each = rows[np.unique(known.shots[rows], return_index=True)[1]]
    one_each = rng.permutation(one_each)
    order = one_each[np.argsort(known.labels[one_each], kind="stable")]
    return np.sort(order[rank_within_label(known.labels[order]) < k])

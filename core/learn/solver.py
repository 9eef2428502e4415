"""The linear SVM itself: one-versus-rest with squared hinge loss, solved exactly by Newton steps.

For each person, with s = +1 for that person's faces and -1 for all others, minimise over w (bias included)::

    1/2 |w|^2 + C sum_i v_i max(0, 1 - s_i w.x_i)^2

which is what scikit-learn's ``LinearSVC`` minimises for sample weights v (a test compares the two). The weights make
every person count the same, however many photos there are: v_i = n / (n_people * faces of i's person).

A Newton step solves a system of the embedding's size, 129 x 129, built from the faces inside the margin only;
a handful of steps reach the optimum to rounding. Why not ``LinearSVC``: at 1,000 people x 20 faces of 128 dimensions it
took 55 to 65 s for one C, and a whole ``classify.fit`` with C chosen takes 28 s with this (one thread of the same
busy machine, synthetic clusters). It also draws random numbers, which this does not.

References
----------
Keerthi, DeCoste, "A Modified Finite Newton Method for Fast Solution of Large Scale Linear SVMs", JMLR 6, 2005.
Chapelle, "Training a Support Vector Machine in the Primal", Neural Computation 19, 2007.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.types import Bools, Doubles, Floats, Ints, Vectors

_MOST_STEPS = 50
_SHORTEST_STEP = 1e-4
_RELATIVE_GAIN = 1e-7
"""Stop when a step lowers the objective by less than this share: float32 products carry no more."""


@dataclass(frozen=True, slots=True, eq=False)
class _Faces:
    """What all persons' problems share."""

    rows: Vectors
    """(n, dimension + 1) float32: the vectors and a column of ones."""
    penalty: Floats
    """(n,) float32: C v_i"""
    scaled: Vectors
    """``rows`` times the root of their penalty: their product with themselves is half the work of a weighted one."""

    @classmethod
    def of(cls, vectors: Vectors, penalty: Floats) -> _Faces:
        rows = np.hstack([vectors, np.ones((len(vectors), 1), np.float32)])
        return cls(rows, penalty, rows * np.sqrt(penalty)[:, None])

    def hessian(self, inside: Bools | slice) -> Doubles:
        scaled = self.scaled[inside]
        return np.eye(scaled.shape[1]) + 2 * (scaled.T @ scaled).astype(np.float64)

    def pull(self, signs: Floats, inside: Bools | slice) -> Doubles:
        return 2 * ((signs * self.penalty)[inside] @ self.rows[inside]).astype(np.float64)

    def margins(self, signs: Floats, weights: Doubles) -> Floats:
        return np.asarray(signs * (self.rows @ weights.astype(np.float32)), dtype=np.float32)

    def objective(self, weights: Doubles, margins: Floats) -> float:
        short = np.maximum(1 - margins, 0)
        return float(weights @ weights / 2 + np.dot(self.penalty * short, short))


def one_versus_rest(vectors: Vectors, labels: Ints, n_people: int, C: float) -> tuple[Floats, Floats]:
    """Separate each person from all the others.

    Returns
    -------
    coef : (n_people, dimension) float32
    intercept : (n_people,) float32
    """
    faces = _Faces.of(vectors, np.float32(C) * person_weights(labels, n_people))
    everything = np.linalg.inv(faces.hessian(slice(None)))  # the first step, from w = 0, has all faces inside
    weights = np.empty((n_people, faces.rows.shape[1]), dtype=np.float32)
    for person in range(n_people):
        signs = np.where(labels == person, np.float32(1), np.float32(-1))
        weights[person] = _minimise(faces, signs, everything @ faces.pull(signs, slice(None)))
    return weights[:, :-1].copy(), weights[:, -1].copy()


def person_weights(labels: Ints, n_people: int) -> Floats:
    """Weigh faces so that every person counts the same and the mean weight is 1: (n,) float32."""
    return (len(labels) / (n_people * np.bincount(labels, minlength=n_people)[labels])).astype(np.float32)


def _minimise(faces: _Faces, signs: Floats, weights: Doubles) -> Doubles:
    """Step to the minimum of one person's problem from a starting point."""
    margins = faces.margins(signs, weights)
    objective = faces.objective(weights, margins)
    for _ in range(_MOST_STEPS):
        inside = margins < 1
        direction = np.linalg.solve(faces.hessian(inside), faces.pull(signs, inside)) - weights
        change = faces.margins(signs, direction)
        step, lowered = _line_search(faces, (weights, margins), (direction, change), objective)
        weights, margins = weights + step * direction, margins + np.float32(step) * change
        if objective - lowered <= _RELATIVE_GAIN * objective:
            break
        objective = lowered
    return weights


def _line_search(
    faces: _Faces, at: tuple[Doubles, Floats], towards: tuple[Doubles, Floats], objective: float
) -> tuple[float, float]:
    """Halve the step until the objective does not rise: full steps alone can go round in circles."""
    (weights, margins), (direction, change) = at, towards
    step = 1.0
    while step > _SHORTEST_STEP:
        lowered = faces.objective(weights + step * direction, margins + np.float32(step) * change)
        if lowered <= objective:
            return step, lowered
        step /= 2
    return 0.0, objective

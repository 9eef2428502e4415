"""The linear SVM itself: one-versus-rest with squared hinge loss, solved exactly by Newton steps.

For each person, with s = +1 for that person's faces and -1 for all others, minimise over w (bias included)::

    1/2 |w|^2 + C sum_i max(0, 1 - s_i w.x_i)^2

which is what scikit-learn's ``LinearSVC`` minimises (a test compares the two). A Newton step solves a system
of the embedding's size, 129 x 129, built from the faces inside the margin only; a handful of steps reach the
optimum to rounding. Why not ``LinearSVC``: at 1,000 people x 20 faces of 128 dimensions it took 55 to 65 s
for one C and this takes 17 (one thread of the same busy machine, synthetic clusters), and it draws random
numbers, which this does not.

References ---------- Keerthi, DeCoste, "A Modified Finite Newton Method for Fast Solution of Large Scale
Linear SVMs", JMLR 6, 2005. Chapelle, "Training a Support Vector Machine in the Primal", Neural Computation
19, 2007.
"""

from __future__ import annotations

import numpy as np

from core.types import Bools, Doubles, Floats, Ints, Vectors

_MOST_STEPS = 50
_SHORTEST_STEP = 1e-4
_RELATIVE_GAIN = 1e-7
"""Stop when a step lowers the objective by less than this share: float32 products carry no more."""


def one_versus_rest(vectors: Vectors, labels: Ints, n_people: int, C: float) -> tuple[Floats, Floats]:
    """Separate each person from all the others.

    Returns
    -------
    coef : (n_people, dimension) float32
    intercept : (n_people,) float32
    """
    extended = np.hstack([vectors, np.ones((len(vectors), 1), np.float32)])
    everything = np.linalg.inv(_hessian(extended, C))  # the first step, from w = 0, has all faces inside the margin
    weights = np.empty((n_people, extended.shape[1]), dtype=np.float32)
    for person in range(n_people):
        signs = np.where(labels == person, np.float32(1), np.float32(-1))
        start = everything @ (2 * C * (signs @ extended).astype(np.float64))
        weights[person] = _minimise(extended, signs, start, C)
    return weights[:, :-1].copy(), weights[:, -1].copy()


def _minimise(extended: Vectors, signs: Floats, weights: Doubles, C: float) -> Doubles:
    """Step to the minimum of one person's problem from a starting point."""
    margins = _margins(extended, signs, weights)
    objective = _objective(weights, margins, C)
    for _ in range(_MOST_STEPS):
        target = _newton_target(extended, signs, margins < 1, C)
        change = _margins(extended, signs, target) - margins
        step, lowered = _line_search((weights, margins), (target - weights, change), objective, C)
        weights, margins = weights + step * (target - weights), margins + np.float32(step) * change
        if objective - lowered <= _RELATIVE_GAIN * objective:
            break
        objective = lowered
    return weights


def _newton_target(extended: Vectors, signs: Floats, inside: Bools, C: float) -> Doubles:
    """Minimise as if exactly the faces inside the margin stayed there."""
    rows = extended[inside]
    pull = 2 * C * (signs[inside] @ rows).astype(np.float64)
    return np.asarray(np.linalg.solve(_hessian(rows, C), pull), dtype=np.float64)


def _line_search(
    at: tuple[Doubles, Floats], towards: tuple[Doubles, Floats], objective: float, C: float
) -> tuple[float, float]:
    """Halve the step until the objective does not rise: full steps alone can go round in circles."""
    (weights, margins), (direction, change) = at, towards
    step = 1.0
    while step > _SHORTEST_STEP:
        lowered = _objective(weights + step * direction, margins + np.float32(step) * change, C)
        if lowered <= objective:
            return step, lowered
        step /= 2
    return 0.0, objective


def _hessian(rows: Vectors, C: float) -> Doubles:
    return np.eye(rows.shape[1]) + 2 * C * (rows.T @ rows).astype(np.float64)


def _margins(extended: Vectors, signs: Floats, weights: Doubles) -> Floats:
    return np.asarray(signs * (extended @ weights.astype(np.float32)), dtype=np.float32)


def _objective(weights: Doubles, margins: Floats, C: float) -> float:
    short = np.maximum(1 - margins, 0)
    return float(weights @ weights / 2 + C * np.dot(short, short))

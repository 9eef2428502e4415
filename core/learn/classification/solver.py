"""The linear SVM itself: one-versus-rest with squared hinge loss, solved exactly by Newton steps.

For each person, with s = +1 for that person's faces and -1 for all others, minimise over w (bias included)::

    1/2 |w|^2 + C sum_i v_i max(0, 1 - s_i w.x_i)^2

which is what scikit-learn's ``LinearSVC`` minimises for sample weights v (a test compares the two). The weights make
every person count the same, however many photos there are: v_i = n / (n_people * faces of i's person).

Of more than ``COMPARED_WITH_ALL`` people each is held against the faces of the ``NEAREST_PEOPLE`` most like it, by
their centroids: who is far is on the other side anyway, and what it takes grows with the people, not with their square
(figures in ``docs/scaling.md``).

Only faces inside the margin count, and at the minimum they are few: 50 to 250 of 20,000 at 1,000 people x 20 faces. So
each person's problem is solved on a working set: the faces hardest to tell at a first guess (least squares over all
faces, one inverse for everybody). Then all faces are looked at, those found inside the margin join, and it is solved
again from there. When none is found, the minimum of the working set is the minimum over all faces: the guess decides
how long it takes, never what comes out.

A Newton step solves a system of the embedding's size, 129 x 129, or of as many rows as faces are inside the margin
where these are fewer; on a working set it costs a fifth of a millisecond. These matrices are too small for the threads
of BLAS, which only wait for each other there (40 times slower on a busy machine), so people are shared out among
threads instead.

References
----------
Keerthi, DeCoste, "A Modified Finite Newton Method for Fast Solution of Large Scale Linear SVMs", JMLR 6, 2005.
Chapelle, "Training a Support Vector Machine in the Primal", Neural Computation 19, 2007.
Joachims, "Making Large-Scale SVM Learning Practical", in "Advances in Kernel Methods", 1999 (working sets).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.base.progress import UNWATCHED, Progress
from core.base.types import Bools, Doubles, Floats, Ints, Vectors
from core.learn.numerics.blas import count_blas_threads, one_blas_thread
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.labels import fit_centroids, rows_by_value, sum_by_label
from core.learn.numerics.linear_classifier import LinearClassifier
from core.learn.numerics.neighbours import nearest_neighbours

COMPARED_WITH_ALL = 3000
"""Up to so many people everybody is held against all faces."""
NEAREST_PEOPLE = 128
"""Whose faces a person is held against where there are more."""

PEOPLE_AT_ONCE = 16
"""Their margins on all faces are one matrix product; also how much is done between two looks at the progress."""
HARDEST = 128
"""A working set begins with so many of the person's faces and so many of the others' at a first guess, which says
little of who will be inside the margin: small sets find that out at a third of the cost."""
HARDEST_NEAR = 384
"""The same at an answer of almost the same faces: that has nearly all who are inside among so many."""
STEEPEST = 1e-3
"""Up to this share of the weights' length a slope is the solver's own rounding: where it ends (20,000 faces of 1,000
people, 4,200 of 105, C from 0.3 to 10) slopes are 8e-4 at most and 5e-5 at the median."""
_INSIDE_BY = 1e-4
"""A face this little inside the margin does not join a working set: float32 margins are not truer."""
_MOST_STEPS = 50
_SHORTEST_STEP = 1e-4
_ENOUGH = 0.1
"""A step is taken when it lowers the objective by this share of what its slope promises (Armijo's rule)."""
_RELATIVE_GAIN = 1e-8
"""Stop when the slope promises less than this share of the objective: float32 products carry no more."""


@dataclass(frozen=True, slots=True, eq=False)
class _Faces:
    """What all persons' problems share."""

    rows: Vectors
    """(n, dimension + 1) float32: the vectors and a column of ones."""
    penalty: Floats
    """(n,) float32: C v_i"""
    labels: Ints

    @classmethod
    def of(cls, vectors: Vectors, penalty: Floats, labels: Ints) -> _Faces:
        return cls(np.hstack([vectors, np.ones((len(vectors), 1), np.float32)]), penalty, labels)

    def take(self, rows: Ints) -> _Faces:
        return _Faces(self.rows[rows], self.penalty[rows], self.labels[rows])

    def signs(self, person: int) -> Floats:
        return np.where(self.labels == person, np.float32(1), np.float32(-1))

    def slopes(self, weights: Floats, people: slice) -> Doubles:
        """How long the objective's gradient is at each person's weights: (n_people,)."""
        own = self.labels == np.arange(people.start, people.stop)[:, None]
        signs = np.where(own, np.float32(1), np.float32(-1))
        shortfall = np.maximum(1 - signs * (weights[people] @ self.rows.T), 0)
        gradients = weights[people] - 2 * (signs * self.penalty * shortfall) @ self.rows
        return np.asarray(np.linalg.norm(gradients, axis=1), dtype=np.float64)

    def least_squares(self, n_people: int) -> Floats:
        """Every person's first Newton step from w = 0, where all faces are inside: (n_people, dimension + 1)."""
        weighted = self.penalty[:, None] * self.rows
        sums_of_people = sum_by_label(weighted, self.labels, n_people)
        # With signs +1 for the own and -1 for the rest, a signed sum is twice the own less all: no loop.
        pulls = 2 * (2 * sums_of_people - weighted.sum(axis=0, dtype=np.float64))
        # All faces are inside, so the matrix is the same for everybody and inverted once.
        return np.asarray(pulls @ np.linalg.inv(_hessian(weighted, self.rows)), dtype=np.float32)


def fit_one_versus_rest(
    vectors: Vectors,
    labels: Ints,
    n_people: int,
    C: float,
    *,
    start: LinearClassifier | None = None,
    progress: Progress = UNWATCHED,
) -> LinearClassifier:
    """Separate each person from all the others.

    Parameters
    ----------
    vectors : (n, dimension) float32
    labels : (n,) int64, 0 to n_people - 1, none missing
    C : the weight of the faces against that of a small w
    start : an answer for another C or other faces to begin at; it saves time and changes nothing else
    progress : told the finished share, several times a second
    """
    faces = _Faces.of(vectors, np.float32(C) * weigh_people(labels, n_people), labels)
    with one_blas_thread():
        weights = faces.least_squares(n_people) if start is None else _stack_weights(start)
    compared = _compared_faces(faces, n_people)
    _solve(compared, weights, range(n_people), HARDEST if start is None else HARDEST_NEAR, progress)
    return _as_classifier(weights)


def refit_changed(
    vectors: Vectors, labels: Ints, C: float, start: LinearClassifier, progress: Progress = UNWATCHED
) -> tuple[LinearClassifier, Ints]:
    """Bring a classifier to the minimum for other faces, where most people's rows are at theirs still.

    Parameters
    ----------
    vectors, labels, C : as ``fit_one_versus_rest`` takes them
    start : a row for everybody; whose row is at the minimum for these faces keeps it to the last bit

    Returns
    -------
    classifier, and the people whose rows were solved again
    """
    faces = _Faces.of(vectors, np.float32(C) * weigh_people(labels, start.n_people), labels)
    weights, compared = _stack_weights(start), _compared_faces(faces, start.n_people)
    with one_blas_thread():
        slopes = [
            part.slopes(weights, slice(people[0], people[-1] + 1))
            for block in row_blocks(start.n_people, PEOPLE_AT_ONCE)
            for part, people in compared.of(range(start.n_people)[block])
        ]
    # The objective curves at least as 1/2 |w|^2 does, so that no row is further from its minimum than its slope is
    # long: whoever is passed over here is where a whole training would leave them, to the solver's own precision.
    changed = np.flatnonzero(np.concatenate(slopes) > STEEPEST * np.linalg.norm(weights, axis=1))
    _solve(compared, weights, changed, HARDEST_NEAR, progress)
    return _as_classifier(weights), changed


def _stack_weights(classifier: LinearClassifier) -> Floats:
    return np.hstack([classifier.coef, classifier.intercept[:, None]])


def _as_classifier(weights: Floats) -> LinearClassifier:
    return LinearClassifier(weights[:, :-1].copy(), weights[:, -1].copy())


# whom people are held against


class _Compared(Protocol):
    """The faces that people are held against."""

    def of(self, people: Sequence[int]) -> Iterator[tuple[_Faces, Sequence[int]]]:
        """Some people in parts that follow each other, and the faces that those of a part are held against."""


@dataclass(frozen=True, slots=True, eq=False)
class _AllFaces:
    """Everybody is held against all of them."""

    faces: _Faces

    def of(self, people: Sequence[int]) -> Iterator[tuple[_Faces, Sequence[int]]]:
        yield self.faces, people


@dataclass(frozen=True, slots=True, eq=False)
class _NearestFaces:
    """Each person is held against those of the people most like it."""

    faces: _Faces
    rows_of_person: Sequence[Ints]
    nearest_people: Ints
    """(n_people, k)"""

    def of(self, people: Sequence[int]) -> Iterator[tuple[_Faces, Sequence[int]]]:
        for person in people:
            others = [self.rows_of_person[other] for other in self.nearest_people[person].tolist()]
            yield self.faces.take(np.concatenate([self.rows_of_person[person], *others])), [person]


def _compared_faces(faces: _Faces, n_people: int) -> _Compared:
    if n_people <= COMPARED_WITH_ALL:
        return _AllFaces(faces)
    centroids = fit_centroids(faces.rows[:, :-1], faces.labels, n_people)
    return _NearestFaces(faces, rows_by_value(faces.labels), nearest_neighbours(centroids, NEAREST_PEOPLE))


def _solve(
    compared: _Compared, weights: Floats, people: Sequence[int] | Ints, hardest: int, progress: Progress
) -> None:
    """Bring the rows of ``weights`` of some people to the minimum."""
    everybody = np.asarray(people).tolist()
    blocks = [everybody[block] for block in row_blocks(len(everybody), PEOPLE_AT_ONCE)]
    # One thread in each product: the threads divide people among them, not small matrices.
    with one_blas_thread(), ThreadPoolExecutor(count_blas_threads(), thread_name_prefix="svm") as pool:
        futures = [pool.submit(_separate_parts, compared, weights, block, hardest) for block in blocks]
        try:
            for n_done, future in enumerate(as_completed(futures), start=1):
                # Raise here what went wrong in a thread, or the weights would be silently incomplete.
                future.result()
                progress.advance(n_done / len(blocks))
        finally:
            pool.shutdown(cancel_futures=True)


def weigh_people(labels: Ints, n_people: int) -> Floats:
    """Weigh faces so that every person counts the same and the mean weight is 1: (n,) float32."""
    return (len(labels) / (n_people * np.bincount(labels, minlength=n_people)[labels])).astype(np.float32)


# working sets


def _separate_parts(compared: _Compared, weights: Floats, people: Sequence[int], hardest: int) -> None:
    for faces, part in compared.of(people):
        _separate(faces, weights, part, hardest)


def _separate(faces: _Faces, weights: Floats, people: Iterable[int], hardest: int) -> None:
    """Bring the rows of ``weights`` of some people from where they begin to the minimum."""
    working_sets: dict[int, Ints] = {}
    waiting = list(people)
    while waiting:
        # All waiting people in one product: one large pass over the faces instead of many small ones.
        outputs = weights[waiting] @ faces.rows.T
        unsettled = []
        for person, output in zip(waiting, outputs, strict=True):
            signs = faces.signs(person)
            working_set = working_sets.get(person)
            margins = signs * output
            working_sets[person] = (
                _hardest(margins, signs, hardest) if working_set is None else _joined(working_set, margins)
            )
            # A set that did not grow has no violated face outside: its minimum is the minimum over all.
            if working_set is None or len(working_sets[person]) > len(working_set):
                weights[person] = _minimum(faces, signs, working_sets[person], weights[person])
                unsettled.append(person)
        waiting = unsettled


def _hardest(margins: Floats, signs: Floats, most_each: int) -> Ints:
    """Choose the faces with the smallest margins of either side."""
    sides = (np.flatnonzero(signs > 0), np.flatnonzero(signs < 0))
    return np.concatenate([_smallest(margins, side, most_each) for side in sides])


def _smallest(margins: Floats, side: Ints, most: int) -> Ints:
    if len(side) <= most:
        return side
    return side[np.argpartition(margins[side], most)[:most]]


def _joined(working_set: Ints, margins: Floats) -> Ints:
    """Add the faces that are inside the margin and not in the working set."""
    inside = margins < 1 - _INSIDE_BY
    # Faces that are in already must not enter twice, or they would count double.
    inside[working_set] = False
    return np.concatenate([working_set, np.flatnonzero(inside)])


def _minimum(faces: _Faces, signs: Floats, working_set: Ints, start: Floats) -> Doubles:
    problem = _Problem(faces.rows[working_set], signs[working_set], faces.penalty[working_set])
    return _minimise(problem, start.astype(np.float64))


# one problem


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """One person against others, on a working set of m faces."""

    rows: Vectors
    """(m, dimension + 1) float32"""
    signs: Floats
    penalty: Floats

    def margins(self, weights: Doubles) -> Floats:
        return np.asarray(self.signs * (self.rows @ weights.astype(np.float32)), dtype=np.float32)

    def objective(self, weights: Doubles, margins: Floats) -> float:
        shortfall = np.maximum(1 - margins, 0)
        return float(weights @ weights / 2 + np.dot(self.penalty * shortfall, shortfall))

    def slope(self, weights: Doubles, margins: Floats, direction: Doubles, change: Floats) -> float:
        """The objective's derivative along a direction, which changes the margins by ``change``."""
        shortfall = np.maximum(1 - margins, 0)
        return float(weights @ direction - 2 * np.dot(self.penalty * shortfall, change))

    def newton(self, inside: Bools) -> Doubles:
        """Where the objective would be smallest if the faces inside the margin stayed the same."""
        rows, penalty, signs = self.rows[inside], self.penalty[inside], self.signs[inside]
        if len(rows) < rows.shape[1]:
            return _newton_by_faces(rows, penalty, signs)
        pull = 2 * ((signs * penalty) @ rows).astype(np.float64)
        return np.asarray(np.linalg.solve(_hessian(penalty[:, None] * rows, rows), pull), dtype=np.float64)


def _newton_by_faces(rows: Vectors, penalty: Floats, signs: Floats) -> Doubles:
    """The same point by the faces' products with each other, a smaller system where they are fewer than dimensions."""
    products = (rows @ rows.T).astype(np.float64)
    # The minimum is a weighted sum of the faces inside: w = sum_i a_i x_i, and each misses its sign by a_i / (2 C v_i).
    products[np.diag_indices(len(rows))] += 0.5 / penalty.astype(np.float64)
    return np.asarray(np.linalg.solve(products, signs.astype(np.float64)) @ rows, dtype=np.float64)


def _hessian(weighted: Vectors, rows: Vectors) -> Doubles:
    # The identity of 1/2 |w|^2 keeps it invertible, even with no face inside.
    return np.eye(rows.shape[1]) + 2 * (weighted.T @ rows).astype(np.float64)


def _minimise(problem: _Problem, weights: Doubles) -> Doubles:
    """Step to the minimum from a starting point."""
    margins = problem.margins(weights)
    for _ in range(_MOST_STEPS):
        # Squared hinge is quadratic while the same faces are inside, so one solve jumps to that minimum.
        inside = margins < 1
        direction = problem.newton(inside) - weights
        step, change = _line_search(problem, (weights, margins), direction)
        # Margins are linear in the weights: moving them along saves a product over all rows.
        weights, margins = weights + step * direction, margins + np.float32(step) * change
        # After a full step with the same faces inside the next one would be the same.
        if step == 0 or (step == 1 and np.array_equal(inside, margins < 1)):
            break
    return weights


def _line_search(problem: _Problem, at: tuple[Doubles, Floats], direction: Doubles) -> tuple[float, Floats]:
    """Halve the step until the objective falls enough: full steps alone can go round in circles, or barely fall.

    Returns
    -------
    step : 0 at the minimum, where no step lowers the objective by more than rounding
    change : what a full step adds to the margins
    """
    weights, margins = at
    change = problem.margins(direction)
    objective, slope = problem.objective(weights, margins), problem.slope(weights, margins, direction, change)
    # Below the rounding of float32 products a further step would be noise.
    step = 1.0 if -slope > _RELATIVE_GAIN * objective else 0.0
    while step and problem.objective(weights + step * direction, margins + np.float32(step) * change) > (
        objective + _ENOUGH * step * slope
    ):
        step = step / 2 if step > _SHORTEST_STEP else 0.0
    return step, change

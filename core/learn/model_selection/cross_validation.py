"""Name every face by classifiers that never saw its shot, several times over with other folds.

Shots (``near_duplicate_groups``) are dealt into folds person by person, whole, anew for every repetition. A
person with one shot is learned from in every fold and never tested. Whatever learns is given the rows of its training
side and nothing of the test side.

Ties count against the true person: a rank says how many people are as probable or more, except that the name given
has rank 0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.base.types import Doubles, Floats, Ints
from core.learn.labelled_faces import LabelledFaces
from core.learn.model_selection.baselines import Contender
from core.learn.model_selection.splits import Fold, build_folds, deal_testable
from core.learn.numerics.blocks import split_rows
from core.learn.numerics.labels import rank_within_label

FOLDS = 5
SCORES_AT_ONCE = 1 << 22
"""Tested faces times people whose scores are in memory together."""

Tick = Callable[[], None]
"""Told after every fit; it may raise to stop."""


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """What was said of every face by classifiers that had not seen its shot."""

    given: Ints
    """(repetitions, n) the name given, a place among the people; -1 for a face that was never tested"""
    ranks: Ints
    """(repetitions, n) how many people came before the true one; -1 likewise"""
    fit_s: tuple[float, ...]
    """Seconds to learn, fold by fold."""
    predict_s: tuple[float, ...]
    """Seconds to name one face, fold by fold."""

    def of(self, rows: Ints) -> OutOfFold:
        """What was said of some of the faces."""
        return OutOfFold(self.given[:, rows], self.ranks[:, rows], self.fit_s, self.predict_s)

    def right(self, labels: Ints) -> Doubles:
        """(n,) in which share of the repetitions each face got its name."""
        return np.asarray((self.given == labels).mean(axis=0))


def deal_repetitions(known: LabelledFaces, repeats: int, seed: int, folds: int = FOLDS) -> list[list[Fold]]:
    """Deal the shots into folds, again and again; at most as many folds as somebody has shots."""
    n_folds = int(max(2, min(folds, known.shots_each.max())))
    dealt = (deal_testable(known, n_folds, seed=seed + turn) for turn in range(repeats))
    # Who has one shot cannot be tested, but takes part: without them others would have fewer rivals than in use.
    everybody = np.ones(len(known), dtype=np.bool_)
    return [list(build_folds(fold_of, n_folds, everybody)) for fold_of in dealt]


def predict_out_of_fold(
    known: LabelledFaces, contender: Contender, divided: Sequence[Sequence[Fold]], tick: Tick
) -> OutOfFold:
    """Learn from every training side and name its test side."""
    predicted = np.full((len(divided), len(known.labels)), -1, dtype=np.int64)
    ranks = predicted.copy()
    fit_s, predict_s = [], []
    for turn, folds in enumerate(divided):
        for fold in folds:
            started_s = time.perf_counter()
            scorer = contender.fit(known.vectors[fold.train], known.labels[fold.train], known.n_people)
            fitted_s = time.perf_counter()
            for rows in split_rows(fold.test, known.n_people, SCORES_AT_ONCE):
                predicted[turn, rows], ranks[turn, rows] = name_and_rank(
                    scorer(known.vectors[rows]), known.labels[rows]
                )
            fit_s.append(fitted_s - started_s)
            predict_s.append((time.perf_counter() - fitted_s) / max(1, len(fold.test)))
            tick()
    return OutOfFold(predicted, ranks, tuple(fit_s), tuple(predict_s))


def name_and_rank(scores: Doubles | Floats, true: Ints) -> tuple[Ints, Ints]:
    """The name given, and the rank of the true one.

    Parameters
    ----------
    scores : (n, n_people)
    true : (n,) int64
    """
    predicted = scores.argmax(axis=1).astype(np.int64)
    true_scores = scores[np.arange(len(true)), true]
    # Ties count against the true person: a classifier that cannot tell people apart must not look as if it could.
    as_good = np.count_nonzero(scores >= true_scores[:, None], axis=1) - 1
    return predicted, np.where(predicted == true, 0, as_good).astype(np.int64)


def count_learned_faces(known: LabelledFaces, divided: Sequence[Sequence[Fold]]) -> Ints:
    """How many faces of its person each face's classifiers had learned from, in the mean: (n,) int64, -1 untested."""
    total = np.zeros(len(known.labels))
    for folds in divided:
        for fold in folds:
            faces_of_person = np.bincount(known.labels[fold.train], minlength=known.n_people)
            total[fold.test] += faces_of_person[known.labels[fold.test]]
    mean = np.round(total / max(1, len(divided))).astype(np.int64)
    return np.where(known.testable, mean, -1)


def draw_subset(known: LabelledFaces, most_people: int, most_faces: int, seed: int) -> Ints:
    """Row numbers of at most so many people and faces, whole shots, ascending; all when they are few enough.

    People with two shots or more come first, as the others cannot be tested.
    """
    rng = np.random.default_rng(seed)
    order = np.lexsort((rng.random(known.n_people), known.shots_each < 2))
    rows = np.flatnonzero(np.isin(known.labels, order[:most_people]))
    if len(rows) <= most_faces:
        return rows
    # Everybody gives one shot a turn, so that people with few photos keep them and those with many give way.
    turn = _turns(known, rows, rng)
    level = int(np.searchsorted(np.cumsum(np.bincount(turn)), most_faces, side="right"))
    return rows[turn < max(2, level)]


def _turns(known: LabelledFaces, rows: Ints, rng: np.random.Generator) -> Ints:
    """In which turn each row's shot is drawn, when everybody gives one shot a turn: (n_rows,)."""
    shots, index_of = np.unique(known.shots[rows], return_inverse=True)
    person = np.empty(len(shots), dtype=np.int64)
    person[index_of] = known.labels[rows]
    order = np.lexsort((rng.random(len(shots)), person))
    turn = np.empty(len(shots), dtype=np.int64)
    turn[order] = rank_within_label(person[order])
    return turn[index_of]

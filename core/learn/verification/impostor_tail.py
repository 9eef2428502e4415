"""The most alike faces of different people among all pairs there are: what strict false-accept rates are read off.

A rate of one in a million takes millions of pairs. Of so many only the most alike matter, so all are gone through block
by block and these are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Doubles, Floats, Ints
from core.learn.labelled_faces import LabelledFaces
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.unit_vectors import cosines_to_distances

TAIL_PAIRS = 100_000
"""So many are kept, more than one in a thousand of the pairs of ``TAIL_FACES``."""
TAIL_FACES = 12_000
"""Of more faces so many are drawn, always the same: 72 million pairs, in about 5 s."""
_BLOCK_ROWS = 512


@dataclass(frozen=True, slots=True, eq=False)
class ImpostorTail:
    """The nearest pairs of different people."""

    distances: Doubles
    """(m,) Euclidean, ascending"""
    people: Ints
    """(m, 2) whom the two faces of each show"""
    faces_each: Ints
    """(n_people,) how many faces of each person were compared"""

    @property
    def n_pairs(self) -> int:
        """How many pairs of different people there are in all."""
        return int(count_impostors(self.faces_each.astype(np.float64)))

    def reaches(self, far: float) -> bool:
        """Whether the pairs that are kept are enough to find the threshold of a false-accept rate."""
        return far * self.n_pairs < len(self.distances)

    def threshold_at(self, far: float) -> float:
        """The largest distance that accepts at most the share ``far``, which the tail must reach."""
        allowed = int(far * self.n_pairs)
        # Just below the first pair that must not pass: the threshold itself is accepted.
        return float(np.nextafter(self.distances[allowed], 0.0))

    def resample_far(self, threshold: float, drawn: Floats) -> Doubles:
        """The share accepted in resamples of the people: (n_resamples,).

        Parameters
        ----------
        threshold : within the tail
        drawn : (n_resamples, n_people) how often each person was drawn
        """
        accepted = self.people[: np.searchsorted(self.distances, threshold, side="right")]
        # Twice the same person is no pair of different people, so what counts is in how many ways both were drawn.
        couples, n_accepted = np.unique(np.sort(accepted, axis=1), axis=0, return_counts=True)
        passing = (drawn[:, couples[:, 0]] * drawn[:, couples[:, 1]]) @ n_accepted.astype(np.float64)
        return np.asarray(passing / np.maximum(count_impostors(drawn * self.faces_each), 1.0), dtype=np.float64)


def count_impostors(faces_each: Doubles | Floats) -> Doubles:
    """How many pairs of different people there are, by the faces of each person along the last axis."""
    total = faces_each.sum(axis=-1, dtype=np.float64)
    return np.asarray((total**2 - (faces_each.astype(np.float64) ** 2).sum(axis=-1)) / 2, dtype=np.float64)


def find_impostor_tail(faces: LabelledFaces, seed: int = 0) -> ImpostorTail:
    """Compare every face with every face of somebody else, and keep the ``TAIL_PAIRS`` nearest pairs."""
    if len(faces) > TAIL_FACES:
        faces = faces.take(np.sort(np.random.default_rng(seed).choice(len(faces), TAIL_FACES, replace=False)))
    cosines, pairs = np.empty(0, np.float32), np.empty((0, 2), np.int64)
    for rows in row_blocks(len(faces), _BLOCK_ROWS):
        near = faces.vectors[rows] @ faces.vectors[rows.start :].T
        is_impostor = faces.labels[rows][:, None] != faces.labels[rows.start :]
        # Each pair once: the later face as the second.
        is_impostor &= np.arange(near.shape[1]) > np.arange(len(near))[:, None]
        if len(cosines) == TAIL_PAIRS:
            is_impostor &= near > cosines[-1]
        first, second = np.nonzero(is_impostor)
        cosines = np.concatenate([cosines, near[first, second]])
        pairs = np.concatenate([pairs, np.stack([first, second], axis=1) + rows.start])
        order = np.argsort(-cosines, kind="stable")[:TAIL_PAIRS]
        cosines, pairs = cosines[order], pairs[order]
    return ImpostorTail(
        distances=cosines_to_distances(cosines.astype(np.float64)),
        people=faces.labels[pairs],
        faces_each=np.bincount(faces.labels, minlength=faces.n_people),
    )

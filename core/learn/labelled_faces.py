"""Faces with names, as everything here takes them: vectors, whom each shows, and which are one shot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Bools, Ints, Vectors


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFaces:
    """Faces with names."""

    vectors: Vectors
    """(n, dimension) float32, unit length"""
    labels: Ints
    """(n,) int64, the index of each face's person"""
    shots: Ints
    """(n,) int64, faces of one number are one shot (``near_duplicate_groups``) and stay on one side; a shot shows one
    person"""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def n_people(self) -> int:
        """One more than the largest label: everybody has a face where none is missing."""
        return int(self.labels.max(initial=-1)) + 1

    @property
    def shots_each(self) -> Ints:
        """(n_people,) how many shots each person has."""
        return count_shots(self.labels, self.shots, self.n_people)

    @property
    def testable(self) -> Bools:
        """(n,) whose person has another shot."""
        return np.asarray(self.shots_each[self.labels] > 1)

    def take(self, rows: Ints | Bools) -> LabelledFaces:
        """Some of the faces."""
        return LabelledFaces(self.vectors[rows], self.labels[rows], self.shots[rows])

    def only(self, rows: Ints | Bools) -> LabelledFaces:
        """Some of the faces, people numbered anew."""
        return LabelledFaces(self.vectors[rows], np.unique(self.labels[rows], return_inverse=True)[1], self.shots[rows])


def count_shots(labels: Ints, shots: Ints, n_people: int) -> Ints:
    """How many shots each person has: (n_people,) int64."""
    # A shot shows one person, so its first face speaks for it.
    first_of_shot = np.unique(shots, return_index=True)[1]
    return np.bincount(labels[first_of_shot], minlength=n_people)

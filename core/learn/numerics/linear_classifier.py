"""A one-versus-rest linear classifier: one row of weights a person, and whoever has the largest margin is named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Floats, Ints, Vectors
from core.learn.numerics.blocks import row_blocks

_MARGINS_AT_ONCE = 1 << 24


@dataclass(frozen=True, slots=True, eq=False)
class LinearClassifier:
    """The weights of every person."""

    coef: Floats
    """(n_people, dimension) float32"""
    intercept: Floats
    """(n_people,) float32"""

    @property
    def n_people(self) -> int:
        """How many people it tells apart."""
        return len(self.coef)

    def margins(self, vectors: Vectors) -> Floats:
        """Give each person's decision value for each face: (n, n_people) float32."""
        return vectors @ self.coef.T + self.intercept

    def predict(self, vectors: Vectors) -> Ints:
        """Give each face the index of the person with the best margin: (n,) int64."""
        predicted = np.empty(len(vectors), dtype=np.int64)
        # All margins of a million faces of 50,000 people would take 200 GB.
        for rows in row_blocks(len(vectors), max(16, _MARGINS_AT_ONCE // self.n_people)):
            predicted[rows] = self.margins(vectors[rows]).argmax(axis=1)
        return predicted

    def only(self, people: Ints) -> LinearClassifier:
        """The weights of some of the people."""
        return LinearClassifier(self.coef[people], self.intercept[people])

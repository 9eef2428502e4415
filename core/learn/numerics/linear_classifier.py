"""A one-versus-rest linear classifier: one row of weights a person, and whoever has the largest margin is named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Floats, Ints, Vectors


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
        return np.asarray(self.margins(vectors).argmax(axis=1), dtype=np.int64)

    def only(self, people: Ints) -> LinearClassifier:
        """The weights of some of the people."""
        return LinearClassifier(self.coef[people], self.intercept[people])

"""Vectors of unit length: their cosine and their distance say the same, d ** 2 = 2 - 2 cos."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from core.base.types import Doubles, Floats, Vectors
from core.base.vectors import normalise_rows

Values = TypeVar("Values", Floats, Doubles)


def cosines_to_distances(cosines: Values) -> Values:
    """Euclidean distances, 0..2, of vectors with these cosines; as precise as what is given.

    Rounding brings the cosine of a vector and its copy above 1, where there is no square root: that is a distance of 0.
    """
    return np.sqrt(np.clip(2 - 2 * cosines, 0, 4))


def cosine_to_distance(cosine: float) -> float:
    """Euclidean distance, 0..2, of two vectors with this cosine."""
    return float(cosines_to_distances(np.array(cosine, dtype=np.float64)))


def distance_to_cosine(distance: float) -> float:
    """The cosine of two vectors that are so far apart, 0..2."""
    return 1 - distance**2 / 2


def mean_direction(vectors: Vectors) -> Vectors:
    """The unit mean direction of some faces: (dimension,) float32."""
    return np.asarray(normalise_rows(vectors.sum(axis=0, keepdims=True))[0])

"""Vectors of unit length: what every model's vectors are scaled to before they are compared."""

from __future__ import annotations

import numpy as np

from core.base.types import Doubles, Floats, Vectors

_SHORTEST = 1e-12
"""A sum that cancels out has no direction; it is divided by this instead of by 0."""


def normalise_rows(rows: Doubles | Floats) -> Vectors:
    """The direction of each row: (n, dimension) float32, of unit length; zeros stay zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, _SHORTEST), dtype=np.float32)

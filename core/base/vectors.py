"""Vectors of unit length: what every model's vectors are scaled to before they are compared."""

from __future__ import annotations

import numpy as np

from core.base.types import Floats, Vectors


def to_unit_length(vectors: Floats) -> Vectors:
    """Rows scaled to unit length; a zero row stays zero.

    Parameters
    ----------
    vectors : (n, dimension) float32
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)

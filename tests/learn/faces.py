"""Faces without photos: directions of people with noise around them, as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.learn.model_selection.cross_validation import LabelledFaces


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def people(faces_each: Sequence[int], *, noise: float = 0.8, dimension: int = 16, seed: int = 0) -> LabelledFaces:
    """So many faces of each person, every one a shot of its own; the larger the noise, the more errors."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(faces_each)), faces_each)
    directions = unit(rng.normal(size=(len(faces_each), dimension)))
    vectors = directions[labels] + noise * rng.normal(size=(len(labels), dimension)) / np.sqrt(dimension)
    return LabelledFaces(unit(vectors), labels, np.arange(len(labels)))

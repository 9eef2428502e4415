"""Faces without photos: directions of people with noise around them, as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.learn.labelled_faces import LabelledFaces


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def people(faces_each: Sequence[int], *, noise: float = 0.8, dimension: int = 16, seed: int = 0) -> LabelledFaces:
    """So many faces of each person, every one a shot of its own; the larger the noise, the more errors."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(faces_each)), faces_each)
    directions = unit(rng.normal(size=(len(faces_each), dimension)))
    vectors = directions[labels] + noise * rng.normal(size=(len(labels), dimension)) / np.sqrt(dimension)
    return LabelledFaces(unit(vectors), labels, np.arange(len(labels)))


def clusters(n_people: int, n_each: int, *, spread: float = 0.6, seed: int = 0) -> LabelledFaces:
    """So many faces of each person around random directions, in 16 numbers, every one a shot of its own."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_people, 16))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    labels = np.repeat(np.arange(n_people), n_each)
    vectors = unit(centres[labels] + rng.normal(size=(len(labels), 16)) * spread / 4)
    return LabelledFaces(vectors, labels, np.arange(len(labels)))


def names(n: int) -> list[str]:
    return [f"person {index}" for index in range(n)]


def directions(seed: int, n: int) -> np.ndarray:
    """So many faces of as many people, in 128 numbers."""
    return unit(np.random.default_rng(seed).normal(size=(n, 128)))

"""Which face of a photo is meant by a box that somebody else drew or detected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.geometry import overlaps
from core.types import Box, Doubles

SAME_DETECTION = 0.5
"""Least overlap (IoU) of a face with itself, found again."""
SAME_FACE = 0.3
"""Least overlap with a box of another program, which may take in more or less of the head."""


def match(boxes: Sequence[Box], others: Sequence[Box], least: float) -> list[int | None]:
    """For each box the place of the box in ``others`` that overlaps it most, each used once; None for no partner."""
    found: list[int | None] = [None] * len(boxes)
    if not boxes or not others:
        return found
    shared = overlaps(_array(boxes), _array(others))
    while shared.max() >= least:
        row, column = np.unravel_index(int(shared.argmax()), shared.shape)
        found[int(row)] = int(column)
        shared[row, :], shared[:, column] = 0.0, 0.0
    return found


def _array(boxes: Sequence[Box]) -> Doubles:
    return np.array([box.as_tuple() for box in boxes], dtype=np.float64)

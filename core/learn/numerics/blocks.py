"""Rows in blocks: what is computed for all of them at once would not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.base.types import Ints


def row_blocks(n: int, size: int) -> Iterator[slice]:
    """Slices that cover n rows in order, ``size`` rows each but for the last."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def split_rows(rows: Ints, values_each: int, most_values: int) -> list[Ints]:
    """Divide row numbers into parts of about one size, one at least.

    Parameters
    ----------
    values_each : how many numbers are computed for a row
    most_values : how many of them may be in memory at once
    """
    # Rounded up, and one part of no rows too: whoever joins the parts needs an array.
    n_parts = -(-len(rows) * values_each // most_values) or 1
    return np.array_split(rows, n_parts)

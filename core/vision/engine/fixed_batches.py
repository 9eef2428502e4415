"""Batches of any length in a few fixed sizes, as a runtime plans anew for every size that it meets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from core.vision.engine.base import Batch


def cut_batch(batch: Batch, sizes: Sequence[int], least_filled: float = 1.0) -> Iterator[tuple[Batch, int]]:
    """Parts of a batch, each of one of the fixed sizes, with how many of its rows are real.

    Parameters
    ----------
    sizes : ascending
    least_filled : the share of a size that must be real for the last rows to be padded up to it; 1 pads only what is
        shorter than the smallest size, as a row of padding costs what a real one does
    """
    start = 0
    # No rows at all are one empty part too, so that the outputs have their shapes.
    while start < len(batch) or start == 0:
        size = _fitting_size(len(batch) - start, sizes, least_filled)
        rows = batch[start : start + size]
        yield _padded(rows, size), len(rows)
        start += size


def _fitting_size(n_rows: int, sizes: Sequence[int], least_filled: float) -> int:
    covering = next((size for size in sizes if size >= n_rows), None)
    if covering is not None and n_rows >= least_filled * covering:
        return covering
    # Largest first; what is left over is cut again.
    return next((size for size in reversed(sizes) if size <= n_rows), sizes[0])


def _padded(rows: Batch, size: int) -> Batch:
    if len(rows) == size:
        return rows
    # Zeros fill the batch: every row is computed by itself, and what they give is cut off.
    padded: Batch = np.zeros((size, *rows.shape[1:]), dtype=rows.dtype)
    padded[: len(rows)] = rows
    return padded

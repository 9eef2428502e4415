"""Cutting batches: every row is run once, in few sizes, and padding is bounded. No network."""

from __future__ import annotations

import numpy as np
import pytest

from core.vision.engine.fixed_batches import cut_batch


@pytest.mark.parametrize(
    ("n_rows", "least_filled", "cuts"),
    [
        (0, 1.0, [(2, 0)]),
        (1, 1.0, [(2, 1)]),
        (5, 1.0, [(2, 2), (2, 2), (2, 1)]),
        (8, 1.0, [(8, 8)]),
        (45, 1.0, [(32, 32), (8, 8), (2, 2), (2, 2), (2, 1)]),
        (5, 0.5, [(8, 5)]),
        (3, 0.5, [(2, 2), (2, 1)]),
        (45, 0.5, [(32, 32), (8, 8), (8, 5)]),
        (100, 0.5, [(32, 32), (32, 32), (32, 32), (8, 4)]),
    ],
)
def test_a_batch_is_cut_into_fixed_sizes_and_only_as_much_is_padded_as_was_allowed(
    n_rows: int, least_filled: float, cuts: list[tuple[int, int]]
) -> None:
    batch = np.arange(1, n_rows + 1, dtype=np.float32)[:, None]
    parts = list(cut_batch(batch, (2, 8, 32), least_filled))
    assert [(len(rows), n_real) for rows, n_real in parts] == cuts
    assert np.array_equal(np.concatenate([rows[:n_real] for rows, n_real in parts]), batch)
    assert not any(rows[n_real:].any() for rows, n_real in parts)

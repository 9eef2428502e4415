"""Rows in blocks."""

import numpy as np
import pytest

from core.learn.numerics.blocks import row_blocks, split_rows


@pytest.mark.parametrize(("n", "size", "ends"), [(0, 4, []), (4, 4, [4]), (9, 4, [4, 8, 9])])
def test_blocks_cover_every_row_once_in_order(n, size, ends):
    blocks = list(row_blocks(n, size))
    assert [block.stop for block in blocks] == ends
    assert np.concatenate([np.arange(n)[block] for block in blocks] or [[]]).tolist() == list(range(n))


@pytest.mark.parametrize(("n", "parts"), [(0, 1), (5, 1), (11, 2), (100, 10)])
def test_rows_are_split_so_that_no_part_computes_too_much(n, parts):
    split = split_rows(np.arange(n), values_each=3, most_values=30)
    assert len(split) == parts and max(map(len, split)) * 3 <= 30
    assert np.concatenate(split).tolist() == list(range(n))

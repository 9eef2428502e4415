"""Vectors of unit length."""

import numpy as np
import pytest

from core.base.vectors import normalise_rows


def test_a_direction_has_unit_length_and_nothing_has_none():
    rows = normalise_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert rows.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0]]
    assert rows.dtype == np.float32

"""Columns as arrays behave as the sequences of their values."""

from __future__ import annotations

import numpy as np
import pytest

from core.base.columns import CodedColumn, Column, TextColumn, number_values

TEXTS = ("a1", "b22", "a1", "c")


@pytest.mark.parametrize("column", [TextColumn.of(TEXTS), CodedColumn.of(TEXTS)], ids=["texts", "coded"])
def test_a_column_is_a_sequence_of_its_values(column: Column[str]) -> None:
    assert (len(column), column[1], column[-1], tuple(column)) == (4, "b22", "c", TEXTS)
    assert column[1:3] == ("b22", "a1") and "c" in column and "d" not in column
    assert column == TEXTS and column == list(TEXTS) and column != TEXTS[:3] and column != ("a1", "b22", "a1", "d")
    assert column.index("b22") == 1
    taken = column.take(np.array([3, 0]))
    assert isinstance(taken, type(column)) and taken == ("c", "a1")
    assert column.followed_by(("longer than before", "a1")) == (*TEXTS, "longer than before", "a1")


def test_values_that_repeat_stand_once() -> None:
    column = CodedColumn.of(("Zoë/1.jpg", None, "Zoë/1.jpg"))
    assert (column.values, column.codes.tolist()) == (("Zoë/1.jpg", None), [0, 1, 0])
    longer = column.followed_by((None, "b"))
    assert (longer.values, longer.codes.tolist()) == (("Zoë/1.jpg", None, "b"), [0, 1, 0, 1, 2])
    assert (
        number_values(("x", "y", "x")).tolist() == number_values(CodedColumn.of(("x", "y", "x"))).tolist() == [0, 1, 0]
    )


def test_values_that_no_row_has_any_more_go() -> None:
    column = CodedColumn.of(("a", "b", "c", "b")).take(np.array([3, 2]))
    assert (column.values, column) == (("a", "b", "c"), ("b", "c"))
    used = column.without_unused()
    assert (used.values, used) == (("b", "c"), ("b", "c")) and used.without_unused() is used
    assert CodedColumn[str](("a",), np.zeros(0, dtype=np.int32)).without_unused().values == ()


def test_an_empty_column_grows() -> None:
    assert TextColumn.of(()) == () and CodedColumn.of(()) == ()
    assert TextColumn.of(()).followed_by(TEXTS) == CodedColumn[str].of(()).followed_by(TEXTS) == TEXTS

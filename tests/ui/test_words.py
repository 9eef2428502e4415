"""Numbers as pages show them."""

from __future__ import annotations

import math

import pytest

from core.ui import words


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [(1.0, 1, "100.0"), (0.99952, 1, "99.9"), (0.996, 0, "99"), (0.0001, 1, "0.1"), (0.0, 1, "0.0"), (0.5, 0, "50")],
    ids=["all", "nearly all", "nearly all, whole", "nearly none", "none", "half"],
)
def test_a_bar_says_all_or_none_only_where_it_is_that(share, digits, text):
    assert f"{words.bar_percent(share, digits):.{digits}f}" == text


def test_a_bar_of_what_nobody_measured_is_of_no_length():
    assert math.isnan(words.bar_percent(math.nan))


def test_a_name_from_right_to_left_turns_nothing_around_it():
    assert words.isolate_name("Ann_Lee") == "Ann Lee"
    assert words.isolate_name("\u202eمحمد") == "\u2068محمد\u2069"

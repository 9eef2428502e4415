"""Labels that stay apart."""

from __future__ import annotations

from core.charts.palette import LABEL_MOST, label_uniquely, shorten_end, shorten_middle


def test_long_names_are_cut_and_stay_apart():
    names = [
        "Short",
        "A very long name that ends here",
        "Another long one, really the first",
        "Another long one, really the second",
    ]
    labels = label_uniquely(names, shorten_end, shorten_middle)
    assert labels[:2] == ["Short", "A very long name that…"] and all(len(label) <= LABEL_MOST for label in labels)
    assert len(set(labels)) == 4 and labels[2].endswith("y the first")


def test_where_no_cut_is_given_names_that_would_look_alike_are_whole():
    names = ["A very long name indeed 1", "A very long name indeed 2"]
    assert label_uniquely(names, shorten_end) == names

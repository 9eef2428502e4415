"""Labels that stay apart, and colours and symbols that do."""

from __future__ import annotations

from core.charts import palette
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


def test_more_than_twelve_repeat_colours_each_time_with_another_symbol():
    looks = palette.assign_looks([list(range(max(0, index - 11), index)) for index in range(144)])
    assert looks[:12] == list(zip(palette.PALETTE, palette.SYMBOLS, strict=True))
    assert len(set(looks)) == 144
    assert all(looks[index][0] not in [colour for colour, _ in looks[index - 11 : index]] for index in range(11, 144))

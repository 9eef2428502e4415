"""Why a face has a name or none, in words."""

from __future__ import annotations

import pytest

from core.learn.open_set.certainty import Certainty, Sureness
from core.ui.certainty import explanation


def rated(likeness: float, threshold: float) -> Certainty:
    return Certainty(Sureness.SURE if likeness > threshold else Sureness.UNKNOWN, likeness, threshold)


@pytest.mark.parametrize(
    ("certainty", "other", "other_likeness", "reason"),
    [
        (rated(92, 51), "jeremy_greenstock", 13.2, "92 of 100; 51 is needed. Next is jeremy greenstock with 13."),
        (rated(92, 51), "", 0.0, "92 of 100; 51 is needed."),
        (rated(51.3, 50.8), "Ann", 50.0, "51.3 of 100; 50.8 is needed. Next is Ann with 50."),
        (rated(60, 51), "Ann", 70.0, "60 of 100; 51 is needed. Ann has 70, but is less probable."),
    ],
    ids=["somebody is next", "nobody else", "just above the threshold", "another is more alike"],
)
def test_a_name_is_explained_by_its_likeness_and_the_next_person(certainty, other, other_likeness, reason):
    said = explanation.describe_reason(certainty, is_named=True, other=other, other_likeness=other_likeness)
    assert said == reason


def test_no_name_is_explained_by_what_would_be_needed_and_who_is_nearest():
    said = explanation.describe_reason(rated(38, 51), is_named=False, other="Madonna")
    assert said == "38 of 100; 51 would be needed. Nearest is Madonna."

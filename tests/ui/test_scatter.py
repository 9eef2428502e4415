"""The map's component: what travels to the browser, and what is read of its answers."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from core.ui.charts import Group
from core.ui.components import scatter

POINTS = np.array([[10, 5], [12, 5], [14, 9], [11, 6]], dtype=np.float32)
GROUPS = [Group("everyone else", np.array([1, 3]), faded=True), Group("Ann", np.array([0, 2]), "#0072B2", "star")]


@pytest.fixture
def cloud() -> scatter.Cloud:
    return scatter.pack("these", ["a", "b", "c", "d"], POINTS, GROUPS, {"Ann": (12, 9)}, [(0, [2])])


def test_places_keep_their_proportions_and_groups_their_faces(cloud) -> None:
    places = np.frombuffer(base64.b64decode(cloud.packed["points"]), "<u2").reshape(-1, 2) / 65_535
    assert np.allclose(places, (POINTS - [10, 5]) / 4, atol=1e-4)
    assert (cloud.packed["width_share"], cloud.packed["height_share"]) == (1.0, 1.0)
    assert list(base64.b64decode(cloud.packed["group_of"])) == [1, 0, 1, 0]
    assert [(group["name"], group["count"], group["faded"]) for group in cloud.packed["groups"]] == [
        ("everyone else", 2, True),
        ("Ann", 2, False),
    ]
    assert cloud.packed["names"] == [["Ann", 0.5, 1.0]]
    assert cloud.packed["lines"] == [[0, [2]]]


@pytest.mark.parametrize("n", [0, 1, 3])
def test_faces_at_one_place_can_be_packed(n: int) -> None:
    made = scatter.pack("some", ["x"] * n, np.ones((n, 2), np.float32), [Group("all", np.arange(n))], {})
    assert len(base64.b64decode(made.packed["points"])) == 4 * n


def test_answers_about_other_points_are_passed_over(cloud) -> None:
    assert scatter.read({"of": "these", "rows": [2, 0]}, {"of": "these", "rows": [1]}, cloud) == scatter.Looked(
        ("c", "a"), (1,)
    )
    assert scatter.read({"of": "others", "rows": [2]}, None, cloud) == scatter.Looked((), ())
    assert scatter.read({"of": "these", "rows": [4, -1, 3]}, None, cloud).picked == ("d",)

"""The map's component: what travels to the browser, and what is read of its answers."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from core.ui.components import scatter
from core.ui.components.scatter import FaceCard, PointCluster, PointGroup, PointMoments, PointNames, ScatterMark

POINTS = np.array([[10, 5], [12, 5], [14, 9], [11, 6]], dtype=np.float32)
GROUPS = [
    PointGroup("everyone else", np.array([1, 3]), "#8C9699", faded=True),
    PointGroup("Ann", np.array([0, 2]), "#0072B2", "star"),
]


@pytest.fixture
def cloud() -> scatter.PointCloud:
    who = PointNames(np.array([0, -1, 0, 1]), ["Ann", "Ben"])
    return scatter.pack_points("these", ["a", "b", "c", "d"], POINTS, GROUPS, [PointCluster("Ann", 2, (12, 9))], who)


def test_places_keep_their_proportions_and_groups_their_faces(cloud) -> None:
    places = np.frombuffer(base64.b64decode(cloud.packed["points"]), "<u2").reshape(-1, 2) / 65_535
    assert np.allclose(places, (POINTS - [10, 5]) / 4, atol=1e-4)
    assert list(base64.b64decode(cloud.packed["group_of"])) == [1, 0, 1, 0]
    assert [(group["name"], group["count"], group["faded"]) for group in cloud.packed["groups"]] == [
        ("everyone else", 2, True),
        ("Ann", 2, False),
    ]
    assert cloud.packed["clusters"] == [["Ann", 2, 0.5, 1.0]]
    who = np.frombuffer(base64.b64decode(cloud.packed["who"]), "<u2")
    assert [*cloud.packed["people"], "no name"][who[1]] == "no name" and who.tolist() == [0, 2, 0, 1]


def test_points_in_space_have_three_coordinates_each() -> None:
    points = np.array([[0, 0, 0], [2, 1, 4]], dtype=np.float32)
    made = scatter.pack_points(
        "deep",
        ["a", "b"],
        points,
        [PointGroup("all", np.arange(2), "#0072B2")],
        [PointCluster("all", 1, (1, 1, 1))],
        PointNames(np.array([-1, -1]), []),
    )
    places = np.frombuffer(base64.b64decode(made.packed["points"]), "<u2").reshape(-1, 3) / 65_535
    assert np.allclose(places, points / 4, atol=1e-4)
    assert made.packed["dimensions"] == 3 and made.packed["clusters"] == [["all", 1, 0.25, 0.25, 0.25]]


def test_marks_lie_among_the_points_and_leave_them_what_they_are(cloud) -> None:
    marked = cloud.with_marks([ScatterMark("1", (12, 7), (2, 0), FaceCard(-1, "data:,", "Face 1", ("Face 1",)))])
    (mark,) = marked.packed["marks"]
    assert (mark["number"], mark["at"], mark["lines"]) == ("1", [0.5, 0.5], [2, 0])
    assert marked.packed["points"] is cloud.packed["points"] and marked.of == cloud.of
    assert cloud.packed["marks"] == []


def test_moments_travel_beside_the_points_and_no_date_is_the_largest_number(cloud) -> None:
    assert cloud.packed["moments"] is None and cloud.with_moments(None) is cloud
    moments = cloud.with_moments(PointMoments(["1978", "1985"], np.array([1, -1, 0, 1]))).packed["moments"]
    steps = np.frombuffer(base64.b64decode(moments["steps"]), "<u2")
    assert (moments["names"], steps.tolist()) == (["1978", "1985"], [1, 65_535, 0, 1])


def test_the_same_faces_are_told_from_others_wherever_they_lie(cloud) -> None:
    groups, who = [PointGroup("all", np.arange(4), "#0072B2")], PointNames(np.zeros(4, dtype=np.int64), ["Ann"])
    elsewhere = scatter.pack_points("there", ["a", "b", "c", "d"], POINTS[::-1], groups, [], who)
    others = scatter.pack_points("there", ["a", "b", "d", "c"], POINTS, groups, [], who)
    assert cloud.packed["faces"] == elsewhere.packed["faces"] != others.packed["faces"]


@pytest.mark.parametrize("n", [0, 1, 3])
def test_faces_at_one_place_can_be_packed(n: int) -> None:
    groups, who = [PointGroup("all", np.arange(n), "#0072B2")], PointNames(np.zeros(n, dtype=np.int64), ["Ann"])
    made = scatter.pack_points("some", ["x"] * n, np.ones((n, 2), np.float32), groups, [], who)
    assert len(base64.b64decode(made.packed["points"])) == 4 * n


def test_answers_about_other_points_are_passed_over(cloud) -> None:
    assert scatter.read_scatter_event(
        {"of": "these", "rows": [2, 0]}, {"of": "these", "rows": [1]}, cloud
    ) == scatter.ScatterEvent(("c", "a"), (1,))
    assert scatter.read_scatter_event({"of": "others", "rows": [2]}, None, cloud) == scatter.ScatterEvent((), ())
    assert scatter.read_scatter_event({"of": "these", "rows": [4, -1, 3]}, None, cloud).picked == ("d",)

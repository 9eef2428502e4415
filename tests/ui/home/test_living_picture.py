"""Names on the little map of the first page do not touch."""

import numpy as np

from core.ui.home.living_picture import LETTER, LINE, place_names


def points_at(x: float, y: float) -> np.ndarray:
    """Twenty points about a place, and one that lies far off."""
    beside = np.tile([[x - 0.02, y - 0.02], [x + 0.02, y + 0.02]], (10, 1))
    return np.vstack([beside, [[1.0, 0.0]]]).astype(np.float32)


def test_a_name_beside_another_stands_above_its_points_and_all_others_below():
    names = ["jerry seinfeld", "elton john", "madonna"]
    (_, first), (_, second), (_, far) = place_names(
        names, [points_at(0.2, 0.5), points_at(0.4, 0.5), points_at(0.9, 0.5)]
    )
    assert first > 0.5 and far > 0.5 and second < 0.5


def test_a_name_above_or_below_another_stays_where_it_is():
    places = place_names(["jerry seinfeld", "elton john"], [points_at(0.2, 0.3), points_at(0.25, 0.7)])
    assert [round(y, 2) for _, y in places] == [0.4, 0.8]


def test_a_name_stands_inside_the_plane_however_long_it_is_and_wherever_its_points_are():
    names = ["mindy kaling", "jerry seinfeld", "a name that is wider than all of the plane"]
    places = place_names(names, [points_at(0.09, 0.2), points_at(0.9, 0.5), points_at(0.1, 0.99)])
    for name, (middle, _) in zip(names[:2], places, strict=False):
        half = len(name) * LETTER / 2
        assert half <= middle <= 1 - half
    assert places[2] == (0.5, 1 - LINE / 2)
    _, beside_the_top = place_names(names[:2], [points_at(0.5, 0.03), points_at(0.5, 0.05)])
    assert beside_the_top[1] == LINE / 2, "above its points it would stand over the edge"

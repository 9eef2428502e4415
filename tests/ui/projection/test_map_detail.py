"""Which faces of very many a map draws."""

from __future__ import annotations

import numpy as np
import pytest

from core.ui.components.scatter import PointGroup
from core.ui.projection import map_detail


@pytest.fixture
def room_for_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_detail, "MOST_DRAWN", 100)


@pytest.mark.usefixtures("room_for_a_hundred")
@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_crowded_place_gives_way_and_a_sparse_one_stays_whole(dimensions: int) -> None:
    crowd, few = np.full((400, dimensions), 0.2), np.linspace(0.5, 1.0, 30)[:, None].repeat(dimensions, axis=1)
    points = np.concatenate([crowd, few]).astype(np.float32)
    drawn = map_detail.choose_drawn(points, np.array([399, 5]))
    assert set(range(400, 430)) <= set(drawn.tolist()) and {5, 399} <= set(drawn.tolist())
    assert (np.diff(drawn) > 0).all() and 90 <= len(drawn) <= 100


@pytest.mark.usefixtures("room_for_a_hundred")
def test_where_there_is_room_all_are_drawn() -> None:
    assert map_detail.choose_drawn(np.zeros((100, 2), np.float32), np.array([3])).tolist() == list(range(100))


def test_a_group_says_how_many_it_has_though_some_are_not_drawn() -> None:
    groups = [PointGroup("Ann", np.array([0, 2, 4]), "#111111"), PointGroup("Ben", np.array([1, 3]), "#222222")]
    ann, ben = map_detail.keep_drawn(groups, np.array([1, 2, 4]), 5)
    assert (ann.rows.tolist(), ann.count, ben.rows.tolist(), ben.count) == ([1, 2], 3, [0], 2)
    assert map_detail.keep_drawn(groups, np.arange(5), 5) == groups

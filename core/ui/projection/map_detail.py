"""Which faces of very many a map draws: all where there is room, and some of each crowded place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.base.types import Floats, Ints
from core.ui.components.scatter import PointGroup

MOST_DRAWN = 100_000
"""So many points a browser draws fluently, and they travel in a second."""
CELLS = 320, 48
"""Into so many the longest side of a map is divided, on a plane and in space."""


def choose_drawn(points: Floats, always: Ints) -> Ints:
    """Choose what is drawn: of each crowded place the same number, so that sparse ones are whole.

    Parameters
    ----------
    points : (n, 2) or (n, 3)
    always : rows that are drawn in any case

    Returns
    -------
    (k,) rows, ascending; all of them where they are no more than ``MOST_DRAWN``
    """
    if len(points) <= MOST_DRAWN:
        return np.arange(len(points))
    cells = _number_cells(points)
    sizes = np.bincount(cells)
    most = _find_most_of_a_cell(sizes, max(0, MOST_DRAWN - len(always)))
    in_order = np.argsort(cells, kind="stable")
    # The table is in the order of ids, which know nothing of faces: the first of a cell are as good as any.
    number_in_cell = np.arange(len(points)) - (np.cumsum(sizes) - sizes)[cells[in_order]]
    return np.union1d(in_order[number_in_cell < most], always)


def _number_cells(points: Floats) -> Ints:
    """(n,) the cell that each point lies in."""
    n_across = CELLS[points.shape[1] - 2]
    low, extent = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-9)
    places = np.minimum(((points - low) / extent * n_across).astype(np.int64), n_across - 1)
    return np.asarray(places @ (n_across ** np.arange(points.shape[1])))


def _find_most_of_a_cell(sizes: Ints, room: int) -> int:
    """The largest number of each cell by which all together have room."""
    fewest, most = 0, int(sizes.max(initial=0))
    while fewest < most:
        middle = (fewest + most + 1) // 2
        fits = int(np.minimum(sizes, middle).sum()) <= room
        fewest, most = (middle, most) if fits else (fewest, middle - 1)
    return fewest


def keep_drawn(groups: Sequence[PointGroup], drawn: Ints, n_points: int) -> list[PointGroup]:
    """The groups among the points that are drawn; each says how many it has in all."""
    if len(drawn) == n_points:
        return list(groups)
    place_of = np.full(n_points, -1, dtype=np.int64)
    place_of[drawn] = np.arange(len(drawn))
    places = [place_of[group.rows] for group in groups]
    return [
        replace(group, rows=among[among >= 0], total=group.count) for group, among in zip(groups, places, strict=True)
    ]

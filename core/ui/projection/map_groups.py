"""What looks alike on the map: people and groups of faces in colours that repeat, and steps from bad to good."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from core.base.face_table import FaceTable
from core.base.types import Doubles, Floats, Ints, Split
from core.charts import palette
from core.charts.palette import GREY, RIGHT, WRONG
from core.language.texts import gettext as _
from core.language.texts import marked
from core.learn.numerics.labels import renumber_labels
from core.learn.open_set.certainty import Sureness
from core.ui import words
from core.ui.certainty import bar
from core.ui.components.scatter import PointCluster, PointGroup, PointMoments

STEPS = (0.0, 0.5, 0.7, 0.85, 0.95)
"""Where the steps of quality begin."""
_SPLIT_NAMES = {Split.TRAIN: marked("to learn from"), Split.VAL: marked("to test on"), None: marked("on neither side")}
_CORE_SHARE = 0.1
"""Points of a cluster that lie so near to its middle, in shares of the map, say where it is; outliers have no say."""


# people, and groups of faces


MOST_COMPARED = 1_000
"""People whose neighbours on the map are looked for, to choose other colours."""


def order_by_size(labels: Ints, n_people: int) -> Ints:
    """(k,) indices of those who have faces, the most first.

    Parameters
    ----------
    labels : (n,) index of each face's person, or -1
    """
    sizes = np.bincount(labels[labels >= 0], minlength=n_people)
    # Stable: of two with as many faces the first by name, so that colours do not change hands between two runs.
    order = np.argsort(-sizes, kind="stable")
    return np.asarray(order[sizes[order] > 0], dtype=np.int64)


def choose_looks(points: Floats, labels: Ints, people: Ints) -> list[tuple[str, str]]:
    """A colour and a symbol for each of the people, in their order; those who lie side by side differ in colour.

    Parameters
    ----------
    points : (n, 2) or (n, 3)
    labels : (n,) index of each point's person, or -1
    """
    sizes = np.maximum(np.bincount(labels[labels >= 0], minlength=people.max(initial=0) + 1), 1)
    centres = np.stack(
        [np.bincount(labels[labels >= 0], axis[labels >= 0], len(sizes)) / sizes for axis in points.T], axis=1
    )[people]
    nearest = palette.MOST_COLOURED - 1
    neighbours = []
    for index in range(len(people)):
        # Thousands lie closer than colours could tell: of those with the fewest faces each differs from the last ones.
        if index >= MOST_COMPARED:
            neighbours.append(list(range(index - nearest, index)))
            continue
        # Among those before, whose colours are chosen already: of every two that lie side by side, one is the later.
        away = np.square(centres[:index] - centres[index]).sum(axis=1)
        near = np.argpartition(away, nearest)[:nearest] if index > nearest else np.arange(index)
        neighbours.append(near.tolist())
    return palette.assign_looks(neighbours)


def group_people(
    labels: Ints, names: Sequence[str], people: Ints, looks: Sequence[tuple[str, str]], others: tuple[str, str]
) -> list[PointGroup]:
    """Group faces by what they look like: the people in their colours, all others and the nameless in grey behind them.

    Parameters
    ----------
    labels : (n,) indices into ``names``, or -1
    people : (k,) indices into ``names``, with a look each
    others : what those are called who have a name but no colour, and those without a name
    """
    # Several may have one look; -1 is nobody's.
    distinct = list(dict.fromkeys(looks))
    number_of = {look: number for number, look in enumerate(distinct)}
    look_of_person = np.full(len(names) + 1, -1)
    look_of_person[people] = [number_of[look] for look in looks]
    look_of_point = look_of_person[labels]
    sharers: list[list[str]] = [[] for _ in distinct]
    for person, look in zip(people.tolist(), looks, strict=True):
        sharers[number_of[look]].append(names[person])
    # Later groups are drawn over earlier ones: grey lies behind every colour, and pales where there is one.
    groups = [
        PointGroup(others[1], np.flatnonzero(labels < 0), GREY, "circle-open", faded=bool(len(people))),
        PointGroup(others[0], np.flatnonzero((labels >= 0) & (look_of_point < 0)), GREY, faded=True),
        *(
            PointGroup(shared[0] if len(shared) == 1 else "", np.flatnonzero(look_of_point == number), *look)
            for number, (look, shared) in enumerate(zip(distinct, sharers, strict=True))
        ),
    ]
    return [group for group in groups if len(group.rows)]


def find_clusters(points: Floats, labels: Ints, names: Sequence[str], people: Ints) -> list[PointCluster]:
    """Where each of the people lies, in their order.

    Parameters
    ----------
    points : (n, 2) or (n, 3)
    labels : (n,) indices into ``names``, or -1
    """
    # Never 0, as it is on an axis on which all points agree: positions are divided by it.
    extent = np.maximum(np.ptp(points, axis=0), 1e-9) if len(points) else np.ones(points.shape[1], np.float32)
    present = people[np.isin(people, labels)]
    cluster = renumber_labels(labels, present)
    rows = np.flatnonzero(cluster >= 0)
    cluster, scaled = cluster[rows], points[rows] / extent
    # One of the person's points, that nearest to the medians: between two clusters of one person there may be none.
    medians = np.stack([_quantiles(axis, cluster, 0.5) for axis in scaled.T], axis=1)
    by_distance = np.lexsort((np.abs(scaled - medians[cluster]).sum(axis=1), cluster))
    middle = by_distance[np.searchsorted(cluster[by_distance], np.arange(len(present)))]
    near = np.abs(scaled - scaled[middle][cluster]).max(axis=1) < _CORE_SHARE
    # On a plane above most of them, not among them, where the name would lie on its own points.
    shares = (0.5, 0.85) if points.shape[1] == 2 else (0.5,) * 3
    axes = points[rows[near]].T
    positions = np.stack(
        [_quantiles(axis, cluster[near], share) for axis, share in zip(axes, shares, strict=True)], axis=1
    )
    return [
        PointCluster(names[person], row, tuple(position))
        for person, row, position in zip(present.tolist(), rows[middle].tolist(), positions.tolist(), strict=True)
    ]


def _quantiles(values: Floats, clusters: Ints, share: float) -> Floats:
    """The quantile of each cluster's values, between the two nearest: thousands of clusters at once.

    Parameters
    ----------
    clusters : (n,) which one each value is of, none of them empty
    """
    ordered, sizes = values[np.lexsort((values, clusters))], np.bincount(clusters)
    last = np.cumsum(sizes) - 1
    position = last - (1 - share) * (sizes - 1)
    lower = np.floor(position).astype(np.int64)
    upper = np.minimum(lower + 1, last)
    return np.asarray(ordered[lower] + (position - lower) * (ordered[upper] - ordered[lower]))


def find_moments(timestamps: Doubles) -> PointMoments | None:
    """When photos were taken, by years; by months or days where all are of one; None without two different dates.

    Parameters
    ----------
    timestamps : (n,) seconds since 1970, NaN without a date
    """
    dated = np.flatnonzero(~np.isnan(timestamps))
    seconds = timestamps[dated].astype("datetime64[s]")
    for unit in ("Y", "M", "D"):
        moments, indices = np.unique(seconds.astype(f"datetime64[{unit}]"), return_inverse=True)
        if len(moments) > 1:
            steps = np.full(len(timestamps), -1)
            steps[dated] = indices
            return PointMoments([str(moment) for moment in moments], steps)
    return None


# what else colours mean


def group_splits(table: FaceTable, rows: Ints) -> list[PointGroup]:
    """What is learned from and what is tested on."""
    looks = {
        Split.TRAIN: (RIGHT, "circle"),
        Split.VAL: (palette.PALETTE[1], "diamond"),
        None: (GREY, "circle"),
    }
    groups = [
        PointGroup(_(_SPLIT_NAMES[split]), np.flatnonzero(table.is_on(split)[rows]), *look)
        for split, look in looks.items()
    ]
    return [group for group in groups if len(group.rows)]


def group_correct(wrong: Ints) -> list[PointGroup]:
    """What a run was right and wrong about: 1 wrong, 0 right, -1 not tested."""
    groups = [
        PointGroup(_("not tested"), np.flatnonzero(wrong < 0), GREY, faded=True),
        PointGroup(_("✓ right"), np.flatnonzero(wrong == 0), RIGHT),
        PointGroup(_("✗ wrong"), np.flatnonzero(wrong == 1), WRONG, "x"),
    ]
    return [group for group in groups if len(group.rows)]


def group_sureness(sureness: Ints) -> list[PointGroup]:
    """How sure a run was of each face, as ``Sureness``; -1 for one that was not tested."""
    # From the darkest shade to the lightest; the least sure come last and are drawn over the others.
    looks = {Sureness.SURE: 4, Sureness.LIKELY: 3, Sureness.UNSURE: 1, Sureness.UNKNOWN: 0}
    groups = [
        PointGroup(
            bar.sureness_word(step),
            np.flatnonzero(sureness == step),
            palette.SHADES[shade],
            palette.STEP_SYMBOLS[shade],
        )
        for step, shade in looks.items()
    ]
    untested = PointGroup(_("not tested"), np.flatnonzero(sureness < 0), GREY, faded=True)
    return [group for group in (untested, *groups) if len(group.rows)]


def group_steps(shares: Doubles | Floats, unknown: str) -> list[PointGroup]:
    """Shares in steps, those that are unknown behind all others."""
    # A share at the start of a step belongs to that step. NaN, which NumPy sorts behind every number, is in none.
    step = np.searchsorted(STEPS, shares, side="right") - 1
    step[np.isnan(shares)] = -1
    # Later groups are drawn over earlier ones: the lowest come last, as they are the ones to look for.
    ends = [
        _("{low} to {high}", low=f"{100 * start:.0f}", high=f"{100 * end:.0f}{words.PERCENT_SIGN}")
        for start, end in pairwise((*STEPS, 1.0))
    ]
    groups = [
        PointGroup(
            ends[step_index],
            np.flatnonzero(step == step_index),
            palette.SHADES[step_index],
            palette.STEP_SYMBOLS[step_index],
        )
        for step_index in reversed(range(len(STEPS)))
    ]
    return [
        group for group in (PointGroup(unknown, np.flatnonzero(step < 0), GREY, faded=True), *groups) if len(group.rows)
    ]


def group_dates(timestamps: Doubles) -> list[PointGroup]:
    """Photos with a date in at most five spans of years that hold about as many each."""
    # A camera's clock has no time zone, and is stored as if it were that of Greenwich: so the year is what it showed.
    years = timestamps.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970.0
    years[np.isnan(timestamps)] = np.nan
    known = years[~np.isnan(years)]
    # "lower" takes years that occur. One that fills several fifths starts several spans, of which one remains.
    starts = (
        np.unique(np.quantile(known, np.linspace(0, 1, len(STEPS) + 1)[:-1], method="lower")) if len(known) else known
    )
    step = np.searchsorted(starts, years, side="right") - 1
    step[np.isnan(years)] = -1
    groups = [PointGroup(_("no date"), np.flatnonzero(step < 0), GREY, faded=True)]
    for step_index in range(len(starts)):
        rows = np.flatnonzero(step == step_index)
        first, last = int(years[rows].min()), int(years[rows].max())
        name = str(first) if first == last else _("{low} to {high}", low=first, high=last)
        groups.append(PointGroup(name, rows, palette.SHADES[step_index], palette.STEP_SYMBOLS[step_index]))
    return [group for group in groups if len(group.rows)]

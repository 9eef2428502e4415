"""Each kind of chart on matplotlib's axes, within margins that its own words need."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import singledispatch
from math import floor, inf
from typing import TYPE_CHECKING, Any

import numpy as np

from core.base.types import Doubles
from core.base.words import percent
from core.charts.confusion import ConfusionMatrix
from core.charts.palette import GREY, RIGHT, WRONG, label_uniquely, shorten_end, shorten_middle
from core.charts.reliability import ReliabilityDiagram
from core.charts.shares import IntervalChart, ShareCurve, ShareInterval, SharePoint
from core.charts.similarity import DetCurve, Histogram, HistogramGroup
from core.language.texts import gettext, localise_decimals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Chart = ConfusionMatrix | ReliabilityDiagram | IntervalChart | ShareCurve | Histogram | DetCurve

INK, QUIET, GRID = "#1b2426", "#556165", "#d9e0e1"
"""The text, quieter text and faint lines; a page puts its own colours in their place."""
WIDTH, WIDE = 400.0, 640.0
"""Points; the wide ones are too fine to be shrunk to a narrow screen."""
TEXT_PT = 11.5
NARROW_MOST = 8
"""The most people whose confusions fit into the usual width."""
_ROW_PT, _LEAST_ZOOM = 19.0, 0.02
_WIDE_LETTER, _LETTER = 1.0, 0.6
"""Widths of letters as shares of their size: of the full-width scripts, and of others on average."""
_DISC: dict[str, Any] = {"marker": "o", "markersize": 6.5, "color": RIGHT, "clip_on": False}


@singledispatch
def draw_chart(chart: Chart) -> Axes:
    """Draw a chart on axes of its own, in the style that is set."""
    raise TypeError(f"expected a chart, got {type(chart).__name__}")


# what all share


def text_width(text: str) -> float:
    """About how wide a text will be, in points."""
    return TEXT_PT * sum(_WIDE_LETTER if unicodedata.east_asian_width(sign) in "WF" else _LETTER for sign in text)


def _axes(width: float, height: float, *, left: float, top: float, right: float, bottom: float) -> Axes:
    """Axes on a sheet of their own, with room around them; all in points."""
    from matplotlib.figure import Figure

    # Margins in points and not in shares: words keep their size however tall the chart gets.
    frame = (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    return Figure(figsize=(width / 72, height / 72)).add_axes(frame)


def _write(axes: Axes, text: str, at: tuple[float, float], shift: tuple[float, float], **style: Any) -> None:
    """Words a few points beside a place; ``across`` and ``up`` say what its numbers are, data unless told otherwise."""
    coordinates = (style.pop("across", "data"), style.pop("up", "data"))
    axes.annotate(text, at, shift, coordinates, "offset points", **style)


def _write_above(axes: Axes, text: str) -> None:
    """What the upright scale measures."""
    _write(axes, text, (0, 1), (2, 12), across="figure fraction", up="axes fraction", color=QUIET)


def _write_beside(axes: Axes, y: float, note: str) -> None:
    """Words at the right of a row."""
    _write(axes, note, (1, y), (11, 0), across="axes fraction", color=QUIET, va="center")


def _in_percent(axis: Any, most: int) -> None:
    """Round shares along an axis, at most so many."""
    axis.set_major_locator(_locator(most))
    axis.set_major_formatter(lambda share, _: percent(share))


def _locator(most: int) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most, steps=[1, 2, 2.5, 5, 10])


def _spaced_labels(words: Sequence[str], places: Doubles, length: float) -> list[str]:
    """The words along an axis of so many points, the last first; nothing where one would touch the next.

    Parameters
    ----------
    places : (n,) 0..1, ascending
    """
    # From the end: the title of a curve speaks of its last number, so that one is never left out.
    labels, free = [""] * len(words), inf
    for index in reversed(range(len(words))):
        middle, half = places[index] * length, text_width(words[index]) / 2
        if middle + half <= free:
            labels[index], free = words[index], middle - half - 6
    return labels


def _zoomed(lowest: float) -> float:
    """Where a scale begins that ends at 1."""
    # At a whole twentieth, so that the scale begins at a round number; and never so near to 1 that noise looks large.
    return max(0.0, min(floor(lowest * 20) / 20, 1 - _LEAST_ZOOM))


# shares


@draw_chart.register(IntervalChart)
def _draw_intervals(chart: IntervalChart) -> Axes:
    """Discs on their intervals, one below the other; the numbers they stand for at the right."""
    labels = label_uniquely([row.label for row in chart.rows], shorten_end, shorten_middle)
    y_of, y_of_heading = _lines(chart.rows)
    axes = _axes(
        WIDTH,
        _ROW_PT * (len(y_of) + len(y_of_heading)) + 46,
        left=12 + max(map(text_width, labels)),
        top=4,
        right=14 + max(text_width(row.note) for row in chart.rows),
        bottom=42,
    )
    shares, lows, highs = (np.array(ends) for ends in zip(*((r.share, r.low, r.high) for r in chart.rows), strict=True))
    whiskers: dict[str, Any] = {
        "xerr": (shares - lows, highs - shares),
        "ecolor": GREY,
        "elinewidth": 2.2,
        "capsize": 4,
    }
    axes.errorbar(shares, y_of, linestyle="", **whiskers, **_DISC)
    for row, y in zip(chart.rows, y_of, strict=True):
        _write_beside(axes, y, row.note)
    for heading, y in y_of_heading.items():
        _write(axes, heading, (0, y), (2, 0), across="figure fraction", weight="bold", va="center")
    axes.set(xlim=(0.0 if chart.whole else _zoomed(lows.min()), 1), ylim=(y_of[-1] + 0.5, -0.5))
    axes.set_xlabel(gettext(chart.title))
    # ylim from large to small: the first row stands at the top.
    axes.set_yticks(y_of, labels, color=INK)
    axes.grid(visible=False, axis="y")
    _in_percent(axes.xaxis, 4)
    return axes


def _lines(rows: Sequence[ShareInterval]) -> tuple[list[int], dict[str, int]]:
    """On which line each row stands, and each heading: above the first row that has it."""
    y_of: list[int] = []
    y_of_heading: dict[str, int] = {}
    for row in rows:
        if row.heading and row.heading not in y_of_heading:
            y_of_heading[row.heading] = len(y_of) + len(y_of_heading)
        y_of.append(len(y_of) + len(y_of_heading))
    return y_of, y_of_heading


@draw_chart.register(ShareCurve)
def _draw_curve(chart: ShareCurve) -> Axes:
    """A line with a disc at each number, and its share in words where there is room."""
    axes = _axes(WIDTH, 258, left=58, top=44, right=30, bottom=42)
    points, numbers = chart.points, [point.number for point in chart.points]
    low = _zoomed(chart.least)
    lows, highs = [point.low for point in points], [point.high for point in points]
    axes.vlines(numbers, lows, highs, colors=GREY, linewidth=2.5, clip_on=False)
    axes.plot(numbers, [point.share for point in points], linewidth=2, **_DISC)
    axes.set(xlim=(numbers[0], numbers[-1]), ylim=(low, 1), xlabel=gettext(chart.across))
    places = (np.array(numbers) - numbers[0]) / (numbers[-1] - numbers[0])
    axes.set_xticks(numbers, _spaced_labels([str(number) for number in numbers], places, 312))
    _in_percent(axes.yaxis, 5)
    _write_above(axes, gettext(chart.upwards))
    for point, (shift, side) in _share_labels(points, low):
        _write(axes, percent(point.share), (point.number, point.share), shift, ha=side)
    return axes


def _share_labels(
    points: Sequence[SharePoint], low: float
) -> Iterator[tuple[SharePoint, tuple[tuple[float, float], str]]]:
    """The points whose share is written, and where: the first, and those with room that say something new."""
    labelled = points[0]
    yield labelled, ((4, -18), "left")
    for point in points[1:]:
        apart = (point.number - labelled.number) / (points[-1].number - points[0].number)
        if apart >= 0.2 and percent(point.share) != percent(labelled.share):
            # Near the top it stands below its disc, or it would run into the words above the scale.
            under = point.share > 1 - 0.1 * (1 - low)
            yield point, ((0, -20 if under else 9), "center")
            labelled = point


# probabilities


@draw_chart.register(ReliabilityDiagram)
def _draw_reliability(chart: ReliabilityDiagram) -> Axes:
    """Discs with their intervals about the line of honest probabilities, and how many faces they stand for."""
    axes = _axes(WIDTH, 316, left=46, top=30, right=26, bottom=40)
    axes.plot((0, 1), (0, 1), color=QUIET, linewidth=1, dashes=(5, 3))
    sure, right = [prob_bin.mean_prob for prob_bin in chart.bins], [prob_bin.share_right for prob_bin in chart.bins]
    faces = np.array([prob_bin.faces for prob_bin in chart.bins])
    left = [prob_bin.low for prob_bin in chart.bins]
    widths = [0.95 * (prob_bin.high - prob_bin.low) for prob_bin in chart.bins]
    # The counts share the axes of the probabilities: the tallest takes a sixth of the height, behind the discs.
    axes.bar(left, 0.16 * faces / faces.max(), widths, align="edge", color=GREY, alpha=0.35)
    lows, highs = zip(*chart.intervals, strict=True)
    axes.vlines(sure, lows, highs, colors=RIGHT, linewidth=1.5)
    axes.plot(sure, right, linestyle="", **_DISC)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel=gettext("how sure it was (mean probability)"))
    _write_above(axes, gettext("how often it was right"))
    for axis in (axes.xaxis, axes.yaxis):
        _in_percent(axis, 4)
    return axes


# confusions


@draw_chart.register(ConfusionMatrix)
def _draw_confusions(chart: ConfusionMatrix) -> Axes:
    """Who it is (rows) and who was named (columns): the diagonal is right, all else wrong, the deeper the more."""
    labels, n = label_uniquely(chart.names, shorten_end, shorten_middle), len(chart.names)
    width = WIDE if n > NARROW_MOST else WIDTH
    longest = max(map(text_width, labels))
    left = 12 + longest
    cell = min(34.0, (width - left - 50) / n)
    foot = 16 + 0.82 * longest
    axes = _axes(width, 24 + n * cell + foot, left=left, top=24, right=width - left - n * cell, bottom=foot)
    axes.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5))
    axes.grid(visible=False)
    lattice = np.arange(n + 1) - 0.5
    axes.hlines(lattice, -0.5, n - 0.5, colors=GRID, linewidth=0.7, clip_on=False)
    axes.vlines(lattice, -0.5, n - 0.5, colors=GRID, linewidth=0.7, clip_on=False)
    rows, columns = np.nonzero(chart.counts)
    # Never fainter than can be seen, never so deep that the number in it cannot be read.
    depths = 0.15 + 0.45 * np.minimum(1.0, chart.shares[rows, columns])
    colours = [(RIGHT if row == column else WRONG, d) for row, column, d in zip(rows, columns, depths, strict=True)]
    axes.bar(columns, 0.94, 0.94, rows - 0.47, color=colours)
    style: dict[str, Any] = {"ha": "center", "va": "center_baseline", "size": min(10.0, 0.5 * cell)}
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        weight = "normal" if row == column else "bold"
        axes.text(column, row, str(chart.counts[row, column]), weight=weight, **style)
    axes.set_yticks(range(n), labels, color=INK)
    axes.set_xticks(range(n), labels, color=INK, rotation=55, ha="right", rotation_mode="anchor")
    for row in range(n):
        _write_beside(axes, row, gettext("of {total}", total=chart.support[row]))
    _write_above(axes, gettext("who it is (rows), name given (columns)"))
    return axes


# scores and distances


@draw_chart.register(Histogram)
def _draw_histogram(chart: Histogram) -> Axes:
    """The outlines of each kind over each other, as shares of their kind, and the threshold."""
    top = 34 + 16 * ((len(chart.groups) + 1) // 2)
    axes = _axes(WIDTH, 226 + top, left=46, top=top, right=12, bottom=40)
    first, last = chart.edges[[0, -1]]
    for group in chart.groups:
        _outline(axes, group, chart.edges)
    # Crosses lie by their score across and a fixed share above the ground; those beyond the edges at the edges.
    foot, crosses = axes.get_xaxis_transform(), np.clip(chart.strays, first, last)
    axes.plot(crosses, np.full(len(crosses), 0.025), "x", color=INK, markersize=6, transform=foot)
    axes.axvline(chart.threshold, color=INK, linewidth=1.6, dashes=(4, 2.5))
    limit = gettext("limit {score}", score=localise_decimals(f"{chart.threshold:.2f}"))
    _write(axes, limit, (chart.threshold, 1), (0, 5), up="axes fraction", ha="center")
    tallest = max(float(group.shares.max()) for group in chart.groups)
    axes.set(xlim=(first, last), ylim=(0, 1.08 * tallest), xlabel=gettext(chart.title))
    axes.xaxis.set_major_locator(_locator(8))
    axes.xaxis.set_major_formatter(lambda value, _: localise_decimals(f"{value:g}"))
    _in_percent(axes.yaxis, 4)
    axes.figure.legend(ncols=2)
    return axes


def _outline(axes: Axes, group: HistogramGroup, edges: np.ndarray) -> None:
    """The steps of a histogram, from where it leaves the ground to where it comes back."""
    filled = np.flatnonzero(group.counts)
    # Without the empty bins at both ends: several outlines over each other would else draw a line along the ground.
    part = slice(filled[0], filled[-1] + 1) if len(filled) else slice(0, 1)
    axes.stairs(
        group.shares[part],
        edges[part.start : part.stop + 1],
        fill=True,
        facecolor=(group.colour, 0.28),
        edgecolor=group.colour,
        linewidth=1.4,
        linestyle=(0, (3, 2)) if group.dashed else "-",
        label=gettext(group.name),
    )


@draw_chart.register(DetCurve)
def _draw_det_curve(chart: DetCurve) -> Axes:
    """Two people accepted against one person refused, at every threshold, on logarithmic scales."""
    axes = _axes(WIDTH, 286, left=62, top=40, right=22, bottom=40)
    # A rate of 0 has no place on a logarithmic scale; it is drawn at half a pair.
    curve_far, frr = np.maximum(chart.far, 0.5 / chart.n_impostor), np.maximum(chart.frr, 0.5 / chart.n_genuine)
    axes.loglog(curve_far, frr, color=RIGHT, linewidth=2)
    # Rates are marked that more pairs tell than were drawn for the curve: they have a place on the scale, too.
    least_far = min([0.5 / chart.n_impostor, *(far for far, _ in chart.marks)])
    for axis, least in ((axes.xaxis, least_far), (axes.yaxis, 0.5 / chart.n_genuine)):
        powers = 10.0 ** np.arange(np.floor(np.log10(least)), 1)
        rates = [_rate(power) for power in powers]
        labels = rates if axis is axes.yaxis else _spaced_labels(rates, np.linspace(0, 1, len(rates)), 316)
        axis.set_ticks(powers, labels)
        axis.set_ticks([], minor=True)
    axes.set(
        xlim=(axes.get_xticks()[0], 1), ylim=(axes.get_yticks()[0], 1), xlabel=gettext("two people accepted (FAR)")
    )
    _write_above(axes, gettext("one person refused (FRR)"))
    for far, refused in chart.marks:
        at = (far, max(refused, 0.5 / chart.n_genuine))
        axes.plot(*at, "s", color=WRONG, markersize=6.5)
        _write(axes, gettext("{percentage} refused", percentage=percent(refused)), at, (9, 6))
    return axes


def _rate(rate: float) -> str:
    if rate == 1:
        return gettext("all")
    return localise_decimals(f"{100 * rate:.10f}".rstrip("0").rstrip(".")) + " %"

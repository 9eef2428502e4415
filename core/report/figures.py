"""The report's charts, each a pure function of numbers and names to a drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np

from core.base.types import Doubles, Floats, Ints
from core.base.words import percent
from core.learn.metrics.classification import wilson_interval
from core.report.drawing import (
    GREY,
    GRID,
    INK,
    QUIET,
    RIGHT,
    WRONG,
    Anchor,
    Area,
    Axes,
    Drawing,
    DrawnElement,
    Marker,
    Points,
    Polyline,
    Scale,
    Shape,
    Text,
    rectangle_points,
    shorten_labels,
    text_width,
)

WIDTH, WIDE = 400.0, 640.0
LABEL_MOST = 22
"""The longest name at an axis, in letters."""
NARROW_MOST = 8
"""The most people whose confusions fit into a chart of the usual width."""
HISTOGRAM_BINS = 48
_ROW, _LEAST_ZOOM = 19.0, 0.02


@dataclass(frozen=True, slots=True)
class DotRow:
    """One line of ``draw_dot_plot``: a share with its interval."""

    label: str
    value: float
    low: float
    high: float
    note: str = ""
    """Stands at the right."""
    heading: str = ""
    """Stands above the first row that has it."""


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Values of one kind, to be drawn as a histogram."""

    name: str
    edges: Doubles
    """(bins + 1,)"""
    counts: Doubles | Ints
    """(bins,)"""
    colour: str
    dashed: bool = False


def draw_dot_plot(rows: Sequence[DotRow], title: str, *, whole: bool) -> Drawing:
    """Shares as discs with their intervals, one below the other.

    Parameters
    ----------
    title : what the scale measures
    whole : whether the scale goes from 0 to 1; else it begins below the lowest interval
    """
    short = shorten_labels([row.label for row in rows], LABEL_MOST)
    left = 12 + max(text_width(label) for label in short)
    right = WIDTH - 12 - max(text_width(row.note) for row in rows)
    low = 0.0 if whole else _zoomed(min(row.low for row in rows))
    headings = len({row.heading for row in rows if row.heading})
    bottom = 10 + _ROW * (len(rows) + headings)
    axes = Axes(Scale(low, 1.0, left, right), Scale(0, 1, bottom, 6))
    ticks = axes.x.ticks(5)
    elements = axes.across(ticks, [percent(at) for at in ticks], title)
    y, heading = 6 + _ROW / 2, ""
    for row, label in zip(rows, short, strict=True):
        if row.heading and row.heading != heading:
            heading = row.heading
            elements.append(Text(0, y + 4, heading, colour=INK, bold=True))
            y += _ROW
        elements += _dot(axes, row, label, y)
        y += _ROW
    return Drawing(WIDTH, bottom + 40, tuple(elements))


def _dot(axes: Axes, row: DotRow, label: str, y: float) -> list[DrawnElement]:
    ends = axes.x(row.low), axes.x(row.high)
    return [
        Text(axes.left - 9, y + 4, label, Anchor.END),
        Polyline(((ends[0], y), (ends[1], y)), GREY, 2.5),
        *(Polyline(((end, y - 4), (end, y + 4)), GREY, 1.5) for end in ends),
        Marker(axes.x(row.value), y),
        Text(x=WIDTH, y=y + 4, text=row.note, anchor=Anchor.END, colour=QUIET),
    ]


def _zoomed(lowest: float) -> float:
    """Where a scale begins that ends at 1."""
    return max(0.0, min(floor(lowest * 20) / 20, 1 - _LEAST_ZOOM))


def draw_confusion_matrix(names: Sequence[str], counts: Ints, support: Ints) -> Drawing:
    """Who (rows) was given which name (columns): the diagonal is right, all else wrong.

    Parameters
    ----------
    counts : (n, n)
    support : (n,) each person's tested faces, those given a name that is not shown too
    """
    short = shorten_labels(names, LABEL_MOST)
    wide = WIDE if len(names) > NARROW_MOST else WIDTH
    left = 14 + max(text_width(label) for label in short)
    cell = min(34.0, (wide - left - 50) / len(names))
    top, side = 22.0, cell * len(names)
    elements: list[DrawnElement] = [Text(0, 11, "who it is (rows), name given (columns)", colour=QUIET)]
    elements += _lattice(left, top, cell, len(names))
    for row, label in enumerate(short):
        y = top + cell * (row + 0.5) + 4
        elements.append(Text(left - 8, y, label, Anchor.END))
        elements.append(Text(left + side + 8, y, f"of {support[row]}", colour=QUIET))
        elements += [
            _cell(left + cell * column, top + cell * row, cell, int(counts[row, column]), row == column, support[row])
            for column in np.flatnonzero(counts[row])
        ]
        elements += [
            Text(
                left + cell * (column + 0.5),
                y,
                str(counts[row, column]),
                Anchor.MIDDLE,
                size=min(11.0, 0.55 * cell),
                bold=bool(row != column),
            )
            for column in np.flatnonzero(counts[row])
        ]
    foot = 0.0
    for column, label in enumerate(short):
        foot = max(foot, text_width(label) * 0.82)
        x = left + cell * (column + 0.5) + 4
        elements.append(Text(x, top + side + 12, label, Anchor.END, turned_deg=55))
    return Drawing(wide, top + side + 26 + foot, tuple(elements))


def _lattice(left: float, top: float, cell: float, n: int) -> list[DrawnElement]:
    ends = left + cell * n, top + cell * n
    lines = [((left, top + cell * k), (ends[0], top + cell * k)) for k in range(n + 1)]
    lines += [((left + cell * k, top), (left + cell * k, ends[1])) for k in range(n + 1)]
    return [Polyline(line, GRID, 0.7) for line in lines]


def _cell(left: float, top: float, cell: float, number: int, right: bool, support: int) -> Area:
    share = number / max(int(support), 1)
    around = rectangle_points(left + 0.8, top + 0.8, left + cell - 0.8, top + cell - 0.8)
    return Area(around, RIGHT if right else WRONG, 0.15 + 0.45 * min(share, 1.0))


def draw_reliability_diagram(bins: Sequence[Mapping[str, float]]) -> Drawing:
    """How often names were right that were given about the same probability; on the diagonal they are honest.

    Parameters
    ----------
    bins : of ``ReliabilityBin``
    """
    axes = Axes(Scale(0, 1, 46, WIDTH - 26), Scale(0, 1, 276, 30))
    ticks, words = [0.0, 0.25, 0.5, 0.75, 1.0], ["0", "25 %", "50 %", "75 %", "100 %"]
    elements = axes.across(ticks, words, "how sure it was (mean probability)")
    elements += axes.upwards(ticks, words, "how often it was right")
    elements.append(Polyline(((axes.left, axes.bottom), (axes.right, axes.top)), QUIET, 1, dashed=True))
    most = max(prob_bin["faces"] for prob_bin in bins)
    for prob_bin in bins:
        low, high = wilson_interval(round(prob_bin["share_right"] * prob_bin["faces"]), int(prob_bin["faces"]))
        x, tall = axes.x(prob_bin["mean_prob"]), 40 * prob_bin["faces"] / most
        foot = rectangle_points(
            axes.x(prob_bin["low"]) + 1, axes.bottom - tall, axes.x(prob_bin["high"]) - 1, axes.bottom
        )
        elements.append(Area(foot, GREY, 0.35))
        elements.append(Polyline(((x, axes.y(low)), (x, axes.y(high))), RIGHT, 1.5))
        elements.append(Marker(x, axes.y(prob_bin["share_right"]), size=8))
    return Drawing(WIDTH, 316, tuple(elements))


def build_histogram(
    name: str, values: Doubles | Floats, low: float, high: float, colour: str, *, dashed: bool = False
) -> Histogram:
    """Count values in equal steps between two ends."""
    counts, edges = np.histogram(np.clip(values, low, high), np.linspace(low, high, HISTOGRAM_BINS + 1))
    return Histogram(name=name, edges=edges, counts=counts, colour=colour, dashed=dashed)


def draw_histograms(
    histograms: Sequence[Histogram], threshold: float, title: str, strays: Sequence[float] = ()
) -> Drawing:
    """Histograms over each other, each as shares of its kind, with a limit.

    Parameters
    ----------
    title : what the scale measures
    strays : values that are marked one by one, by crosses at the foot
    """
    shares = [histogram.counts / max(1, histogram.counts.sum()) for histogram in histograms]
    edges = histograms[0].edges
    tallest = max(float(share.max()) for share in shares)
    axes = Axes(Scale(float(edges[0]), float(edges[-1]), 46, WIDTH - 12), Scale(0, 1.08 * tallest, 236, 50))
    ticks, levels = axes.x.ticks(8), axes.y.ticks(4)
    elements = axes.across(ticks, [f"{at:g}" for at in ticks], title)
    elements += axes.upwards(levels, [percent(at) for at in levels], "")
    for histogram, share in zip(histograms, shares, strict=True):
        outline = _outline(axes, histogram.edges, share)
        elements.append(Area(outline, histogram.colour, 0.28))
        elements.append(Polyline(outline, histogram.colour, 1.4, histogram.dashed))
    elements += [Marker(x=axes.x(value), y=axes.bottom - 6, shape=Shape.CROSS, colour=INK, size=6) for value in strays]
    x = axes.x(threshold)
    elements.append(Polyline(((x, axes.top - 8), (x, axes.bottom)), INK, 1.6, dashed=True))
    elements.append(Text(x, axes.top - 12, f"limit {threshold:.2f}", Anchor.MIDDLE))
    return Drawing(WIDTH, 276, (*elements, *_legend(histograms)))


def _outline(axes: Axes, edges: Doubles, shares: Doubles) -> Points:
    """The steps of a histogram, from where it leaves the ground to where it comes back."""
    filled = np.flatnonzero(shares)
    first, last = (int(filled[0]), int(filled[-1])) if len(filled) else (0, 0)
    points = [(axes.x(float(edges[first])), axes.bottom)]
    for index in range(first, last + 1):
        y = axes.y(float(shares[index]))
        points += [(axes.x(float(edges[index])), y), (axes.x(float(edges[index + 1])), y)]
    return (*points, (axes.x(float(edges[last + 1])), axes.bottom))


def _legend(histograms: Sequence[Histogram]) -> list[DrawnElement]:
    elements: list[DrawnElement] = []
    x = 0.0
    for histogram in histograms:
        elements.append(Area(rectangle_points(x, 3, x + 18, 13), histogram.colour, 0.28))
        elements.append(
            Polyline((*rectangle_points(x, 3, x + 18, 13), (x, 3)), histogram.colour, 1.4, histogram.dashed)
        )
        elements.append(Text(x + 24, 12, histogram.name))
        x += 44 + text_width(histogram.name)
    return elements


@dataclass(frozen=True, slots=True)
class SharePoint:
    """A share that goes with a number, with its interval where there is one."""

    number: int
    share: float
    low: float | None = None
    high: float | None = None


def draw_share_curve(values: Sequence[SharePoint], across: str, upwards: str) -> Drawing:
    """Shares that grow with a number: a line with a disc and its share at each.

    Parameters
    ----------
    values : by number, two or more
    across, upwards : what the scales measure
    """
    low = _zoomed(min(point.share if point.low is None else point.low for point in values))
    axes = Axes(Scale(values[0].number, values[-1].number, 60, WIDTH - 30), Scale(low, 1.0, 216, 44))
    levels, numbers = axes.y.ticks(5), [point.number for point in values]
    elements = axes.across(numbers, list(map(str, numbers)), across)
    elements += axes.upwards(levels, [percent(at) for at in levels], upwards)
    line = tuple((axes.x(point.number), axes.y(point.share)) for point in values)
    elements += [
        Polyline(((axes.x(point.number), axes.y(point.low)), (axes.x(point.number), axes.y(point.high))), GREY, 2.5)
        for point in values
        if point.low is not None and point.high is not None
    ]
    elements.append(Polyline(line, RIGHT, 2))
    elements += [Marker(x, y, size=8) for x, y in line]
    return Drawing(WIDTH, 258, (*elements, *_shares(values, line, axes)))


def _shares(values: Sequence[SharePoint], line: Points, axes: Axes) -> list[DrawnElement]:
    """The shares in words: the first, the last, and those between that have room and say something new."""
    elements: list[DrawnElement] = []
    last_x, last = -np.inf, ""
    for (x, y), point in zip(line, values, strict=True):
        word = percent(point.share)
        if not last:
            elements.append(Text(x + 4, y + 19, word))
        elif x - last_x >= 62 and word != last:
            elements.append(Text(x, y + (22 if y < axes.top + 18 else -11), word, Anchor.MIDDLE))
        else:
            continue
        last_x, last = x, word
    return elements


def draw_det_curve(points: Sequence[Mapping[str, float]], n_same: int, n_different: int) -> Drawing:
    """Two people accepted against one person refused, at every limit, on logarithmic scales.

    Parameters
    ----------
    points : of ``verification.det_curve``
    n_same, n_different : how many pairs there were; a rate of 0 is drawn at half a pair
    """
    least = 0.5 / n_different, 0.5 / n_same
    x = Scale(10 ** np.floor(np.log10(least[0])), 1.0, 62, WIDTH - 14, logarithmic=True)
    y = Scale(10 ** np.floor(np.log10(least[1])), 1.0, 246, 40, logarithmic=True)
    axes = Axes(x, y)
    elements = axes.across(x.ticks(), [_rate(at) for at in x.ticks()], "two people accepted (FAR)")
    elements += axes.upwards(y.ticks(), [_rate(at) for at in y.ticks()], "one person refused (FRR)")
    line = tuple((x(max(point["far"], least[0])), y(max(point["frr"], least[1]))) for point in points)
    elements.append(Polyline(line, RIGHT, 2))
    for far in (1e-2, 1e-3):
        refused_rates = [point["frr"] for point in points if point["far"] <= far]
        if refused_rates and far * n_different >= 10:
            at = x(far), y(max(refused_rates[-1], least[1]))
            elements += [Marker(*at, Shape.SQUARE, WRONG), _beside(at, f"{percent(refused_rates[-1])} refused")]
    return Drawing(WIDTH, 286, tuple(elements))


def _rate(rate: float) -> str:
    return "all" if rate == 1 else f"{100 * rate:.10f}".rstrip("0").rstrip(".") + " %"


def _beside(at: tuple[float, float], text: str) -> Text:
    return Text(at[0] + 9, at[1] - 6, text)

"""Charts as JSON of Plotly figures: the matrices of people with people, and what was picked on them.

Pure functions of arrays and words; nothing here knows Streamlit or the store. A figure travels as JSON because one that
comes out of a cache in another key order loses its selection (ARCHITECTURE, 7.6); ``figure`` rebuilds it.

Every colour works on white and on near black, and none stands alone: right is a disc and wrong a cross.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor
from typing import Any, TypeVar

import numpy as np
import plotly.graph_objects as go
import plotly.io

from core.base.types import Doubles, Ints
from core.charts.confusion import ConfusionMatrix
from core.charts.palette import RIGHT, WRONG, label_uniquely, shorten_end
from core.language.texts import current_language
from core.language.texts import gettext as _
from core.ui import words

INK = {False: "#0E1618", True: "#E8EEEF"}
"""The text colours of the light and (True) the dark theme, which a figure cannot ask for."""
# Half transparent grey: it shows on white as on near black, and a figure is the same JSON for both.
FAINT_GRID = "rgba(128,128,128,0.16)"

TEXT_MOST = 25
"""The most people whose cells carry their number."""
HEAT_MOST = 60
"""The most people whose cells are filled squares; beyond, each cell that counts is a mark of fixed size."""
_AXES_PX = 150
"""What the names at the axes take of a matrix's height."""
_DEEPEST = 0.75
"""The opacity of the fullest cell: the theme's text can be read on it."""
Trace = TypeVar("Trace", go.Scatter, go.Scattergl)
_SHARE_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
_MOST_SHARE_STEPS = 6


def figure_from_json(figure_json: str) -> go.Figure:
    """Rebuild a figure from its JSON; the same JSON always gives the same figure."""
    return plotly.io.from_json(figure_json)


# the confusion matrix


def confusion_json(matrix: ConfusionMatrix, *, ink: str, as_shares: bool) -> str:
    """Draw who was given which name: right in blue on the diagonal, wrong in orange, the deeper the more.

    ``customdata`` of a cell holds the indices of its two people in the evaluation: true, given.
    """
    n = len(matrix.names)
    values = matrix.shares if as_shares else matrix.counts.astype(np.float64)
    figure = go.Figure(_heatmaps(matrix, values, as_shares) if n <= HEAT_MOST else [])
    figure.add_trace(_cell_marks(matrix, values, ink=ink, as_shares=as_shares))
    figure.update_layout(_people_by_people(axis_names(matrix.names), across=_("name given"), down=_("who it is")))
    return str(figure.to_json())


def share_axis(low: float, high: float) -> dict[str, Any]:
    """An axis of shares from low to high, its ticks written as everywhere: "50 %", where Plotly has "50%"."""
    step = next((step for step in _SHARE_STEPS if high - low <= step * _MOST_SHARE_STEPS), _SHARE_STEPS[-1])
    ticks = [number * step for number in range(ceil(max(low, 0) / step - 1e-9), floor(min(high, 1) / step + 1e-9) + 1)]
    return {"tickvals": ticks, "ticktext": [words.percent(share) for share in ticks]}


def number_signs() -> dict[str, str]:
    """The layout by which Plotly writes numbers as the language does; nothing where it does so anyway."""
    decimal_sign = current_language().decimal_sign
    return {} if decimal_sign == "." else {"separators": f"{decimal_sign}\u202f"}


def axis_names(names: Sequence[str]) -> list[str]:
    """Names cut for the axes, where a click tells the whole; whole where cutting would make two alike."""
    labels = label_uniquely(names, shorten_end)
    # Plotly reads tags, links too, in every text; a name is nothing but text.
    return [escape(name, quote=False) for name in labels]


def _people_by_people(labels: Sequence[str], *, across: str, down: str) -> dict[str, Any]:
    """The layout of a matrix of people with people; ``across`` and ``down`` say what the axes are."""
    n = len(labels)
    # Categories in our order, not numbers: zooming keeps names and cells together.
    axis = {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": list(labels),
        "range": [-0.5, n - 0.5],
        "showgrid": n <= HEAT_MOST,
        "gridcolor": FAINT_GRID,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"size": 12 if n <= TEXT_MOST else 11 if n <= HEAT_MOST else 8},
        "fixedrange": n <= HEAT_MOST,
    }
    return {
        "height": confusion_height_px(n),
        "margin": {"l": 4, "r": 4, "t": 4, "b": 4},
        "dragmode": "pan" if n <= HEAT_MOST else "zoom",
        "hovermode": "closest",
        "showlegend": False,
        "modebar": {"bgcolor": "rgba(0,0,0,0)"},
        "xaxis": {**axis, "title": {"text": across, "standoff": 8}, "tickangle": -45 if n <= TEXT_MOST else -90},
        # Downwards, as a matrix is read.
        "yaxis": {**axis, "title": {"text": down, "standoff": 8}, "range": [n - 0.5, -0.5]},
    }


def confusion_height_px(n: int) -> int:
    """Give the height of a matrix of n people, names at the axes included."""
    # As large as the number in a cell needs, then as its name at the axis does, of many people in smaller letters.
    cell = 38 if n <= 12 else 26 if n <= TEXT_MOST else 17 if n <= HEAT_MOST else 11
    return int(min(_AXES_PX + cell * n, 1_350))


def confusion_row_px(n: int, row: int) -> int:
    """Give how far below the top of a matrix of n people a row stands, a little above it."""
    return int(max(0, row / max(n, 1) * (confusion_height_px(n) - _AXES_PX) - 30))


def _heatmaps(matrix: ConfusionMatrix, values: Doubles, as_shares: bool) -> list[go.Heatmap]:
    # Two maps, since a heat map has one colour scale. NaN leaves a cell empty; 0 would fill it in the palest shade.
    right = np.eye(len(values), dtype=bool)
    return [
        _heatmap(matrix, np.where(right & (values > 0), values, np.nan), RIGHT, as_shares),
        _heatmap(matrix, np.where(~right & (values > 0), values, np.nan), WRONG, as_shares),
    ]


def _heatmap(matrix: ConfusionMatrix, values: Doubles, colour: str, as_shares: bool) -> go.Heatmap:
    labels = axis_names(matrix.names)
    # Shares are all of the same whole, so that two matrices can be compared; counts fill up to the largest.
    fullest = 1.0 if as_shares or np.isnan(values).all() else float(np.nanmax(values))
    return go.Heatmap(
        z=values,
        x=labels,
        y=labels,
        zmin=0,
        zmax=fullest,
        colorscale=[[0, _rgba(colour, 0.15)], [1, _rgba(colour, _DEEPEST)]],
        showscale=False,
        hoverinfo="skip",
        xgap=1,
        ygap=1,
    )


def _cell_marks(matrix: ConfusionMatrix, values: Doubles, *, ink: str, as_shares: bool) -> go.Scatter:
    """One mark a cell that counts: what is pointed at and clicked, and beyond ``HEAT_MOST`` people what is seen."""
    labels, (rows, columns) = axis_names(matrix.names), np.nonzero(matrix.counts)
    texts = [_cell_text(value, as_shares) for value in values[rows, columns]]
    trace = _trace_cells(go.Scatter, labels, matrix.people, rows, columns, texts).update(
        hovertext=[
            _cell_hover_text(matrix, row, column) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        textfont={"color": ink},
    )
    if len(labels) > HEAT_MOST:
        marker = {
            "color": np.where(rows == columns, RIGHT, WRONG).tolist(),
            "opacity": np.where(rows == columns, 0.45, 1.0).tolist(),
        }
        return trace.update(marker=marker, unselected={"marker": {"opacity": 0.2}, "textfont": {"color": ink}})
    # Over the heat map's squares marks are unseen, there to be pointed at and clicked; chosen, they get a shade.
    shade = {"marker": {"color": "rgba(128,128,128,0.45)"}}
    return trace.update(selected=shade, unselected={"marker": {"opacity": 1.0}, "textfont": {"color": ink}})


def _trace_cells(
    kind: type[Trace], labels: Sequence[str], people: Ints, rows: Ints, columns: Ints, texts: Sequence[str]
) -> Trace:
    """Marks without a colour on cells of a matrix, each with its text where there is room, and with its two people."""
    n = len(labels)
    # 0.8 leaves a gap between two marks; below 5 pixels nobody hits one.
    side = max(5.0, 0.8 * (confusion_height_px(n) - _AXES_PX) / max(n, 1))
    return kind(
        x=[labels[column] for column in columns.tolist()],
        y=[labels[row] for row in rows.tolist()],
        customdata=np.stack([people[rows], people[columns]], axis=1).tolist(),
        text=texts,
        mode="markers+text" if n <= TEXT_MOST else "markers",
        marker={"symbol": "square", "size": side, "color": "rgba(0,0,0,0)"},
        textfont={"size": 12},
    )


def _cell_hover_text(matrix: ConfusionMatrix, row: int, column: int) -> str:
    count, support = int(matrix.counts[row, column]), int(matrix.support[row])
    person, predicted = (escape(matrix.names[index], quote=False) for index in (row, column))
    if row == column:
        return _("{person}: {part} of {total} right", person=person, part=count, total=support)
    return _("{person} taken for {name}: {part} of {total}", person=person, name=predicted, part=count, total=support)


def _cell_text(value: float, as_shares: bool) -> str:
    return f"{100 * value:.0f}{words.PERCENT_SIGN}" if as_shares else f"{value:.0f}"


def _rgba(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


# who looks like whom


@dataclass(frozen=True, slots=True, eq=False)
class LikenessMatrix:
    """How alike people are, two by two, in the order in which it is shown."""

    names: Sequence[str]
    """Unique."""
    people: Ints
    """(n,) what tells the people apart"""
    values: Doubles
    """(n, n); NaN where there is none, the diagonal is not drawn"""
    nearest: float
    """The value of the deepest colour."""
    farthest: float
    """The value of no colour."""


def likeness_json(matrix: LikenessMatrix, *, ink: str, as_shares: bool) -> str:
    """Draw how alike people are, the deeper the more. ``customdata`` of a cell holds its two people: row, column."""
    labels, n = axis_names(matrix.names), len(matrix.names)
    values = np.where(np.eye(n, dtype=bool), np.nan, matrix.values)
    span = matrix.nearest - matrix.farthest
    # ``or 1``: with all values alike, there is no span to divide by.
    depth = np.clip((values - matrix.farthest) / (span or 1.0), 0, 1)
    colours = [[0, _rgba(RIGHT, 0.0)], [1, _rgba(RIGHT, 0.95 if n > TEXT_MOST else _DEEPEST)]]
    shade = go.Heatmap(
        z=depth, x=labels, y=labels, zmin=0, zmax=1, colorscale=colours, showscale=False, hoverinfo="skip"
    )
    figure = go.Figure(shade.update(xgap=1, ygap=1))
    figure.add_trace(_pairs_to_click(matrix, values, labels, ink=ink, as_shares=as_shares))
    figure.update_layout(_people_by_people(labels, across="", down=""))
    figure.update_layout(xaxis_showgrid=False, yaxis_showgrid=False)
    return str(figure.to_json())


def _pairs_to_click(
    matrix: LikenessMatrix, values: Doubles, labels: Sequence[str], *, ink: str, as_shares: bool
) -> go.Scatter | go.Scattergl:
    """An unseen mark on each cell, as heatmaps cannot be clicked; a few thousand are drawn by WebGL."""
    rows, columns = np.nonzero(~np.isnan(values))
    texts = [
        f"{100 * value:.0f}{words.PERCENT_SIGN}" if as_shares else f"{value:.0f}" for value in values[rows, columns]
    ]
    # One element of the page for each mark is too slow for thousands, which WebGL draws.
    kind = go.Scatter if len(labels) <= HEAT_MOST else go.Scattergl
    return _trace_cells(kind, labels, matrix.people, rows, columns, texts).update(
        hovertemplate=_("{first} and {second}: {value}", first="%{y}", second="%{x}", value="%{text}")
        + "<extra></extra>",
        textfont={"color": ink},
        unselected={"marker": {"opacity": 0.0}, "textfont": {"color": ink}},
    )


# what was picked


def picked_cells(event: Mapping[str, Any] | None) -> tuple[tuple[int, int], ...]:
    """Read the cells of a selection on the matrix: (true, given) as indices into the evaluation's people."""
    return tuple(dict.fromkeys((int(value[0]), int(value[1])) for value in picked_customdata(event)))


def picked_customdata(event: Mapping[str, Any] | None) -> list[Any]:
    """Read what the selected marks carry; those that carry nothing, such as a line to compare with, are passed over."""
    points = ((event or {}).get("selection") or {}).get("points") or []
    return [point["customdata"] for point in points if point.get("customdata") is not None]

"""Charts of a study as JSON of Plotly figures: shares with their intervals, by slice and by photos learned from.

Pure functions, as in ``core.ui.charts``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.charts.palette import GREY, RIGHT, WRONG
from core.charts.shares import IntervalChart, ShareCurve, ShareInterval, SharePoint
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.ui import charts, words

ROW_PX = 26
CURVE_HEIGHT_PX = 260


def slices_json(chart: IntervalChart, headings: Mapping[str, str], overall: float, *, ink: str) -> str:
    """Draw every slice as a dot on its interval, under the heading of its group, and a line at the accuracy of all.

    ``customdata`` of a dot holds what the slice is made by, and its name.

    Parameters
    ----------
    headings : what slices are made by, in words
    """
    # Lines by number and not by label: "not measured" stands under several headings, and would be one line of all.
    labels: dict[int, str] = {}
    positions = []
    for row in chart.rows:
        if (heading := f"<b>{headings[row.heading]}</b>") not in labels.values():
            labels[len(labels)] = heading
        positions.append(len(labels))
        labels[len(labels)] = f"{say_again(row.label)} ({words.count(row.faces)})"
    figure = go.Figure(
        _dot_trace(
            [row.share for row in chart.rows],
            positions,
            customdata=[[row.heading, row.label] for row in chart.rows],
            hovertext=[words.titled(say_again(row.label), f"{_share_text(row)}, {row.note}") for row in chart.rows],
            error_x=_error_bars(chart.rows),
        )
    )
    figure.add_vline(x=overall, line={"color": ink, "width": 1, "dash": "dot"})
    # On the side of the line where there is room for the words.
    figure.add_annotation(
        x=overall,
        y=1,
        yref="paper",
        xanchor="right" if overall > 0.5 else "left",
        yanchor="bottom",
        text=_("all {percentage}", percentage=words.percent(overall)),
        showarrow=False,
    )
    least = min([overall, *(row.low for row in chart.rows)])
    figure.update_layout(
        **_layout(40 + ROW_PX * len(labels), ink),
        xaxis={**_axis(), **charts.share_axis(least, 1), "range": _share_range(least)},
        yaxis={
            "tickvals": list(labels),
            "ticktext": list(labels.values()),
            "range": [len(labels) - 0.4, -0.6],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "ticks": "",
        },
    )
    return str(figure.to_json())


def curve_json(curve: ShareCurve, *, ink: str) -> str:
    """Draw accuracy with its interval over the number of photos learned from, which are placed evenly."""
    points = curve.points
    labels = [str(point.number) for point in points]
    hover = [
        ngettext("{number} face: {share}", "{number} faces: {share}", point.number, share=_share_text(point))
        for point in points
    ]
    trace = _dot_trace(labels, [point.share for point in points], hovertext=hover, error_y=_error_bars(curve.points))
    trace.update(mode="lines+markers", line={"color": RIGHT, "width": 2})
    figure = go.Figure(trace)
    # As categories: the numbers (1, 2, 3, 5, 8, 12) lie closest where the curve rises.
    figure.update_layout(
        **_layout(CURVE_HEIGHT_PX, ink),
        xaxis={**_axis(), "type": "category", "showgrid": False, "title": {"text": _("faces of each person")}},
        yaxis={**_axis(), **charts.share_axis(curve.least, 1), "range": _share_range(curve.least)},
    )
    return str(figure.to_json())


def read_picked_slice(event: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Read which slice was clicked, if one was."""
    customdata = next(iter(charts.picked_customdata(event)), None)
    return (str(customdata[0]), str(customdata[1])) if customdata else None


def _dot_trace(x: Sequence[Any], y: Sequence[Any], **more: Any) -> go.Scatter:
    return go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"color": RIGHT, "size": 11},
        selected={"marker": {"color": WRONG}},
        unselected={"marker": {"opacity": 1.0}},
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
        **more,
    )


def _error_bars(shares: Sequence[ShareInterval | SharePoint]) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [share.high - share.share for share in shares],
        "arrayminus": [share.share - share.low for share in shares],
        "color": GREY,
        "thickness": 1.5,
        "width": 4,
    }


def _share_text(share: ShareInterval | SharePoint) -> str:
    return _(
        "{percentage} right ({interval})",
        percentage=words.percent(share.share),
        interval=words.format_interval(share.low, share.high),
    )


def _share_range(least: float) -> list[float]:
    """From a little below the least to a little beyond 1, so that a dot on the edge is whole."""
    room = max(0.01, 1 - least) * 0.06
    return [max(-room, least - room), 1 + room]


def _axis() -> dict[str, Any]:
    return {"gridcolor": charts.FAINT_GRID, "zeroline": False, "ticks": "", "fixedrange": True}


def _layout(height_px: int, ink: str) -> dict[str, Any]:
    return {
        "height": height_px,
        "margin": {"l": 4, "r": 4, "t": 22, "b": 4},
        "dragmode": False,
        "hovermode": "closest",
        "font": {"color": ink},
        "showlegend": False,
        "modebar": {"bgcolor": "rgba(0,0,0,0)"},
    }

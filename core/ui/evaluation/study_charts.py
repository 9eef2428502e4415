"""Charts of a study as JSON of Plotly figures: shares with their intervals, by slice and by photos learned from.

Pure functions, as in ``core.ui.charts``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.ui import charts, words

ROW_PX = 26
CURVE_HEIGHT_PX = 260


def slices_json(groups: Mapping[str, Sequence[Mapping[str, Any]]], overall: float, *, ink: str) -> str:
    """Draw every slice as a dot on its interval, under the heading of its group, and a line at the accuracy of all.

    ``customdata`` of a dot holds what the slice is made by, and its name.

    Parameters
    ----------
    groups : heading to slices, each with ``by``, ``slice``, ``n`` and ``accuracy``
    """
    rows: list[Mapping[str, Any]] = []
    positions, labels, position = [], {}, 0
    for heading, slices in groups.items():
        labels[position] = f"<b>{heading}</b>"
        for slice_result in slices:
            position += 1
            rows.append(slice_result)
            positions.append(position)
            labels[position] = f"{slice_result['slice']} ({words.count(slice_result['n'])})"
        position += 1
    shares = [slice_result["accuracy"] for slice_result in rows]
    figure = go.Figure(
        _dot_trace(
            [share["mean"] for share in shares],
            positions,
            customdata=[[slice_result["by"], slice_result["slice"]] for slice_result in rows],
            hovertext=[_slice_hover_text(slice_result) for slice_result in rows],
            error_x=_error_bars(shares),
        )
    )
    figure.add_vline(x=overall, line={"color": ink, "width": 1, "dash": "dot"})
    figure.add_annotation(
        x=overall,
        y=1,
        yref="paper",
        xanchor="right" if overall > 0.5 else "left",
        yanchor="bottom",
        text=f"all {words.percent(overall)}",
        showarrow=False,
    )
    least = min([overall, *(share["low"] for share in shares)])
    figure.update_layout(
        **_layout(40 + ROW_PX * position, ink),
        xaxis={**_axis(), "tickformat": ".0%", "range": _share_range(least)},
        yaxis={
            "tickvals": list(labels),
            "ticktext": list(labels.values()),
            "range": [position - 0.4, -0.6],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "ticks": "",
        },
    )
    return str(figure.to_json())


def curve_json(points: Sequence[Mapping[str, Any]], *, ink: str) -> str:
    """Draw accuracy with its interval over the number of photos learned from, which are placed evenly."""
    shares = [point["accuracy"] for point in points]
    labels = [str(point["photos"]) for point in points]
    hover = [
        f"{words.count(point['photos'], 'face')}: {_share_text(share)}"
        for point, share in zip(points, shares, strict=True)
    ]
    trace = _dot_trace(labels, [share["mean"] for share in shares], hovertext=hover, error_y=_error_bars(shares))
    trace.update(mode="lines+markers", line={"color": charts.RIGHT, "width": 2})
    figure = go.Figure(trace)
    figure.update_layout(
        **_layout(CURVE_HEIGHT_PX, ink),
        xaxis={**_axis(), "type": "category", "showgrid": False, "title": {"text": "faces of each person"}},
        yaxis={**_axis(), "tickformat": ".1~%", "range": _share_range(min(share["low"] for share in shares))},
    )
    return str(figure.to_json())


def picked_slice(event: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Read which slice was clicked, if one was."""
    points = ((event or {}).get("selection") or {}).get("points") or []
    customdata = next((point["customdata"] for point in points if point.get("customdata")), None)
    return (str(customdata[0]), str(customdata[1])) if customdata else None


def _dot_trace(x: Sequence[Any], y: Sequence[Any], **more: Any) -> go.Scatter:
    return go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"color": charts.RIGHT, "size": 11},
        selected={"marker": {"color": charts.WRONG}},
        unselected={"marker": {"opacity": 1.0}},
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
        **more,
    )


def _error_bars(shares: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [share["high"] - share["mean"] for share in shares],
        "arrayminus": [share["mean"] - share["low"] for share in shares],
        "color": charts.GREY,
        "thickness": 1.5,
        "width": 4,
    }


def _slice_hover_text(slice_result: Mapping[str, Any]) -> str:
    return f"{slice_result['slice']}: {_share_text(slice_result['accuracy'])}, {words.count(slice_result['n'], 'face')}"


def _share_text(share: Mapping[str, float]) -> str:
    return f"{words.percent(share['mean'])} right ({words.percent(share['low'])} to {words.percent(share['high'])})"


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

"""Charts of a study as JSON of Plotly figures: shares with their intervals, by slice and by photos learned from.

Pure functions, as in ``core.ui.charts``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.ui import charts, words

ROW_PX = 26
CURVE_PX = 260


def slices_json(groups: Mapping[str, Sequence[Mapping[str, Any]]], overall: float, *, ink: str) -> str:
    """Draw every slice as a dot on its interval, under the heading of its group, and a line at the accuracy of all.

    ``customdata`` of a dot holds what the slice is made by, and its name.

    Parameters
    ----------
    groups : heading to slices, each with ``by``, ``slice``, ``n`` and ``accuracy``
    """
    rows: list[Mapping[str, Any]] = []
    places, labels, place = [], {}, 0
    for heading, some in groups.items():
        labels[place] = f"<b>{heading}</b>"
        for one in some:
            place += 1
            rows.append(one)
            places.append(place)
            labels[place] = f"{one['slice']} ({words.count(one['n'])})"
        place += 1
    shares = [one["accuracy"] for one in rows]
    drawn = go.Figure(
        _dots(
            [share["mean"] for share in shares],
            places,
            customdata=[[one["by"], one["slice"]] for one in rows],
            hovertext=[_told(one) for one in rows],
            error_x=_errors(shares),
        )
    )
    drawn.add_vline(x=overall, line={"color": ink, "width": 1, "dash": "dot"})
    drawn.add_annotation(
        x=overall,
        y=1,
        yref="paper",
        xanchor="right" if overall > 0.5 else "left",
        yanchor="bottom",
        text=f"all {words.percent(overall)}",
        showarrow=False,
    )
    least = min([overall, *(share["low"] for share in shares)])
    drawn.update_layout(
        **_layout(40 + ROW_PX * place, ink),
        xaxis={**_axis(), "tickformat": ".0%", "range": _range(least)},
        yaxis={
            "tickvals": list(labels),
            "ticktext": list(labels.values()),
            "range": [place - 0.4, -0.6],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "ticks": "",
        },
    )
    return str(drawn.to_json())


def curve_json(points: Sequence[Mapping[str, Any]], *, ink: str) -> str:
    """Draw accuracy with its interval over the number of photos learned from, which are placed evenly."""
    shares = [point["accuracy"] for point in points]
    labels = [str(point["photos"]) for point in points]
    hover = [
        f"{words.count(point['photos'], 'face')}: {_share(share)}" for point, share in zip(points, shares, strict=True)
    ]
    trace = _dots(labels, [share["mean"] for share in shares], hovertext=hover, error_y=_errors(shares))
    trace.update(mode="lines+markers", line={"color": charts.RIGHT, "width": 2})
    drawn = go.Figure(trace)
    drawn.update_layout(
        **_layout(CURVE_PX, ink),
        xaxis={**_axis(), "type": "category", "showgrid": False, "title": {"text": "faces of each person"}},
        yaxis={**_axis(), "tickformat": ".1~%", "range": _range(min(share["low"] for share in shares))},
    )
    return str(drawn.to_json())


def picked_slice(event: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Read which slice was clicked, if one was."""
    points = ((event or {}).get("selection") or {}).get("points") or []
    found = next((point["customdata"] for point in points if point.get("customdata")), None)
    return (str(found[0]), str(found[1])) if found else None


def _dots(x: Sequence[Any], y: Sequence[Any], **more: Any) -> go.Scatter:
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


def _errors(shares: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [share["high"] - share["mean"] for share in shares],
        "arrayminus": [share["mean"] - share["low"] for share in shares],
        "color": charts.GREY,
        "thickness": 1.5,
        "width": 4,
    }


def _told(one: Mapping[str, Any]) -> str:
    return f"{one['slice']}: {_share(one['accuracy'])}, {words.count(one['n'], 'face')}"


def _share(share: Mapping[str, float]) -> str:
    return f"{words.percent(share['mean'])} right ({words.percent(share['low'])} to {words.percent(share['high'])})"


def _range(least: float) -> list[float]:
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

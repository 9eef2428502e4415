"""Charts of how a recogniser was measured, as JSON of Plotly figures: scores, reliability, ranks, what changed.

Pure functions of numbers and words, by the conventions of ``charts``: blue is right or known, orange wrong or strange.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from core.charts.palette import GREY, RIGHT, WRONG
from core.charts.reliability import ReliabilityDiagram
from core.charts.shares import ShareCurve
from core.charts.similarity import Histogram, HistogramGroup
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, ngettext
from core.ui import charts, words

CHART_HEIGHT_PX = 300
CHANGES_HEIGHT_PX = 190
_MARGIN = {"l": 4, "r": 4, "t": 24, "b": 4}
_LEAST_MARK_PX, _MOST_MARK_PX = 7.0, 26.0


def histogram_json(histogram: Histogram, *, ink: str) -> str:
    """Draw several kinds of things by one value, each as shares of its kind, with the threshold as a line."""
    centres = ((histogram.edges[:-1] + histogram.edges[1:]) / 2).tolist()
    figure = go.Figure([_bars(histogram, group, centres) for group in histogram.groups])
    threshold = histogram.threshold
    figure.add_vline(x=threshold, line={"color": ink, "width": 2, "dash": "dash"})
    figure.add_annotation(
        x=threshold,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=_("limit {score}", score=localise_decimals(f"{threshold:.2f}")),
        showarrow=False,
    )
    _lay_out(figure, ink, say_again(histogram.title), _("share of its kind"))
    # Over each other and translucent, as shares of their kind: of lfw-dev there are 83 pairs of different people for
    # each pair of one person, which as counts, or stacked, would not be seen.
    figure.update_layout(
        barmode="overlay",
        bargap=0.05,
        legend={"orientation": "h", "y": 1.06, "yanchor": "bottom", "x": 0.0},
        margin={**_MARGIN, "t": 44},
        xaxis={"range": histogram.edges[[0, -1]].tolist(), "showgrid": False},
        yaxis=charts.share_axis(0, max(float(group.shares.max()) for group in histogram.groups)),
    )
    return str(figure.to_json())


def _bars(histogram: Histogram, group: HistogramGroup, centres: Sequence[float]) -> go.Bar:
    hover_text = _(
        "{kind}, {measure} {value}: {count} {unit}",
        kind=say_again(group.name),
        measure=say_again(histogram.title),
        value="%{x:.2f}",
        count="%{customdata}",
        unit=say_again(histogram.unit),
    )
    return go.Bar(
        name=say_again(group.name),
        x=centres,
        y=group.shares.tolist(),
        customdata=group.counts.tolist(),
        hovertemplate=f"{hover_text}<extra></extra>",
        marker={"color": group.colour, "opacity": 0.65},
    )


def reliability_json(diagram: ReliabilityDiagram, *, ink: str) -> str:
    """Draw how often names are right against how sure they were given; the larger a mark, the more faces."""
    bins = diagram.bins
    most = max(confidence_bin.faces for confidence_bin in bins)
    figure = go.Figure(go.Scatter(x=[0, 1], y=[0, 1], mode="lines", hoverinfo="skip", line={"color": GREY}))
    figure.add_annotation(x=0.3, y=0.3, text=_("as sure as right"), showarrow=False, textangle=-35, yshift=12)
    figure.add_trace(
        go.Scatter(
            x=[confidence_bin.mean_prob for confidence_bin in bins],
            y=[confidence_bin.share_right for confidence_bin in bins],
            mode="markers",
            hovertext=[
                ngettext(
                    "{sure} sure, {right} right: {number} face",
                    "{sure} sure, {right} right: {number} faces",
                    confidence_bin.faces,
                    sure=words.percent(confidence_bin.mean_prob, 0),
                    right=words.percent(confidence_bin.share_right, 0),
                )
                for confidence_bin in bins
            ],
            hoverinfo="text",
            marker={
                "color": RIGHT,
                "opacity": 0.85,
                # By the root, so that it is the area that goes with the number of faces.
                "size": [
                    _LEAST_MARK_PX + (_MOST_MARK_PX - _LEAST_MARK_PX) * (confidence_bin.faces / most) ** 0.5
                    for confidence_bin in bins
                ],
            },
        )
    )
    _lay_out(figure, ink, _("how sure it was"), _("how often it was right"))
    share = {"range": [-0.04, 1.06], **charts.share_axis(0, 1)}
    figure.update_layout(showlegend=False, xaxis=share, yaxis=share)
    return str(figure.to_json())


def ranks_json(curve: ShareCurve, *, ink: str) -> str:
    """Draw the share of faces whose true person is among the k most probable, for k from 1."""
    figure = go.Figure(
        go.Scatter(
            x=[point.number for point in curve.points],
            y=[point.share for point in curve.points],
            mode="lines+markers",
            line={"color": RIGHT},
            hovertext=[
                _("among the first {n_names}: {share}", n_names=point.number, share=words.percent(point.share))
                for point in curve.points
            ],
            hoverinfo="text",
        )
    )
    _lay_out(figure, ink, _("looked at so many names (k)"), _("true name among them"))
    # A scale from 0 would press curves that begin at 0.99 into one line; one that begins at the curve would make half a
    # per cent look like a cliff.
    low = min(0.9, curve.least - 0.02)
    figure.update_layout(xaxis={"dtick": 1}, yaxis={"range": [low, 1 + 0.04 * (1 - low)], **charts.share_axis(low, 1)})
    return str(figure.to_json())


def changes_json(both: int, only_old: int, only_new: int, neither: int, *, ink: str) -> str:
    """Draw what became of the faces as four fields: rows the older run, columns the newer one."""
    before, now = (_("right before"), _("wrong before")), (_("right now"), _("wrong now"))
    cells = [
        (now[0], before[0], both, GREY),
        (now[1], before[0], only_old, WRONG),
        (now[0], before[1], only_new, RIGHT),
        (now[1], before[1], neither, GREY),
    ]
    figure = go.Figure()
    for across, down, count, colour in cells:
        x_span = {"x0": now.index(across) - 0.48, "x1": now.index(across) + 0.48}
        y_span = {"y0": before.index(down) - 0.46, "y1": before.index(down) + 0.46}
        figure.add_shape(
            type="rect", **x_span, **y_span, fillcolor=colour, opacity=0.35 if count else 0.1, line={"width": 0}
        )
    figure.add_trace(
        go.Scatter(
            x=[now.index(across) for across, _, _, _ in cells],
            y=[before.index(down) for _, down, _, _ in cells],
            text=[f"<b>{words.count(count)}</b>" for _, _, count, _ in cells],
            hovertext=[words.titled(f"{down}, {across}", words.count(count)) for across, down, count, _ in cells],
            hovertemplate="%{hovertext}<extra></extra>",
            mode="text",
            textfont={"size": 17, "color": ink},
        )
    )
    _lay_out(figure, ink, "", "")
    axis = {"showgrid": False, "tickvals": [0, 1], "fixedrange": True, "range": [-0.5, 1.5]}
    # Read like a table: headings above the columns, the first row on top, where a chart counts upwards.
    figure.update_layout(
        height=CHANGES_HEIGHT_PX,
        xaxis={**axis, "ticktext": list(now), "side": "top"},
        yaxis={**axis, "ticktext": list(before), "range": [1.5, -0.5]},
    )
    return str(figure.to_json())


def _lay_out(figure: go.Figure, ink: str, across: str, up: str) -> None:
    def axis(title: str) -> dict[str, Any]:
        return {"title": {"text": title}, "gridcolor": charts.FAINT_GRID, "zeroline": False}

    figure.update_layout(
        height=CHART_HEIGHT_PX,
        margin=_MARGIN,
        hovermode="closest",
        font={"color": ink},
        modebar={"bgcolor": "rgba(0,0,0,0)"},
        xaxis=axis(across),
        yaxis=axis(up),
        **charts.number_signs(),
    )

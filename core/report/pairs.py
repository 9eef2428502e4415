"""What came out of the faces compared two by two: one person's, or two people's."""

from __future__ import annotations

import numpy as np

from core.base.words import count, format_interval, format_people_count, percent
from core.charts.similarity import DetCurve, build_det_curve, build_distance_histogram
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, ngettext
from core.learn.verification.own_pairs import OwnPairs
from core.learn.verification.pair_operating_points import PairOperatingPoint, PairOperatingPoints
from core.report.content import Facts, Figure, Paragraph, Section


def verification_section(pairs: OwnPairs, points: PairOperatingPoints) -> Section:
    """How well two faces are told to be one person's or two's."""
    rows = [
        (
            _("Pairs of one person"),
            _(
                "{pairs}, of {people}",
                pairs=count(pairs.n_genuine),
                people=format_people_count(pairs.scores.n_people),
            ),
        ),
        (_("Pairs of different people"), count(pairs.n_impostor)),
        (_("Accepted as often wrongly as refused (equal error rate)"), percent(pairs.eer, 2)),
        (_("Area under the ROC curve"), localise_decimals(f"{pairs.auc:.4f}")),
    ]
    rows += [_accepted_share(point) for point in points.points]
    intro = _(
        "The faces that are in the dataset now, compared two by two; near duplicates are no pair. The limits are read "
        "off these very pairs."
    )
    if pairs.is_sampled:
        intro += " " + _("The faces are many, so pairs were drawn, always the same.")
    blocks = (Paragraph(intro), Facts(_("Pairs"), tuple(rows)), _distances_figure(pairs), _det_figure(pairs, points))
    return Section("pairs", _("Same person? (1:1)"), blocks)


def _accepted_share(point: PairOperatingPoint) -> tuple[str, str]:
    tar = _(
        "{share} ({interval}), within {distance}",
        share=percent(point.tar, 2),
        interval=format_interval(*point.tar_ci95),
        distance=localise_decimals(f"{point.threshold:.3f}"),
    )
    return _("One person accepted where {rate} of different people are (TAR)", rate=_name_far(point.far)), tar


def _name_far(far: float) -> str:
    return _("1 in {n_pairs}", n_pairs=count(round(1 / far)))


def _distances_figure(pairs: OwnPairs) -> Figure:
    # Where the pairs are too few for any rate to be promised, about the equal error rate is refused.
    equal_error_distance = float(np.quantile(pairs.distances[pairs.same], 1 - pairs.eer))
    threshold = min(pairs.thresholds.values(), default=equal_error_distance)
    accepted, passed = pairs.accepted_shares(threshold)
    title = _(
        "Within {distance}: {accepted} of pairs of one person, {passed} of different people",
        distance=localise_decimals(f"{threshold:.2f}"),
        accepted=percent(accepted),
        passed=percent(passed, 2),
    )
    chart = build_distance_histogram(pairs.distances, pairs.same, threshold)
    return Figure(title, _("Histogram of distances. {finding}.", finding=title), chart)


def _det_figure(pairs: OwnPairs, points: PairOperatingPoints) -> Figure:
    chart = build_det_curve(pairs.distances, pairs.same, points.points)
    title = _("What every limit costs (DET curve)")
    costs = "; ".join(
        _(
            "{rate} of different people accepted, {percentage} of one person refused",
            rate=_name_far(far),
            percentage=percent(refused),
        )
        for far, refused in chart.marks
    )
    costs = costs or _("too few pairs for a rate")
    return Figure(title, f"{title}: {costs}.", chart, _explain_det_curve(chart, points))


def _explain_det_curve(chart: DetCurve, points: PairOperatingPoints) -> str:
    notes = [_("Both rates on logarithmic scales; nearer to the lower left corner is better.")]
    if chart.marks:
        squares = ngettext(
            "Squares: {rates}, as {number} pair of different people tell them.",
            "Squares: {rates}, as {number} pairs of different people tell them.",
            points.n_impostor,
            rates=", ".join(_name_far(far) for far, _refused in chart.marks),
        )
        notes.append(squares)
    if points.pairs_for_next is not None:
        notes.append(
            ngettext(
                "The next stricter rate takes {number} pair.",
                "The next stricter rate takes {number} pairs.",
                points.pairs_for_next,
            )
        )
    return " ".join(notes)

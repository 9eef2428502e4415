"""What came out: names, probabilities, strangers, pairs, and the errors one by one."""

from __future__ import annotations

import numpy as np

from core.base.words import (
    count,
    display_name,
    format_interval,
    format_people_count,
    format_probability,
    format_strangers_share,
    percent,
)
from core.charts.confusion import cut_confusion_matrix, describe_confusions, select_confused_people
from core.charts.reliability import build_reliability_diagram
from core.charts.shares import build_cumulative_match_curve, build_recall_intervals, sort_hardest_first
from core.charts.similarity import build_det_curve, build_distance_histogram, build_score_histogram
from core.learn.metrics.classification import Evaluation
from core.learn.metrics.predictions import Predictions
from core.learn.verification.own_pairs import OwnPairs
from core.learn.verification.pair_operating_points import PairOperatingPoints
from core.report.content import Block, ErrorCard, ErrorCards, FacePicture, Facts, Figure, Paragraph, Section, TableBlock
from core.report.material import ReportMaterial, WrongName

WORST_PEOPLE = 20
CONFUSED_MOST = 20
PAIRS_LISTED = 15
PEOPLE_LISTED = 40
LEAST_SPREAD = 1e-4
"""Scores that differ by less have no histogram."""


def known_people_section(material: ReportMaterial) -> Section:
    """How people are recognised whom it knows."""
    result = material.predictions.evaluation
    blocks: list[Block] = [
        Facts(
            "On faces that it had not learned",
            (
                (
                    "Right (accuracy)",
                    f"{percent(result.accuracy)}, {format_interval(*result.accuracy_ci95)} with 95\u00a0% certainty",
                ),
                ("Right, every person counting the same (balanced accuracy)", percent(result.balanced_accuracy)),
                ("Complete and exclusive, mean over people (macro F1)", percent(result.macro_f1)),
                ("Right name among the first three (top-3)", percent(result.top3)),
                ("Probabilities are off by (ECE)", percent(result.ece)),
                ("Right on the faces that it learned from", percent(material.run.metrics.train_accuracy)),
            ),
        ),
        _people_figure(result),
        _reliability_figure(material.predictions),
        *_rank_figure(material.predictions),
        *_confusion_figure(result),
        *_pairs_table(result),
        *_people_table(result),
    ]
    return Section("known", "People it knows", tuple(blocks))


def _people_figure(result: Evaluation) -> Figure:
    tested_people = sort_hardest_first(result)
    chart = build_recall_intervals(tested_people[:WORST_PEOPLE])
    n_always_right = sum(person_result.recall == 1 for person_result in tested_people)
    n_people = count(len(tested_people), "tested person", "tested people")
    title = f"{count(n_always_right)} of {n_people} were always recognised"
    note = "Whiskers: 95\u00a0% intervals (Wilson), wide where few faces were tested."
    if len(tested_people) > len(chart.rows):
        note = f"The {len(chart.rows)} hardest of {count(len(tested_people))}. {note}"
    description = "; ".join(f"{row.label} {percent(row.share)} ({row.note})" for row in chart.rows)
    return Figure(title, f"Share recognised of each person: {description}.", chart, note)


def _confusion_figure(result: Evaluation) -> tuple[Figure, ...]:
    if not result.most_confused:
        return ()
    chart = cut_confusion_matrix(result, select_confused_people(result, CONFUSED_MOST))
    n_all = len(select_confused_people(result, len(result.people)))
    note = "Blue, on the diagonal: right. Orange: taken for somebody else. The deeper, the larger the share."
    if n_all > len(chart.names):
        note = f"The {len(chart.names)} most confused of {count(n_all)} who were confused. {note}"
    # For those who do not see the chart: more than the worst five nobody listens to.
    top_pairs = [
        f"{display_name(p.person)} taken for {display_name(p.given)} {p.count} times" for p in result.most_confused[:5]
    ]
    return (Figure(describe_confusions(result), f"Confusion matrix. {'; '.join(top_pairs)}.", chart, note),)


def _reliability_figure(predictions: Predictions) -> Figure:
    chart = build_reliability_diagram(predictions)
    description = "; ".join(
        f"{percent(prob_bin.mean_prob)} sure, {percent(prob_bin.share_right)} right ({prob_bin.faces} faces)"
        for prob_bin in chart.bins
    )
    return Figure(
        f"Probabilities are off by {percent(predictions.evaluation.ece)} in the mean (ECE)",
        f"How often names were right, by how sure it was: {description}.",
        chart,
        "On the dashed line probabilities are honest; above it they are too modest, below too bold. Grey: how many "
        "faces. Whiskers: 95\u00a0% intervals.",
    )


def _rank_figure(predictions: Predictions) -> tuple[Figure, ...]:
    chart = build_cumulative_match_curve(predictions)
    if len(chart.points) < 2:
        return ()
    description = "; ".join(f"{point.number}: {percent(point.share)}" for point in chart.points)
    first, last = chart.points[0], chart.points[-1]
    title = f"The right name is first in {percent(first.share)}, among the first {last.number} in {percent(last.share)}"
    if first.share == 1:
        title = "The right name is always first"
    return (Figure(title, f"Share of faces whose right name is among the first k. {description}.", chart),)


def _pairs_table(result: Evaluation) -> tuple[TableBlock, ...]:
    if not result.most_confused:
        return ()
    support = {row.person: row.support for row in result.per_person}
    rows = tuple(
        (display_name(pair.person), display_name(pair.given), count(pair.count), count(support[pair.person]))
        for pair in result.most_confused[:PAIRS_LISTED]
    )
    more = len(result.most_confused) - len(rows)
    caption = "Who was taken for whom" + (
        f", the first {len(rows)} of {count(len(result.most_confused))}" if more else ""
    )
    return (TableBlock(caption, ("Person", "Taken for", "Times", "Of"), rows, right=frozenset({2, 3})),)


def _people_table(result: Evaluation) -> tuple[TableBlock, ...]:
    missed = sorted(
        (row for row in result.per_person if row.support and row.f1 < 1),
        key=lambda row: (row.f1, -row.support, row.person),
    )
    if not missed:
        return ()
    rows = tuple(
        (display_name(row.person), percent(row.recall), percent(row.precision), percent(row.f1), count(row.support))
        for row in missed[:PEOPLE_LISTED]
    )
    caption = "Who was not always named rightly, the hardest first"
    if len(missed) > len(rows):
        caption += f": {len(rows)} of {count(len(missed))}"
    columns = ("Person", "Recognised (recall)", "Name right (precision)", "F1", "Tested")
    return (TableBlock(caption, columns, rows, right=frozenset({1, 2, 3, 4})),)


# strangers


def strangers_section(material: ReportMaterial) -> Section:
    """When it says "unknown", and what that promises."""
    threshold = material.run.params.threshold
    blocks: list[Block] = [Paragraph(_rule(material)), _thresholds_table(material)]
    if figure := _score_figure(material.predictions, threshold.score):
        blocks.append(figure)
    return Section("strangers", "People it does not know", tuple(blocks))


def _rule(material: ReportMaterial) -> str:
    threshold = material.run.params.threshold
    rule = (
        f"A face gets a name when its score, how like that person it is, is above {threshold.score:.2f}; else it is "
        "unknown."
    )
    if threshold.from_prior:
        people = format_people_count(material.run.metrics.n_people)
        return (
            f"{rule} {people} are too few to learn this limit from them alone, so it is the model's own, measured on "
            f"other photos and moved by these: {format_strangers_share(threshold)} of strangers would get a name."
        )
    return (
        f"{rule} It was set by {format_people_count(threshold.n_impostor_people)} whom it did not know or who "
        f"were hidden from it in turn: of their {count(threshold.n_impostors, 'face')} about "
        f"{percent(threshold.expected)} would get a name; so {format_strangers_share(threshold)} of strangers would."
    )


def _thresholds_table(material: ReportMaterial) -> TableBlock:
    rows = tuple(
        (
            percent(operating_point.fpir),
            f"{operating_point.score:.2f}",
            percent(operating_point.fpir_expected, 2),
            format_interval(*operating_point.fpir_expected_ci95),
            "yes" if operating_point.enough_data else "no, too few people",
            percent(operating_point.correct_name_rate),
        )
        for operating_point in material.operating_points
    )
    columns = (
        "Strangers who may get a name (FPIR)",
        "Limit",
        "To expect",
        "95\u00a0% interval",
        "Can be promised",
        "Known faces rightly named (DIR)",
    )
    return TableBlock("Limits to choose from", columns, rows, right=frozenset({0, 1, 2, 3, 5}))


def _score_figure(predictions: Predictions, threshold: float) -> Figure | None:
    chart = build_score_histogram(predictions, threshold)
    # One value alone has no distribution; its bins would be narrower than rounding.
    if not chart.groups or chart.edges[-1] - chart.edges[0] < LEAST_SPREAD:
        return None
    right = predictions.scores[~predictions.wrong]
    share_above = float(np.mean(right > threshold)) if len(right) else 0.0
    title = f"{percent(share_above)} of the rightly named faces are above the limit"
    note = "How like the person named it is. "
    if predictions.impostors is not None:
        title += f", {percent(float(predictions.impostors.passing(threshold).mean()))} of strangers"
        note += "Strangers count person by person. "
    note += "Crosses: known people under a wrong name." if len(chart.strays) else ""
    return Figure(title, f"Histogram of the score. {title}, which is {threshold:.2f}.", chart, note.strip())


# same person?


def verification_section(pairs: OwnPairs, points: PairOperatingPoints) -> Section:
    """How well two faces are told to be one person's or two's."""
    rows = [
        ("Pairs of one person", f"{count(pairs.n_genuine)}, of {format_people_count(pairs.scores.n_people)}"),
        ("Pairs of different people", count(pairs.n_impostor)),
        ("Accepted as often wrongly as refused (equal error rate)", percent(pairs.eer, 2)),
        ("Area under the ROC curve", f"{pairs.auc:.4f}"),
    ]
    for point in points.points:
        tar = f"{percent(point.tar, 2)} ({format_interval(*point.tar_ci95)}), within {point.threshold:.3f}"
        rows.append((f"One person accepted where {_name_far(point.far)} of different people are (TAR)", tar))
    intro = (
        "The faces that are in the dataset now, compared two by two; near duplicates are no pair. The limits are read "
        "off these very pairs."
    )
    if pairs.is_sampled:
        intro += " The faces are many, so pairs were drawn, always the same."
    blocks = (Paragraph(intro), Facts("Pairs", tuple(rows)), _distances_figure(pairs), _det_figure(pairs, points))
    return Section("pairs", "Same person? (1:1)", blocks)


def _name_far(far: float) -> str:
    return f"1 in {count(round(1 / far))}"


def _distances_figure(pairs: OwnPairs) -> Figure:
    # Where the pairs are too few for any rate to be promised, about the equal error rate is refused.
    equal_error_distance = float(np.quantile(pairs.distances[pairs.same], 1 - pairs.eer))
    threshold = min(pairs.thresholds.values(), default=equal_error_distance)
    accepted, passed = pairs.accepted_shares(threshold)
    title = (
        f"Within {threshold:.2f}: {percent(accepted)} of pairs of one person, {percent(passed, 2)} of different people"
    )
    chart = build_distance_histogram(pairs.distances, pairs.same, threshold)
    return Figure(title, f"Histogram of distances. {title}.", chart)


def _det_figure(pairs: OwnPairs, points: PairOperatingPoints) -> Figure:
    chart = build_det_curve(pairs.distances, pairs.same, points.points)
    title = "What every limit costs (DET curve)"
    description = "; ".join(
        f"{_name_far(far)} of different people accepted, {percent(refused)} of one person refused"
        for far, refused in chart.marks
    )
    note = "Both rates on logarithmic scales; nearer to the lower left corner is better. "
    if chart.marks:
        told = ", ".join(_name_far(far) for far, _ in chart.marks)
        note += f"Squares: {told}, as {count(points.n_impostor, 'pair')} of different people tell them. "
    if points.pairs_for_next is not None:
        note += f"The next stricter rate takes {count(points.pairs_for_next, 'pair')}."
    return Figure(title, f"{title}: {description or 'too few pairs for a rate'}.", chart, note.strip())


# errors


def worst_errors_section(material: ReportMaterial) -> Section:
    """The surest errors, face by face."""
    n = material.n_errors
    if not n:
        text = f"None: everybody on the {count(material.predictions.evaluation.n_test, 'tested face')} was recognised."
        return Section("errors", "Worst errors", (Paragraph(text),))
    wrong_names = material.mistakes
    intro = f"{count(n, 'face')} got a wrong name. " if n > 1 else "One face got a wrong name. "
    if len(wrong_names) < n:
        intro += f"The {len(wrong_names)} surest are shown. "
    if not material.with_faces:
        intro += "Pictures of people are left out of this report."
    elif any(wrong_name.like for wrong_name in wrong_names):
        intro += "Beside each: of the faces learned as the person it was taken for, the one most like it."
    threshold = material.run.params.threshold.score
    cards = tuple(_error_card(wrong_name, threshold) for wrong_name in wrong_names)
    return Section("errors", "Worst errors", (Paragraph(intro.strip()), ErrorCards(cards)))


def _error_card(wrong_name: WrongName, threshold: float) -> ErrorCard:
    name, taken_for = display_name(wrong_name.person), display_name(wrong_name.assigned_name)
    pictures = []
    if wrong_name.face is not None:
        pictures.append(FacePicture(wrong_name.face, f"Face of {name}, taken for {taken_for}", "the face"))
    if wrong_name.like is not None:
        pictures.append(FacePicture(wrong_name.like, f"A face of {taken_for} that was learned", taken_for))
    verdict = "above the limit" if wrong_name.score > threshold else "below the limit, so it would be called unknown"
    certainty = (
        f"{format_probability(wrong_name.prob)} sure; score {wrong_name.score:.2f}, {verdict}; "
        f"distance {wrong_name.distance:.2f}"
    )
    return ErrorCard(name, taken_for, certainty, tuple(pictures))

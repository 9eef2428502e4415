"""What came out: names, probabilities, strangers, and the errors one by one."""

from __future__ import annotations

import numpy as np

from core.base.words import (
    PERCENT_SIGN,
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
from core.charts.similarity import build_score_histogram
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, ngettext, pgettext
from core.learn.metrics.classification import Evaluation
from core.learn.metrics.predictions import Predictions
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
            _("On faces that it had not learned"),
            (
                (_("Right (accuracy)"), _accuracy(result)),
                (_("Right, every person counting the same (balanced accuracy)"), percent(result.balanced_accuracy)),
                (_("Complete and exclusive, mean over people (macro F1)"), percent(result.macro_f1)),
                (_("Right name among the first three (top-3)"), percent(result.top3)),
                (_("Probabilities are off by (ECE)"), percent(result.ece)),
                (_("Right on the faces that it learned from"), percent(material.run.metrics.train_accuracy)),
            ),
        ),
        _people_figure(result),
        _reliability_figure(material.predictions),
        *_rank_figure(material.predictions),
        *_confusion_figure(result),
        *_pairs_table(result),
        *_people_table(result),
    ]
    return Section("known", _("People it knows"), tuple(blocks))


def _accuracy(result: Evaluation) -> str:
    return _(
        "{accuracy}, {interval} with {percentage} certainty",
        accuracy=percent(result.accuracy),
        interval=format_interval(*result.accuracy_ci95),
        percentage=f"95{PERCENT_SIGN}",
    )


def _people_figure(result: Evaluation) -> Figure:
    tested_people = sort_hardest_first(result)
    chart = build_recall_intervals(tested_people[:WORST_PEOPLE])
    n_always_right = sum(person_result.recall == 1 for person_result in tested_people)
    title = ngettext(
        "{always_right} of {number} tested person were always recognised",
        "{always_right} of {number} tested people were always recognised",
        len(tested_people),
        always_right=count(n_always_right),
    )
    note = _("Whiskers: 95\u00a0% intervals (Wilson), wide where few faces were tested.")
    if len(tested_people) > len(chart.rows):
        hardest = _("The {shown} hardest of {total}.", shown=len(chart.rows), total=count(len(tested_people)))
        note = f"{hardest} {note}"
    shares = "; ".join(f"{row.label} {percent(row.share)} ({row.note})" for row in chart.rows)
    return Figure(title, _("Share recognised of each person: {shares}.", shares=shares), chart, note)


def _confusion_figure(result: Evaluation) -> tuple[Figure, ...]:
    if not result.most_confused:
        return ()
    chart = cut_confusion_matrix(result, select_confused_people(result, CONFUSED_MOST))
    n_all = len(select_confused_people(result, len(result.people)))
    note = _("Blue, on the diagonal: right. Orange: taken for somebody else. The deeper, the larger the share.")
    if n_all > len(chart.names):
        shown, total = len(chart.names), count(n_all)
        confused = _("The {shown} most confused of {total} who were confused.", shown=shown, total=total)
        note = f"{confused} {note}"
    # For those who do not see the chart: more than the worst five nobody listens to.
    top_pairs = "; ".join(
        _(
            "{person} taken for {name} {times} times",
            person=display_name(pair.person),
            name=display_name(pair.given),
            times=pair.count,
        )
        for pair in result.most_confused[:5]
    )
    alt_text = _("Confusion matrix. {confusions}.", confusions=top_pairs)
    return (Figure(describe_confusions(result), alt_text, chart, note),)


def _reliability_figure(predictions: Predictions) -> Figure:
    chart = build_reliability_diagram(predictions)
    description = "; ".join(
        _(
            "{sure} sure, {right} right ({faces} faces)",
            sure=percent(prob_bin.mean_prob),
            right=percent(prob_bin.share_right),
            faces=prob_bin.faces,
        )
        for prob_bin in chart.bins
    )
    return Figure(
        _("Probabilities are off by {percentage} in the mean (ECE)", percentage=percent(predictions.evaluation.ece)),
        _("How often names were right, by how sure it was: {shares}.", shares=description),
        chart,
        _(
            "On the dashed line probabilities are honest; above it they are too modest, below too bold. Grey: how many "
            "faces. Whiskers: 95\u00a0% intervals."
        ),
    )


def _rank_figure(predictions: Predictions) -> tuple[Figure, ...]:
    chart = build_cumulative_match_curve(predictions)
    if len(chart.points) < 2:
        return ()
    description = "; ".join(f"{point.number}: {percent(point.share)}" for point in chart.points)
    first, last = chart.points[0], chart.points[-1]
    title = _(
        "The right name is first in {share}, among the first {n_names} in {share_among}",
        share=percent(first.share),
        n_names=last.number,
        share_among=percent(last.share),
    )
    if first.share == 1:
        title = _("The right name is always first")
    alt_text = _("Share of faces whose right name is among the first k. {shares}.", shares=description)
    return (Figure(title, alt_text, chart),)


def _pairs_table(result: Evaluation) -> tuple[TableBlock, ...]:
    if not result.most_confused:
        return ()
    support = {row.person: row.support for row in result.per_person}
    rows = tuple(
        (display_name(pair.person), display_name(pair.given), count(pair.count), count(support[pair.person]))
        for pair in result.most_confused[:PAIRS_LISTED]
    )
    more = len(result.most_confused) - len(rows)
    caption = _("Who was taken for whom")
    if more:
        caption = _(
            "Who was taken for whom, the first {shown} of {total}",
            shown=len(rows),
            total=count(len(result.most_confused)),
        )
    columns = (_("Person"), _("Taken for"), pgettext("how often", "Times"), pgettext("of so many", "Of"))
    return (TableBlock(caption, columns, rows, right=frozenset({2, 3})),)


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
    caption = _("Who was not always named rightly, the hardest first")
    if len(missed) > len(rows):
        caption = _(
            "Who was not always named rightly, the hardest first: {shown} of {total}",
            shown=len(rows),
            total=count(len(missed)),
        )
    columns = (_("Person"), _("Recognised (recall)"), _("Name right (precision)"), "F1", _("Tested"))
    return (TableBlock(caption, columns, rows, right=frozenset({1, 2, 3, 4})),)


# strangers


def strangers_section(material: ReportMaterial) -> Section:
    """When it says "unknown", and what that promises."""
    threshold = material.run.params.threshold
    blocks: list[Block] = [Paragraph(_rule(material)), _thresholds_table(material)]
    if figure := _score_figure(material.predictions, threshold.score):
        blocks.append(figure)
    return Section("strangers", _("People it does not know"), tuple(blocks))


def _rule(material: ReportMaterial) -> str:
    threshold = material.run.params.threshold
    rule = _(
        "A face gets a name when its score, how like that person it is, is above {score}; else it is unknown.",
        score=_two_decimals(threshold.score),
    )
    if threshold.from_prior:
        origin = _(
            "{people} are too few to learn this limit from them alone, so it is the model's own, measured on other "
            "photos and moved by these: {share} of strangers would get a name.",
            people=format_people_count(material.run.metrics.n_people),
            share=format_strangers_share(threshold),
        )
    else:
        origin = ngettext(
            "It was set by {people} whom it did not know or who were hidden from it in turn: of their {number} face "
            "about {percentage} would get a name; so {share} of strangers would.",
            "It was set by {people} whom it did not know or who were hidden from it in turn: of their {number} faces "
            "about {percentage} would get a name; so {share} of strangers would.",
            threshold.n_impostors,
            people=format_people_count(threshold.n_impostor_people),
            percentage=percent(threshold.expected),
            share=format_strangers_share(threshold),
        )
    return f"{rule} {origin}"


def _two_decimals(value: float) -> str:
    return localise_decimals(f"{value:.2f}")


def _thresholds_table(material: ReportMaterial) -> TableBlock:
    rows = tuple(
        (
            percent(operating_point.fpir),
            _two_decimals(operating_point.score),
            percent(operating_point.fpir_expected, 2),
            format_interval(*operating_point.fpir_expected_ci95),
            _("yes") if operating_point.enough_data else _("no, too few people"),
            percent(operating_point.correct_name_rate),
        )
        for operating_point in material.operating_points
    )
    columns = (
        _("Strangers who may get a name (FPIR)"),
        _("Limit"),
        _("To expect"),
        _("95\u00a0% interval"),
        _("Can be promised"),
        _("Known faces rightly named (DIR)"),
    )
    return TableBlock(_("Limits to choose from"), columns, rows, right=frozenset({0, 1, 2, 3, 5}))


def _score_figure(predictions: Predictions, threshold: float) -> Figure | None:
    chart = build_score_histogram(predictions, threshold)
    # One value alone has no distribution; its bins would be narrower than rounding.
    if not chart.groups or chart.edges[-1] - chart.edges[0] < LEAST_SPREAD:
        return None
    right = predictions.scores[~predictions.wrong]
    share_above = float(np.mean(right > threshold)) if len(right) else 0.0
    title = _("{percentage} of the rightly named faces are above the limit", percentage=percent(share_above))
    notes = [_("How like the person named it is.")]
    if predictions.impostors is not None:
        title = _(
            "{percentage} of the rightly named faces are above the limit, {share} of strangers",
            percentage=percent(share_above),
            share=percent(float(predictions.impostors.passing(threshold).mean())),
        )
        notes.append(_("Strangers count person by person."))
    if len(chart.strays):
        notes.append(_("Crosses: known people under a wrong name."))
    alt_text = _("Histogram of the score. {finding}, which is {score}.", finding=title, score=_two_decimals(threshold))
    return Figure(title, alt_text, chart, " ".join(notes))


# errors


def worst_errors_section(material: ReportMaterial) -> Section:
    """The surest errors, face by face."""
    n = material.n_errors
    if not n:
        text = ngettext(
            "None: everybody on the {number} tested face was recognised.",
            "None: everybody on the {number} tested faces was recognised.",
            material.predictions.evaluation.n_test,
        )
        return Section("errors", _("Worst errors"), (Paragraph(text),))
    threshold = material.run.params.threshold.score
    cards = tuple(_error_card(wrong_name, threshold) for wrong_name in material.mistakes)
    return Section("errors", _("Worst errors"), (Paragraph(_introduce_errors(material)), ErrorCards(cards)))


def _introduce_errors(material: ReportMaterial) -> str:
    n, wrong_names = material.n_errors, material.mistakes
    sentences = [ngettext("One face got a wrong name.", "{number} faces got a wrong name.", n)]
    if len(wrong_names) < n:
        sentences.append(_("The {shown} surest are shown.", shown=len(wrong_names)))
    if not material.with_faces:
        sentences.append(_("Pictures of people are left out of this report."))
    elif any(wrong_name.like for wrong_name in wrong_names):
        sentences.append(_("Beside each: of the faces learned as the person it was taken for, the one most like it."))
    return " ".join(sentences)


def _error_card(wrong_name: WrongName, threshold: float) -> ErrorCard:
    name, taken_for = display_name(wrong_name.person), display_name(wrong_name.assigned_name)
    pictures = []
    if wrong_name.face is not None:
        pictures.append(
            FacePicture(
                wrong_name.face, _("Face of {person}, taken for {name}", person=name, name=taken_for), _("the face")
            )
        )
    if wrong_name.like is not None:
        pictures.append(FacePicture(wrong_name.like, _("A face of {name} that was learned", name=taken_for), taken_for))
    certainty = _(
        "{percentage} sure; score {score}, {verdict}; distance {distance}",
        percentage=format_probability(wrong_name.prob),
        score=_two_decimals(wrong_name.score),
        verdict=_("above the limit")
        if wrong_name.score > threshold
        else _("below the limit, so it would be called unknown"),
        distance=_two_decimals(wrong_name.distance),
    )
    return ErrorCard(name, taken_for, certainty, tuple(pictures))

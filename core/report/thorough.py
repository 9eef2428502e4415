"""The study of a run, where there is one: repeated folds, other classifiers, slices, the learning curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.base.words import count, format_interval, percent
from core.charts.shares import IntervalChart, build_classifier_intervals, build_learning_curve, build_slice_intervals
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, marked, ngettext
from core.learn.metrics.bootstrap import Interval
from core.learn.model_selection.study import MeasuredClassifier, Study
from core.report.content import Block, Figure, Paragraph, Section, TableBlock

FIGURES = (
    marked("Right (accuracy)"),
    marked("Every person counting the same (balanced accuracy)"),
    marked("Complete and exclusive (macro F1)"),
    marked("Among the first three (top-3)"),
)
"""In the order of ``FoldSummary.figures``."""


def repeated_study_section(study: Study, run_revision: int) -> Section:
    """Everything that repeated folds tell."""
    intro = say_again(study.protocol)
    if study.revision != run_revision:
        intro += " " + _("It was measured at revision {revision} of the photos.", revision=study.revision)
    blocks: list[Block] = [Paragraph(intro), _table(study), *_classifiers(study), *_slices(study), *_curve(study)]
    blocks.append(Paragraph(_("The crops. {verdict}", verdict=say_again(study.check.sentence))))
    return Section("study", _("Measured again and again"), tuple(blocks))


def _interval(estimate: Interval) -> str:
    return f"{percent(estimate.mean)} ({format_interval(estimate.low, estimate.high)})"


def _table(study: Study) -> TableBlock:
    figures = zip(FIGURES, study.figures, study.baseline.figures, strict=True)
    rows = tuple((_(name), _interval(here), _interval(baseline)) for name, here, baseline in figures)
    columns = (_("What"), _("This classifier (95 % interval)"), _("Without looking (baseline)"))
    return TableBlock(_("The mean over all repetitions"), columns, rows, right=frozenset({1, 2}))


def _classifiers(study: Study) -> tuple[Block, ...]:
    # Whatever is no better than guessing would stretch the scale until the others lie on one spot; the table has it.
    better = [classifier for classifier in study.classifiers if classifier.accuracy.mean > study.baseline.accuracy.mean]
    if not better:
        return (_classifiers_table(study.classifiers),)
    chart = _said(build_classifier_intervals(better))
    description = "; ".join(f"{row.label} {row.note}" for row in chart.rows)
    figure = Figure(_("Other classifiers on the same folds"), _("Accuracy: {shares}.", shares=description), chart)
    return (Paragraph(say_again(study.why)), figure, _classifiers_table(study.classifiers))


def _classifiers_table(classifiers: Sequence[MeasuredClassifier]) -> TableBlock:
    rows = tuple(
        (
            say_again(classifier.title),
            _interval(classifier.accuracy),
            percent(classifier.macro_f1.mean),
            percent(classifier.top3.mean),
            localise_decimals(f"{1000 * classifier.fit_s:.3g} ms"),
            localise_decimals(f"{1000 * classifier.predict_ms:.3g} µs"),
        )
        for classifier in classifiers
    )
    columns = (
        _("Classifier"),
        _("Right (95 % interval)"),
        _("Macro F1"),
        _("Top-3"),
        _("Time to learn"),
        _("Time for a face"),
    )
    return TableBlock(_("Classifiers compared"), columns, rows, right=frozenset({1, 2, 3, 4, 5}))


def _slices(study: Study) -> tuple[Figure, ...]:
    partial_slices = [data_slice for data_slice in study.slices if data_slice.n < study.faces]
    if not partial_slices:
        return ()
    chart = _said(build_slice_intervals(partial_slices))
    title = _("No kind of face is harder than the others, as far as these photos can tell")
    if hardest := study.hardest_slice:
        title = ngettext(
            "Hardest: {kind} {slice}, {share} of {number} face right",
            "Hardest: {kind} {slice}, {share} of {number} faces right",
            hardest.n,
            kind=_(hardest.by),
            slice=say_again(hardest.slice),
            share=percent(hardest.accuracy.mean),
        )
    description = "; ".join(
        _(
            "{by_kind}, {slice}: {share} of {faces}",
            by_kind=row.heading,
            slice=row.label,
            share=percent(row.share),
            faces=row.note,
        )
        for row in chart.rows
    )
    return (Figure(title, _("Accuracy by slices. {shares}.", shares=description), chart),)


def _said(chart: IntervalChart) -> IntervalChart:
    """The chart with what a study keeps in English, in the language of the report."""
    rows = [
        replace(
            row,
            label=say_again(row.label),
            heading=_("By {kind}", kind=_(row.heading)) if row.heading else "",
        )
        for row in chart.rows
    ]
    return IntervalChart(rows, chart.title)


def _curve(study: Study) -> tuple[Figure, ...]:
    chart = build_learning_curve(study.learning_curve)
    if len(chart.points) < 2:
        return ()
    first, last = chart.points[0], chart.points[-1]
    title = ngettext(
        "{share} right with {number} photo of each person, {share_most} with {most}",
        "{share} right with {number} photos of each person, {share_most} with {most}",
        first.number,
        share=percent(first.share),
        share_most=percent(last.share),
        most=count(last.number),
    )
    description = "; ".join(f"{point.number}: {percent(point.share)}" for point in chart.points)
    alt_text = _("Learning curve: accuracy by photos of each person. {shares}.", shares=description)
    return (Figure(title, alt_text, chart),)

"""The study of a run, where there is one: repeated folds, other classifiers, slices, the learning curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.base.words import count, format_interval, percent
from core.charts.shares import IntervalChart, build_classifier_intervals, build_learning_curve, build_slice_intervals
from core.learn.metrics.bootstrap import Interval
from core.learn.model_selection.study import MeasuredClassifier, Study
from core.report.content import Block, Figure, Paragraph, Section, TableBlock

FIGURES = (
    "Right (accuracy)",
    "Every person counting the same (balanced accuracy)",
    "Complete and exclusive (macro F1)",
    "Among the first three (top-3)",
)
"""In the order of ``FoldSummary.figures``."""


def repeated_study_section(study: Study, run_revision: int) -> Section:
    """Everything that repeated folds tell."""
    intro = study.protocol
    if study.revision != run_revision:
        intro += f" It was measured at revision {study.revision} of the photos."
    blocks: list[Block] = [Paragraph(intro), _table(study), *_classifiers(study), *_slices(study), *_curve(study)]
    blocks.append(Paragraph(f"The crops. {study.check.sentence}"))
    return Section("study", "Measured again and again", tuple(blocks))


def _interval(estimate: Interval) -> str:
    return f"{percent(estimate.mean)} ({format_interval(estimate.low, estimate.high)})"


def _table(study: Study) -> TableBlock:
    figures = zip(FIGURES, study.figures, study.baseline.figures, strict=True)
    rows = tuple((name, _interval(here), _interval(baseline)) for name, here, baseline in figures)
    columns = ("What", "This classifier (95 % interval)", "Without looking (baseline)")
    return TableBlock("The mean over all repetitions", columns, rows, right=frozenset({1, 2}))


def _classifiers(study: Study) -> tuple[Block, ...]:
    # Whatever is no better than guessing would stretch the scale until the others lie on one spot; the table has it.
    better = [classifier for classifier in study.classifiers if classifier.accuracy.mean > study.baseline.accuracy.mean]
    if not better:
        return (_classifiers_table(study.classifiers),)
    chart = build_classifier_intervals(better)
    description = "; ".join(f"{row.label} {row.note}" for row in chart.rows)
    figure = Figure("Other classifiers on the same folds", f"Accuracy: {description}.", chart)
    return (Paragraph(study.why), figure, _classifiers_table(study.classifiers))


def _classifiers_table(classifiers: Sequence[MeasuredClassifier]) -> TableBlock:
    rows = tuple(
        (
            classifier.title,
            _interval(classifier.accuracy),
            percent(classifier.macro_f1.mean),
            percent(classifier.top3.mean),
            f"{1000 * classifier.fit_s:.3g} ms",
            f"{1000 * classifier.predict_ms:.3g} µs",
        )
        for classifier in classifiers
    )
    columns = ("Classifier", "Right (95 % interval)", "Macro F1", "Top-3", "Time to learn", "Time for a face")
    return TableBlock("Classifiers compared", columns, rows, right=frozenset({1, 2, 3, 4, 5}))


def _slices(study: Study) -> tuple[Figure, ...]:
    partial_slices = [data_slice for data_slice in study.slices if data_slice.n < study.faces]
    if not partial_slices:
        return ()
    chart = build_slice_intervals(partial_slices)
    title = "No kind of face is harder than the others, as far as these photos can tell"
    if hardest := study.hardest_slice:
        share, faces = percent(hardest.accuracy.mean), count(hardest.n, "face")
        title = f"Hardest: {hardest.by} {hardest.slice}, {share} of {faces} right"
    description = "; ".join(f"By {row.heading}, {row.label}: {percent(row.share)} of {row.note}" for row in chart.rows)
    headed = IntervalChart([replace(row, heading=f"By {row.heading}") for row in chart.rows], chart.title)
    return (Figure(title, f"Accuracy by slices. {description}.", headed),)


def _curve(study: Study) -> tuple[Figure, ...]:
    chart = build_learning_curve(study.learning_curve)
    if len(chart.points) < 2:
        return ()
    first, last = chart.points[0], chart.points[-1]
    few, many = count(first.number, "photo"), count(last.number)
    title = f"{percent(first.share)} right with {few} of each person, {percent(last.share)} with {many}"
    description = "; ".join(f"{point.number}: {percent(point.share)}" for point in chart.points)
    return (Figure(title, f"Learning curve: accuracy by photos of each person. {description}.", chart),)

"""The study of a run, where there is one: repeated folds, other classifiers, slices, the learning curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.base.words import count, percent
from core.report import figures
from core.report.content import Block, Figure, Paragraph, Section, TableBlock
from core.report.figures import DotRow, SharePoint

FIGURES = {
    "accuracy": "Right (accuracy)",
    "balanced_accuracy": "Every person counting the same (balanced accuracy)",
    "macro_f1": "Complete and exclusive (macro F1)",
    "top3": "Among the first three (top-3)",
}


def repeated_study_section(study: Mapping[str, Any], run_revision: int) -> Section:
    """Everything that repeated folds tell."""
    intro = study["protocol"]
    if study["revision"] != run_revision:
        intro += f" It was measured at revision {study['revision']} of the photos."
    blocks: list[Block] = [Paragraph(intro), _table(study), *_classifiers(study), *_slices(study), *_curve(study)]
    blocks.append(Paragraph(f"The crops. {study['check']['sentence']}"))
    return Section("study", "Measured again and again", tuple(blocks))


def _interval(estimate: Mapping[str, float]) -> str:
    return f"{percent(estimate['mean'])} ({percent(estimate['low'])} to {percent(estimate['high'])})"


def _table(study: Mapping[str, Any]) -> TableBlock:
    rows = tuple((name, _interval(study[key]), _interval(study["baseline"][key])) for key, name in FIGURES.items())
    columns = ("", "This classifier (95 % interval)", "Without looking (baseline)")
    return TableBlock("The mean over all repetitions", columns, rows, right=frozenset({1, 2}))


def _classifiers(study: Mapping[str, Any]) -> tuple[Block, ...]:
    better = [
        classifier
        for classifier in study["classifiers"]
        if classifier["accuracy"]["mean"] > study["baseline"]["accuracy"]["mean"]
    ]
    if not better:
        return (_classifiers_table(study["classifiers"]),)
    rows = [
        _row(classifier["title"], classifier["accuracy"], percent(classifier["accuracy"]["mean"]))
        for classifier in better
    ]
    description = "; ".join(f"{row.label} {row.note}" for row in rows)
    figure = Figure(
        "Other classifiers on the same folds",
        f"Accuracy: {description}.",
        figures.draw_dot_plot(rows, "right", whole=False),
    )
    return (Paragraph(study["why"]), figure, _classifiers_table(study["classifiers"]))


def _classifiers_table(classifiers: Sequence[Mapping[str, Any]]) -> TableBlock:
    rows = tuple(
        (
            classifier["title"],
            _interval(classifier["accuracy"]),
            percent(classifier["macro_f1"]["mean"]),
            percent(classifier["top3"]["mean"]),
            f"{1000 * classifier['fit_s']:.3g} ms",
            f"{1000 * classifier['predict_ms']:.3g} µs",
        )
        for classifier in classifiers
    )
    columns = ("Classifier", "Right (95 % interval)", "Macro F1", "Top-3", "Time to learn", "Time for a face")
    return TableBlock("Classifiers compared", columns, rows, right=frozenset({1, 2, 3, 4, 5}))


def _row(label: str, estimate: Mapping[str, float], note: str, heading: str = "") -> DotRow:
    return DotRow(
        label=label, value=estimate["mean"], low=estimate["low"], high=estimate["high"], note=note, heading=heading
    )


def _slices(study: Mapping[str, Any]) -> tuple[Figure, ...]:
    partial_slices = [data_slice for data_slice in study["slices"] if data_slice["n"] < study["faces"]]
    if not partial_slices:
        return ()
    rows = [
        _row(data_slice["slice"], data_slice["accuracy"], count(data_slice["n"], "face"), f"By {data_slice['by']}")
        for data_slice in partial_slices
    ]
    worst = min(partial_slices, key=lambda data_slice: float(data_slice["accuracy"]["high"]))
    right = percent(worst["accuracy"]["mean"])
    title = f"Hardest: {worst['by']} {worst['slice']}, {right} of {count(worst['n'], 'face')} right"
    description = "; ".join(f"{row.heading}, {row.label}: {percent(row.value)} of {row.note}" for row in rows)
    return (Figure(title, f"Accuracy by slices. {description}.", figures.draw_dot_plot(rows, "right", whole=False)),)


def _curve(study: Mapping[str, Any]) -> tuple[Figure, ...]:
    points = study["learning_curve"]
    if len(points) < 2:
        return ()
    values = [
        SharePoint(point["photos"], point["accuracy"]["mean"], point["accuracy"]["low"], point["accuracy"]["high"])
        for point in points
    ]
    first, last = values[0], values[-1]
    few, many = count(first.number, "photo"), count(last.number)
    title = f"{percent(first.share)} right with {few} of each person, {percent(last.share)} with {many}"
    description = "; ".join(f"{point.number}: {percent(point.share)}" for point in values)
    drawing = figures.draw_share_curve(values, "photos of each person learned from", "right")
    return (Figure(title, f"Learning curve: accuracy by photos of each person. {description}.", drawing),)

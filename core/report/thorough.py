"""The study of a run, where there is one: repeated folds, other classifiers, slices, the learning curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.base.words import count, percent
from core.report import figures
from core.report.content import Block, Figure, Paragraph, Section, TableBlock
from core.report.figures import Row, Step

FIGURES = {
    "accuracy": "Right (accuracy)",
    "balanced_accuracy": "Every person counting the same (balanced accuracy)",
    "macro_f1": "Complete and exclusive (macro F1)",
    "top3": "Among the first three (top-3)",
}


def thorough(study: Mapping[str, Any], run_revision: int) -> Section:
    """Everything that repeated folds tell."""
    intro = study["protocol"]
    if study["revision"] != run_revision:
        intro += f" It was measured at revision {study['revision']} of the photos."
    blocks: list[Block] = [Paragraph(intro), _table(study), *_classifiers(study), *_slices(study), *_curve(study)]
    blocks.append(Paragraph(f"The crops. {study['check']['sentence']}"))
    return Section("study", "Measured again and again", tuple(blocks))


def _interval(found: Mapping[str, float]) -> str:
    return f"{percent(found['mean'])} ({percent(found['low'])} to {percent(found['high'])})"


def _table(study: Mapping[str, Any]) -> TableBlock:
    rows = tuple((name, _interval(study[key]), _interval(study["baseline"][key])) for key, name in FIGURES.items())
    columns = ("", "This classifier (95 % interval)", "Without looking (baseline)")
    return TableBlock("The mean over all repetitions", columns, rows, right=frozenset({1, 2}))


def _classifiers(study: Mapping[str, Any]) -> tuple[Block, ...]:
    shown = [one for one in study["classifiers"] if one["accuracy"]["mean"] > study["baseline"]["accuracy"]["mean"]]
    if not shown:
        return (_classifiers_table(study["classifiers"]),)
    rows = [_row(one["title"], one["accuracy"], percent(one["accuracy"]["mean"])) for one in shown]
    told = "; ".join(f"{row.label} {row.note}" for row in rows)
    figure = Figure(
        "Other classifiers on the same folds", f"Accuracy: {told}.", figures.dots(rows, "right", whole=False)
    )
    return (Paragraph(study["why"]), figure, _classifiers_table(study["classifiers"]))


def _classifiers_table(found: Sequence[Mapping[str, Any]]) -> TableBlock:
    rows = tuple(
        (
            one["title"],
            _interval(one["accuracy"]),
            percent(one["macro_f1"]["mean"]),
            percent(one["top3"]["mean"]),
            f"{1000 * one['fit_s']:.3g} ms",
            f"{1000 * one['predict_ms']:.3g} µs",
        )
        for one in found
    )
    columns = ("Classifier", "Right (95 % interval)", "Macro F1", "Top-3", "Time to learn", "Time for a face")
    return TableBlock("Classifiers compared", columns, rows, right=frozenset({1, 2, 3, 4, 5}))


def _row(label: str, found: Mapping[str, float], note: str, heading: str = "") -> Row:
    return Row(label=label, value=found["mean"], low=found["low"], high=found["high"], note=note, heading=heading)


def _slices(study: Mapping[str, Any]) -> tuple[Figure, ...]:
    telling = [one for one in study["slices"] if one["n"] < study["faces"]]
    if not telling:
        return ()
    rows = [_row(one["slice"], one["accuracy"], count(one["n"], "face"), f"By {one['by']}") for one in telling]
    worst = min(telling, key=lambda one: float(one["accuracy"]["high"]))
    right = percent(worst["accuracy"]["mean"])
    title = f"Hardest: {worst['by']} {worst['slice']}, {right} of {count(worst['n'], 'face')} right"
    told = "; ".join(f"{row.heading}, {row.label}: {percent(row.value)} of {row.note}" for row in rows)
    return (Figure(title, f"Accuracy by slices. {told}.", figures.dots(rows, "right", whole=False)),)


def _curve(study: Mapping[str, Any]) -> tuple[Figure, ...]:
    points = study["learning_curve"]
    if len(points) < 2:
        return ()
    values = [
        Step(one["photos"], one["accuracy"]["mean"], one["accuracy"]["low"], one["accuracy"]["high"]) for one in points
    ]
    first, last = values[0], values[-1]
    few, many = count(first.number, "photo"), count(last.number)
    title = f"{percent(first.share)} right with {few} of each person, {percent(last.share)} with {many}"
    told = "; ".join(f"{one.number}: {percent(one.share)}" for one in values)
    drawing = figures.steps(values, "photos of each person learned from", "right")
    return (Figure(title, f"Learning curve: accuracy by photos of each person. {told}.", drawing),)

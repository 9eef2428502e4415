"""The whole report, section by section."""

from __future__ import annotations

from collections.abc import Iterator

from core.base.words import count, format_interval, format_strangers_share, percent
from core.report.basis import data_section, format_utc_moment, protocol_section, reproducibility_section
from core.report.content import Document, Section, Stat, TableBlock
from core.report.limits import limitations_section
from core.report.material import ReportMaterial
from core.report.results import (
    known_people_section,
    strangers_section,
    verification_section,
    worst_errors_section,
)
from core.report.thorough import repeated_study_section

WORDS = (
    ("Accuracy", "The share of tested faces that got the right name."),
    ("95\u00a0% interval", "Where the true value lies in 19 of 20 such measurements."),
    ("Balanced accuracy", "The mean over people of the share recognised: everybody counts the same."),
    ("Recall, precision, F1", "Of a person's faces, how many got the name; of the faces with the name, how many are "
     "the person; both in one number (their harmonic mean)."),
    ("Top-3", "The right name is among the three most probable."),
    ("ECE", "Expected calibration error: by how much probabilities miss the share that is right, in the mean."),
    ("FPIR", "False-positive identification rate: the share of strangers' faces that get a name."),
    ("DIR", "Detection and identification rate: the share of known people's faces that get their own name."),
    ("FAR, FRR, TAR", "Of two faces: different people accepted as one, one person refused, one person accepted."),
    ("Distance, score", "How far apart two faces are, 0 to 2; how much speaks for the name, large for alike."),
)  # fmt: skip


def write_report(material: ReportMaterial) -> Document:
    """The report of a run."""
    run, result = material.run, material.predictions.evaluation
    right, tested = count(result.n_correct), count(result.n_test, "face")
    return Document(
        title=f"How well does it know “{material.dataset}”?",
        subtitle=(
            f"Face Atlas, report on training run {run.id} of {format_utc_moment(run.created)}, revision {run.revision}"
        ),
        answer=f"Right for {right} of {tested} it had not seen before. {run.params.why}",
        stats=_stats(material),
        sections=tuple(_sections(material)),
        dated_s=run.created,
    )


def _stats(material: ReportMaterial) -> tuple[Stat, ...]:
    run, result = material.run, material.predictions.evaluation
    # The threshold in use is always one of those that were measured.
    operating_point = next(point for point in material.operating_points if point.fpir == run.params.threshold.rate)
    promised = format_strangers_share(run.params.threshold)
    return (
        Stat(
            percent(result.accuracy),
            "right on new photos",
            f"95\u00a0% interval {format_interval(*result.accuracy_ci95)}",
        ),
        Stat(percent(result.macro_f1), "fair to everybody (macro F1)"),
        Stat(percent(operating_point.correct_name_rate), "named rightly", f"{promised} of strangers get a name"),
        Stat(count(run.metrics.n_people), "people", f"{count(run.metrics.n_train, 'face')} learned"),
    )


def _sections(material: ReportMaterial) -> Iterator[Section]:
    yield data_section(material)
    yield protocol_section(material)
    yield known_people_section(material)
    yield strangers_section(material)
    if material.pairs is not None and material.pair_points is not None:
        yield verification_section(material.pairs, material.pair_points)
    if material.study is not None:
        yield repeated_study_section(material.study, material.run.revision)
    yield worst_errors_section(material)
    yield limitations_section(material)
    yield reproducibility_section(material)
    yield Section("words", "What the words mean", (TableBlock("Words", ("Word", "Meaning"), WORDS),))


def report_facts(document: Document) -> list[tuple[str, str]]:
    """What a page can show beforehand: the numbers, and what the report holds."""
    stats = [(stat.name, f"{stat.value}{f' ({stat.note})' if stat.note else ''}") for stat in document.stats]
    return [*stats, ("sections", ", ".join(section.title for section in document.sections))]

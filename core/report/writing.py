"""The whole report, section by section."""

from __future__ import annotations

from collections.abc import Iterator

from core.base.words import count, format_interval, format_strangers_share, percent
from core.language.said_before import say_again
from core.language.texts import current_language, marked, ngettext
from core.language.texts import gettext as _
from core.report.basis import data_section, format_utc_moment, protocol_section, reproducibility_section
from core.report.content import Document, Section, Stat, TableBlock
from core.report.limits import limitations_section
from core.report.material import ReportMaterial
from core.report.pairs import verification_section
from core.report.results import (
    known_people_section,
    strangers_section,
    worst_errors_section,
)
from core.report.thorough import repeated_study_section

WORDS = (
    (marked("Accuracy"), marked("The share of tested faces that got the right name.")),
    (marked("95\u00a0% interval"), marked("Where the true value lies in 19 of 20 such measurements.")),
    (marked("Balanced accuracy"),
     marked("The mean over people of the share recognised: everybody counts the same.")),
    (marked("Recall, precision, F1"),
     marked("Of a person's faces, how many got the name; of the faces with the name, how many are the person; both in "
            "one number (their harmonic mean).")),
    (marked("Top-3"), marked("The right name is among the three most probable.")),
    (marked("ECE"),
     marked("Expected calibration error: by how much probabilities miss the share that is right, in the mean.")),
    (marked("FPIR"), marked("False-positive identification rate: the share of strangers' faces that get a name.")),
    (marked("DIR"),
     marked("Detection and identification rate: the share of known people's faces that get their own name.")),
    (marked("FAR, FRR, TAR"),
     marked("Of two faces: different people accepted as one, one person refused, one person accepted.")),
    (marked("Distance, score"),
     marked("How far apart two faces are, 0 to 2; how much speaks for the name, large for alike.")),
)  # fmt: skip


def write_report(material: ReportMaterial) -> Document:
    """The report of a run, in the language that is spoken now."""
    run, result = material.run, material.predictions.evaluation
    right = ngettext(
        "Right for {right} of {number} face it had not seen before.",
        "Right for {right} of {number} faces it had not seen before.",
        result.n_test,
        right=count(result.n_correct),
    )
    return Document(
        title=_("How well does it know “{dataset}”?", dataset=material.dataset),
        subtitle=_(
            "Face Atlas, report on training run {run} of {moment}, revision {revision}",
            run=run.id,
            moment=format_utc_moment(run.created),
            revision=run.revision,
        ),
        answer=f"{right} {say_again(run.params.why)}",
        stats=_stats(material),
        sections=tuple(_sections(material)),
        dated_s=run.created,
        language=current_language(),
    )


def _stats(material: ReportMaterial) -> tuple[Stat, ...]:
    run, result = material.run, material.predictions.evaluation
    # The threshold in use is always one of those that were measured.
    operating_point = next(point for point in material.operating_points if point.fpir == run.params.threshold.rate)
    promised = format_strangers_share(run.params.threshold)
    return (
        Stat(
            percent(result.accuracy),
            _("right on new photos"),
            _("95\u00a0% interval {interval}", interval=format_interval(*result.accuracy_ci95)),
        ),
        Stat(percent(result.macro_f1), _("fair to everybody (macro F1)")),
        Stat(
            percent(operating_point.correct_name_rate),
            _("named rightly"),
            _("{share} of strangers get a name", share=promised),
        ),
        Stat(
            count(run.metrics.n_people),
            _("people"),
            ngettext("{number} face learned", "{number} faces learned", run.metrics.n_train),
        ),
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
    rows = tuple((_(word), _(meaning)) for word, meaning in WORDS)
    yield Section("words", _("What the words mean"), (TableBlock(_("Words"), (_("Word"), _("Meaning")), rows),))


def report_facts(document: Document) -> list[tuple[str, str]]:
    """What a page can show beforehand: the numbers, and what the report holds."""
    stats = [(stat.name, f"{stat.value}{f' ({stat.note})' if stat.note else ''}") for stat in document.stats]
    return [*stats, (_("sections"), ", ".join(section.title for section in document.sections))]

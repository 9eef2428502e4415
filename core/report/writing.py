"""The whole report, section by section."""

from __future__ import annotations

from collections.abc import Iterator

from core.base.words import count, percent, strangers_share
from core.report.basis import data, moment, origin, protocol
from core.report.content import Document, Section, Stat, TableBlock
from core.report.limits import limits
from core.report.material import Material
from core.report.results import known, mistakes, same_person, share_of, strangers
from core.report.thorough import thorough

WORDS = (
    ("Accuracy", "The share of tested faces that got the right name."),
    ("95 % interval", "Where the true value lies in 19 of 20 such measurements."),
    ("Balanced accuracy", "The mean over people of the share recognised: everybody counts the same."),
    ("Recall, precision, F1", "Of a person's faces, how many got the name; of the faces with the name, how many are "
     "the person; both in one number (their harmonic mean)."),
    ("Top-3", "The right name is among the three most probable."),
    ("ECE", "Expected calibration error: by how much probabilities miss the share that is right, in the mean."),
    ("FPIR", "False-positive identification rate: the share of strangers' faces that get a name."),
    ("DIR", "Detection and identification rate: the share of known people's faces that get their own name."),
    ("FAR, FRR, TAR", "Of two faces: different people accepted as one, one person refused, one person accepted."),
    ("Distance, likeness", "How far apart two faces are, 0 to 2; how much speaks for the name, large for alike."),
)  # fmt: skip


def write(given: Material) -> Document:
    """The report of a run."""
    run, result = given.run, given.predictions.evaluation
    right, tested = count(result.n_correct), count(result.n_test, "face")
    return Document(
        title=f"How well does it know “{given.dataset}”?",
        subtitle=f"Face Atlas, report on training run {run.id} of {moment(run.created)}, revision {run.revision}",
        answer=f"Right for {right} of {tested} it had not seen before. {run.params['why']}",
        stats=_stats(given),
        sections=tuple(_sections(given)),
        dated_s=run.created,
    )


def _stats(given: Material) -> tuple[Stat, ...]:
    run, result = given.run, given.predictions.evaluation
    limit = next(one for one in given.evaluation["thresholds"] if one["fpir"] == run.params["threshold"]["rate"])
    promised = strangers_share(run.params["threshold"])
    return (
        Stat(percent(result.accuracy), "right on new photos", f"95 % interval {share_of(*result.accuracy_ci95)}"),
        Stat(percent(result.macro_f1), "fair to everybody (macro F1)"),
        Stat(percent(limit["correct_name_rate"]), "named rightly", f"{promised} of strangers get a name"),
        Stat(count(run.metrics["n_people"]), "people", f"{count(run.metrics['n_train'], 'face')} learned"),
    )


def _sections(given: Material) -> Iterator[Section]:
    yield data(given)
    yield protocol(given)
    yield known(given)
    yield strangers(given)
    if given.pairs is not None:
        yield same_person(given, given.pairs)
    if given.study is not None:
        yield thorough(given.study, given.run.revision)
    yield mistakes(given)
    yield limits(given)
    yield origin(given)
    yield Section("words", "What the words mean", (TableBlock("Words", ("Word", "Meaning"), WORDS),))


def facts(document: Document) -> list[tuple[str, str]]:
    """What a page can show beforehand: the numbers, and what the report holds."""
    shown = [(stat.name, f"{stat.value}{f' ({stat.note})' if stat.note else ''}") for stat in document.stats]
    return [*shown, ("sections", ", ".join(section.title for section in document.sections))]

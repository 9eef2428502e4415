"""What a run rests on: its data, how it was measured, and what it takes to get the same again."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from core.base.words import PERCENT_SIGN, count, display_name, format_duration, format_people_count, percent
from core.language.dates import format_moment
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.classification.training_material import recover_options
from core.learn.metrics.run_values import RunParams
from core.report.content import Block, Bullets, Facts, Paragraph, Section, TableBlock
from core.report.material import ReportMaterial

LEFT_OUT_MOST = 30
"""The most people who are listed as left out."""


def format_utc_moment(seconds: float) -> str:
    """A time for reading, the same everywhere."""
    # In UTC: the same run gives the same bytes on a computer in another time zone.
    return f"{format_moment(datetime.fromtimestamp(seconds, UTC))} UTC"


def data_section(material: ReportMaterial) -> Section:
    """Who and what took part, and what did not."""
    run, evaluation = material.run, material.predictions.evaluation
    # People of the run without a tested face say nothing of how well faces are recognised.
    tested = np.array([row.support for row in evaluation.per_person if row.support])
    rows = [
        ("Dataset", material.dataset),
        ("Revision of the photos", f"{run.revision}{f'; it is {material.revision_now} now' if material.stale else ''}"),
        ("People", count(run.metrics.n_people)),
        ("People with a tested face", count(len(tested))),
        ("Faces learned from", count(run.metrics.n_train)),
        ("Faces tested", count(evaluation.n_test)),
        ("Tested faces of a person", _spread(tested, "{:g}")),
    ]
    # A run that was trained elsewhere has no faces here, and qualities may never have been measured.
    if len(material.faces.sizes_px):
        rows.append(("Width of the tested faces", f"{_spread(material.faces.sizes_px, '{:.0f}')} pixels"))
    if np.isfinite(material.faces.grades).any():
        rows.append(("Quality of the tested faces", _spread(100 * material.faces.grades, "{:.0f}") + PERCENT_SIGN))
    blocks: list[Block] = [Facts("What took part", tuple(rows))]
    if not_used := _not_used(material):
        blocks += [Paragraph("Not used", strong=True), Bullets(not_used)]
    return Section("data", "Data", (*blocks, *_left_out(material)))


def _spread(values: np.ndarray, form: str) -> str:
    # Qualities that were never measured are NaN, and one of them would make all three quantiles NaN.
    finite = values[np.isfinite(values)]
    low, middle, high = (form.format(value) for value in np.quantile(finite, [0, 0.5, 1]))
    return low if low == high else f"{low} to {high}, half of them up to {middle}"


def _not_used(material: ReportMaterial) -> tuple[str, ...]:
    params = material.run.params
    entries = [*(params.gated or ()), *params.dropped]
    return tuple(f"{count(entry.faces, 'face')}: {entry.reason}" for entry in entries)


def _left_out(material: ReportMaterial) -> tuple[Block, ...]:
    entries = material.run.params.left_out
    if not entries:
        return ()
    rows = tuple((display_name(entry.person), entry.reason) for entry in entries[:LEFT_OUT_MOST])
    more = len(entries) - len(rows)
    table = TableBlock(f"{format_people_count(len(entries))} left out", ("Person", "Why"), rows)
    return (table, Paragraph(f"and {count(more)} more.")) if more else (table,)


def protocol_section(material: ReportMaterial) -> Section:
    """How it was measured."""
    run = material.run
    params = run.params
    rows = [
        ("Division", params.why),
        ("Classifier", _describe_classifier(params)),
        ("Folds", "1: one test side" if params.split == "own" else count(params.folds)),
        ("Seed", str(params.seed)),
        ("Who takes part", _who(material)),
        ("One shot", "Copies and near duplicates are never divided between the learned and the tested side."),
        ("Probabilities", "Calibrated on faces that were held out from learning; none claims certainty."),
        ("Interval of the accuracy", "95\u00a0%, Wilson, as if the tested faces were independent of each other"),
        ("Gallery", f"{count(run.metrics.n_train, 'face')} of {format_people_count(run.metrics.n_people)}"),
        ("Probes", _probes(material)),
        ("Faces become numbers by", _networks(material)),
        ("Trained", f"{format_utc_moment(run.created)}, in {format_duration(run.seconds)}"),
    ]
    if given_strangers := params.strangers_given:
        used, people = count(given_strangers.used, "face"), format_people_count(given_strangers.people)
        rows.append(("Strangers given", f"{used} of {people}, to set the limits by"))
    if imported := params.imported:
        rows.append(("Trained elsewhere", f"as '{imported.dataset}'; bundle sha256 {imported.sha256}"))
    return Section("protocol", "Protocol", (Facts("How it was measured", tuple(rows)),))


def _describe_classifier(params: RunParams) -> str:
    if params.kind is not ClassifierKind.LINEAR_SVM:
        return params.fitted_classifier.describe()
    c_source = "given" if params.c is not None else "chosen by cross-validation on the learned faces"
    return f"linear SVM, one person against all others; C {params.chosen_c:g}, {c_source}"


def _who(material: ReportMaterial) -> str:
    params = material.run.params
    text = f"People with at least {count(recover_options(params).min_faces, 'face')}"
    if params.min_grade is not None:
        text += f"; faces of a quality of at least {percent(params.min_grade)}"
    return f"{text} and {params.min_size_px} pixels" if params.min_size_px else text


def _probes(material: ReportMaterial) -> str:
    known_faces = (
        f"{count(material.predictions.evaluation.n_test, 'face')} of known people, none of which it had learned"
    )
    impostors = material.predictions.impostors
    if impostors is None:
        return known_faces
    strangers, people = count(len(impostors.scores), "face"), format_people_count(len(np.unique(impostors.who)))
    return f"{known_faces}; {strangers} of {people} that it did not know, or that were hidden from it in turn"


def _networks(material: ReportMaterial) -> str:
    return "; ".join(f"{network.title} ({network.release})" for network in material.networks)


def reproducibility_section(material: ReportMaterial) -> Section:
    """Identities and hashes: two reports with the same ones tell of the same thing."""
    hashes = material.hashes
    rows = [
        ("Run", material.run.id),
        ("Revision of the photos", str(material.run.revision)),
        ("Embedding model", material.run.model_id),
        ("Tested faces with their names, sha256", hashes.tested),
        ("Learned faces, sha256", hashes.learned),
    ]
    # Absent where names may have changed since: a hash of today's names would tell of another training.
    if hashes.learned_with_names:
        rows.append(("Learned faces with their names, sha256", hashes.learned_with_names))
    files = [(network.id, name, sha256) for network in material.networks for name, sha256 in network.files]
    blocks: list[Block] = [
        Paragraph(
            "The same photos at the same revision, trained with the same settings and seed, give the same figures, and "
            "the same run gives the same two files, byte for byte, on the same versions of the packages."
        ),
        TableBlock("Of this run", ("What", "Value"), tuple(rows), code=frozenset({1})),
    ]
    if files:
        blocks.append(
            TableBlock("Files of the networks", ("Network", "File", "sha256"), tuple(files), code=frozenset({2}))
        )
    blocks += [Bullets(absent)] if (absent := _not_here(material)) else []
    trained_on = [(network.title, network.training_data, network.licence) for network in material.networks]
    blocks.append(TableBlock("Where the networks come from", ("Network", "Trained on", "Licence"), tuple(trained_on)))
    blocks.append(TableBlock("Packages when this was written", ("Package", "Version"), material.packages))
    return Section("origin", "To get the same again", tuple(blocks))


def _not_here(material: ReportMaterial) -> tuple[str, ...]:
    return tuple(
        f"{network.title} is not installed here, so its files have no hash."
        for network in material.networks
        if not network.files
    )

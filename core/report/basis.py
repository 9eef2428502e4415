"""What a run rests on: its data, how it was measured, and what it takes to get the same again."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from core.base.words import PERCENT_SIGN, count, display_name, format_duration, format_people_count, percent
from core.language.dates import format_moment
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, marked, ngettext
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.classification.training_material import recover_options
from core.learn.metrics.run_values import RunParams
from core.report.content import Block, Bullets, Facts, Paragraph, Section, TableBlock
from core.report.material import ReportMaterial
from core.store.values.runs import Run

LEFT_OUT_MOST = 30
"""The most people who are listed as left out."""
_ALWAYS_SO = (
    (
        marked("One shot"),
        marked("Copies and near duplicates are never divided between the learned and the tested side."),
    ),
    (
        marked("Probabilities"),
        marked("Calibrated on faces that were held out from learning; none claims certainty."),
    ),
    (
        marked("Interval of the accuracy"),
        marked("95\u00a0%, Wilson, as if the tested faces were independent of each other"),
    ),
)
"""What every run is measured by."""


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
        (_("Dataset"), material.dataset),
        (_("Revision of the photos"), _name_revision(material)),
        (_("People"), count(run.metrics.n_people)),
        (_("People with a tested face"), count(len(tested))),
        (_("Faces learned from"), count(run.metrics.n_train)),
        (_("Faces tested"), count(evaluation.n_test)),
        (_("Tested faces of a person"), _spread(tested, "{:g}")),
    ]
    # A run that was trained elsewhere has no faces here, and qualities may never have been measured.
    if len(material.faces.sizes_px):
        widths = _("{widths} pixels", widths=_spread(material.faces.sizes_px, "{:.0f}"))
        rows.append((_("Width of the tested faces"), widths))
    if np.isfinite(material.faces.grades).any():
        grades = _spread(100 * material.faces.grades, "{:.0f}") + PERCENT_SIGN
        rows.append((_("Quality of the tested faces"), grades))
    blocks: list[Block] = [Facts(_("What took part"), tuple(rows))]
    if not_used := _not_used(material):
        blocks += [Paragraph(_("Not used"), strong=True), Bullets(not_used)]
    return Section("data", _("Data"), (*blocks, *_left_out(material)))


def _name_revision(material: ReportMaterial) -> str:
    revision = str(material.run.revision)
    return (
        _("{revision}; it is {now} now", revision=revision, now=material.revision_now) if material.stale else revision
    )


def _spread(values: np.ndarray, form: str) -> str:
    # Qualities that were never measured are NaN, and one of them would make all three quantiles NaN.
    finite = values[np.isfinite(values)]
    low, middle, high = (localise_decimals(form.format(value)) for value in np.quantile(finite, [0, 0.5, 1]))
    return low if low == high else _("{low} to {high}, half of them up to {middle}", low=low, high=high, middle=middle)


def _not_used(material: ReportMaterial) -> tuple[str, ...]:
    params = material.run.params
    entries = [*(params.gated or ()), *params.dropped]
    return tuple(
        _("{title}: {content}", title=_count_faces(entry.faces), content=say_again(entry.reason)) for entry in entries
    )


def _count_faces(number: int) -> str:
    return ngettext("{number} face", "{number} faces", number)


def _left_out(material: ReportMaterial) -> tuple[Block, ...]:
    entries = material.run.params.left_out
    if not entries:
        return ()
    rows = tuple((display_name(entry.person), say_again(entry.reason)) for entry in entries[:LEFT_OUT_MOST])
    more = len(entries) - len(rows)
    caption = _("{people} left out", people=format_people_count(len(entries)))
    table = TableBlock(caption, (_("Person"), _("Why")), rows)
    return (table, Paragraph(_("and {n_more} more.", n_more=count(more)))) if more else (table,)


def protocol_section(material: ReportMaterial) -> Section:
    """How it was measured."""
    run = material.run
    params = run.params
    rows = [
        (_("Division"), say_again(params.why)),
        (_("Classifier"), _describe_classifier(params)),
        (_("Folds"), _("1: one test side") if params.split == "own" else count(params.folds)),
        (_("Seed"), str(params.seed)),
        (_("Who takes part"), _who(material)),
        *((_(name), _(meaning)) for name, meaning in _ALWAYS_SO),
        (_("Gallery"), _faces_of_people(run.metrics.n_train, run.metrics.n_people)),
        (_("Probes"), _probes(material)),
        (_("Faces become numbers by"), _networks(material)),
        (_("Trained"), _describe_training(run)),
    ]
    if strangers := params.strangers_given:
        faces = _faces_of_people(strangers.used, strangers.people)
        rows.append((_("Strangers given"), _("{faces_of_people}, to set the limits by", faces_of_people=faces)))
    if imported := params.imported:
        origin = _("as '{dataset}'; bundle sha256 {sha256}", dataset=imported.dataset, sha256=imported.sha256)
        rows.append((_("Trained elsewhere"), origin))
    return Section("protocol", _("Protocol"), (Facts(_("How it was measured"), tuple(rows)),))


def _faces_of_people(faces: int, people: int) -> str:
    return ngettext(
        "{number} face of {people}", "{number} faces of {people}", faces, people=format_people_count(people)
    )


def _describe_training(run: Run) -> str:
    return _("{moment}, in {duration}", moment=format_utc_moment(run.created), duration=format_duration(run.seconds))


def _describe_classifier(params: RunParams) -> str:
    if params.kind is not ClassifierKind.LINEAR_SVM:
        return params.fitted_classifier.describe()
    c = localise_decimals(f"{params.chosen_c:g}")
    if params.c is not None:
        return _("linear SVM, one person against all others; C {c}, given", c=c)
    return _("linear SVM, one person against all others; C {c}, chosen by cross-validation on the learned faces", c=c)


def _who(material: ReportMaterial) -> str:
    params = material.run.params
    people = ngettext(
        "People with at least {number} face",
        "People with at least {number} faces",
        recover_options(params).min_faces,
    )
    if params.min_grade is not None:
        people = _("{people}; faces of a quality of at least {grade}", people=people, grade=percent(params.min_grade))
    if params.min_size_px:
        people = _("{people} and {pixels} pixels", people=people, pixels=params.min_size_px)
    return people


def _probes(material: ReportMaterial) -> str:
    known_faces = ngettext(
        "{number} face of known people, none of which it had learned",
        "{number} faces of known people, none of which it had learned",
        material.predictions.evaluation.n_test,
    )
    impostors = material.predictions.impostors
    if impostors is None:
        return known_faces
    return ngettext(
        "{known_faces}; {number} face of {people} that it did not know, or that were hidden from it in turn",
        "{known_faces}; {number} faces of {people} that it did not know, or that were hidden from it in turn",
        len(impostors.scores),
        known_faces=known_faces,
        people=format_people_count(len(np.unique(impostors.who))),
    )


def _networks(material: ReportMaterial) -> str:
    return "; ".join(f"{_(network.title)} ({network.release})" for network in material.networks)


def reproducibility_section(material: ReportMaterial) -> Section:
    """Identities and hashes: two reports with the same ones tell of the same thing."""
    hashes = material.hashes
    rows = [
        (_("Run"), material.run.id),
        (_("Revision of the photos"), str(material.run.revision)),
        (_("Embedding model"), material.run.model_id),
        (_("Tested faces with their names, sha256"), hashes.tested),
        (_("Learned faces, sha256"), hashes.learned),
    ]
    # Absent where names may have changed since: a hash of today's names would tell of another training.
    if hashes.learned_with_names:
        rows.append((_("Learned faces with their names, sha256"), hashes.learned_with_names))
    files = [(network.id, name, sha256) for network in material.networks for name, sha256 in network.files]
    blocks: list[Block] = [
        Paragraph(
            _(
                "The same photos at the same revision, trained with the same settings and seed, give the same figures, "
                "and the same run gives the same two files, byte for byte, on the same versions of the packages."
            )
        ),
        TableBlock(_("Of this run"), (_("What"), _("Value")), tuple(rows), code=frozenset({1})),
    ]
    if files:
        columns = (_("Network"), _("File"), "sha256")
        blocks.append(TableBlock(_("Files of the networks"), columns, tuple(files), code=frozenset({2})))
    blocks += [Bullets(absent)] if (absent := _not_here(material)) else []
    trained_on = [(_(network.title), _(network.training_data), network.licence) for network in material.networks]
    columns = (_("Network"), _("Trained on"), _("Licence"))
    blocks.append(TableBlock(_("Where the networks come from"), columns, tuple(trained_on)))
    blocks.append(TableBlock(_("Packages when this was written"), (_("Package"), _("Version")), material.packages))
    return Section("origin", _("To get the same again"), tuple(blocks))


def _not_here(material: ReportMaterial) -> tuple[str, ...]:
    return tuple(
        _("{network} is not installed here, so its files have no hash.", network=_(network.title))
        for network in material.networks
        if not network.files
    )

"""The tab "Compared with before": is this run better than another, which faces changed, and what happened between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from core.base.types import Revision
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, ngettext, pgettext
from core.learn.model_selection.comparison import Comparison, Verdict
from core.store.values.runs import Run
from core.ui import address, charts, data, frame, gallery, words
from core.ui.access import kept
from core.ui.components.picker import Grid, draw_picker
from core.ui.evaluation import evaluation_charts
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.ui.labels import correction_history, corrections, face_review, face_sheet
from core.ui.training import runs_table
from core.workflows.evaluation import compare
from core.workflows.evaluation.compare import ChangedSetting, FaceOutcome, RunChanges, RunComparison

PER_PAGE = 24
EVENTS_SHOWN = 8
AGAINST = "against"
"""The other run, in the address."""
_TRUST = {
    Verdict.REAL: ":material/verified:",
    Verdict.SAME: ":material/drag_handle:",
    Verdict.CHANCE: ":material/casino:",
    Verdict.FEW_PEOPLE: ":material/group:",
}


def show_comparison_section(evaluated: EvaluatedRun) -> None:
    """The run of the page against another one of the dataset."""
    other_run = _choose_other_run(
        evaluated.run, [run for run in data.dataset_runs(evaluated.dataset) if run.id != evaluated.run.id]
    )
    older, newer = compare.order_runs(evaluated.run, other_run)
    with st.spinner(_("Comparing")):
        compared = _compare_runs(evaluated.dataset.id, evaluated.dataset.revision, older.id, newer.id)
    _show_comparison(evaluated, compared)


def _choose_other_run(run: Run, candidates: list[Run]) -> Run:
    """The run of the address, else the one before, else the one after; a chooser when there are several."""
    by_id = {candidate.id: candidate for candidate in candidates}
    # The newest stands first: so the first that is older is the one before, and without any the last is the one after.
    before = next((candidate.id for candidate in candidates if candidate.created < run.created), candidates[-1].id)
    run_id = address.query_value(AGAINST)
    run_id = run_id if run_id in by_id else before
    if len(candidates) > 1:
        run_id = st.selectbox(
            _("Compared with"),
            list(by_id),
            index=list(by_id).index(run_id),
            format_func=lambda key: runs_table.format_run_title(by_id[key]),
            key=f"compared_with_{run.id}",
            width=300,
        )
    address.set_query_values(**{AGAINST: run_id if run_id != before else None})
    return by_id[run_id]


@kept.cache_resource(show_spinner=False, max_entries=4)
def _compare_runs(dataset_id: str, revision: Revision, older: str, newer: str) -> RunComparison:
    # A run's answers never change; the revision is in the key, as both are judged by the names of today.
    services = data.services()
    old, new = ((services.runs.run(run_id), data.run_predictions(run_id)) for run_id in (older, newer))
    return compare.compare_runs(services.store, services.log, old, new)


@st.fragment
def _show_comparison(evaluated: EvaluatedRun, compared: RunComparison) -> None:
    corrections.rerun_if_changed()
    counts = compared.counts
    st.markdown(f"{_TRUST[counts.verdict]} **{words.plain(counts.sentence())}**")
    left, right = st.columns([2, 3], gap="large")
    with left:
        _show_counts(compared)
    with right:
        _show_changes_between(evaluated, compared.between)
    _show_changed_faces(evaluated, _("Newly right"), compared.newly_right, "right", compared.cleared)
    _show_changed_faces(evaluated, _("Newly wrong"), compared.newly_wrong, "wrong")
    st.caption(
        ngettext(
            "Judged by today's names, on the {number} face that both runs were tested on. "
            "Chance: McNemar's exact test; and the interval of the difference has to leave out 0 when other people and "
            "other photos of them are drawn (bootstrap).",
            "Judged by today's names, on the {number} faces that both runs were tested on. "
            "Chance: McNemar's exact test; and the interval of the difference has to leave out 0 when other people and "
            "other photos of them are drawn (bootstrap).",
            counts.faces,
        )
    )


def _show_counts(compared: RunComparison) -> None:
    counts = compared.counts
    figure_json = evaluation_charts.changes_json(
        counts.both, counts.only_old, counts.only_new, counts.neither, ink=charts.INK[frame.is_dark()]
    )
    st.plotly_chart(
        charts.figure_from_json(figure_json),
        key="changes_chart",
        config={"displayModeBar": False},
        alt=_(
            "Right in both runs {both}, newly wrong {only_old}, newly right {only_new}, wrong in both {neither}.",
            both=counts.both,
            only_old=counts.only_old,
            only_new=counts.only_new,
            neither=counts.neither,
        ),
    )
    st.caption(_accuracy_sentence(counts))


def _accuracy_sentence(counts: Comparison) -> str:
    # Not what each run says of itself: on the faces that both were tested on, and by today's names.
    before, now = ((counts.both + only) / counts.faces for only in (counts.only_old, counts.only_new))
    if not counts.only_old and not counts.only_new:
        return _("Accuracy {percentage} in both.", percentage=words.percent(now))
    points, low, high = (
        localise_decimals(f"{100 * share:+.1f}") for share in (counts.difference, counts.low, counts.high)
    )
    return _(
        "Accuracy {before} before, {now} now: {points} points ({low} to {high} with 95\u00a0% certainty).",
        before=words.percent(before),
        now=words.percent(now),
        points=points,
        low=low,
        high=high,
    )


# which faces changed


def _show_changed_faces(
    evaluated: EvaluatedRun, title: str, changed: Sequence[FaceOutcome], key: str, cleared: Sequence[FaceOutcome] = ()
) -> None:
    n_changed = len(changed) + len(cleared)
    faces = ngettext("{number} face", "{number} faces", n_changed) if n_changed else pgettext("faces", "none")
    st.markdown(f"**{words.plain(words.titled(title, faces))}**")
    if cleared:
        st.caption(describe_cleared_errors(len(cleared)))
    notes = {
        outcome.face_id: _(
            "{old} before, {new} now",
            old=words.display_name(outcome.said_old),
            new=words.display_name(outcome.said_new),
        )
        for outcome in changed
    }
    # Errors of names stand among the newly right, as people count them, but say that it was not the recogniser.
    notes |= {outcome.face_id: _("name corrected") for outcome in cleared}
    present = [outcome for outcome in (*changed, *cleared) if outcome.face_id in evaluated.faces.table]
    if not present:
        return
    outcomes_on_page = present[gallery.page_slice(len(present), PER_PAGE, f"changed_{key}")]
    tiles = [
        replace(
            face_review.face_tile(evaluated.dataset, evaluated.faces, evaluated.faces.table.index(outcome.face_id)),
            note=notes[outcome.face_id],
        )
        for outcome in outcomes_on_page
    ]
    grid = Grid(_("{title}. Click a face to see its photo.", title=title), {"Enter": "open"}, 140, click="open")
    picked = draw_picker(f"changed_{key}", tiles, grid, corrections.current_epoch())
    if picked.command and picked.command.face_ids:
        face_sheet.open_photo_of_face(evaluated.dataset, picked.command.face_ids[0])


def describe_cleared_errors(n: int) -> str:
    """Say why errors of the older run are right now although it is not the recogniser that changed."""
    return ngettext(
        "One of them counted as an error before because the name was wrong, not the "
        "recogniser: the older run had already said the name that was given since. Above it is right in both.",
        "{number} of them counted as errors before because the name was wrong, not the "
        "recogniser: the older run had already said the name that was given since. Above it is right in both.",
        n,
    )


# what happened between


def _show_changes_between(evaluated: EvaluatedRun, between: RunChanges) -> None:
    st.markdown(_("**What changed in between**"))
    lines = [*_correction_lines(evaluated, between), *_people_lines(between), *_setting_lines(between.settings)]
    if between.more_faces_learned:
        lines.append(_("{change} faces learned from", change=f"{between.more_faces_learned:+d}"))
    st.markdown(
        "\n".join(f"- {words.plain(line)}" for line in lines)
        if lines
        else _("Nothing: the same faces and the same settings.")
    )


def _correction_lines(evaluated: EvaluatedRun, between: RunChanges) -> list[str]:
    if not between.events:
        return []
    names = data.services().store.names(evaluated.dataset.id)
    # What reads alike is one line, with how many times: an hour of confirming faces would hide all else.
    sentence_counts = Counter(correction_history.describe_event(event, names) for event in between.events)
    lines = [
        _("{correction} ({times} times)", correction=sentence, times=times) if times > 1 else sentence
        for sentence, times in sentence_counts.items()
    ]
    more = len(lines) - EVENTS_SHOWN
    if more <= 0:
        return lines
    return [*lines[:EVENTS_SHOWN], ngettext("and {number} other correction", "and {number} other corrections", more)]


def _people_lines(between: RunChanges) -> list[str]:
    lines = []
    if between.people_added:
        names = _list_names(between.people_added)
        lines.append(ngettext("{names} came", "{names} came", len(between.people_added), names=names))
    if between.people_removed:
        names = _list_names(between.people_removed)
        lines.append(ngettext("{names} went", "{names} went", len(between.people_removed), names=names))
    return lines


def _list_names(names: Sequence[str]) -> str:
    listed = ", ".join(words.display_name(name) for name in names[:EVENTS_SHOWN])
    more = len(names) - EVENTS_SHOWN
    return (
        ngettext("{names} and {number} more", "{names} and {number} more", more, names=listed) if more > 0 else listed
    )


def _setting_lines(settings: Sequence[ChangedSetting]) -> list[str]:
    return [
        _(
            "{setting}: {old} before, {new} now",
            setting=_(runs_table.SETTING_NAMES[setting.name]),
            old=_value_text(setting.old),
            new=_value_text(setting.new),
        )
        for setting in settings
    ]


def _value_text(value: object) -> str:
    if isinstance(value, float):
        return localise_decimals(str(value))
    return _("none") if value is None else str(value)

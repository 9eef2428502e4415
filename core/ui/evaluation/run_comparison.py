"""The tab "Compared with before": is this run better than another, which faces changed, and what happened between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from core.base.types import Revision
from core.learn.model_selection.comparison import Comparison, Verdict
from core.store.protocols import Run
from core.ui import address, charts, data, frame, gallery, words
from core.ui.access import kept
from core.ui.components.picker import Grid, draw_picker
from core.ui.evaluation import evaluation_charts
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.ui.labels import correction_history, corrections, face_review, face_sheet
from core.ui.training import training_page
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
    _show_comparison(evaluated, _compare_runs(evaluated.dataset.id, evaluated.dataset.revision, older.id, newer.id))


def _choose_other_run(run: Run, candidates: list[Run]) -> Run:
    """The run of the address, else the one before, else the one after; a chooser when there are several."""
    by_id = {candidate.id: candidate for candidate in candidates}
    # The newest stands first: so the first that is older is the one before, and without any the last is the one after.
    before = next((candidate.id for candidate in candidates if candidate.created < run.created), candidates[-1].id)
    run_id = address.query_value(AGAINST)
    run_id = run_id if run_id in by_id else before
    if len(candidates) > 1:
        run_id = st.selectbox(
            "Compared with",
            list(by_id),
            index=list(by_id).index(run_id),
            format_func=lambda key: training_page.format_run_title(by_id[key]),
            key=f"compared_with_{run.id}",
            width=300,
        )
    address.set_query_values(**{AGAINST: run_id if run_id != before else None})
    return by_id[run_id]


@kept.cache_resource(show_spinner="Comparing", max_entries=4)
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
    _show_changed_faces(evaluated, "Newly right", compared.newly_right, "right", compared.cleared)
    _show_changed_faces(evaluated, "Newly wrong", compared.newly_wrong, "wrong")
    st.caption(
        f"Judged by today's names, on the {words.count(counts.faces, 'face')} that both runs were tested on. "
        "Chance: McNemar's exact test; and the interval of the difference has to leave out 0 when other people and "
        "other photos of them are drawn (bootstrap)."
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
        alt=f"Right in both runs {counts.both}, newly wrong {counts.only_old}, newly right {counts.only_new}, "
        f"wrong in both {counts.neither}.",
    )
    st.caption(_accuracy_sentence(counts))


def _accuracy_sentence(counts: Comparison) -> str:
    # Not what each run says of itself: on the faces that both were tested on, and by today's names.
    before, now = ((counts.both + only) / counts.faces for only in (counts.only_old, counts.only_new))
    if not counts.only_old and not counts.only_new:
        return f"Accuracy {words.percent(now)} in both."
    points, low, high = (f"{100 * share:+.1f}" for share in (counts.difference, counts.low, counts.high))
    return (
        f"Accuracy {words.percent(before)} before, {words.percent(now)} now: {points} points "
        f"({low} to {high} with 95\u00a0% certainty)."
    )


# which faces changed


def _show_changed_faces(
    evaluated: EvaluatedRun, title: str, changed: Sequence[FaceOutcome], key: str, cleared: Sequence[FaceOutcome] = ()
) -> None:
    st.markdown(f"**{title}: {words.count(len(changed) + len(cleared), 'face') if changed or cleared else 'none'}**")
    if cleared:
        st.caption(describe_cleared_errors(len(cleared)))
    notes = {
        outcome.face_id: f"{words.display_name(outcome.said_old)} before, {words.display_name(outcome.said_new)} now"
        for outcome in changed
    }
    # Errors of names stand among the newly right, as people count them, but say that it was not the recogniser.
    notes |= {outcome.face_id: "name corrected" for outcome in cleared}
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
    grid = Grid(f"{title}. Click a face to see its photo.", {"Enter": "open"}, 140, click="open")
    picked = draw_picker(f"changed_{key}", tiles, grid, corrections.current_epoch())
    if picked.command and picked.command.face_ids:
        face_sheet.open_photo_of_face(evaluated.dataset, picked.command.face_ids[0])


def describe_cleared_errors(n: int) -> str:
    """Say why errors of the older run are right now although it is not the recogniser that changed."""
    photo = f"{words.count(n)} of them" if n > 1 else "One of them"
    return (
        f"{photo} counted as {'errors' if n > 1 else 'an error'} before because the name was wrong, not the "
        "recogniser: the older run had already said the name that was given since. Above it is right in both."
    )


# what happened between


def _show_changes_between(evaluated: EvaluatedRun, between: RunChanges) -> None:
    st.markdown("**What changed in between**")
    lines = [*_correction_lines(evaluated, between), *_people_lines(between), *_setting_lines(between.settings)]
    if between.more_faces_learned:
        lines.append(f"{between.more_faces_learned:+d} faces learned from")
    st.markdown(
        "\n".join(f"- {words.plain(line)}" for line in lines)
        if lines
        else "Nothing: the same faces and the same settings."
    )


def _correction_lines(evaluated: EvaluatedRun, between: RunChanges) -> list[str]:
    if not between.events:
        return []
    names = data.services().store.names(evaluated.dataset.id)
    # What reads alike is one line, with how many times: an hour of confirming faces would hide all else.
    sentence_counts = Counter(correction_history.describe_event(event, names) for event in between.events)
    lines = [f"{sentence}{f' ({times} times)' if times > 1 else ''}" for sentence, times in sentence_counts.items()]
    more = len(lines) - EVENTS_SHOWN
    return lines[:EVENTS_SHOWN] + ([f"and {words.count(more, 'other correction')}"] if more > 0 else [])


def _people_lines(between: RunChanges) -> list[str]:
    lines = []
    for names, verb in ((between.people_added, "came"), (between.people_removed, "went")):
        if names:
            listed = ", ".join(words.display_name(name) for name in names[:EVENTS_SHOWN])
            more = len(names) - EVENTS_SHOWN
            lines.append(f"{listed}{f' and {more} more' if more > 0 else ''} {verb}")
    return lines


def _setting_lines(settings: Sequence[ChangedSetting]) -> list[str]:
    return [
        f"{training_page.SETTING_NAMES[setting.name]}: "
        f"{_value_text(setting.old)} before, {_value_text(setting.new)} now"
        for setting in settings
    ]


def _value_text(value: object) -> str:
    return "none" if value is None else str(value)

"""The tab "Compared with before": is this run better than another, which faces changed, and what happened between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from core.base.types import Revision
from core.learn.model_selection.comparison import Comparison, Verdict
from core.store.protocols import Run
from core.ui import address, charts, data, gallery, words
from core.ui.components.picker import Grid, picker
from core.ui.evaluation import evaluation_charts
from core.ui.evaluation.evaluation_page import Shown
from core.ui.labels import correction_history, corrections, face_review, face_sheet
from core.ui.training import training_page
from core.workflows.evaluation import compare
from core.workflows.evaluation.compare import Between, Compared, Outcome, Setting

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


def section(page: Shown) -> None:
    """The run of the page against another one of the dataset."""
    other = _choose(page.run, [run for run in data.runs(page.dataset) if run.id != page.run.id])
    older, newer = compare.in_order(page.run, other)
    _result(page, _compared(page.dataset.id, page.dataset.revision, older.id, newer.id))


def _choose(run: Run, others: list[Run]) -> Run:
    """The run of the address, else the one before, else the one after; a chooser when there are several."""
    by_id = {other.id: other for other in others}
    before = next((other.id for other in others if other.created < run.created), others[-1].id)
    wanted = address.asked(AGAINST)
    wanted = wanted if wanted in by_id else before
    if len(others) > 1:
        wanted = st.selectbox(
            "Compared with",
            list(by_id),
            index=list(by_id).index(wanted),
            format_func=lambda key: training_page.title(by_id[key]),
            key=f"compared_with_{run.id}",
            width=300,
        )
    address.remember(**{AGAINST: wanted if wanted != before else None})
    return by_id[wanted]


@st.cache_resource(show_spinner="Comparing", max_entries=4)
def _compared(dataset_id: str, revision: Revision, older: str, newer: str) -> Compared:
    services = data.services()
    old, new = ((services.runs.run(run_id), data.predictions(run_id)) for run_id in (older, newer))
    return compare.compare_runs(services.store, services.log, old, new)


@st.fragment
def _result(page: Shown, compared: Compared) -> None:
    corrections.keep_in_step()
    counts = compared.counts
    st.markdown(f"{_TRUST[counts.verdict]} **{words.plain(counts.sentence())}**")
    left, right = st.columns([2, 3], gap="large")
    with left:
        _counts(compared)
    with right:
        _between(page, compared.between)
    _faces(page, "Newly right", compared.newly_right, "right", compared.cleared)
    _faces(page, "Newly wrong", compared.newly_wrong, "wrong")
    st.caption(
        f"Judged by today's names, on the {words.count(counts.faces, 'face')} that both runs were tested on. "
        "Chance: McNemar's exact test; and the interval of the difference has to leave out 0 when other people and "
        "other photos of them are drawn (bootstrap)."
    )


def _counts(compared: Compared) -> None:
    counts = compared.counts
    drawn = evaluation_charts.changes_json(
        counts.both, counts.only_old, counts.only_new, counts.neither, ink=charts.INK[st.context.theme.type == "dark"]
    )
    st.plotly_chart(
        charts.figure(drawn),
        key="changes_chart",
        config={"displayModeBar": False},
        alt=f"Right in both runs {counts.both}, newly wrong {counts.only_old}, newly right {counts.only_new}, "
        f"wrong in both {counts.neither}.",
    )
    st.caption(_accuracies(counts))


def _accuracies(counts: Comparison) -> str:
    before, now = ((counts.both + only) / counts.faces for only in (counts.only_old, counts.only_new))
    if not counts.only_old and not counts.only_new:
        return f"Accuracy {words.percent(now)} in both."
    points, low, high = (f"{100 * share:+.1f}" for share in (counts.difference, counts.low, counts.high))
    return (
        f"Accuracy {words.percent(before)} before, {words.percent(now)} now: {points} points "
        f"({low} to {high} with 95 % certainty)."
    )


# which faces changed


def _faces(page: Shown, title: str, changed: Sequence[Outcome], key: str, cleared: Sequence[Outcome] = ()) -> None:
    st.markdown(f"**{title}: {words.count(len(changed) + len(cleared), 'face') if changed or cleared else 'none'}**")
    if cleared:
        st.caption(cleared_sentence(len(cleared)))
    notes = {one.face_id: f"{words.person(one.said_old)} before, {words.person(one.said_new)} now" for one in changed}
    notes |= {one.face_id: "name corrected" for one in cleared}
    shown = [one for one in (*changed, *cleared) if one.face_id in page.faces.row]
    if not shown:
        return
    part = shown[gallery.page_slice(len(shown), PER_PAGE, f"changed_{key}")]
    tiles = [
        replace(face_review.pickable(page.dataset, page.faces, page.faces.row[one.face_id]), note=notes[one.face_id])
        for one in part
    ]
    grid = Grid(f"{title}. Click a face to see its photo.", {"Enter": "open"}, 140, click="open")
    picked = picker(f"changed_{key}", tiles, grid, corrections.epoch())
    if picked.command and picked.command.face_ids:
        face_sheet.whole_photo(page.dataset, picked.command.face_ids[0])


def cleared_sentence(n: int) -> str:
    """Say why errors of the older run are right now although it is not the recogniser that changed."""
    photo = f"{words.count(n)} of them" if n > 1 else "One of them"
    return (
        f"{photo} counted as {'errors' if n > 1 else 'an error'} before because the name was wrong, not the "
        "recogniser: the older run had already said the name that was given since. Above it is right in both."
    )


# what happened between


def _between(page: Shown, between: Between) -> None:
    st.markdown("**What changed in between**")
    lines = [*_corrections(page, between), *_people(between), *_settings(between.settings)]
    if between.learned:
        lines.append(f"{between.learned:+d} faces learned from")
    st.markdown(
        "\n".join(f"- {words.plain(line)}" for line in lines)
        if lines
        else "Nothing: the same faces and the same settings."
    )


def _corrections(page: Shown, between: Between) -> list[str]:
    if not between.events:
        return []
    names = data.services().store.names(page.dataset.id)
    told = Counter(correction_history.sentence(event, names) for event in between.events)
    lines = [f"{sentence}{f' ({times} times)' if times > 1 else ''}" for sentence, times in told.items()]
    more = len(lines) - EVENTS_SHOWN
    return lines[:EVENTS_SHOWN] + ([f"and {words.count(more, 'other correction')}"] if more > 0 else [])


def _people(between: Between) -> list[str]:
    lines = []
    for names, what in ((between.came, "came"), (between.went, "went")):
        if names:
            some = ", ".join(words.person(name) for name in names[:EVENTS_SHOWN])
            more = len(names) - EVENTS_SHOWN
            lines.append(f"{some}{f' and {more} more' if more > 0 else ''} {what}")
    return lines


def _settings(settings: Sequence[Setting]) -> list[str]:
    return [
        f"{training_page.SETTING_NAMES[one.name]}: {_value(one.old)} before, {_value(one.new)} now" for one in settings
    ]


def _value(value: object) -> str:
    return "none" if value is None else str(value)

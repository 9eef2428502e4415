"""The trainings so far as a table to choose from, what the newest came to, and two of them side by side."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.language.texts import gettext as _
from core.language.texts import localise_decimals, marked, ngettext
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.metrics.run_values import describe_update
from core.store.job_model import Job, JobState
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.ui import data, frame, menu, words
from core.workflows.evaluation.compare import list_changed_settings
from core.workflows.training.request import TrainResult
from core.workflows.training.train import delete_run

COMPARED = marked("Compared with before")
"""The tab of the evaluation page that a training again leads to."""
ALL_FIGURES = "all_figures_of_runs"
COLUMNS = ("trained", "accuracy", "interval", "people", "learned", "tested", "changed")
EXPERT_COLUMNS = (*COLUMNS[:-1], "f1", "model", "settings", COLUMNS[-1])
"""Of the table of runs, and those of who asks for the figures for experts."""
_SPLIT_NAMES = {"own": marked("the folder val"), "kfold": marked("parts in turn (folds)")}
SETTING_NAMES = {
    "folds": marked("Parts for testing"),
    "min_faces": marked("Fewest faces of a person"),
    "seed": marked("Seed"),
    "c": "C",
    "classifier": marked("Classifier"),
    "min_grade": marked("Poorest quality"),
    "min_size_px": marked("Smallest face, pixels"),
    "split": marked("Division into learning and testing"),
    "strangers": marked("Strangers given"),
    "model": marked("Embedding model"),
}


def show_training_outcome(dataset: Dataset, job: Job | None, runs: list[Run]) -> None:
    """What the training that was done last came to, with the way to what it changed."""
    # Not where its run was deleted since: then the newest run is an earlier one, of which this says nothing.
    if len(runs) < 2 or job is None or job.state is not JobState.DONE or TrainResult.of(job).run != runs[0].id:
        return
    now, before = runs[:2]
    if now.params.updated:
        # The notice of the run says what it knows now; nothing was measured that could be told of.
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            _(
                ":material/check_circle: **Trained {when}.** Right for {percentage} of new photos; "
                "{percentage_before} by the run before.",
                when=words.plain(_name_run(now)),
                percentage=words.percent(now.metrics.accuracy),
                percentage_before=words.percent(before.metrics.accuracy),
            )
        )
        if st.button(_("What changed?"), icon=":material/compare_arrows:"):
            frame.open_page(menu.EVALUATE, dataset.id, tab=_(COMPARED))


def show_runs_table(dataset: Dataset, runs: list[Run]) -> None:
    """The runs as a table; chosen rows can be compared or deleted."""
    _show_what_is_newer(dataset, runs[0])
    st.header(_("Trainings so far (runs)"), anchor=False)
    event = st.dataframe(
        _runs_table(runs),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        # Of these very runs: rows are chosen by number, and after another window deleted or added one, the number
        # would be that of another run.
        key=f"runs_{dataset.id}_{'_'.join(run.id for run in runs)}",
        column_config=_column_config(),
        column_order=EXPERT_COLUMNS if st.session_state.get(ALL_FIGURES) else COLUMNS,
        alt=_("Trainings, newest first"),
    )
    st.toggle(_("Figures for experts"), key=ALL_FIGURES, help=_("Macro F1, embedding model, C and seed."))
    _show_run_actions(dataset, [runs[row] for row in event.selection.rows])


def _show_what_is_newer(dataset: Dataset, newest: Run) -> None:
    """That photos or names are newer than what the newest run was measured on."""
    if newest.revision != dataset.revision:
        st.info(
            _("Photos or names changed since the newest run. Train again to learn from them."),
            icon=":material/update:",
        )
    elif newest.params.updated:
        st.info(
            _("{update} Train again to measure them.", update=words.plain(describe_update(newest.params.updated))),
            icon=":material/update:",
        )


def _column_config() -> dict[str, Any]:
    most, percent_format = words.bar_scale()
    return {
        "accuracy": st.column_config.ProgressColumn(
            _("Right (accuracy)"), format=percent_format, min_value=0, max_value=most
        ),
        "interval": st.column_config.TextColumn(
            _("Between"),
            help=_("With 95\u00a0% certainty (confidence interval): it was tested on so many faces only."),
        ),
        "trained": _("Trained"),
        "people": _count_column(_("People")),
        "learned": _count_column(_("Faces learned from")),
        "tested": _count_column(_("Faces tested")),
        "changed": st.column_config.TextColumn(_("Against the one before"), width="medium"),
        "f1": _count_column(_("Macro F1")),
        "model": _("Embedding model"),
        "settings": _("Settings"),
    }


def _show_run_actions(dataset: Dataset, chosen_runs: list[Run]) -> None:
    if not chosen_runs:
        st.caption(_("Tick one to open or delete it, two to compare them."))
        return
    with st.container(horizontal=True):
        if len(chosen_runs) == 1 and st.button(_("Open"), icon=":material/fact_check:"):
            frame.open_page(menu.EVALUATE, dataset.id, run=chosen_runs[0].id)
        n_chosen = len(chosen_runs)
        if st.button(ngettext("Delete {number} run", "Delete {number} runs", n_chosen), icon=":material/delete:"):
            for run in chosen_runs:
                delete_run(data.services().runs, data.services().artifacts, run)
            frame.queue_toast(ngettext("{number} run deleted.", "{number} runs deleted.", n_chosen))
            st.rerun()
    if len(chosen_runs) == 2:
        _show_two_runs(dataset, *sorted(chosen_runs, key=lambda run: run.created))


def _show_two_runs(dataset: Dataset, older: Run, newer: Run) -> None:
    """Two runs side by side, what differs marked, and the way to the faces."""
    rows = {
        _("Trained"): (words.ago(older.created), words.ago(newer.created)),
        _("Right on new photos (accuracy)"): (_accuracy_text(older), _accuracy_text(newer)),
        _("People"): (older.metrics.n_people, newer.metrics.n_people),
        _("Faces learned from"): (older.metrics.n_train, newer.metrics.n_train),
        _("Faces tested"): (older.metrics.n_test, newer.metrics.n_test),
        _("Tested by"): (_(_SPLIT_NAMES[older.params.split]), _(_SPLIT_NAMES[newer.params.split])),
        _("Fair to everybody (macro F1)"): (
            localise_decimals(f"{older.metrics.macro_f1:.3f}"),
            localise_decimals(f"{newer.metrics.macro_f1:.3f}"),
        ),
        _("Embedding model"): (older.model_id, newer.model_id),
        _("Classifier"): (older.params.fitted_classifier.describe(), newer.params.fitted_classifier.describe()),
        _("Seed"): (older.params.seed, newer.params.seed),
        _("State of the photos and names (revision)"): (older.revision, newer.revision),
    }
    table = pd.DataFrame(
        [
            {"": name, _("Older"): str(old), _("Newer"): str(new), _("Differs"): _("yes") if old != new else ""}
            for name, (old, new) in rows.items()
        ]
    )
    st.dataframe(table, hide_index=True, alt=_("Two runs compared"))
    if st.button(_("Is the difference real?"), icon=":material/compare_arrows:"):
        frame.open_page(menu.EVALUATE, dataset.id, run=newer.id, against=older.id, tab=_(COMPARED))


def _accuracy_text(run: Run) -> str:
    low, high = run.metrics.accuracy_ci95
    return f"{words.percent(run.metrics.accuracy)} ({words.format_interval(low, high)})"


def _runs_table(runs: list[Run]) -> pd.DataFrame:
    most, _format = words.bar_scale()
    return pd.DataFrame(
        [
            {
                "trained": _name_run(run),
                "accuracy": words.bar_percent(run.metrics.accuracy) * most / 100,
                "interval": words.format_interval(*run.metrics.accuracy_ci95),
                "f1": localise_decimals(f"{run.metrics.macro_f1:.3f}"),
                "people": words.count(run.metrics.n_people),
                "learned": words.count(run.metrics.n_train),
                "tested": words.count(run.metrics.n_test),
                "model": run.model_id,
                "settings": _(
                    "{classifier}, seed {seed}",
                    classifier=run.params.fitted_classifier.describe(),
                    seed=run.params.seed,
                ),
                "changed": _changes_text(before, run) if before else _("the first"),
            }
            for run, before in zip(runs, [*runs[1:], None], strict=True)
        ]
    )


def _count_column(title: str) -> Any:
    return st.column_config.TextColumn(title, alignment="right")


def _changes_text(before: Run, run: Run) -> str:
    """What is different from the run before, in a few words."""
    faces = run.metrics.n_train - before.metrics.n_train
    people = run.metrics.n_people - before.metrics.n_people
    # Said as each run measured itself, on faces of its own; whether it is a real difference the comparison tells.
    accuracy = (run.metrics.accuracy - before.metrics.accuracy) * 100
    changed = ", ".join(_(SETTING_NAMES[setting.name]) for setting in list_changed_settings(before, run))
    parts = [
        _("updated, not measured again") if run.params.updated else "",
        _("{change} people", change=f"{people:+d}") if people else "",
        _("{change} faces", change=f"{faces:+d}") if faces else "",
        # Less would be rounded to +0.0.
        _("{change} points", change=localise_decimals(f"{accuracy:+.1f}")) if abs(accuracy) >= 0.05 else "",
        _("other {settings}", settings=words.inside(changed)) if changed else "",
    ]
    return ", ".join(part for part in parts if part) or _("the same")


def format_run_title(run: Run) -> str:
    """A run as it stands in a list to choose from."""
    run_name, percentage = _name_run(run), words.percent(run.metrics.accuracy)
    if run.params.updated:
        return _("{run}: {percentage} right, when trained", run=run_name, percentage=percentage)
    return _("{run}: {percentage} right", run=run_name, percentage=percentage)


def _name_run(run: Run) -> str:
    # The product's own choice needs no name; another one was somebody's, who looks for it.
    kind = run.params.kind
    return words.ago(run.created) + ("" if kind is ClassifierKind.LINEAR_SVM else f", {kind.plain_name}")

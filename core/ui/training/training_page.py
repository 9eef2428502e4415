"""The training page's parts: what will be learned, the options, the runs and their comparison."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from core.base.errors import TrainingRefused
from core.base.types import TRUSTED_GRADE, Revision
from core.jobs.registry import submit_job
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, marked, ngettext
from core.learn.classification.classifier_kinds import LINEAR_SVM, ClassifierKind
from core.learn.classification.training_material import TrainOptions
from core.learn.metrics.run_values import UnusedFaces, describe_update
from core.learn.model_selection.splits import SplitPlan
from core.store.job_model import Job, JobKind, JobState
from core.store.values.datasets import Counts, Dataset
from core.store.values.runs import Run
from core.ui import data, frame, menu, words
from core.ui.access import kept
from core.ui.home import trail
from core.ui.training import imbalance, strangers_input
from core.workflows.evaluation.classifier_choice import request_with_classifier
from core.workflows.evaluation.compare import list_changed_settings
from core.workflows.training.request import TrainRequest, TrainResult, find_training_request
from core.workflows.training.train import delete_run, preview_training

LEFT_OUT_SHOWN = 8
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


def show_nothing_trained(dataset: Dataset, sentence: str) -> None:
    """Nothing was learned yet, and the way on: to the training where there is something to learn, else to that."""
    step = trail.find_next_step(dataset)
    reason = "" if step.page == menu.TRAIN else f" {words.plain(step.why)}"
    frame.show_empty_state(f"{sentence}{reason}", words.plain(step.label), step.page)


def show_too_few_people(dataset: Dataset, counts: Counts) -> None:
    """Nothing to learn yet, and what to do about it."""
    if not counts.faces:
        sentence = _("There are no faces yet.") if not counts.photos else _("No face was found in the photos so far.")
    elif not counts.people:
        sentence = _("No face has a name yet. Name them, or add photos in folders, one folder a person.")
    else:
        sentence = _("It knows one person. Telling people apart takes at least two.")
    step = trail.find_next_step(dataset)
    frame.show_empty_state(sentence, words.plain(step.label), step.page)


def ask_training_options(runs: list[Run]) -> TrainRequest:
    """Settings that have good defaults; those that few will want are folded. The classifier is the newest run's."""
    in_use = runs[0].params.kind if runs else LINEAR_SVM.kind
    with st.popover(_("Options"), icon=":material/tune:"):
        fewest = st.slider(
            _("Fewest photos of a person"),
            2,
            20,
            2,
            help=_("Who has fewer is left out. Several shots of one moment count as one."),
        )
        worst = st.slider(
            _("Leave out faces of a quality below, %"),
            0,
            90,
            round(100 * TRUSTED_GRADE),
            step=5,
            help=_("Blurred, dark and tiny faces teach the wrong thing: below 50\u00a0% different people look alike."),
        )
        strangers = strangers_input.choose_from_inbox()
        with st.expander(_("For experts")):
            options = _ask_expert_options(in_use)
    return TrainRequest(replace(options, min_faces=fewest, min_grade=worst / 100), strangers)


def _ask_expert_options(in_use: ClassifierKind) -> TrainOptions:
    """What is of the method, in the words of the field."""
    smallest = st.slider(_("Leave out faces narrower than, pixels"), 0, 200, 0, step=10)
    folds = st.slider(
        _("Parts for testing (folds)"),
        2,
        10,
        5,
        help=_(
            "Each part is tested by what was learned from the others. Used where no folders train and val divide the "
            "photos."
        ),
    )
    seed = st.number_input(_("Draw of the parts (seed)"), 0, 9999, 0, help=_("The same seed gives the same result."))
    kinds = list(ClassifierKind)
    kind = st.selectbox(
        _("Classifier"),
        kinds,
        index=kinds.index(in_use),
        format_func=lambda each: each.plain_name,
        help=_("What tells the people apart. How good is it? compares them on your photos."),
        key=f"classifier_{in_use}",
    )
    own_c = kind.has_c and st.toggle(
        _("Set C myself"),
        value=False,
        help=_(
            "What a face on the wrong side of the border costs. For the linear SVM it is chosen by trying otherwise."
        ),
    )
    c = st.select_slider("C", [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0], 1.0) if own_c else None
    return TrainOptions(folds=folds, seed=int(seed), c=c, min_size_px=smallest, classifier=kind)


def submit_training(dataset: Dataset, request: TrainRequest) -> None:
    """Queue a training job."""
    submit_job(data.services().jobs, dataset.id, request)
    st.rerun()


def submit_training_again(dataset: Dataset, run: Run) -> None:
    """Queue a training with the settings of a run, unless one is on its way."""
    # The button is clicked twice, or on two pages: the second training would learn the same once more.
    job = data.newest_job(dataset, JobKind.TRAIN)
    if job is None or not job.state.active:
        jobs = data.services().jobs
        submit_job(jobs, dataset.id, find_training_request(jobs, dataset.id, run))


def submit_update(dataset: Dataset) -> None:
    """Queue what brings the newest recogniser up to date, unless something is on its way."""
    job = data.newest_job(dataset, JobKind.TRAIN)
    if job is None or not job.state.active:
        submit_job(data.services().jobs, dataset.id, TrainRequest(update=True))


def train_again(dataset: Dataset, run: Run) -> None:
    """Queue a training with the settings of a run, and go where it can be followed."""
    submit_training_again(dataset, run)
    frame.open_page(menu.TRAIN, dataset.id)


def train_with_classifier(dataset: Dataset, run: Run, kind: ClassifierKind) -> None:
    """Queue a training like a run's with another classifier, and go where it can be followed."""
    job, jobs = data.newest_job(dataset, JobKind.TRAIN), data.services().jobs
    if job is None or not job.state.active:
        submit_job(jobs, dataset.id, request_with_classifier(jobs, run, kind))
    frame.open_page(menu.TRAIN, dataset.id)


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


MOST_FACES_UNASKED = 200_000
"""With more faces it takes more than a second to say who would take part, after each correction."""


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


# A refusal is given as text: exceptions are not cached, and the faces would be gone through at every run of the page.
@kept.cache_resource(show_spinner=False, max_entries=4)
def _preview_plan(
    dataset_id: str, revision: Revision, options: TrainOptions
) -> tuple[SplitPlan, tuple[UnusedFaces, ...]] | str:
    faces = data.dataset_faces(dataset_id, revision)
    try:
        return preview_training(faces.table, faces.embeddings, options)
    except TrainingRefused as refusal:
        return str(refusal)


def describe_refusal(dataset: Dataset) -> str:
    """Why a training with the default options would learn nothing; "" where it would learn, or it takes long to say."""
    if data.dataset_counts(dataset.id, dataset.revision).faces > MOST_FACES_UNASKED:
        return ""
    with st.spinner(_("Looking at the faces")):
        plan = _preview_plan(dataset.id, dataset.revision, TrainOptions())
    return plan if isinstance(plan, str) else ""


def show_plan(dataset: Dataset, options: TrainOptions) -> None:
    """What would be learned, who is left out, and how it will be tested; of very many faces when somebody asks."""
    if data.dataset_counts(dataset.id, dataset.revision).faces > MOST_FACES_UNASKED and not st.toggle(
        _("Say who takes part"),
        key=f"plan_{dataset.id}",
        help=_("Every person's faces are compared with each other, for shots of one moment. Training does it anyway."),
    ):
        return
    with st.spinner(_("Looking at the faces")):
        outcome = _preview_plan(dataset.id, dataset.revision, options)
    if isinstance(outcome, str):
        st.warning(words.plain(say_again(outcome)), icon=":material/info:")
        return
    planned, gated = outcome
    used, tested = len(planned.used), sum(len(fold.test) for fold in planned.folds)
    st.markdown(
        _(
            "**{people}, {faces}** take part; {tested_faces} of them test it. {why}",
            people=words.format_people_count(len(planned.people)),
            faces=ngettext("{number} face", "{number} faces", used),
            tested_faces=ngettext("{number} face", "{number} faces", tested),
            why=words.plain(say_again(planned.why)),
        )
    )
    imbalance.show_planned_imbalance(planned)
    for exclusion in gated:
        st.caption(describe_unused(exclusion.faces, exclusion.reason))
    for dropped in planned.dropped:
        st.caption(describe_unused(len(dropped.rows), dropped.reason))
    if planned.left_out:
        with st.expander(ngettext("{number} person left out", "{number} people left out", len(planned.left_out))):
            for entry in planned.left_out[:LEFT_OUT_SHOWN]:
                st.markdown(f"- **{words.name(entry.person)}**: {words.plain(say_again(entry.reason))}")
            if len(planned.left_out) > LEFT_OUT_SHOWN:
                more = len(planned.left_out) - LEFT_OUT_SHOWN
                st.caption(ngettext("and {number} more", "and {number} more", more))


def describe_unused(n_faces: int, reason: str) -> str:
    """How many faces take no part, and why, as Markdown."""
    return ngettext(
        "{number} face not used: {reason}",
        "{number} faces not used: {reason}",
        n_faces,
        reason=words.plain(say_again(reason)),
    )


def show_runs_table(dataset: Dataset, runs: list[Run]) -> None:
    """The runs as a table; chosen rows can be compared or deleted."""
    newest = runs[0]
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
    st.header(_("Trainings so far (runs)"), anchor=False)
    event = st.dataframe(
        _runs_table(runs),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        # Of these very runs: rows are chosen by number, and after another window deleted or added one, the number
        # would be that of another run.
        key=f"runs_{dataset.id}_{'_'.join(run.id for run in runs)}",
        column_config={
            "accuracy": st.column_config.ProgressColumn(
                _("Right (accuracy)"), format="%.1f\u00a0%%", min_value=0, max_value=100
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
            "f1": st.column_config.NumberColumn(_("Macro F1"), format="%.3f"),
            "model": _("Embedding model"),
            "settings": _("Settings"),
        },
        column_order=EXPERT_COLUMNS if st.session_state.get(ALL_FIGURES) else COLUMNS,
        alt=_("Trainings, newest first"),
    )
    st.toggle(_("Figures for experts"), key=ALL_FIGURES, help=_("Macro F1, embedding model, C and seed."))
    _show_run_actions(dataset, [runs[row] for row in event.selection.rows])


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
    return pd.DataFrame(
        [
            {
                "trained": _name_run(run),
                "accuracy": words.bar_percent(run.metrics.accuracy),
                "interval": words.format_interval(*run.metrics.accuracy_ci95),
                "f1": run.metrics.macro_f1,
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

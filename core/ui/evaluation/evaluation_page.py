"""The evaluation page's parts: which run, how good it is, person by person, and how it was measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core.access.permissions import Action
from core.base.errors import NotFound
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.learn.metrics.classification import ConfusedPair, Evaluation
from core.learn.metrics.predictions import Predictions
from core.learn.metrics.run_values import describe_update
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.ui import address, data, gallery, words
from core.ui.access import kept, offers
from core.ui.audit import recording
from core.ui.certainty import explanation
from core.ui.data import Faces
from core.ui.training import runs_table, training_jobs, training_plan
from core.vision.models import catalogue
from core.workflows.exchange.csv_tables import people_csv

PORTRAITS_MOST = 200
"""The most people whose table shows a face each: the pictures travel inside the table."""


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedRun:
    """The run that the page is about, what it said, and the faces as they are now."""

    dataset: Dataset
    run: Run
    predictions: Predictions
    faces: Faces

    @property
    def evaluation(self) -> Evaluation:
        """What was measured on the test faces of the run."""
        return self.predictions.evaluation

    @property
    def stale(self) -> bool:
        """Photos or names changed since the run."""
        return self.run.revision != self.dataset.revision

    def person(self, index: int) -> str:
        """A person's name for reading, by the index in the evaluation."""
        return words.display_name(self.predictions.people[index])


def load_evaluated_run(dataset: Dataset, run: Run) -> EvaluatedRun:
    """Everything the page reads."""
    return EvaluatedRun(dataset, run, data.run_predictions(run.id), data.dataset_faces(dataset.id, dataset.revision))


# which run, and how good


def choose_run(runs: list[Run]) -> Run:
    """The run of the address, or the newest; a chooser when there are several."""
    by_id = {run.id: run for run in runs}
    # A link may name a run that was deleted since. The newest is not named in the address: a link to the page goes on
    # showing the newest after another training.
    run_id = st.query_params.get("run", runs[0].id)
    if run_id not in by_id:
        st.info(_("The training that this page was about was deleted. This is the newest."), icon=":material/info:")
        run_id = runs[0].id
    if len(runs) > 1:
        run_id = st.selectbox(
            _("Training run"),
            list(by_id),
            index=list(by_id).index(run_id),
            format_func=lambda key: _format_choice(by_id[key], is_newest=key == runs[0].id),
            key=f"evaluated_run_{runs[0].dataset_id}",
            width=380,
        )
    address.set_query_values(run=None if run_id == runs[0].id else run_id)
    return by_id[run_id]


def _format_choice(run: Run, *, is_newest: bool) -> str:
    title = runs_table.format_run_title(run)
    return _("newest, {run}", run=title) if is_newest else title


def show_headline(run: Run) -> None:
    """The answer: accuracy with its interval, in numbers and in a sentence."""
    metrics, (low, high) = run.metrics, run.metrics.accuracy_ci95
    with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
        st.metric(
            _("Right on new photos (accuracy)"),
            words.percent(metrics.accuracy),
            words.format_interval(low, high),
            delta_color="off",
            delta_arrow="off",
            delta_description=_("with 95\u00a0% certainty"),
            width="content",
        )
        st.metric(
            _("Fair to everybody (macro F1)"),
            words.percent(metrics.macro_f1),
            width="content",
            help=_("The mean over people, not faces, of how completely and how exclusively each is named."),
        )
        st.metric(_("People"), words.count(metrics.n_people), width="content")
        st.metric(_("Faces learned from"), words.count(metrics.n_train), width="content")
    st.markdown(
        ngettext(
            "**Right for {part} of {number} face it had not seen before.** {why}",
            "**Right for {part} of {number} faces it had not seen before.** {why}",
            metrics.n_test,
            part=words.count(metrics.n_correct),
            why=words.plain(say_again(run.params.why)),
        )
    )


def show_stale_notice(evaluated: EvaluatedRun) -> None:
    """Say that the photos have moved on, with the way to catch up: one click trains with the settings of this run."""
    stale = _("Photos or names changed since this run; it tells about the earlier ones.") if evaluated.stale else ""
    updated = evaluated.run.params.updated
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f":material/update: {words.plain(stale or (describe_update(updated) if updated else ''))}")
        may_train = offers.may_edit(evaluated.dataset.id)
        if may_train and st.button(_("Train again"), type="primary", icon=":material/school:"):
            training_jobs.train_again(evaluated.dataset, evaluated.run)


# person by person


def show_people_section(evaluated: EvaluatedRun) -> None:
    """A sortable table, the hardest person first."""
    table = _load_people_table(evaluated.run.id).copy()
    n_always_right = int((table["Recognised"] == 100).sum())
    tested = ngettext("{number} tested person", "{number} tested people", len(table))
    st.markdown(
        ngettext(
            "**{number} of {tested} was always recognised**",
            "**{number} of {tested} were always recognised**",
            n_always_right,
            tested=tested,
        )
    )
    if len(table) <= PORTRAITS_MOST:
        table.insert(0, "Face", _portrait_addresses(evaluated, table["key"]))
    st.dataframe(
        table.drop(columns="key"),
        hide_index=True,
        row_height=44 if "Face" in table else None,
        height=min(620, 40 + 44 * len(table)),
        column_config=_columns(),
        key="people_table",
        alt=_("Recall, precision and F1 of every person, the lowest first."),
    )
    if not offers.may(Action.EXPORT, evaluated.dataset.id):
        return
    st.download_button(
        _("Download as CSV"),
        recording.recorded_download(evaluated.dataset.id, "table of people", partial(people_csv, evaluated.evaluation)),
        file_name="people.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


@kept.cache_resource(show_spinner=False, max_entries=4)
def _load_people_table(run_id: str) -> pd.DataFrame:
    return build_people_table(data.run_predictions(run_id).evaluation)


def build_people_table(evaluation: Evaluation) -> pd.DataFrame:
    """One row a tested person: rates in per cent, faces tested, and whom the most errors named; the lowest F1 first."""
    # The most frequent pairs come first, and of two values for a key a dictionary keeps the later one.
    main_confusions = {pair.person: pair for pair in reversed(evaluation.most_confused)}
    rows = [
        (
            result.person,
            words.display_name(result.person),
            words.bar_percent(result.recall, 0),
            words.bar_percent(result.precision, 0),
            words.bar_percent(result.f1, 0),
            result.support,
            _taken_for(main_confusions.get(result.person)),
        )
        for result in evaluation.per_person
        if result.support
    ]
    names = ["key", "Person", "Recognised", "Name correct", "F1", "Tested", "Taken for"]
    table = pd.DataFrame(rows, columns=names)
    return table.sort_values(
        ["F1", "Tested", "Person"], ascending=[True, False, True], kind="stable", ignore_index=True
    )


def _taken_for(pair: ConfusedPair | None) -> str:
    if pair is None:
        return ""
    return f"{words.display_name(pair.given)}{f' ({pair.count})' if pair.count > 1 else ''}"


def _portrait_addresses(evaluated: EvaluatedRun, names: pd.Series) -> list[str | None]:
    covers = [data.find_cover(evaluated.dataset, name) for name in names]
    gallery.fetch_crops(evaluated.dataset.id, filter(None, covers))
    return [gallery.crop_address(evaluated.dataset.id, cover) if cover else None for cover in covers]


def _columns() -> dict[str, Any]:
    def rate(label: str, text: str) -> Any:
        return st.column_config.ProgressColumn(
            label, help=text, format="%.0f %%", min_value=0, max_value=100, width=130
        )

    return {
        "Face": st.column_config.ImageColumn("", width=50),
        # Of a width: a long name would push the figures out of sight.
        "Person": st.column_config.TextColumn(_("Person"), width=200),
        "Recognised": rate(_("Recall"), _("Of this person's faces, the share that got the right name.")),
        "Name correct": rate(_("Precision"), _("Of the faces that got this name, the share that are this person.")),
        "F1": rate("F1", _("Both in one number.")),
        "Tested": st.column_config.NumberColumn(_("Tested"), width=70),
        "Taken for": st.column_config.TextColumn(_("Mostly taken for"), width=190),
    }


# how this was measured


def show_method_section(evaluated: EvaluatedRun) -> None:
    """Everything somebody needs to judge the numbers, or to get them again."""
    run, evaluation = evaluated.run, evaluated.evaluation
    params = run.params
    st.markdown(words.plain(say_again(params.why)))
    left, right = st.columns(2, gap="large")
    with left:
        explanation.show_numbers(
            {
                _("Tested faces"): words.count(evaluation.n_test),
                _("Learned from"): ngettext("{number} face", "{number} faces", run.metrics.n_train),
                _("Right on those it learned from"): words.percent(run.metrics.train_accuracy),
                _("95\u00a0% interval (Wilson)"): words.format_interval(*evaluation.accuracy_ci95),
                _("Balanced accuracy"): words.percent(evaluation.balanced_accuracy),
                _("Right name among the first three"): words.percent(evaluation.top3),
                _("Probabilities are off by (ECE)"): words.percent(evaluation.ece),
            }
        )
    with right:
        explanation.show_numbers(
            {
                _("Classifier"): params.fitted_classifier.describe(),
                _("Embedding model"): _model_title(run.model_id),
                _("Folds"): words.count(params.folds),
                _("Seed"): str(params.seed),
                _("Revision of the photos"): _("{revision} (changed since)", revision=run.revision)
                if evaluated.stale
                else f"{run.revision}",
                _("Trained"): _(
                    "{when}, in {duration}",
                    when=words.ago(run.created),
                    duration=words.format_duration(run.seconds),
                ),
                _("Run"): run.id,
            }
        )
    _show_left_out(run)


def _model_title(model_id: str) -> str:
    try:
        return _(catalogue.find_vectors_model(model_id).title)
    except NotFound:
        # A bundle may come from an installation with a model that this one does not have.
        return model_id


def _show_left_out(run: Run) -> None:
    for dropped in run.params.dropped:
        st.caption(training_plan.describe_unused(dropped.faces, dropped.reason))
    left_out = run.params.left_out
    if not left_out:
        st.caption(_("Nobody was left out."))
        return
    n_left_out = ngettext("{number} person left out", "{number} people left out", len(left_out))
    st.markdown(f"**{n_left_out}**")
    st.dataframe(
        pd.DataFrame(
            [{_("Person"): words.display_name(entry.person), _("Why"): say_again(entry.reason)} for entry in left_out]
        ),
        hide_index=True,
        height=min(320, 40 + 36 * len(left_out)),
        alt=_("People who took no part, and why."),
    )

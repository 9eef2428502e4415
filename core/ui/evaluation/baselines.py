"""The tab "Classifiers": other classifiers on the same folds, and which one to take."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, ngettext
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.metrics.bootstrap import Interval
from core.learn.model_selection.baselines import DUMMY
from core.learn.model_selection.study import MeasuredClassifier, Study
from core.ui import words
from core.ui.access import offers
from core.ui.evaluation import study_progress
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.ui.training import training_jobs
from core.workflows.evaluation import classifier_choice


def show_baselines_section(evaluated: EvaluatedRun) -> None:
    """The recommendation in a sentence, then everything side by side."""
    study = study_progress.load_or_offer_study(evaluated, "classifiers")
    if study is None:
        return
    st.markdown(f"**{words.plain(say_again(study.why))}**")
    st.dataframe(
        build_classifiers_table(study),
        hide_index=True,
        column_config=_columns(),
        key="classifiers_table",
        alt=_("Classifiers on the same folds, with the time they take. {why}", why=say_again(study.why)),
    )
    if offers.may_edit(evaluated.dataset.id):
        _offer_other_classifiers(evaluated, study)
    settings = _("; ").join(
        words.titled(say_again(classifier.title), classifier.settings)
        for classifier in study.classifiers
        if classifier.settings
    )
    st.caption(
        _(
            "The first is in use. All of them learned from and were tested on the same faces. In per cent, in brackets "
            "the 95\u00a0% interval. Difference: how much more often it is right than the first, face by face. Times "
            "are those of this computer. {settings}.",
            settings=words.plain(settings),
        )
    )
    study_progress.show_study_method(study)


def build_classifiers_table(study: Study) -> pd.DataFrame:
    """One row a classifier, the one in use first, the baseline last."""
    in_use = study.classifiers[0].id
    return pd.DataFrame([_row(classifier, in_use) for classifier in study.classifiers])


def _offer_other_classifiers(evaluated: EvaluatedRun, study: Study) -> None:
    """Another classifier can be taken as the recogniser: what that costs, and why some cannot."""
    if evaluated.run.params.imported is not None:
        st.caption(_("Another classifier cannot be taken here: the photos of this run are on another computer."))
        return
    others = {classifier.id: classifier for classifier in classifier_choice.list_other_classifiers(study)}
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        # By id, and the best of those that can be taken first: it is what somebody comes for.
        chosen_id = st.selectbox(
            _("Take another classifier as the recogniser"),
            list(others),
            format_func=lambda key: say_again(others[key].title),
            key=f"other_classifier_{evaluated.run.id}",
            width=300,
        )
        seconds = classifier_choice.estimate_training_s(evaluated.run, study, others[chosen_id])
        is_recommended = chosen_id == study.recommended
        if st.button(
            _("Use this one"), type="primary" if is_recommended else "secondary", icon=":material/swap_horiz:"
        ):
            training_jobs.train_with_classifier(evaluated.dataset, evaluated.run, ClassifierKind(chosen_id))
        st.caption(
            ngettext(
                "It learns all {number} face and sets the thresholds for strangers anew: about {duration}. "
                "The trainings so far stay.",
                "It learns all {number} faces and sets the thresholds for strangers anew: about {duration}. "
                "The trainings so far stay.",
                evaluated.run.metrics.n_train,
                duration=words.format_duration(max(1.0, seconds)),
            ),
            width="stretch",
        )
    st.caption(words.plain(" ".join(classifier_choice.explain_refused_classifiers(study))))


def _row(classifier: MeasuredClassifier, in_use: str) -> dict[str, str]:
    low, high = (_points(end) for end in (classifier.accuracy.low, classifier.accuracy.high))
    # The classifier in use does not differ from itself, and that of the baseline, which learns nothing, says nothing.
    return {
        "Classifier": say_again(classifier.title),
        "Right": _("{share} ({low} to {high})", share=_points(classifier.accuracy.mean), low=low, high=high),
        "Difference": "" if classifier.id in (in_use, DUMMY) else _difference(classifier.difference),
        "Balanced": _points(classifier.balanced_accuracy.mean),
        "Macro F1": _points(classifier.macro_f1.mean),
        "First three": _points(classifier.top3.mean),
        "Learns in": _seconds(classifier.fit_s),
        "Names one in": _seconds(classifier.predict_ms / 1e3),
    }


def _points(share: float) -> str:
    # "100.00" would look like a figure that was rounded; this one is exact.
    return "100" if share == 1 else words.percent(share, 2).removesuffix(words.PERCENT_SIGN)


def _difference(difference: Interval) -> str:
    mean, low, high = (_signed(share) for share in (difference.mean, difference.low, difference.high))
    return _("{share} ({low} to {high})", share=mean, low=low, high=high)


def _signed(share: float) -> str:
    # What rounds to nothing has no sign, as "-0.00" reads like a loss; a minus is as wide as a plus, a hyphen is not.
    text = f"{100 * share:+.2f}"
    return "0" if float(text) == 0 else localise_decimals(text.replace("-", "\u2212"))


def _seconds(seconds: float) -> str:
    """A time in seconds or milliseconds, with two digits that count."""
    return localise_decimals(f"{seconds:.2g} s" if seconds >= 0.1 else f"{1e3 * seconds:.2g} ms")


def _columns() -> dict[str, Any]:
    column = st.column_config.TextColumn
    return {
        "Classifier": column(_("Classifier"), width=214),
        "Right": column(_("Right (accuracy)"), width=180),
        "Difference": column(
            _("Difference, points"), width=148, help=_("Percentage points; above 0: better than the first.")
        ),
        "Balanced": column(_("Balanced"), width=80, help=_("The mean over people of how often each is recognised.")),
        "Macro F1": column(
            _("Macro F1"), width=80, help=_("The mean over people of how completely and exclusively each is named.")
        ),
        "First three": column(_("First three"), width=86, help=_("The true name is one of the three most likely.")),
        "Learns in": column(_("Learns in"), width=76),
        "Names one in": column(_("Names one in"), width=96, help=_("The time to name one face.")),
    }

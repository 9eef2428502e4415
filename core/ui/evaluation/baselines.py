"""The tab "Classifiers": other classifiers on the same folds, and which one to take."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.learn.metrics.bootstrap import Interval
from core.learn.model_selection.baselines import DUMMY, LINEAR_SVM
from core.learn.model_selection.study import MeasuredClassifier, Study
from core.ui import words
from core.ui.evaluation import study_progress
from core.ui.evaluation.evaluation_page import EvaluatedRun


def show_baselines_section(evaluated: EvaluatedRun) -> None:
    """The recommendation in a sentence, then everything side by side."""
    study = study_progress.load_or_offer_study(evaluated, "classifiers")
    if study is None:
        return
    st.markdown(f"**{words.plain(study.why)}**")
    st.dataframe(
        build_classifiers_table(study),
        hide_index=True,
        column_config=_columns(),
        key="classifiers_table",
        alt=f"Classifiers on the same folds, with the time they take. {study.why}",
    )
    settings = "; ".join(
        f"{classifier.title}: {classifier.settings}" for classifier in study.classifiers if classifier.settings
    )
    st.caption(
        "The first is in use. All of them learned from and were tested on the same faces. In per cent, in brackets "
        "the 95\u00a0% interval. Difference: how much more often it is right than the first, face by face. Times are "
        f"those of this computer. {words.plain(settings)}."
    )
    study_progress.show_study_method(study)


def build_classifiers_table(study: Study) -> pd.DataFrame:
    """One row a classifier, the one in use first, the baseline last."""
    return pd.DataFrame([_row(classifier) for classifier in study.classifiers])


def _row(classifier: MeasuredClassifier) -> dict[str, str]:
    low, high = (_points(end) for end in (classifier.accuracy.low, classifier.accuracy.high))
    # The classifier in use does not differ from itself, and that of the baseline, which learns nothing, says nothing.
    return {
        "Classifier": classifier.title,
        "Right": f"{_points(classifier.accuracy.mean)} ({low} to {high})",
        "Difference": "" if classifier.id in (LINEAR_SVM, DUMMY) else _difference(classifier.difference),
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
    return f"{_signed(difference.mean)} ({_signed(difference.low)} to {_signed(difference.high)})"


def _signed(share: float) -> str:
    # What rounds to nothing has no sign, as "-0.00" reads like a loss; a minus is as wide as a plus, a hyphen is not.
    text = f"{100 * share:+.2f}"
    return "0" if float(text) == 0 else text.replace("-", "\u2212")


def _seconds(seconds: float) -> str:
    """A time in seconds or milliseconds, with two digits that count."""
    return f"{seconds:.2g} s" if seconds >= 0.1 else f"{1e3 * seconds:.2g} ms"


def _columns() -> dict[str, Any]:
    column = st.column_config.TextColumn
    return {
        "Classifier": column("Classifier", width=214),
        "Right": column("Right (accuracy)", width=160),
        "Difference": column(
            "Difference, points", width=160, help="Percentage points; above 0: better than the linear SVM."
        ),
        "Balanced": column("Balanced", width=80, help="The mean over people of how often each is recognised."),
        "Macro F1": column(
            "Macro F1", width=80, help="The mean over people of how completely and exclusively each is named."
        ),
        "First three": column("First three", width=86, help="The true name is one of the three most likely."),
        "Learns in": column("Learns in", width=76),
        "Names one in": column("Names one in", width=96, help="The time to name one face."),
    }

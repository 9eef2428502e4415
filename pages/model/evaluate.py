"""How good is it: the newest run, or the one in the address, measured on photos it had not seen."""

import streamlit as st

from core.ui import damaged, data, frame, words
from core.ui.evaluation import (
    baselines,
    confusion_matrix,
    evaluation_page,
    open_set,
    report_tab,
    run_comparison,
    slice_metrics,
    wrong_predictions,
)
from core.ui.labels import corrections
from core.ui.training import training_page
from core.ui.verification import pair_statistics

with frame.page(
    "How good is it?", "What the recogniser gets right on photos it had not seen, and where it errs."
) as page:
    dataset = page.dataset
    runs = data.runs(dataset)
    damaged.runs(dataset)
    if not runs:
        what = "Nothing was trained yet. Afterwards you see here how often it is right, and every error."
        frame.empty(what, "Train", frame.TRAIN)
        st.stop()
    run = evaluation_page.choose_run(runs)
    shown = evaluation_page.shown(dataset, run)
    corrections.last_done(dataset)
    if shown.stale:
        evaluation_page.stale(shown)
    evaluation_page.headline(run)
    open_set.brief(run)

    bodies = {
        "Errors": wrong_predictions.errors,
        "Confusion": confusion_matrix.confusion,
        **({training_page.COMPARED: run_comparison.section} if len(runs) > 1 else {}),
        "People": evaluation_page.people,
        "Strangers": open_set.section,
        "Same person? (1:1)": pair_statistics.section,
        "Slices": slice_metrics.section,
        "Classifiers": baselines.section,
        "Report": report_tab.section,
        "Method": evaluation_page.method,
    }
    for tab, body in zip(
        st.tabs([words.plain(title) for title in bodies], key="tab", bind="query-params"), bodies.values(), strict=True
    ):
        if tab.open:
            with tab:
                body(shown)
    frame.next_step("See how the faces lie to each other.", "Map of faces", frame.MAP, dataset.id)

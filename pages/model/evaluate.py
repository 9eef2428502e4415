"""How good is it: the newest run, or the one in the address, measured on photos it had not seen."""

import streamlit as st

from core.language.texts import gettext as _
from core.ui import damaged, data, frame, words
from core.ui.evaluation import (
    baselines,
    confusion_matrix,
    evaluation_page,
    figure_basis,
    model_card,
    open_set,
    report_tab,
    run_comparison,
    slice_metrics,
    tutorial_tab,
    wrong_predictions,
)
from core.ui.labels import corrections
from core.ui.training import imbalance, runs_table, training_plan
from core.ui.verification import pair_statistics

with frame.page(
    _("How good is it?"), _("What the recogniser gets right on photos it had not seen, and where it errs.")
) as page:
    dataset = page.dataset
    runs = data.dataset_runs(dataset)
    damaged.show_damaged_runs(dataset)
    if not runs:
        sentence = _("Nothing was trained yet. Afterwards you see here how often it is right, and every error.")
        training_plan.show_nothing_trained(dataset, sentence)
        st.stop()
    run = evaluation_page.choose_run(runs)
    evaluated = evaluation_page.load_evaluated_run(dataset, run)
    corrections.show_last_correction(dataset)
    if evaluated.stale or run.params.updated:
        evaluation_page.show_stale_notice(evaluated)
    evaluation_page.show_headline(run)
    figure_basis.show_figure_basis(run)
    open_set.show_strangers_line(run)
    imbalance.show_learned_imbalance(dataset, run)

    bodies = {
        _("Errors"): wrong_predictions.show_errors_section,
        _("Confusion"): confusion_matrix.show_confusion_section,
        **({_(runs_table.COMPARED): run_comparison.show_comparison_section} if len(runs) > 1 else {}),
        _("People"): evaluation_page.show_people_section,
        _("Strangers"): open_set.show_strangers_section,
        _("Same person? (1:1)"): pair_statistics.show_pairs_section,
        _("Slices"): slice_metrics.show_slices_section,
        _("Classifiers"): baselines.show_baselines_section,
        _("Report"): report_tab.show_report_section,
        _("For students"): tutorial_tab.show_tutorial_section,
        _("Model card"): model_card.show_model_card_section,
        _("Method"): evaluation_page.show_method_section,
    }
    for tab, body in zip(
        st.tabs([words.plain(title) for title in bodies], key="tab", bind="query-params"), bodies.values(), strict=True
    ):
        # Only what is seen is computed: a tab would otherwise cost its time on every run of the page.
        if tab.open:
            with tab:
                body(evaluated)
    page.lead_on()

"""Train: what will be learned, one button, and the runs so far."""

import streamlit as st

from core.language.texts import gettext as _
from core.store.job_model import JobKind
from core.ui import damaged, data, frame, jobs
from core.ui.training import runs_table, training_jobs, training_options, training_plan
from core.workflows.training.request import TrainRequest

with frame.page(_("Train"), _("Learn the people, and measure it on faces it has not seen.")) as page:
    dataset = page.dataset
    counts = data.dataset_counts(dataset.id, dataset.revision)
    job = data.newest_job(dataset, JobKind.TRAIN)
    runs = data.dataset_runs(dataset)

    if counts.people < 2:
        training_plan.show_too_few_people(dataset, counts)
        st.stop()

    with page.action:
        request: TrainRequest = training_options.ask_training_options(runs)
        ready = not (job and job.state.active)
        learned = bool(runs) and runs[0].revision == dataset.revision and not runs[0].params.updated
        label = _("Train again") if learned else _("Train")
        if st.button(label, type="secondary" if learned else "primary", icon=":material/school:", disabled=not ready):
            training_jobs.submit_training(dataset, request)

    damaged.show_damaged_runs(dataset)
    jobs.follow_job(job)
    runs_table.show_training_outcome(dataset, job, runs)
    planned = st.container()
    if runs:
        runs_table.show_runs_table(dataset, runs)
        if learned:
            page.lead_on()
    # Drawn last: at first sight of many faces it takes a moment, and the runs need not wait for it.
    with planned:
        training_plan.show_plan(dataset, request.options)

"""Train: what will be learned, one button, and the runs so far."""

import streamlit as st

from core.ui import damaged, data, frame, jobs
from core.ui.jobs import JobKind, TrainRequest
from core.ui.training import training_page

with frame.page("Train", "Learn the people, and measure it on faces it has not seen.") as page:
    dataset = page.dataset
    counts = data.counts(dataset.id, dataset.revision)
    job = data.newest_job(dataset, JobKind.TRAIN)
    runs = data.runs(dataset)

    if counts.people < 2:
        training_page.too_few(counts)
        st.stop()

    with page.action:
        request: TrainRequest = training_page.options()
        ready = not (job and job.state.active)
        if st.button("Train again" if runs else "Train", type="primary", icon=":material/school:", disabled=not ready):
            training_page.start(dataset, request)

    damaged.runs(dataset)
    jobs.follow(job)
    training_page.done(dataset, job, runs)
    planned = st.container()
    if runs:
        training_page.runs(dataset, runs)
        frame.next_step("It has learned. Next: **see how good it is**.", "How good is it?", frame.EVALUATE, dataset.id)
    with planned:  # last: at first sight of many faces it takes a moment
        training_page.plan(dataset, request.options)

"""Many photos: who is on each of them, as a table that filters, to be taken along or sorted by person."""

import streamlit as st

from core.ui import data, frame, jobs
from core.ui.identify import batch, batch_table
from core.ui.jobs import JobKind

with frame.page("Many photos", "Who is on many new photos at once: look, filter, and sort them by person.") as page:
    dataset = page.dataset
    job, runs, kept = data.newest_job(dataset, JobKind.LOOKUP), data.runs(dataset), batch.kept(dataset)
    batch.tidy(dataset)
    jobs.follow(job)
    if not runs and not kept:
        frame.empty("Nothing has been learned from this dataset yet.", "Train", frame.TRAIN)
        st.stop()
    opened = batch.opened(kept, job)
    if opened is not None:
        batch_table.show(dataset, opened)
        st.stop()
    with st.container():
        if runs and (job is None or not job.state.active):
            offers = batch.ask_for_photos(dataset)
            if offers and page.action.button("Look at them", type="primary", icon=":material/play_arrow:"):
                batch.start(dataset, runs[0], offers)
    batch.history(dataset, kept)

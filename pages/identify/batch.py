"""Many photos: who is on each of them, as a table that filters, to be taken along or sorted by person."""

import streamlit as st

from core.ui import data, frame, jobs
from core.ui.identification import lookup_page, lookup_table
from core.ui.jobs import JobKind

with frame.page("Many photos", "Who is on many new photos at once: look, filter, and sort them by person.") as page:
    dataset = page.dataset
    job, runs, kept = data.newest_job(dataset, JobKind.LOOKUP), data.runs(dataset), lookup_page.kept(dataset)
    lookup_page.tidy(dataset)
    jobs.follow(job)
    if not runs and not kept:
        frame.empty("Nothing has been learned from this dataset yet.", "Train", frame.TRAIN)
        st.stop()
    opened = lookup_page.opened(kept, job)
    if opened is not None:
        lookup_table.show(dataset, opened)
        st.stop()
    with st.container():
        if runs and (job is None or not job.state.active):
            offers = lookup_page.ask_for_photos(dataset)
            if offers and page.action.button("Look at them", type="primary", icon=":material/play_arrow:"):
                lookup_page.start(dataset, runs[0], offers)
    lookup_page.history(dataset, kept)

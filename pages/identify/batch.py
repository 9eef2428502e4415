"""Many photos: who is on each of them, as a table that filters, to be taken along or sorted by person."""

import streamlit as st

from core.language.texts import gettext as _
from core.store.job_model import JobKind
from core.ui import data, frame, jobs
from core.ui.identification import lookup_page, lookup_table
from core.ui.training import training_plan

with frame.page(
    _("Many photos"), _("Who is on many new photos at once: look, filter, and sort them by person.")
) as page:
    dataset = page.dataset
    job, runs, kept_lookups = (
        data.newest_job(dataset, JobKind.LOOKUP),
        data.dataset_runs(dataset),
        lookup_page.list_kept_lookups(dataset),
    )
    lookup_page.tidy_lookups(dataset)
    jobs.follow_job(job)
    # What is kept can be looked at though its run is gone: names and scores lie with it.
    if not runs and not kept_lookups:
        training_plan.show_nothing_trained(dataset, _("Nothing has been learned from this dataset yet."))
        st.stop()
    opened = lookup_page.find_opened_lookup(kept_lookups, job)
    if opened is not None:
        lookup_table.show_lookup(dataset, opened)
        st.stop()
    with st.container():
        if runs and (job is None or not job.state.active):
            offers = lookup_page.ask_for_photos(dataset)
            if offers and page.action.button(_("Look at them"), type="primary", icon=":material/play_arrow:"):
                lookup_page.submit_lookups(dataset, runs[0], offers)
    lookup_page.show_kept_lookups(dataset, kept_lookups)

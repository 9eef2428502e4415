"""All jobs: what runs, what waits, what came of the rest."""

import streamlit as st

from core.language.texts import gettext as _
from core.ui import frame, menu
from core.ui.system import joblist

with frame.page(_("Jobs"), _("Long work goes on here, whatever page you are on.")) as page:
    all_jobs = page.services.jobs.jobs()
    if not all_jobs:
        frame.show_empty_state(_("No work has been done yet."), _("Go to the datasets"), menu.HOME)
        st.stop()
    joblist.show_active_jobs(page.services.jobs.active())
    joblist.show_ended_jobs([job for job in all_jobs if not job.state.active])

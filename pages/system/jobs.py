"""All jobs: what runs, what waits, what came of the rest."""

import streamlit as st

from core.ui import frame
from core.ui.system import joblist

with frame.page("Jobs", "Long work goes on here, whatever page you are on.", chooser=False) as page:
    known = page.services.jobs.jobs()
    if not known:
        frame.empty("No work has been done yet.", "Go to the datasets", frame.HOME)
        st.stop()
    joblist.active([job for job in known if job.state.active])
    joblist.ended([job for job in known if not job.state.active])

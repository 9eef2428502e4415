"""About: engine, processor, models, storage, versions, privacy."""

import streamlit as st

from core.ui import frame
from core.ui.system import about

with frame.page(
    "About", "What is running, on what, with which models, and where your data are.", chooser=False
) as page:
    about.engine(page.services)
    about.models(page.services)
    stored = st.container()
    about.versions()
    about.privacy(page.services)
    with stored:  # last: every file is looked at
        about.storage(page.services)

"""About: engine, processor, models, storage, versions, model card, privacy."""

import streamlit as st

from core.language.texts import gettext as _
from core.ui import frame
from core.ui.system import about

with frame.page(_("About"), _("What is running, on what, with which models, and where your data are.")) as page:
    about.show_engine(page.services)
    about.show_models(page.services)
    stored = st.container()
    about.show_versions()
    about.show_model_card(page.services)
    about.show_privacy()
    # Last, since every file is looked at.
    with stored:
        about.show_storage(page.services)

"""Home: what the app does, for who has no dataset yet; else the datasets, where each stands, and the next step."""

import streamlit as st

from core.language.texts import gettext as _
from core.ui import frame
from core.ui.access import offers
from core.ui.home import cards, welcome
from core.ui.retention import expiry_notice

with frame.page("Face Atlas", _("Find out who is in your photos, and how sure you can be.")) as page:
    datasets = page.services.store.datasets()
    if not datasets:
        welcome.show_welcome()
    else:
        may_create = offers.may_create()
        with page.action:
            if may_create and st.button(_("New dataset"), icon=":material/add:"):
                cards.new_dataset()
        expiry_notice.show_expiry_notices()
        cards.show_datasets(datasets)
        # By its name: a sample that was renamed is somebody's own dataset by then, and it is offered again.
        if may_create and not any(dataset.name.startswith(welcome.SAMPLE_NAME) for dataset in datasets):
            welcome.offer_sample(primary=False)
        cards.show_recent_jobs(datasets)

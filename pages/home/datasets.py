"""Home: the datasets, where each stands, and one next step for each."""

import streamlit as st

from core.ui import frame
from core.ui.home import cards

with frame.page("Face Atlas", "Find out who is in your photos, and how sure you can be.") as page:
    datasets = page.services.store.datasets()
    if not datasets:
        cards.show_welcome()
    else:
        with page.action:
            if st.button("New dataset", icon=":material/add:", type="primary"):
                cards.new_dataset()
        for dataset in reversed(datasets):
            cards.show_dataset_card(dataset)
        cards.offer_sample(datasets)
        cards.show_recent_jobs(datasets)

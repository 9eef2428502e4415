"""Two reviewers: the same faces named by two people, how often they agree, and what is right where they do not."""

import streamlit as st

from core.language.texts import gettext as _
from core.ui import data, frame, menu
from core.ui.labels import agreement_page

with frame.page(
    _("Two reviewers"), _("How often do two people name a face alike, and on whom do they differ?")
) as page:
    dataset = page.dataset
    if not data.dataset_counts(dataset.id, dataset.revision).faces:
        frame.show_empty_state(_("There are no faces to name yet."), _("Add photos"), menu.INGEST)
        st.stop()
    agreement_page.show_agreement(dataset)

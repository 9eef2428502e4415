"""Look them over: every face, what is odd about some, and a hand to put it right."""

import streamlit as st

from core.language.texts import gettext as _
from core.ui import data, frame, menu
from core.ui.labels import corrections, face_review

with frame.page(
    _("Look them over"), _("Put right what is wrong: names, bad pictures, things that are no faces.")
) as page:
    dataset = page.dataset
    counts = data.dataset_counts(dataset.id, dataset.revision)
    if not counts.photos:
        frame.show_empty_state(_("There are no photos to look over yet."), _("Add photos"), menu.INGEST)
        st.stop()
    run = data.newest_run(dataset)
    corrections.show_last_correction(dataset)
    face_review.review_faces(face_review.choose_faces(dataset, run))
    page.lead_on()

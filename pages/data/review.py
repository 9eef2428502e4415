"""Look them over: every face, what is odd about some, and a hand to put it right."""

import streamlit as st

from core.ui import data, frame
from core.ui.labels import corrections, face_review

with frame.page("Look them over", "Put right what is wrong: names, bad pictures, things that are no faces.") as page:
    dataset = page.dataset
    counts = data.counts(dataset.id, dataset.revision)
    if not counts.photos:
        frame.empty("There are no photos to look over yet.", "Add photos", frame.INGEST)
        st.stop()
    run = next(iter(data.runs(dataset)), None)
    corrections.last_done(dataset)
    face_review.review(face_review.shown(dataset, run))
    frame.next_step("When the names are right: **learn the people**.", "Train", frame.TRAIN, dataset.id)

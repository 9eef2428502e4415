"""Who is this: one photo in, every face named or honestly unknown, with the faces that speak for it."""

import streamlit as st

from core.ui import data, frame
from core.ui.identify import identification

with frame.page(
    "Who is this?", "Drop a photo: every face gets a name, or is called unknown when nobody is near."
) as page:
    dataset = page.dataset
    runs = data.runs(dataset)
    if not runs:
        frame.empty("Nothing has been learned from this dataset yet.", "Train", frame.TRAIN)
        st.stop()
    run = runs[0]
    identification.stale(dataset, run)

    left, right = st.columns([3, 2], gap="large")
    with left:
        photo = identification.ask_for_photo()
    if photo is None:
        identification.invitation(dataset, run)
        st.stop()
    with left:
        image, faces = identification.identify(run, dataset.revision, photo)
        shown = st.container()
        threshold = identification.ask_for_threshold(run)
        with shown:
            identification.picture(image, faces, threshold)
    with right:
        identification.answers(dataset, faces, threshold)

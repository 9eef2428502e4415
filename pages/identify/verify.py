"""Same person? Two photos, or a photo against a person of the dataset."""

import streamlit as st

from core.ui import frame, verifying

with frame.page("Same person?", "Compare two photos, or a photo with a person you know.", needs_dataset=False) as page:
    dataset = page.chosen
    model_id = verifying.model_of(dataset)
    way = verifying.ask_for_way(dataset)
    left, right = st.columns(2, gap="large")
    with left:
        first = verifying.ask_for_side(model_id, "A photo", "verify_a")
    with right:
        if dataset is not None and way == verifying.PERSON:
            person = verifying.ask_for_person(dataset)
        else:
            second = verifying.ask_for_side(model_id, "Another photo", "verify_b")

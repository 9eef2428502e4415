"""Same person? Two photos, or a photo against a person of the dataset."""

import streamlit as st

from core.ui import frame
from core.ui.identify import verifying

with frame.page("Same person?", "Compare two photos, or a photo with a person of the dataset.") as page:
    dataset = page.chosen
    model_id = verifying.model_of(dataset)
    with_person = verifying.ask_for_way(dataset) == verifying.PERSON
    answer = st.container()
    left, right = st.columns(2, gap="large")
    with left:
        first = verifying.ask_for_side(model_id, "A photo", "verify_a")
    with right:
        if dataset is not None and with_person:
            other = verifying.ask_for_person(dataset)
        else:
            other = verifying.ask_for_side(model_id, "Another photo", "verify_b")
    with answer:
        if first is None or other is None:
            verifying.invitation(with_person=with_person)
        else:
            verifying.answer(dataset, model_id, first, other)

"""Same person? Two photos, or a photo against a person of the dataset."""

import streamlit as st

from core.ui import frame
from core.ui.verification import pair_answer

with frame.page("Same person?", "Compare two photos, or a photo with a person of the dataset.") as page:
    dataset = page.chosen
    model_id = pair_answer.model_of(dataset)
    with_person = pair_answer.ask_for_way(dataset) == pair_answer.PERSON
    answer = st.container()
    left, right = st.columns(2, gap="large")
    with left:
        first = pair_answer.ask_for_side(model_id, "A photo", "verify_a")
    with right:
        if dataset is not None and with_person:
            other = pair_answer.ask_for_person(dataset)
        else:
            other = pair_answer.ask_for_side(model_id, "Another photo", "verify_b")
    with answer:
        if first is None or other is None:
            pair_answer.invitation(with_person=with_person)
        else:
            pair_answer.answer(dataset, model_id, first, other)

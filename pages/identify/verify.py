"""Same person? Two photos, or a photo against a person of the dataset."""

import streamlit as st

from core.language.texts import gettext as _
from core.ui import frame
from core.ui.verification import pair_answer

with frame.page(
    _("Same person?"), _("Compare two photos, or a photo with a person of the dataset (verification).")
) as page:
    # Two photos can be compared without any dataset, so the page does not end where there is none.
    dataset = page.chosen
    model_id = pair_answer.model_id_of(dataset)
    with_person = pair_answer.ask_for_comparison(dataset) == pair_answer.PERSON
    # The answer stands above the photos, and is known when both sides have one.
    answer = st.container()
    left, right = st.columns(2, gap="large")
    with left:
        first_side = pair_answer.ask_for_face(model_id, _("A photo"), "verify_a")
    with right:
        second_side = (
            pair_answer.ask_for_person(dataset)
            if dataset is not None and with_person
            else pair_answer.ask_for_face(model_id, _("Another photo"), "verify_b")
        )
    with answer:
        if first_side is None or second_side is None:
            pair_answer.show_invitation(with_person=with_person)
        else:
            pair_answer.show_answer(dataset, model_id, first_side, second_side)

"""How good is it: the newest run, or the one in the address, measured on photos it had not seen."""

import streamlit as st

from core.ui import damaged, data, frame, words
from core.ui.correcting import acting
from core.ui.recogniser import (
    comparing,
    confusion,
    contending,
    evaluation,
    mistakes,
    reporting,
    same_person,
    slicing,
    strangers,
    training,
)

with frame.page(
    "How good is it?", "What the recogniser gets right on photos it had not seen, and where it errs."
) as page:
    dataset = page.dataset
    runs = data.runs(dataset)
    damaged.runs(dataset)
    if not runs:
        what = "Nothing was trained yet. Afterwards you see here how often it is right, and every error."
        frame.empty(what, "Train", frame.TRAIN)
        st.stop()
    run = evaluation.choose_run(runs)
    shown = evaluation.shown(dataset, run)
    acting.last_done(dataset)
    if shown.stale:
        evaluation.stale(shown)
    evaluation.headline(run)
    strangers.brief(run)

    bodies = {
        "Errors": mistakes.errors,
        "Confusion": confusion.confusion,
        **({training.COMPARED: comparing.section} if len(runs) > 1 else {}),
        "People": evaluation.people,
        "Strangers": strangers.section,
        "Same person? (1:1)": same_person.section,
        "Slices": slicing.section,
        "Classifiers": contending.section,
        "Report": reporting.section,
        "Method": evaluation.method,
    }
    for tab, body in zip(
        st.tabs([words.plain(title) for title in bodies], key="tab", bind="query-params"), bodies.values(), strict=True
    ):
        if tab.open:
            with tab:
                body(shown)
    frame.next_step("See how the faces lie to each other.", "Map of faces", frame.MAP, dataset.id)

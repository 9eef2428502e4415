"""How good is it: the newest run, or the one in the address, measured on photos it had not seen."""

import streamlit as st

from core.ui import data, frame
from core.ui.correcting import acting
from core.ui.recogniser import confusion, evaluation, mistakes, same_person

with frame.page(
    "How good is it?", "What the recogniser gets right on photos it had not seen, and where it errs."
) as page:
    dataset = page.dataset
    runs = data.runs(dataset)
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
    evaluation.strangers(shown)

    tabs = st.tabs(
        ["Errors", "Confusion", "People", "Same person? (1:1)", "How this was measured"], key="tab", bind="query-params"
    )
    bodies = [mistakes.errors, confusion.confusion, evaluation.people, same_person.section, evaluation.method]
    for tab, body in zip(tabs, bodies, strict=True):
        if tab.open:
            with tab:
                body(shown)
    frame.next_step("See how the faces lie to each other.", "Map of faces", frame.MAP, dataset.id)

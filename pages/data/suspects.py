"""Suspects: what is probably wrong with the names and the photos, the most urgent first."""

import streamlit as st

from core.ui import data, frame, jobs, words
from core.ui.jobs import JobKind
from core.ui.labels import corrections, review_queue

with frame.page(
    "Suspects", "Wrong names, pictures that are there twice, people who are one or two: the surest first."
) as page:
    dataset = page.dataset
    counts = data.counts(dataset.id, dataset.revision)
    if not counts.faces:
        frame.empty("There are no faces to look through yet.", "Add photos", frame.INGEST)
        st.stop()
    job = data.newest_job(dataset, JobKind.SUSPECTS)
    working = job is not None and job.state.active
    found = review_queue.queue(dataset.id, job.finished if job else None)
    label = "Look for suspects" if found is None else "Look again"
    kind = "primary" if found is None else "secondary"
    if page.action.button(label, type=kind, icon=":material/troubleshoot:", disabled=working):
        review_queue.start(dataset)
        st.rerun()
    jobs.follow(job)
    corrections.last_done(dataset)
    if found is None:
        if not working:
            st.info(
                "Press the button: every face is compared with the others of its person and with everybody else.",
                icon=":material/info:",
            )
        st.stop()
    now = review_queue.standing(dataset.id, dataset.revision, job.finished if job else None)
    if now.suspects:
        shown = review_queue.choose(dataset, now)
        review_queue.deal_with(dataset, shown)
    else:
        st.success("Nothing looks wrong.", icon=":material/check_circle:")
    if now.revisions_since:
        st.caption(
            f"Looked for {words.ago(found.created)}; the dataset has changed since. What is dealt with has left the "
            "list; look again to find what is new."
        )
    frame.next_step("When nothing is doubtful any more: **learn the people**.", "Train", frame.TRAIN, dataset.id)

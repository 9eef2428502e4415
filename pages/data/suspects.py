"""Suspects: what is probably wrong with the names and the photos, the most urgent first."""

import streamlit as st

from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.store.job_model import JobKind
from core.ui import data, frame, jobs, menu, words
from core.ui.labels import corrections, review_queue

with frame.page(_("Suspects"), _("Wrong names, and pictures that are there twice: the surest first.")) as page:
    dataset = page.dataset
    counts = data.dataset_counts(dataset.id, dataset.revision)
    if not counts.faces:
        frame.show_empty_state(_("There are no faces to look through yet."), _("Add photos"), menu.INGEST)
        st.stop()
    job = data.newest_job(dataset, JobKind.SUSPECTS)
    # The queue of the last search stays to be dealt with while a new one runs.
    working = job is not None and job.state.active
    queue = review_queue.load_stored_queue(dataset.id, job.finished if job else None)
    label = _("Look for suspects") if queue is None else _("Look again")
    if page.action.button(
        label, type="primary" if queue is None else "secondary", icon=":material/troubleshoot:", disabled=working
    ):
        review_queue.submit_suspect_search(dataset)
        st.rerun()
    jobs.follow_job(job)
    corrections.show_last_correction(dataset)
    if queue is None:
        if not working:
            st.info(
                _("Press the button: every face is compared with the others of its person and with everybody else."),
                icon=":material/info:",
            )
        st.stop()
    open_suspects = review_queue.load_open_suspects(dataset.id, dataset.revision, job.finished if job else None)
    of_faces = [entry for entry in open_suspects.suspects if entry.kind not in review_queue.ABOUT_PEOPLE]
    if of_faces:
        suspects = review_queue.choose_suspects(dataset, of_faces)
        review_queue.review_suspects(dataset, suspects)
    else:
        st.success(
            review_queue.describe_empty_list(queue, open_suspects.revisions_since), icon=":material/check_circle:"
        )
    if n_about_people := len(open_suspects.suspects) - len(of_faces):
        label = ngettext(
            "{number} question whether people are one or two: on the wall of people",
            "{number} questions whether people are one or two: on the wall of people",
            n_about_people,
        )
        menu.link_page(menu.PEOPLE, label, ":material/groups:", dataset.id, show="Questions")
    if of_faces and open_suspects.revisions_since:
        st.caption(
            _(
                "Looked for {ago}; the dataset has changed since. What is dealt with has left the list; "
                "look again to find what is new.",
                ago=words.ago(queue.created),
            )
        )
    page.lead_on()

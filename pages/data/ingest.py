"""Add photos: choose them, see how their folders are read, start, watch, and see what they came to."""

import streamlit as st

from core.language.texts import gettext as _
from core.store.job_model import JobKind, JobState
from core.ui import data, frame, jobs
from core.ui.identification import trial_photos
from core.ui.photos import answer, answer_steps, ingest_report, layout_preview, uploads

with frame.page(_("Add photos"), _("Every face is found and kept; every file gets a line in the report.")) as page:
    dataset = page.dataset
    ingests = data.jobs_of(dataset, JobKind.INGEST)
    # Several may wait; the oldest that is not done is the one that runs.
    job = next((candidate for candidate in reversed(ingests) if candidate.state.active), next(iter(ingests), None))

    jobs.follow_job(job, during=lambda running: ingest_report.show_recent_faces(dataset, running))
    if job is not None and job.state.active:
        # What was known before would change under whoever reads it.
        answer_steps.await_answer(dataset)
        st.stop()

    known = answer.read_answer(dataset)
    requests = layout_preview.choose_photos(dataset, is_first=not known.counts.photos)
    if requests and page.action.button(_("Start"), type="primary", icon=":material/play_arrow:"):
        uploads.submit_ingests(dataset, requests)
    if known.counts.photos:
        steps = answer_steps.list_answer_jobs(dataset, job.created if job else 0.0)
        answer_steps.open_groups_when_awaited(dataset, known.counts, steps)
        is_learning = any(step.kind is JobKind.TRAIN and step.state.active for step in steps)
        if not requests and not is_learning and (job is None or job.state is JobState.DONE):
            page.lead_on()
        answer.show_photos_answer(dataset, job, known, steps)
        trial_photos.offer_trial_photos(dataset)
    elif not requests and job is None and st.button(_("Use the sample"), type="tertiary", icon=":material/play_arrow:"):
        uploads.submit_sample_ingest(dataset)
    ingest_report.show_files(ingests, answer.FILES_ANCHOR)

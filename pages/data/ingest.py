"""Add photos: choose them, see how their folders are read, start, watch, read the report."""

import streamlit as st

from core.store.job_model import JobKind, JobState
from core.ui import data, frame, jobs, menu
from core.ui.photos import ingest_report, layout_preview, uploads
from core.workflows.photos.requests import IngestRequest

with frame.page("Add photos", "Every face is found and kept; every file gets a line in the report.") as page:
    dataset = page.dataset
    ingests = data.jobs_of(dataset, JobKind.INGEST)
    # Several may wait; the oldest that is not done is the one that runs.
    job = next((candidate for candidate in reversed(ingests) if candidate.state.active), next(iter(ingests), None))

    jobs.follow_job(job, during=lambda running: ingest_report.show_recent_faces(dataset, running))

    if job is None or not job.state.active:
        offers = uploads.choose_offers(dataset)
        if offers:
            policy = uploads.choose_face_policy()
            previews = [(offer, layout_preview.show_layout_preview(offer)) for offer in offers]
            requests = [
                IngestRequest(str(offer.path), offer.title, policy, folders=choice.folders, zip_names=choice.zip_names)
                for offer, choice in previews
                if choice
            ]
            if requests and page.action.button("Start", type="primary", icon=":material/play_arrow:"):
                uploads.submit_ingests(dataset, requests)
        elif job is None and st.button("Use the sample", type="tertiary", icon=":material/play_arrow:"):
            uploads.submit_sample_ingest(dataset)

    counts = data.dataset_counts(dataset.id, dataset.revision)
    # While photos are taken, their report would change under whoever reads it.
    if job is not None and not job.state.active:
        st.divider()
        job = ingest_report.choose_ingest(ingests)
        if job.state is JobState.DONE:
            ingest_report.show_ingest_summary(job)
            ingest_report.show_dataset_advice(counts)
        ingest_report.show_file_table(job)

    if job is not None and not job.state.active:
        if counts.unnamed_faces > counts.faces / 2:
            frame.show_next_step(
                "The faces are ready. Next: **say who they are**.", "Groups", menu.CLUSTERS, dataset.id
            )
        elif counts.people >= 2:
            frame.show_next_step("The faces are ready. Next: **learn the people**.", "Train", menu.TRAIN, dataset.id)

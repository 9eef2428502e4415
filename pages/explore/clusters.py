"""Groups of faces: who is who among the faces that have no name yet."""

import streamlit as st

from core.store.job_model import JobKind, JobState
from core.ui import data, frame, jobs, menu, words
from core.ui.clustering import groups
from core.ui.labels import corrections

with frame.page(
    "Groups", "Faces without a name, grouped by likeness. Name a group once, and all its faces have it."
) as page:
    dataset = page.dataset
    counts = data.dataset_counts(dataset.id, dataset.revision)
    job = data.newest_job(dataset, JobKind.CLUSTER)
    if not counts.faces:
        frame.show_empty_state(
            "There are no faces yet. Photos need no folders: here their faces get names.", "Add photos", menu.INGEST
        )
        st.stop()
    working = job is not None and job.state.active
    if counts.unnamed_faces and page.action.button(
        "Group again" if job else f"Group {words.count(counts.unnamed_faces, 'face')}",
        type="secondary" if job else "primary",
        icon=":material/workspaces:",
        disabled=working,
    ):
        groups.submit_grouping(dataset)
        st.rerun()
    jobs.follow_job(job)
    corrections.show_last_correction(dataset)
    grouped_at = groups.grouping_time(job if job and job.state is JobState.DONE else None)
    # The spinner has a place of its own: what stands below it would lose the focus if it moved.
    with st.empty():
        clustering = groups.load_current_clustering(dataset.id, dataset.revision, grouped_at or 0.0)
    if clustering is not None and counts.unnamed_faces:
        threshold = groups.choose_threshold(dataset, clustering)
        groups.show_groups(groups.GroupsView(dataset, grouped_at or 0.0, threshold))
    elif not counts.unnamed_faces:
        st.success("Every face has a name, or is nobody to name.", icon=":material/check_circle:")
    elif not working:
        st.info(
            "Press the button: faces that look alike are put together, and you say who they are.",
            icon=":material/info:",
        )
    if counts.people > 1:
        frame.show_next_step("When people have names: **learn them**.", "Train", menu.TRAIN, dataset.id)

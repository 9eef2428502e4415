"""Map of faces: every face a point, alike ones near; circle some to see them."""

import streamlit as st

from core.ui import data, frame, menu
from core.ui.labels import corrections
from core.ui.projection import map_confusable_people, map_layout, map_page

with frame.page(
    "Map of faces", "Every face is a point. Faces that look alike to the recogniser lie close together."
) as page:
    dataset = page.dataset
    counts = data.dataset_counts(dataset.id, dataset.revision)
    if not counts.faces:
        missing = "There are no photos yet." if not counts.photos else "No face was found in the photos so far."
        frame.show_empty_state(
            f"{missing} Once there are faces, you see here who looks like whom.", "Add photos", menu.INGEST
        )
        st.stop()
    run = next(iter(data.dataset_runs(dataset)), None)
    tabs = st.tabs(
        [map_confusable_people.MAP, map_confusable_people.LOOKALIKES],
        key=map_confusable_people.VIEW,
        bind="query-params",
    )
    # A hidden tab is not drawn: its points would travel to the browser for nobody.
    if tabs[0].open:
        with tabs[0]:
            readable_run = map_page.find_readable_run(run)
            with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
                colour, people = map_page.choose_colouring(dataset, readable_run)
                method = map_layout.choose_method(counts.faces)
                dimensions = map_layout.choose_settings(dataset, method)
            map_info = map_layout.load_or_start_map(dataset, method, dimensions, counts.faces)
            corrections.show_last_correction(dataset)
            map_page.show_map(
                dataset, map_page.build_map_view(dataset, map_info, readable_run, colour, people, dimensions)
            )
            st.caption(map_layout.describe_map(map_info))
    if tabs[1].open:
        with tabs[1]:
            map_confusable_people.show_lookalikes_section(dataset)
    if run:
        frame.show_next_step(
            "Points that lie with the wrong people are worth a look.", "See its errors", menu.EVALUATE, dataset.id
        )
    elif counts.people > 1:
        frame.show_next_step("Groups that lie apart are easy to tell apart.", "Train", menu.TRAIN, dataset.id)
    else:
        frame.show_next_step("More people make the map more telling.", "Add photos", menu.INGEST, dataset.id)

"""Map of faces: every face a point, alike ones near; circle some to see them."""

import streamlit as st

from core.ui import data, frame
from core.ui.labels import corrections
from core.ui.projection import map_confusable_people, map_page

with frame.page(
    "Map of faces", "Every face is a point. Faces that look alike to the recogniser lie close together."
) as page:
    dataset = page.dataset
    counts = data.counts(dataset.id, dataset.revision)
    if not counts.faces:
        missing = "There are no photos yet." if not counts.photos else "No face was found in the photos so far."
        frame.empty(f"{missing} Once there are faces, you see here who looks like whom.", "Add photos", frame.INGEST)
        st.stop()
    run = next(iter(data.runs(dataset)), None)
    tabs = st.tabs(
        [map_confusable_people.MAP, map_confusable_people.LOOKALIKES],
        key=map_confusable_people.VIEW,
        bind="query-params",
    )
    if tabs[0].open:
        with tabs[0]:
            said = map_page.readable(run)
            with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
                colour, people = map_page.colouring(dataset, said)
                method = map_page.layout(dataset, counts.faces)
                dimensions = map_page.settings(dataset, method)
            layout = map_page.making(dataset, method, dimensions, counts.faces)
            corrections.last_done(dataset)
            map_page.explore(dataset, map_page.view(dataset, layout, said, colour, people, dimensions))
            st.caption(map_page.what_it_says(layout))
    if tabs[1].open:
        with tabs[1]:
            map_confusable_people.section(dataset)
    if run:
        frame.next_step(
            "Points that lie with the wrong people are worth a look.", "See its errors", frame.EVALUATE, dataset.id
        )
    elif counts.people > 1:
        frame.next_step("Groups that lie apart are easy to tell apart.", "Train", frame.TRAIN, dataset.id)
    else:
        frame.next_step("More people make the map more telling.", "Add photos", frame.INGEST, dataset.id)

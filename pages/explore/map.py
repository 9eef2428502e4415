"""Map of faces: every face a point, alike ones near; circle some to see them."""

import streamlit as st

from core.language.texts import gettext as _
from core.ui import data, frame, menu
from core.ui.projection import map_confusable_people, map_page

with frame.page(_("Map of faces"), _("Every face is a point; faces that look alike lie close together.")) as page:
    dataset = page.dataset
    counts = data.dataset_counts(dataset.id, dataset.revision)
    if not counts.faces:
        missing = _("There are no photos yet.") if not counts.photos else _("No face was found in the photos so far.")
        frame.show_empty_state(
            _("{missing} Once there are faces, you see here who looks like whom.", missing=missing),
            _("Add photos"),
            menu.INGEST,
        )
        st.stop()
    run = data.newest_run(dataset)
    tabs = st.tabs(
        [_(map_confusable_people.MAP), _(map_confusable_people.LOOKALIKES)],
        key=map_confusable_people.VIEW,
        bind="query-params",
    )
    # A hidden tab is not drawn: its points would travel to the browser for nobody.
    if tabs[0].open:
        with tabs[0]:
            map_page.show_map_section(dataset, counts, run)
    if tabs[1].open:
        with tabs[1]:
            map_confusable_people.show_lookalikes_section(dataset)
    page.lead_on()

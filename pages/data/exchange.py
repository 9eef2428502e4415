"""Export and import: what to take with you, and what comes from elsewhere."""

import streamlit as st

from core.ui import frame
from core.ui.photos import arrivals, exports

with frame.page("Export and import", "Take it all with you, or bring in what comes from elsewhere.") as page:
    out, way_in = st.columns(2, gap="large")
    with way_in:
        st.header("Bring in", anchor=False)
        waiting = arrivals.bring_in(page.chosen)
    with out:
        if page.chosen is None:
            st.header("Export", anchor=False)
            frame.empty("There is nothing to export yet.", "Start with your photos or the sample", frame.HOME)
        else:
            exports.show(page.chosen, primary=not waiting)

"""Export and import: what to take with you, and what comes from elsewhere."""

import streamlit as st

from core.language.texts import gettext as _
from core.ui import frame, menu
from core.ui.photos import arrivals, exports

with frame.page(_("Export and import"), _("Take it all with you, or bring in what comes from elsewhere.")) as page:
    export_side, import_side = st.columns(2, gap="large")
    # The right side first: while something waits there to be brought in, its button is the page's primary one.
    with import_side:
        st.header(_("Bring in"), anchor=False)
        waiting = arrivals.show_import_section(page.chosen)
    with export_side:
        if page.chosen is None:
            st.header(_("Export"), anchor=False)
            frame.show_empty_state(
                _("There is nothing to export yet."), _("Start with your photos or the sample"), menu.HOME
            )
        else:
            exports.show_exports(page.chosen, primary=not waiting)

"""Face Atlas: the navigation table. Nothing else happens here."""

import streamlit as st

from core.ui import frame

st.set_page_config(page_title="Face Atlas", page_icon=str(frame.ICON), layout="wide")

# Page files lie in sub-folders of ``pages/``: Streamlit opens one that lies directly in it without running this file.
page = st.navigation(
    {
        "": [st.Page(frame.HOME, title="Datasets", icon=":material/home:", default=True)],
        "Photos": [
            st.Page(frame.INGEST, title="Add photos", icon=":material/add_photo_alternate:", url_path="ingest"),
            st.Page(frame.REVIEW, title="Look them over", icon=":material/rate_review:", url_path="review"),
            st.Page(frame.SUSPECTS, title="Suspects", icon=":material/troubleshoot:", url_path="suspects"),
            st.Page(frame.CLUSTERS, title="Groups", icon=":material/workspaces:", url_path="clusters"),
            st.Page(frame.PEOPLE, title="People", icon=":material/groups:", url_path="people"),
        ],
        "Recogniser": [
            st.Page(frame.TRAIN, title="Train", icon=":material/school:", url_path="train"),
            st.Page(frame.EVALUATE, title="How good is it?", icon=":material/fact_check:", url_path="evaluate"),
        ],
        "Explore": [st.Page(frame.MAP, title="Map of faces", icon=":material/scatter_plot:", url_path="map")],
        "Use": [
            st.Page(frame.IDENTIFY, title="Who is this?", icon=":material/person_search:", url_path="identify"),
            st.Page(frame.BATCH, title="Many photos", icon=":material/burst_mode:", url_path="batch"),
            st.Page(frame.VERIFY, title="Same person?", icon=":material/compare:", url_path="verify"),
        ],
        "System": [
            st.Page(frame.EXCHANGE, title="Export and import", icon=":material/import_export:", url_path="exchange"),
            st.Page(frame.JOBS, title="Jobs", icon=":material/pending_actions:", url_path="jobs"),
            st.Page(frame.ABOUT, title="About", icon=":material/info:", url_path="about"),
        ],
    }
)
page.run()

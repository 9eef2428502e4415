"""Face Atlas: the menu and the page that the address names. Nothing else happens here."""

import streamlit as st

from core.ui import frame, menu

st.set_page_config(page_title="Face Atlas", page_icon=str(frame.ICON), layout="wide")
menu.open_page_of_address()

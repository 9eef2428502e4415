"""Every element that renders Markdown, each given every text of a file as ``plain`` makes it: a page of its own."""

import json
import os
import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, os.environ["PROJECT"])
from core.ui.words import plain

texts = json.loads(Path(os.environ["TEXTS"]).read_text(encoding="utf-8"))
for number, text in enumerate(texts):
    shown = plain(text)
    with st.container(key=f"text_{number}"):
        st.markdown(shown)
        st.markdown(f"**{shown}**")
        st.caption(f"{shown}: and more")
        st.error(shown)
        st.button(shown, key=f"button_{number}")
        st.checkbox(shown, key=f"checkbox_{number}")
        st.radio(shown, [shown, "other"], key=f"radio_{number}")
        st.pills(shown, [shown, "other"], key=f"pills_{number}")
        st.metric(shown, 1)
        st.expander(shown, expanded=True).caption(shown)
        st.popover(shown)
        st.tabs([shown, "other"])
        st.progress(0.5, text=shown)
        st.header(shown, anchor=False)
        st.download_button(shown, "x", key=f"download_{number}")
st.title("Drawn", anchor=False)

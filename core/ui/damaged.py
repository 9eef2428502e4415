"""A run whose stored values cannot be: it is said, and it can be deleted; everything else goes on without it."""

from __future__ import annotations

import streamlit as st

from core.store.protocols import Dataset
from core.ui import data, frame, words
from core.workflows.training import train


def show_damaged_runs(dataset: Dataset) -> None:
    """A line for each damaged run, with the way to be rid of it."""
    for run, fault in data.damaged_runs(dataset):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            when = words.ago(run.created) if isinstance(run.created, int | float) else "at a time that is not known"
            st.caption(
                f":material/warning: A training {when} cannot be shown: {words.plain(fault)}. Nothing else is harmed.",
                width="content",
            )
            if st.button("Delete it", key=f"damaged_{run.id}", type="tertiary"):
                services = data.services()
                train.delete_run(services.runs, services.artifacts, run)
                frame.say_next("The damaged training was deleted.")
                st.rerun()

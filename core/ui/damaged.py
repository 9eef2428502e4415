"""A run whose stored values cannot be: it is said, and it can be deleted; everything else goes on without it."""

from __future__ import annotations

import streamlit as st

from core.language.texts import gettext as _
from core.store.values.datasets import Dataset
from core.ui import data, frame, words
from core.ui.access import offers
from core.workflows.training import train


def show_damaged_runs(dataset: Dataset) -> None:
    """A line for each damaged run, with the way to be rid of it."""
    services = data.services()
    if not offers.may_edit(dataset.id):
        return
    for run in services.runs.damaged_runs(dataset.id):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            when = words.ago(run.created) if run.created is not None else _("at a time that is not known")
            fault = words.plain(run.fault)
            st.caption(
                _(
                    ":material/warning: A training {when} cannot be shown: {fault}. Nothing else is harmed.",
                    when=when,
                    fault=fault,
                ),
                width="content",
            )
            if st.button(_("Delete it"), key=f"damaged_{run.id}", type="tertiary"):
                train.delete_run(services.runs, services.artifacts, run)
                frame.queue_toast(_("The damaged training was deleted."))
                st.rerun()

"""A dataset whose faces were embedded by an earlier version: said on its pages, with the way on."""

from __future__ import annotations

import streamlit as st

from core.jobs.registry import submit_job
from core.language.texts import gettext as _
from core.store.job_model import JobKind
from core.store.values.datasets import Dataset
from core.ui import data, menu, state
from core.ui.access import offers
from core.vision.models import catalogue
from core.workflows.photos.requests import ChangeModelRequest

_OF_NO_DATASET = frozenset({menu.JOBS, menu.ABOUT, menu.GLOSSARY})


def show_outdated_notice(dataset: Dataset) -> None:
    """One line and a button, where the model prepares faces differently by now; nothing elsewhere."""
    of_no_dataset = st.session_state.get(state.PAGE) in _OF_NO_DATASET
    if of_no_dataset or not catalogue.is_outdated(dataset.model_id) or not _has_faces(dataset):
        return
    if not dataset.keeps_photos:
        st.caption(
            _(
                ":material/update: These faces were embedded by an earlier version, which tells people apart a little "
                "less well. All still works. This dataset keeps no photos, so they cannot be embedded again: add the "
                "photos to a new dataset for that."
            )
        )
        return
    job = data.newest_job(dataset, JobKind.CHANGE_MODEL)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if job is not None and job.state.active:
            st.caption(_(":material/update: These faces are being embedded again. The page Jobs shows how far it is."))
            return
        st.caption(
            _(
                ":material/update: These faces were embedded by an earlier version, which tells people apart a little "
                "less well. All still works; names and corrections stay when they are embedded again. Train again "
                "afterwards."
            ),
            width="stretch",
        )
        if offers.may_edit(dataset.id):
            st.button(
                _("Embed again"), key="embed_again", icon=":material/autorenew:", on_click=_embed_again, args=(dataset,)
            )


def _has_faces(dataset: Dataset) -> bool:
    return data.dataset_counts(dataset.id, dataset.revision).faces > 0


def _embed_again(dataset: Dataset) -> None:
    # The same model: its catalogue entry carries the new id of vectors, which the job goes over to.
    model = catalogue.find_vectors_model(dataset.model_id)
    submit_job(data.services().jobs, dataset.id, ChangeModelRequest(model.id))

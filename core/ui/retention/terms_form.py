"""What for and until when a person, or a whole dataset, is kept: shown, and changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import streamlit as st

from core.base.errors import FaceAtlasError
from core.store.protocols import Dataset
from core.store.retention.model import RetentionTerms
from core.ui import data, frame, words
from core.workflows.retention import terms as retention

HOW_IT_ENDS = (
    "After the last day they are erased by themselves, as *Erase* does it, with a signed receipt; where the app does "
    "not run that day, at its next start. Start says so some days before."
)
FARTHEST_DAYS = 100 * 366


def show_person_terms(dataset: Dataset, person_id: int) -> None:
    """The terms of a person, in a form."""
    working = data.services()
    own = working.retention.own_terms(dataset.id, person_id)
    merged = working.retention.people_terms(dataset.id).get(person_id, own)
    save = partial(retention.set_person_terms, working.retention_tools(), dataset.id, person_id)
    with st.expander(f"Consent and retention{_summary(merged)}"):
        if merged.until is not None and merged.until != own.until:
            st.caption(f"Somebody who was merged into them is kept until {format_day(merged.until)}: that day counts.")
        _show_form(f"terms_{dataset.id}_{person_id}", own, save)


def ask_for_dataset_terms(dataset: Dataset) -> None:
    """The terms of a whole dataset; the body of a window."""
    working = data.services()
    save = partial(retention.set_dataset_terms, working.retention_tools(), dataset.id)
    st.markdown(f"Of all of **{words.plain(dataset.name)}**. A person may have an earlier day on their own page.")
    _show_form(f"terms_{dataset.id}", working.retention.dataset_terms(dataset.id), save)


def _show_form(key: str, terms: RetentionTerms, save: Callable[[RetentionTerms, date], None]) -> None:
    today = retention.local_today()
    # A form: a day that is chosen by mistake is not yet a day on which somebody goes.
    with st.form(key, border=False):
        purpose = st.text_input("Purpose", terms.purpose, placeholder="What for they are kept", max_chars=500)
        consent = st.text_area(
            "Consent", terms.consent, placeholder="Who agreed to it, when and how", max_chars=2000, height=90
        )
        until = st.date_input(
            "Keep until",
            terms.until,
            # A day that has passed may stand there still, where the worker has not run since.
            min_value=min(today, terms.until or today),
            max_value=today + timedelta(days=FARTHEST_DAYS),
            format="YYYY-MM-DD",
            help="The last day. Leave it empty to keep them for as long as you want.",
        )
        st.caption(HOW_IT_ENDS)
        if not st.form_submit_button("Save", icon=":material/save:"):
            return
    changed = RetentionTerms(purpose.strip(), consent.strip(), until)
    try:
        save(changed, today)
    except FaceAtlasError as refusal:
        st.error(words.plain(refusal))
        return
    frame.queue_toast(f"Saved{_summary(changed)}.")
    st.rerun()


def _summary(terms: RetentionTerms) -> str:
    return f": kept until {format_day(terms.until)}" if terms.until else ""


def format_day(day: date) -> str:
    """A day of the calendar: "31 December 2027"."""
    return f"{day.day} {day:%B %Y}"

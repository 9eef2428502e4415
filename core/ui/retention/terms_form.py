"""What for and until when a person, or a whole dataset, is kept: shown, and changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import streamlit as st

from core.base.errors import FaceAtlasError
from core.language.dates import date_field_format, format_day
from core.language.texts import gettext as _
from core.language.texts import marked
from core.store.retention.model import RetentionTerms
from core.store.values.datasets import Dataset
from core.ui import data, frame, words
from core.workflows.retention import terms as retention

HOW_IT_ENDS = marked(
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
    with st.expander(_describe_form(merged)):
        if merged.until is not None and merged.until != own.until:
            st.caption(
                _(
                    "Somebody who was merged into them is kept until {day}: that day counts.",
                    day=format_day(merged.until),
                )
            )
        _show_form(f"terms_{dataset.id}_{person_id}", own, save)


def ask_for_dataset_terms(dataset: Dataset) -> None:
    """The terms of a whole dataset; the body of a window."""
    working = data.services()
    save = partial(retention.set_dataset_terms, working.retention_tools(), dataset.id)
    st.markdown(
        _(
            "Of all of **{dataset}**. A person may have an earlier day on their own page.",
            dataset=words.plain(dataset.name),
        )
    )
    _show_form(f"terms_{dataset.id}", working.retention.dataset_terms(dataset.id), save)


def _show_form(key: str, terms: RetentionTerms, save: Callable[[RetentionTerms, date], None]) -> None:
    today = retention.local_today()
    # A form: a day that is chosen by mistake is not yet a day on which somebody goes.
    with st.form(key, border=False):
        purpose = st.text_input(_("Purpose"), terms.purpose, placeholder=_("What for they are kept"), max_chars=500)
        consent = st.text_area(
            _("Consent"), terms.consent, placeholder=_("Who agreed to it, when and how"), max_chars=2000, height=90
        )
        until = st.date_input(
            _("Keep until"),
            terms.until,
            # A day that has passed may stand there still, where the worker has not run since.
            min_value=min(today, terms.until or today),
            max_value=today + timedelta(days=FARTHEST_DAYS),
            format=date_field_format("YYYY-MM-DD"),
            help=_("The last day. Leave it empty to keep them for as long as you want."),
        )
        st.caption(_(HOW_IT_ENDS))
        if not st.form_submit_button(_("Save"), icon=":material/save:"):
            return
    changed = RetentionTerms(purpose.strip(), consent.strip(), until)
    try:
        save(changed, today)
    except FaceAtlasError as refusal:
        st.error(words.plain(refusal))
        return
    frame.queue_toast(_describe_saving(changed))
    st.rerun()


def _describe_form(terms: RetentionTerms) -> str:
    if terms.until is None:
        return _("Consent and retention")
    return _("Consent and retention: kept until {day}", day=format_day(terms.until))


def _describe_saving(terms: RetentionTerms) -> str:
    return _("Saved: kept until {day}.", day=format_day(terms.until)) if terms.until else _("Saved.")

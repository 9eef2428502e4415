"""What Start says of who goes soon: whose day is near, and where it can be changed."""

from __future__ import annotations

from itertools import groupby

import streamlit as st

from core.ui import data, menu, words
from core.ui.retention.terms_form import format_day
from core.workflows.retention.terms import Expiry, list_upcoming, local_today

SHOWN = 5
"""Lines; of more only how many there are."""


def show_expiry_notices() -> None:
    """A line for each dataset and day that is near; nothing where none is."""
    upcoming = list_upcoming(data.services().retention_tools(), local_today())
    groups = [list(group) for _, group in groupby(upcoming, key=lambda expiry: (expiry.until, expiry.dataset.id))]
    for group in groups[:SHOWN]:
        _show_notice(group)
    if len(groups) > SHOWN:
        st.caption(f"And {words.count(len(groups) - SHOWN, 'more day')} within two weeks.")


def _show_notice(group: list[Expiry]) -> None:
    dataset, until = group[0].dataset, group[0].until
    whole = any(expiry.person_id is None for expiry in group)
    people = words.count(len(group), "person", "people")
    subject = f"'{dataset.name}' is" if whole else f"{people} of '{dataset.name}' {'is' if len(group) == 1 else 'are'}"
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            f":material/event_busy: {words.plain(subject)} kept until {format_day(until)}, and erased afterwards.",
            width="stretch",
        )
        if not whole:
            menu.link_page(menu.PEOPLE, "Look at them", ":material/groups:", dataset.id, **_address(group))


def _address(group: list[Expiry]) -> dict[str, str]:
    """Of one person their page; of several that of all people."""
    return {"person": str(group[0].person_id)} if len(group) == 1 else {}

"""What Start says of who goes soon: whose day is near, and where it can be changed."""

from __future__ import annotations

from itertools import groupby

import streamlit as st

from core.language.dates import format_day
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.ui import data, menu, words
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
        st.caption(
            ngettext(
                "And {number} more day within two weeks.",
                "And {number} more days within two weeks.",
                len(groups) - SHOWN,
            )
        )


def _show_notice(group: list[Expiry]) -> None:
    whole = any(expiry.person_id is None for expiry in group)
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f":material/event_busy: {_describe_expiry(group, whole=whole)}", width="stretch")
        if not whole:
            dataset_id = group[0].dataset.id
            menu.link_page(menu.PEOPLE, _("Look at them"), ":material/groups:", dataset_id, **_address(group))


def _describe_expiry(group: list[Expiry], *, whole: bool) -> str:
    about = {"dataset": words.plain(group[0].dataset.name), "day": format_day(group[0].until)}
    if whole:
        return _("'{dataset}' is kept until {day}, and erased afterwards.", **about)
    return ngettext(
        "{number} person of '{dataset}' is kept until {day}, and erased afterwards.",
        "{number} people of '{dataset}' are kept until {day}, and erased afterwards.",
        len(group),
        **about,
    )


def _address(group: list[Expiry]) -> dict[str, str]:
    """Of one person their page; of several that of all people."""
    return {"person": str(group[0].person_id)} if len(group) == 1 else {}

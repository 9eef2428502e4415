"""Choosing somebody by name: from a list of all, or by typing where a list would be too long for a browser."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.language.texts import gettext as _
from core.store.values.datasets import Dataset, PersonCount
from core.ui import data, words
from core.ui.people import people_filter
from core.ui.people.people_filter import PeopleFilter

MOST_LISTED = 2_000
"""Of more people those with the most faces are listed, and the others are found by typing."""


def list_names(dataset: Dataset, *chosen: str | None, hidden: bool = True) -> list[str]:
    """The names that a field lists, in order; ``chosen`` are in it whatever else is."""
    people = data.dataset_people(dataset.id, dataset.revision)
    rows = np.flatnonzero(hidden | ~people.hidden)
    if len(rows) > MOST_LISTED:
        largest = np.argsort(-people.faces[rows], kind="stable")[:MOST_LISTED]
        also = [row for name in chosen if name is not None and (row := people.find_row(name)) is not None]
        # By name, as all rows are.
        rows = np.union1d(rows[largest], np.array(also, dtype=np.int64))
    return [people.names[row] for row in rows.tolist()]


def find_typed(dataset: Dataset, typed: str) -> PersonCount | None:
    """Whom somebody means who typed a name, or a part of one: of several the one with the most faces."""
    people = data.dataset_people(dataset.id, dataset.revision)
    if person := people.find_named(typed):
        return person
    rows = people_filter.filter_people(people, PeopleFilter(search=typed, hidden=True))
    return people[int(rows[0])] if typed.strip() and len(rows) else None


def has_unlisted(dataset: Dataset) -> bool:
    """Whether a field lists some of the people only, and takes the names of others as they are typed."""
    return len(data.dataset_people(dataset.id, dataset.revision)) > MOST_LISTED


def find_chosen(dataset: Dataset, chosen: str | None) -> PersonCount | None:
    """Whom a field names; it says so where nobody is called what was typed."""
    person = find_typed(dataset, chosen) if chosen else None
    if chosen and person is None:
        st.caption(_("Nobody is called {name}.", name=words.name(chosen)))
    return person

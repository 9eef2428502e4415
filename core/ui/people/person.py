"""One person as a page shows them, and the way from one to the next."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.base.types import TRUSTED_GRADE
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.store.columns.people_columns import People
from core.store.values.datasets import Dataset, PersonCount
from core.ui import address, data, state, words
from core.ui.data import Faces
from core.ui.people import people_filter


@dataclass(frozen=True)
class PersonView:
    """A person as the page was drawn with them."""

    dataset: Dataset
    person: PersonCount
    people: People
    """Everybody."""

    @property
    def name(self) -> str:
        """The name for reading, without underscores."""
        return words.display_name(self.person.name)

    @property
    def faces(self) -> Faces:
        """The person's faces, and nobody else's."""
        return data.person_faces(self.dataset.id, self.dataset.revision, self.person.id)

    def other(self, person_id: int) -> PersonCount | None:
        """Anybody by id; None for somebody who has no faces now."""
        return self.people.find(person_id)


def open_person(person_id: int | None) -> None:
    """Show one person, or everybody, from the next run on; the faces get the focus."""
    # The address is the only record of who is shown: a reload and the back button agree with the page.
    address.set_query_values(person=None if person_id is None else str(person_id))
    st.session_state[state.GRID_FOCUS] = st.session_state.get(state.GRID_FOCUS, 0) + 1


def adjacent_people(view: PersonView) -> tuple[int | None, int | None]:
    """The ids of who stands before and after the person in the order of the address."""
    # The grid is not on this page; its filter is still in the address, and so is the order in which one walks.
    rows = people_filter.filter_people(view.people, people_filter.filter_from_address(view.people))
    ids = view.people.ids[rows].tolist()
    if view.person.id not in ids:
        return None, None
    index = ids.index(view.person.id)
    return ids[index - 1] if index else None, ids[index + 1] if index + 1 < len(ids) else None


def find_namesake(view: PersonView, name: str) -> PersonCount | None:
    """Somebody else who is shown under this name already."""
    # Compared as shown: "Ann_Lee" of a folder and "Ann Lee" of a field are one name to whoever reads them.
    shown_name = words.display_name(name.strip())
    named = (row for row, name in enumerate(view.people.names) if words.display_name(name) == shown_name)
    return next((person for row in named if (person := view.people[row]).id != view.person.id), None)


def free_name(view: PersonView) -> str:
    """The person's name with the first number that nobody has: "Ann 2"."""
    return words.number_name(view.name, set(map(words.display_name, view.people.names)), first=2)


def summarise_person(view: PersonView) -> str:
    """How many photos, on which side, how good."""
    person, grades = view.person, view.faces.table.grades
    parts = [ngettext("{number} face", "{number} faces", person.faces)]
    if person.train or person.val:
        parts.append(describe_sides(person.train, person.val))
    if person.excluded:
        parts.append(_("{number} left out", number=words.count(person.excluded)))
    if person.mean_grade is not None:
        parts.append(_("quality {percentage} on average", percentage=words.percent(person.mean_grade, 0)))
    if poor := int((grades < TRUSTED_GRADE).sum()):
        parts.append(_("{number} of poor quality", number=words.count(poor)))
    return " · ".join([*parts, *([_("hidden")] if person.hidden else [])])


def describe_sides(n_train: int, n_test: int) -> str:
    """How many faces are on which side of the test."""
    return _("{learned} to learn from, {tested} to test on", learned=words.count(n_train), tested=words.count(n_test))

"""Who of a dataset is shown, and in which order: what somebody asked for, in the address and on the page."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from core.base.types import TRUSTED_GRADE
from core.store.protocols import Dataset, PersonCount
from core.ui import address, words

FEW_FACES = 5
"""A person with fewer is said to have few."""
SEARCH_FIELD = "people_search"
SEARCH_INPUT = f'[class*="st-key-{SEARCH_FIELD}"] input'
"""Where the key / puts the cursor, as a CSS selector."""


class PeopleCategory(StrEnum):
    """What people there are to look at."""

    ALL = "Everybody"
    UNNAMED = "Unnamed"
    QUESTIONS = "Questions"
    FEW = "Few faces"
    POOR = "Poor quality"
    ONE_SIDE = "On one side only"


class PeopleOrder(StrEnum):
    """Who comes first."""

    MOST = "Most faces first"
    NAME = "By name"
    FEWEST = "Fewest faces first"
    POOREST = "Poorest quality first"


NOT_OF_PEOPLE = (PeopleCategory.UNNAMED, PeopleCategory.QUESTIONS)
"""What shows nobody who has a name."""


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What the user asked to see."""

    show: PeopleCategory = PeopleCategory.ALL
    search: str = ""
    order: PeopleOrder = PeopleOrder.MOST
    hidden: bool = False
    """Hidden people too."""


# who is who


def person_categories(person: PersonCount) -> tuple[PeopleCategory, ...]:
    """What there is to say about a person."""
    holds = {
        PeopleCategory.FEW: person.faces < FEW_FACES,
        PeopleCategory.POOR: person.mean_grade is not None and person.mean_grade < TRUSTED_GRADE,
        # On one side and not on the other: who is on neither has not been divided, which is no fault.
        PeopleCategory.ONE_SIDE: (person.train == 0) is not (person.val == 0),
    }
    return tuple(trait for trait, holding in holds.items() if holding)


def filter_people(people: Iterable[PersonCount], people_filter: PeopleFilter) -> list[PersonCount]:
    """The people that are asked for, in the order that is asked for."""
    matches = [
        person
        for person in people
        if (people_filter.hidden or not person.hidden)
        and (people_filter.show is PeopleCategory.ALL or people_filter.show in person_categories(person))
        and matches_search(person, people_filter.search)
    ]
    return sorted(matches, key=lambda person: _sort_key(person, people_filter.order))


def matches_search(person: PersonCount, search: str) -> bool:
    """Whether somebody's name holds what was typed."""
    return normalise_for_search(search) in normalise_for_search(words.display_name(person.name))


def count_people(people: Iterable[PersonCount], *, hidden: bool) -> dict[PeopleCategory, int]:
    """How many people each ``PeopleCategory`` has that is about people."""
    listed = [person for person in people if hidden or not person.hidden]
    counts = Counter(category for person in listed for category in person_categories(person))
    counts[PeopleCategory.ALL] = len(listed)
    return {show: counts[show] for show in PeopleCategory if show not in NOT_OF_PEOPLE}


def normalise_for_search(text: str) -> str:
    """A text as it is searched: without capitals and accents."""
    if text.isascii():
        return text.strip().casefold()
    # NFKD parts a letter from its accents, which are then left out: "jose" finds "José".
    decomposed = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def _sort_key(person: PersonCount, order: PeopleOrder) -> tuple[float, str]:
    # Grades end at 1: who has none comes after everybody who has one.
    grade = 2.0 if person.mean_grade is None else person.mean_grade
    first = {
        PeopleOrder.NAME: 0.0,
        PeopleOrder.MOST: -person.faces,
        PeopleOrder.FEWEST: person.faces,
        PeopleOrder.POOREST: grade,
    }
    return first[order], normalise_for_search(words.display_name(person.name))


# on the page


def choose_people_filter(
    dataset: Dataset, people: Sequence[PersonCount], more_counts: Mapping[PeopleCategory, int]
) -> PeopleFilter:
    """The search, the chips and the order; kept in the address, so that a link or a reload shows the same.

    Parameters
    ----------
    more_counts : how much there is of ``NOT_OF_PEOPLE``, and of everybody besides people
    """
    # The toggle stands last in the row, but counts and chips before it depend on it: it is read from its state.
    hidden = _shows_hidden(people)
    counts = Counter(count_people(people, hidden=hidden)) + Counter(more_counts)
    chips = [show for show in PeopleCategory if counts[show] or show is PeopleCategory.ALL]
    orders = [order for order in PeopleOrder if order is not PeopleOrder.POOREST or _graded(people)]
    # ``view=doubles`` is how links of earlier versions ask for pairs who may be one person.
    is_doubles_link = address.query_value("view") == "doubles"
    shown_first = PeopleCategory.QUESTIONS if is_doubles_link else address.query_choice(chips, "show")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        search = st.text_input(
            "Find a name",
            address.query_value("find") or "",
            key=SEARCH_FIELD,
            type="search",
            placeholder="Find a name",
            label_visibility="collapsed",
            live=True,
            width=200,
            on_change=_reset_page,
        )
        show = st.pills(
            "Show",
            chips,
            default=shown_first if shown_first in chips else PeopleCategory.ALL,
            format_func=lambda chip: f"{words.plain(chip)} {words.count(counts[chip])}",
            required=True,
            key=f"people_show_{dataset.id}_{len(chips)}",
            label_visibility="collapsed",
            on_change=_reset_page,
        )
        order = st.selectbox(
            "Order",
            orders,
            index=orders.index(address.query_choice(orders, "order") or PeopleOrder.MOST),
            key=f"people_order_{dataset.id}_{len(orders)}",
            label_visibility="collapsed",
            width=200,
            on_change=_reset_page,
        )
        if n_hidden := sum(person.hidden for person in people):
            st.toggle(f"Show hidden ({words.count(n_hidden)})", hidden, key="people_hidden", on_change=_reset_page)
    people_filter = PeopleFilter(show or PeopleCategory.ALL, search or "", order or PeopleOrder.MOST, hidden)
    remember_filter(people_filter)
    return people_filter


def filter_from_address(people: Sequence[PersonCount]) -> PeopleFilter:
    """What the address asks for: the order in which one goes from person to person."""
    show = address.query_choice(list(PeopleCategory), "show") or PeopleCategory.ALL
    # From a question or a face without a name one opens somebody, and then goes on to anybody.
    show = PeopleCategory.ALL if show in NOT_OF_PEOPLE else show
    order = address.query_choice(list(PeopleOrder), "order") or PeopleOrder.MOST
    return PeopleFilter(show, address.query_value("find") or "", order, _shows_hidden(people))


def remember_filter(people_filter: PeopleFilter) -> None:
    """Put it into the address."""
    # Defaults are left out, so that the address of the plain page is plain.
    address.set_query_values(
        show=people_filter.show if people_filter.show is not PeopleCategory.ALL else None,
        find=people_filter.search or None,
        order=people_filter.order if people_filter.order is not PeopleOrder.MOST else None,
        hidden="yes" if people_filter.hidden else None,
        view=None,
    )


def _shows_hidden(people: Sequence[PersonCount]) -> bool:
    if not any(person.hidden for person in people):
        return False
    # The toggle has a state once it was drawn; before, as after a reload, the address speaks.
    return bool(st.session_state.get("people_hidden", address.query_value("hidden") == "yes"))


def _graded(people: Sequence[PersonCount]) -> bool:
    return any(person.mean_grade is not None for person in people)


def _reset_page() -> None:
    # The third page of everybody is not the third page of whom is looked for.
    address.set_query_values(page=None)

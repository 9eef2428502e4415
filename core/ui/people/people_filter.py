"""Who of a dataset is shown, and in which order: what somebody asked for, in the address and on the page."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from weakref import WeakKeyDictionary

import numpy as np
import streamlit as st

from core.base.types import TRUSTED_GRADE, Bools, Doubles, Ints
from core.language.texts import gettext as _
from core.language.texts import marked
from core.store.columns.people_columns import People
from core.store.values.datasets import Dataset
from core.ui import address, words

FEW_FACES = 5
"""A person with fewer is said to have few."""
SEARCH_FIELD = "people_search"
SEARCH_INPUT = f'[class*="st-key-{SEARCH_FIELD}"] input'
"""Where the key / puts the cursor, as a CSS selector."""


class PeopleCategory(StrEnum):
    """What people there are to look at."""

    ALL = marked("Everybody")
    UNNAMED = marked("Unnamed")
    QUESTIONS = marked("Questions")
    FEW = marked("Few faces")
    POOR = marked("Poor quality")
    ONE_SIDE = marked("On one side only")


class PeopleOrder(StrEnum):
    """Who comes first."""

    MOST = marked("Most faces first")
    NAME = marked("By name")
    FEWEST = marked("Fewest faces first")
    POOREST = marked("Poorest quality first")


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


def is_in_category(people: People, category: PeopleCategory) -> Bools:
    """(n_people,) of whom what a category says is true."""
    match category:
        case PeopleCategory.FEW:
            return np.asarray(people.faces < FEW_FACES)
        case PeopleCategory.POOR:
            # NaN, where nothing was measured, is not below it.
            return np.asarray(people.grades < TRUSTED_GRADE)
        case PeopleCategory.ONE_SIDE:
            # On one side and not on the other: who is on neither has not been divided, which is no fault.
            return np.asarray((people.train == 0) != (people.val == 0))
    return np.full(len(people), category is PeopleCategory.ALL)


def filter_people(people: People, people_filter: PeopleFilter) -> Ints:
    """(k,) rows of the people that are asked for, in the order that is asked for."""
    is_listed = is_in_category(people, people_filter.show) & (people_filter.hidden | ~people.hidden)
    if people_filter.search.strip():
        is_listed &= match_names(people, people_filter.search)
    rows = np.flatnonzero(is_listed)
    # The last key counts first.
    return rows[np.lexsort((_names_as_searched(people).ranks[rows], _sort_values(people, people_filter.order)[rows]))]


def match_names(people: People, search: str) -> Bools:
    """(n_people,) whose names hold what was typed."""
    typed = normalise_for_search(search)
    return np.array([typed in name for name in _names_as_searched(people).texts], dtype=bool)


@dataclass(frozen=True, slots=True)
class _SearchedNames:
    """Names as they are searched, without capitals and accents."""

    texts: tuple[str, ...]
    ranks: Ints
    """(n_people,) the place of each among all"""


# They go with the people whose they are: a name that was erased stays nowhere.
_searched_names: WeakKeyDictionary[People, _SearchedNames] = WeakKeyDictionary()


def _names_as_searched(people: People) -> _SearchedNames:
    if people not in _searched_names:
        texts = tuple(normalise_for_search(words.display_name(name)) for name in people.names)
        ranks: Ints = np.empty(len(texts), dtype=np.int64)
        ranks[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
        _searched_names[people] = _SearchedNames(texts, ranks)
    return _searched_names[people]


def count_people(people: People, *, hidden: bool) -> dict[PeopleCategory, int]:
    """How many people each ``PeopleCategory`` has that is about people."""
    is_listed = hidden | ~people.hidden
    shown = (show for show in PeopleCategory if show not in NOT_OF_PEOPLE)
    return {show: int((is_in_category(people, show) & is_listed).sum()) for show in shown}


def normalise_for_search(text: str) -> str:
    """A text as it is searched: without capitals and accents."""
    if text.isascii():
        return text.strip().casefold()
    # NFKD parts a letter from its accents, which are then left out: "jose" finds "José".
    decomposed = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def _sort_values(people: People, order: PeopleOrder) -> Doubles:
    """(n_people,) what ascends in an order; of equals the names do."""
    match order:
        case PeopleOrder.MOST:
            return np.asarray(-people.faces, dtype=np.float64)
        case PeopleOrder.FEWEST:
            return np.asarray(people.faces, dtype=np.float64)
        case PeopleOrder.POOREST:
            # Sorted, NaN comes last: who has no grade stands after everybody who has one.
            return people.grades
    return np.zeros(len(people))


# on the page


def choose_people_filter(dataset: Dataset, people: People, more_counts: Mapping[PeopleCategory, int]) -> PeopleFilter:
    """The search, the chips and the order; kept in the address, so that a link or a reload shows the same.

    Parameters
    ----------
    more_counts : how much there is of ``NOT_OF_PEOPLE``, and of everybody besides people
    """
    # The toggle stands last in the row, but counts and chips before it depend on it: it is read from its state.
    hidden = _shows_hidden(people)
    counts = Counter(count_people(people, hidden=hidden)) + Counter(more_counts)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        people_filter = PeopleFilter(
            search=_ask_for_name(),
            show=_ask_for_category(dataset, counts),
            order=_ask_for_order(dataset, people),
            hidden=hidden,
        )
        if n_hidden := int(people.hidden.sum()):
            st.toggle(
                _("Show hidden ({number})", number=words.count(n_hidden)),
                hidden,
                key="people_hidden",
                on_change=_reset_page,
            )
    remember_filter(people_filter)
    return people_filter


def _ask_for_name() -> str:
    """What is typed into the search, "" for nothing."""
    search = st.text_input(
        _("Find a name"),
        address.query_value("find") or "",
        key=SEARCH_FIELD,
        type="search",
        placeholder=_("Find a name"),
        label_visibility="collapsed",
        live=True,
        width=200,
        on_change=_reset_page,
    )
    return search or ""


def _ask_for_category(dataset: Dataset, counts: Mapping[PeopleCategory, int]) -> PeopleCategory:
    chips = [show for show in PeopleCategory if counts[show] or show is PeopleCategory.ALL]
    # ``view=doubles`` is how links of earlier versions ask for pairs who may be one person.
    is_doubles_link = address.query_value("view") == "doubles"
    shown_first = PeopleCategory.QUESTIONS if is_doubles_link else address.query_choice(chips, "show")
    show = st.pills(
        _("Show"),
        chips,
        default=shown_first if shown_first in chips else PeopleCategory.ALL,
        format_func=lambda chip: f"{words.plain(_(chip))} {words.count(counts[chip])}",
        required=True,
        key=f"people_show_{dataset.id}_{len(chips)}",
        label_visibility="collapsed",
        on_change=_reset_page,
    )
    return show or PeopleCategory.ALL


def _ask_for_order(dataset: Dataset, people: People) -> PeopleOrder:
    orders = [order for order in PeopleOrder if order is not PeopleOrder.POOREST or _graded(people)]
    order = st.selectbox(
        _("Order"),
        orders,
        format_func=_,
        index=orders.index(address.query_choice(orders, "order") or PeopleOrder.MOST),
        key=f"people_order_{dataset.id}_{len(orders)}",
        label_visibility="collapsed",
        width=250,
        on_change=_reset_page,
    )
    return order or PeopleOrder.MOST


def filter_from_address(people: People) -> PeopleFilter:
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


def _shows_hidden(people: People) -> bool:
    if not people.hidden.any():
        return False
    # The toggle has a state once it was drawn; before, as after a reload, the address speaks.
    return bool(st.session_state.get("people_hidden", address.query_value("hidden") == "yes"))


def _graded(people: People) -> bool:
    return not np.isnan(people.grades).all()


def _reset_page() -> None:
    # The third page of everybody is not the third page of whom is looked for.
    address.set_query_values(page=None)

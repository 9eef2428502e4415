"""All people of a dataset: who is shown, in which order, and the grid of their pictures that opens one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from core.base.types import TRUSTED_GRADE
from core.store.protocols import Dataset, PersonCount
from core.ui import address, gallery, state, words
from core.ui.components.picker import Grid, GridAnswer, Pickable, draw_picker
from core.ui.labels import corrections

PER_PAGE = 48
FEW_FACES = 5
"""A person with fewer is said to have few."""
SEARCH_FIELD = "people_search"
LEGEND = "Click somebody to open them. Keys: arrows walk, Enter opens, / finds a name, u undo, r redo."


class PeopleCategory(StrEnum):
    """What people there are to look at."""

    ALL = "Everybody"
    FEW = "Few faces"
    POOR = "Poor quality"
    ONE_SIDE = "On one side only"


class PeopleOrder(StrEnum):
    """Who comes first."""

    NAME = "By name"
    MOST = "Most faces first"
    FEWEST = "Fewest faces first"
    POOREST = "Poorest quality first"


BADGES = {
    PeopleCategory.FEW: (f"<{FEW_FACES}", f"fewer than {FEW_FACES} faces"),
    PeopleCategory.POOR: ("!", "poor quality"),
    PeopleCategory.ONE_SIDE: ("\u00bd", "on one side of the test only"),
}
HIDDEN_BADGE = ("\u2298", "hidden")


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Whom the user asked to see."""

    show: PeopleCategory = PeopleCategory.ALL
    search: str = ""
    order: PeopleOrder = PeopleOrder.NAME
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
    needle = normalise_for_search(people_filter.search)
    matches = [
        person
        for person in people
        if (people_filter.hidden or not person.hidden)
        and (people_filter.show is PeopleCategory.ALL or people_filter.show in person_categories(person))
        and needle in normalise_for_search(words.display_name(person.name))
    ]
    return sorted(matches, key=lambda person: _sort_key(person, people_filter.order))


def count_people(people: Iterable[PersonCount], *, hidden: bool) -> dict[PeopleCategory, int]:
    """How many people each ``PeopleCategory`` has."""
    listed = [person for person in people if hidden or not person.hidden]
    return {
        show: len(listed) if show is PeopleCategory.ALL else sum(show in person_categories(person) for person in listed)
        for show in PeopleCategory
    }


def normalise_for_search(text: str) -> str:
    """A text as it is searched: without capitals and accents."""
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


def person_tile(dataset: Dataset, person: PersonCount, note: str = "") -> Pickable:
    """A person as one picture of a grid; its id is the person's."""
    name = words.display_name(person.name)
    badges = [BADGES[trait] for trait in person_categories(person)] + ([HIDDEN_BADGE] if person.hidden else [])
    return Pickable(
        id=str(person.id),
        src=gallery.crop_address(dataset.id, person.cover_crop_id),
        name=name,
        note=note or words.count(person.faces, "face"),
        alt=name,
        badges=tuple(badges),
    )


# on the page


def choose_people_filter(dataset: Dataset, people: Sequence[PersonCount]) -> PeopleFilter:
    """The search, the chips and the order; kept in the address, so that a link or a reload shows the same."""
    # The toggle stands last in the row, but counts and chips before it depend on it: it is read from its state.
    hidden = _shows_hidden(people)
    counts = count_people(people, hidden=hidden)
    chips = [show for show in PeopleCategory if counts[show] or show is PeopleCategory.ALL]
    orders = [order for order in PeopleOrder if order is not PeopleOrder.POOREST or _graded(people)]
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
            default=address.query_choice(chips, "show") or PeopleCategory.ALL,
            format_func=lambda chip: f"{words.plain(chip)} {words.count(counts[chip])}",
            required=True,
            key=f"people_show_{dataset.id}_{len(chips)}",
            label_visibility="collapsed",
            on_change=_reset_page,
        )
        order = st.selectbox(
            "Order",
            orders,
            index=orders.index(address.query_choice(orders, "order") or PeopleOrder.NAME),
            key=f"people_order_{dataset.id}_{len(orders)}",
            label_visibility="collapsed",
            width=200,
            on_change=_reset_page,
        )
        if n_hidden := sum(person.hidden for person in people):
            st.toggle(f"Show hidden ({words.count(n_hidden)})", hidden, key="people_hidden", on_change=_reset_page)
    people_filter = PeopleFilter(show or PeopleCategory.ALL, search or "", order or PeopleOrder.NAME, hidden)
    remember_filter(people_filter)
    return people_filter


def filter_from_address(people: Sequence[PersonCount]) -> PeopleFilter:
    """What the address asks for: the order in which one goes from person to person."""
    show = address.query_choice(list(PeopleCategory), "show") or PeopleCategory.ALL
    order = address.query_choice(list(PeopleOrder), "order") or PeopleOrder.NAME
    return PeopleFilter(show, address.query_value("find") or "", order, _shows_hidden(people))


def remember_filter(people_filter: PeopleFilter) -> None:
    """Put it into the address."""
    # Defaults are left out, so that the address of the plain page is plain.
    address.set_query_values(
        show=people_filter.show if people_filter.show is not PeopleCategory.ALL else None,
        find=people_filter.search or None,
        order=people_filter.order if people_filter.order is not PeopleOrder.NAME else None,
        hidden="yes" if people_filter.hidden else None,
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


def show_people_grid(dataset: Dataset, people: Sequence[PersonCount], people_filter: PeopleFilter) -> GridAnswer:
    """The pictures of the people, a page at a time."""
    # Everything that changes who is listed is in the key, so that the row of page numbers begins anew.
    key = (
        f"people_{dataset.id}_{people_filter.show}_{people_filter.order}_{people_filter.search}_{people_filter.hidden}"
    )
    # In a container of its own, so that the grid keeps the focus where the page numbers come or go.
    with st.container():
        part = people[gallery.page_slice(len(people), PER_PAGE, key, address_name="page")]
    keys = {"Enter": "open", "u": "undo", "r": "redo", "/": "name"}
    options = Grid(
        "People. Arrows walk, Enter opens.",
        keys,
        tile_px=112,
        name_field=f'[class*="st-key-{SEARCH_FIELD}"] input',
        grab=st.session_state.get(state.GRID_FOCUS, 0),
        click="open",
    )
    tiles = [person_tile(dataset, person) for person in part]
    return draw_picker(f"people_{dataset.id}", tiles, options, corrections.current_epoch())

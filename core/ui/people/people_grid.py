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
from core.ui.components.picker import Grid, Pickable, Picked, picker
from core.ui.labels import corrections

PER_PAGE = 48
FEW_FACES = 5
"""A person with fewer is said to have few."""
SEARCH_FIELD = "people_search"
LEGEND = "Click somebody to open them. Keys: arrows walk, Enter opens, / finds a name, u undo, r redo."


class Show(StrEnum):
    """What people there are to look at."""

    ALL = "Everybody"
    FEW = "Few faces"
    POOR = "Poor quality"
    ONE_SIDE = "On one side only"


class Order(StrEnum):
    """Who comes first."""

    NAME = "By name"
    MOST = "Most faces first"
    FEWEST = "Fewest faces first"
    POOREST = "Poorest quality first"


BADGES = {
    Show.FEW: (f"<{FEW_FACES}", f"fewer than {FEW_FACES} faces"),
    Show.POOR: ("!", "poor quality"),
    Show.ONE_SIDE: ("\u00bd", "on one side of the test only"),
}
HIDDEN_BADGE = ("\u2298", "hidden")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom the user asked to see."""

    show: Show = Show.ALL
    search: str = ""
    order: Order = Order.NAME
    hidden: bool = False
    """Hidden people too."""


# who is who


def traits(person: PersonCount) -> tuple[Show, ...]:
    """What there is to say about a person."""
    holds = {
        Show.FEW: person.faces < FEW_FACES,
        Show.POOR: person.mean_grade is not None and person.mean_grade < TRUSTED_GRADE,
        Show.ONE_SIDE: (person.train == 0) is not (person.val == 0),
    }
    return tuple(trait for trait, holding in holds.items() if holding)


def listed(people: Iterable[PersonCount], wanted: Wanted) -> list[PersonCount]:
    """The people that are asked for, in the order that is asked for."""
    sought = plain(wanted.search)
    found = [
        person
        for person in people
        if (wanted.hidden or not person.hidden)
        and (wanted.show is Show.ALL or wanted.show in traits(person))
        and sought in plain(words.person(person.name))
    ]
    return sorted(found, key=lambda person: _place(person, wanted.order))


def counts(people: Iterable[PersonCount], *, hidden: bool) -> dict[Show, int]:
    """How many people each choice of ``Show`` has."""
    shown = [person for person in people if hidden or not person.hidden]
    return {show: len(shown) if show is Show.ALL else sum(show in traits(person) for person in shown) for show in Show}


def plain(text: str) -> str:
    """A text as it is searched: without capitals and accents."""
    apart = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _place(person: PersonCount, order: Order) -> tuple[float, str]:
    grade = 2.0 if person.mean_grade is None else person.mean_grade
    first = {Order.NAME: 0.0, Order.MOST: -person.faces, Order.FEWEST: person.faces, Order.POOREST: grade}
    return first[order], plain(words.person(person.name))


def pickable(dataset: Dataset, person: PersonCount, note: str = "") -> Pickable:
    """A person as one picture of a grid; its id is the person's."""
    name = words.person(person.name)
    badges = [BADGES[trait] for trait in traits(person)] + ([HIDDEN_BADGE] if person.hidden else [])
    return Pickable(
        id=str(person.id),
        src=gallery.crop_address(dataset.id, person.cover_crop_id),
        name=name,
        note=note or words.count(person.faces, "face"),
        alt=name,
        badges=tuple(badges),
    )


# on the page


def choose(dataset: Dataset, people: Sequence[PersonCount]) -> Wanted:
    """The search, the chips and the order; kept in the address, so that a link or a reload shows the same."""
    hidden = _hidden_too(people)
    found = counts(people, hidden=hidden)
    chips = [show for show in Show if found[show] or show is Show.ALL]
    orders = [order for order in Order if order is not Order.POOREST or _graded(people)]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        search = st.text_input(
            "Find a name",
            address.asked("find") or "",
            key=SEARCH_FIELD,
            type="search",
            placeholder="Find a name",
            label_visibility="collapsed",
            live=True,
            width=200,
            on_change=_from_the_top,
        )
        show = st.pills(
            "Show",
            chips,
            default=address.one_of(chips, "show") or Show.ALL,
            format_func=lambda chip: f"{words.plain(chip)} {words.count(found[chip])}",
            required=True,
            key=f"people_show_{dataset.id}_{len(chips)}",
            label_visibility="collapsed",
            on_change=_from_the_top,
        )
        order = st.selectbox(
            "Order",
            orders,
            index=orders.index(address.one_of(orders, "order") or Order.NAME),
            key=f"people_order_{dataset.id}_{len(orders)}",
            label_visibility="collapsed",
            width=200,
            on_change=_from_the_top,
        )
        if n_hidden := sum(person.hidden for person in people):
            st.toggle(f"Show hidden ({words.count(n_hidden)})", hidden, key="people_hidden", on_change=_from_the_top)
    wanted = Wanted(show or Show.ALL, search or "", order or Order.NAME, hidden)
    remember(wanted)
    return wanted


def asked(people: Sequence[PersonCount]) -> Wanted:
    """What the address asks for: the order in which one goes from person to person."""
    show = address.one_of(list(Show), "show") or Show.ALL
    order = address.one_of(list(Order), "order") or Order.NAME
    return Wanted(show, address.asked("find") or "", order, _hidden_too(people))


def remember(wanted: Wanted) -> None:
    """Put it into the address."""
    address.remember(
        show=wanted.show if wanted.show is not Show.ALL else None,
        find=wanted.search or None,
        order=wanted.order if wanted.order is not Order.NAME else None,
        hidden="yes" if wanted.hidden else None,
    )


def _hidden_too(people: Sequence[PersonCount]) -> bool:
    if not any(person.hidden for person in people):
        return False
    return bool(st.session_state.get("people_hidden", address.asked("hidden") == "yes"))


def _graded(people: Sequence[PersonCount]) -> bool:
    return any(person.mean_grade is not None for person in people)


def _from_the_top() -> None:
    address.remember(page=None)


def grid(dataset: Dataset, shown: Sequence[PersonCount], wanted: Wanted) -> Picked:
    """The pictures of the people, a page at a time."""
    key = f"people_{dataset.id}_{wanted.show}_{wanted.order}_{wanted.search}_{wanted.hidden}"
    with st.container():
        part = shown[gallery.page_slice(len(shown), PER_PAGE, key, address_name="page")]
    keys = {"Enter": "open", "u": "undo", "r": "redo", "/": "name"}
    look = Grid(
        "People. Arrows walk, Enter opens.",
        keys,
        tile_px=112,
        name_field=f'[class*="st-key-{SEARCH_FIELD}"] input',
        grab=st.session_state.get(state.GRAB, 0),
        click="open",
    )
    tiles = [pickable(dataset, person) for person in part]
    return picker(f"people_{dataset.id}", tiles, look, corrections.epoch())

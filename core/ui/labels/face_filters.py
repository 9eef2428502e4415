"""Which faces are shown, and in which order: masks and sort keys over the table of faces, a click each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from enum import StrEnum

import numpy as np
import streamlit as st

from core.base.types import Bools, FaceTable, Floats, Ints, Revision, Split
from core.store.protocols import Dataset
from core.ui import address, data, words
from core.ui.data import Faces

DAY_S = 86_400.0


class Show(StrEnum):
    """What faces there are to look at."""

    ALL = "All"
    UNNAMED = "No name"
    POOR = "Poor quality"
    OUT = "Left out"
    CONFIRMED = "Looked at"
    STRANGERS = "Nobody to name"
    WRONG = "Recognised wrongly"
    SUSPECT = "Suspects"
    FACELESS = "Photos without a face"
    """Photos instead of faces."""


class Order(StrEnum):
    """What comes first."""

    PERSON = "By person"
    WORST = "Poorest first"
    BEST = "Best first"
    UNSURE = "Least sure first"
    NEWEST = "Newest first"
    OLDEST = "Oldest first"
    ALIKE = "Most like the chosen face"


@dataclass(frozen=True, slots=True)
class Filter:
    """What the user asked to see."""

    show: Show = Show.ALL
    person: str | None = None
    split: Split | None = None
    order: Order = Order.PERSON
    like: str | None = None
    """The face that ``Order.ALIKE`` is about."""
    run_id: str | None = None
    """The run that ``WRONG`` and ``UNSURE`` are about."""
    taken: tuple[float, float] | None = None
    """Only photos taken from the first to the second moment, seconds since 1970."""
    suspects: frozenset[str] = frozenset()
    """The faces that ``SUSPECT`` is about."""


@st.cache_resource(show_spinner=False, max_entries=16)
def rows(dataset_id: str, revision: Revision, wanted: Filter) -> Ints:
    """Row numbers of the faces that a filter lets through, in its order."""
    faces = data.faces(dataset_id, revision)
    kept = np.flatnonzero(
        _shown(faces, wanted)
        & _of_person(faces.table, wanted.person)
        & _of_split(faces.table, wanted)
        & _of_time(faces.table, wanted.taken)
    )
    return kept[_order(faces, wanted)(kept)]


@st.cache_data(show_spinner=False, max_entries=32)
def counts(
    dataset_id: str, revision: Revision, run_id: str | None, suspects: frozenset[str] = frozenset()
) -> dict[Show, int]:
    """How many faces, or photos, each choice of ``Show`` has."""
    faces = data.faces(dataset_id, revision)
    found = {show: int(_shown(faces, Filter(show, run_id=run_id, suspects=suspects)).sum()) for show in Show}
    return found | {Show.FACELESS: len(data.photos_without_face(dataset_id, revision))}


def _shown(faces: Faces, wanted: Filter) -> Bools:
    table = faces.table
    match wanted.show:
        case Show.UNNAMED:
            return np.asarray((table.labels < 0) & ~table.strangers)
        case Show.POOR:
            return ~table.trusted
        case Show.OUT:
            return table.excluded
        case Show.CONFIRMED:
            return table.confirmed
        case Show.STRANGERS:
            return table.strangers
        case Show.SUSPECT:
            suspected = np.zeros(len(table), dtype=bool)
            suspected[[faces.row[face_id] for face_id in wanted.suspects if face_id in faces.row]] = True
            return suspected
        case Show.FACELESS:
            return np.zeros(len(table), dtype=bool)
        case Show.WRONG:
            wrong = np.zeros(len(table), dtype=bool)
            tested, is_wrong, _ = _tested(faces, wanted.run_id)
            wrong[tested[is_wrong]] = True
            return wrong
    return np.ones(len(table), dtype=bool)


def _of_person(table: FaceTable, person: str | None) -> Bools:
    if person is None:
        return np.ones(len(table), dtype=bool)
    return np.asarray(table.labels == (table.people.index(person) if person in table.people else -2))


def _of_split(table: FaceTable, wanted: Filter) -> Bools:
    if wanted.split is None:
        return np.ones(len(table), dtype=bool)
    return np.fromiter((split == wanted.split for split in table.splits), dtype=bool, count=len(table))


def _of_time(table: FaceTable, taken: tuple[float, float] | None) -> Bools:
    if taken is None:
        return np.ones(len(table), dtype=bool)
    return np.asarray((table.taken >= taken[0]) & (table.taken <= taken[1]))


def _tested(faces: Faces, run_id: str | None) -> tuple[Ints, Bools, Floats]:
    """Rows that a run was tested on and that are still there, which of them it got wrong, and how sure it was."""
    if run_id is None:
        return np.empty(0, np.int64), np.empty(0, bool), np.empty(0, np.float32)
    said = data.predictions(run_id)
    there = [(place, faces.row[face]) for place, face in enumerate(said.face_ids) if face in faces.row]
    places, found = np.array(there, dtype=np.int64).reshape(-1, 2).T
    return found, said.wrong[places], said.probs[places]


def _order(faces: Faces, wanted: Filter) -> Callable[[Ints], Ints]:
    """Gives the places of some rows in the wanted order."""
    table = faces.table
    if wanted.order is Order.PERSON:
        last = np.where(table.labels < 0, len(table.people), table.labels)
        return lambda kept: np.argsort(last[kept], kind="stable")
    return lambda kept: np.argsort(_key(faces, wanted)[kept], kind="stable")


def _key(faces: Faces, wanted: Filter) -> Floats:
    """What ascends in the wanted order; NaN, for what is not known, comes last."""
    table = faces.table
    match wanted.order:
        case Order.WORST:
            return table.grades
        case Order.BEST:
            return -table.grades
        case Order.NEWEST:
            return np.asarray(-table.taken, dtype=np.float64)
        case Order.OLDEST:
            return np.asarray(table.taken, dtype=np.float64)
        case Order.ALIKE if wanted.like in faces.row:
            own = faces.embeddings.vectors[faces.row[wanted.like]]
            return np.asarray(-(faces.embeddings.vectors @ own), dtype=np.float32)
        case Order.UNSURE:
            sure = np.full(len(table), np.nan, dtype=np.float32)
            tested, _, probs = _tested(faces, wanted.run_id)
            sure[tested] = probs
            return sure
    return np.arange(len(table), dtype=np.float32)


# on the page


def choose(dataset: Dataset, run_id: str | None, like: str | None, suspects: frozenset[str]) -> Filter:
    """The chips and choosers; kept in the address, so that a link or a reload shows the same."""
    found = counts(dataset.id, dataset.revision, run_id, suspects)
    chips = [show for show in Show if found[show] or show is Show.ALL]
    people = [person.name for person in data.people(dataset.id, dataset.revision)]
    orders = [order for order in Order if _possible(order, run_id, like, dataset)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        show = st.pills(
            "Show",
            chips,
            default=address.one_of(chips, "show") or (Show.ALL if found[Show.ALL] else chips[-1]),
            format_func=lambda chip: f"{words.plain(chip)} {words.count(found[chip])}",
            required=True,
            key=f"show_{dataset.id}_{len(chips)}",
            label_visibility="collapsed",
        )
        person = st.selectbox(
            "Person",
            people,
            index=_place(people, st.query_params.get("person")),
            format_func=words.person,
            placeholder="Everybody",
            key=f"person_{dataset.id}",
            label_visibility="collapsed",
            width=190,
        )
        with st.popover("Order and more", icon=":material/tune:"):
            order = st.selectbox(
                "Order",
                orders,
                index=_place(orders, st.query_params.get("order")) or 0,
                key=f"order_{dataset.id}_{len(orders)}",
            )
            split = st.selectbox(
                "Side of the test",
                list(Split),
                index=None,
                format_func=lambda side: {Split.TRAIN: "To learn from", Split.VAL: "To test on"}[side],
                placeholder="Both sides",
                key=f"split_{dataset.id}",
            )
            taken = _taken(dataset)
    address.remember(
        show=show if show is not Show.ALL else None, person=person, order=order if order is not orders[0] else None
    )
    wanted = Filter(show or Show.ALL, person, split, order or Order.PERSON, run_id=run_id, taken=taken)
    return replace(
        wanted,
        like=like if wanted.order is Order.ALIKE else None,
        suspects=suspects if wanted.show is Show.SUSPECT else frozenset(),
    )


def _taken(dataset: Dataset) -> tuple[float, float] | None:
    """The days between which photos were taken; None for all, also those whose camera did not say."""
    known = data.faces(dataset.id, dataset.revision).table.taken
    known = known[~np.isnan(known)]
    if not len(known):
        return None
    first, last = (datetime.fromtimestamp(float(moment), UTC).date() for moment in (known.min(), known.max()))
    days = st.date_input("Taken between", [], min_value=first, max_value=last, key=f"taken_{dataset.id}")
    if not isinstance(days, tuple) or len(days) != 2:
        return None
    begin, end = (datetime.combine(day, time(), UTC).timestamp() for day in days)
    return begin, end + DAY_S


def _possible(order: Order, run_id: str | None, like: str | None, dataset: Dataset) -> bool:
    table = data.faces(dataset.id, dataset.revision).table
    match order:
        case Order.UNSURE:
            return run_id is not None
        case Order.ALIKE:
            return like is not None
        case Order.NEWEST | Order.OLDEST:
            return not np.isnan(table.taken).all()
        case Order.WORST | Order.BEST:
            return not np.isnan(table.grades).all()
    return True


def _place(known: list[str] | list[Order], wanted: str | None) -> int | None:
    return next((place for place, each in enumerate(known) if each == wanted), None)

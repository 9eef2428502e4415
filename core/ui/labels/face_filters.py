"""Which faces are shown, and in which order: masks and sort keys over the table of faces, a click each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from enum import StrEnum

import numpy as np
import streamlit as st

from core.base.face_table import FaceTable
from core.base.types import Bools, Floats, Ints, Revision, Split
from core.language.dates import date_field_format
from core.language.texts import gettext as _
from core.language.texts import marked
from core.store.values.datasets import Dataset
from core.ui import address, data, words
from core.ui.access import kept
from core.ui.data import Faces
from core.ui.labels import name_choice

DAY_S = 86_400.0


class FaceCategory(StrEnum):
    """What faces there are to look at."""

    ALL = marked("All")
    UNNAMED = marked("No name")
    POOR = marked("Poor quality")
    OUT = marked("Left out")
    CONFIRMED = marked("Looked at")
    STRANGERS = marked("Nobody to name")
    WRONG = marked("Recognised wrongly")
    SUSPECT = marked("Suspects")
    FACELESS = marked("Photos without a face")
    """Photos instead of faces."""


class FaceOrder(StrEnum):
    """What comes first."""

    PERSON = marked("By person")
    WORST = marked("Poorest first")
    BEST = marked("Best first")
    UNSURE = marked("Least sure first")
    NEWEST = marked("Newest first")
    OLDEST = marked("Oldest first")
    ALIKE = marked("Most like the chosen face")


@dataclass(frozen=True, slots=True)
class FaceFilter:
    """What the user asked to see."""

    show: FaceCategory = FaceCategory.ALL
    person: str | None = None
    split: Split | None = None
    order: FaceOrder = FaceOrder.PERSON
    like: str | None = None
    """The face that ``FaceOrder.ALIKE`` is about."""
    run_id: str | None = None
    """The run that ``WRONG`` and ``UNSURE`` are about."""
    taken: tuple[float, float] | None = None
    """Only photos taken from the first to the second moment, seconds since 1970."""
    suspects: frozenset[str] = frozenset()
    """The faces that ``SUSPECT`` is about."""


@kept.cache_resource(show_spinner=False, max_entries=16)
def filter_rows(dataset_id: str, revision: Revision, face_filter: FaceFilter) -> Ints:
    """(k,) row numbers of the faces that a filter lets through, in its order."""
    faces = data.dataset_faces(dataset_id, revision)
    # One mask for each question, over all rows: a hundred thousand faces take no Python object each, and the filter is
    # a key of the cache, so that a rerun of the page computes nothing.
    matching_rows = np.flatnonzero(
        _in_category(faces, face_filter)
        & _of_person(faces.table, face_filter.person)
        & _of_split(faces.table, face_filter)
        & _of_time(faces.table, face_filter.taken)
    )
    return matching_rows[_row_sorter(faces, face_filter)(matching_rows)]


@kept.cache_data(show_spinner=False, max_entries=32)
def count_categories(
    dataset_id: str, revision: Revision, run_id: str | None, suspects: frozenset[str] = frozenset()
) -> dict[FaceCategory, int]:
    """How many faces, or photos, each ``FaceCategory`` has."""
    faces = data.dataset_faces(dataset_id, revision)
    counts = {
        category: int(_in_category(faces, FaceFilter(category, run_id=run_id, suspects=suspects)).sum())
        for category in FaceCategory
    }
    # Photos without a face have no row in the table of faces; they are counted by themselves.
    return counts | {FaceCategory.FACELESS: len(data.photos_without_face(dataset_id, revision))}


def _in_category(faces: Faces, face_filter: FaceFilter) -> Bools:
    table = faces.table
    match face_filter.show:
        case FaceCategory.UNNAMED:
            return np.asarray((table.labels < 0) & ~table.strangers)
        case FaceCategory.POOR:
            return ~table.trusted
        case FaceCategory.OUT:
            return table.excluded
        case FaceCategory.CONFIRMED:
            return table.confirmed
        case FaceCategory.STRANGERS:
            return table.strangers
        case FaceCategory.SUSPECT:
            suspected = np.zeros(len(table), dtype=bool)
            # ``match`` passes over faces that are gone: a suspect may have been dismissed since the search.
            suspected[table.match(face_filter.suspects)[1]] = True
            return suspected
        case FaceCategory.FACELESS:
            return np.zeros(len(table), dtype=bool)
        case FaceCategory.WRONG:
            wrong = np.zeros(len(table), dtype=bool)
            tested, is_wrong, _probs = _tested_rows(faces, face_filter.run_id)
            wrong[tested[is_wrong]] = True
            return wrong
    return np.ones(len(table), dtype=bool)


def _of_person(table: FaceTable, person: str | None) -> Bools:
    if person is None:
        return np.ones(len(table), dtype=bool)
    # Labels are -1 where there is no name; -2, for somebody who is gone, is nobody's.
    label = table.people.index(person) if person in table.people else -2
    return np.asarray(table.labels == label)


def _of_split(table: FaceTable, face_filter: FaceFilter) -> Bools:
    if face_filter.split is None:
        return np.ones(len(table), dtype=bool)
    return table.is_on(face_filter.split)


def _of_time(table: FaceTable, period: tuple[float, float] | None) -> Bools:
    if period is None:
        return np.ones(len(table), dtype=bool)
    # NaN, where the camera did not say, is in no period.
    return np.asarray((table.taken >= period[0]) & (table.taken <= period[1]))


def _tested_rows(faces: Faces, run_id: str | None) -> tuple[Ints, Bools, Floats]:
    """Rows that a run was tested on and that are still there, which of them it got wrong, and how sure it was."""
    if run_id is None:
        return np.empty(0, np.int64), np.empty(0, bool), np.empty(0, np.float32)
    predictions = data.run_predictions(run_id)
    # A run is of an earlier revision perhaps: only the faces that are still there have a row.
    indices, rows = faces.table.match(predictions.face_ids)
    return rows, predictions.wrong[indices], predictions.probs[indices]


def _row_sorter(faces: Faces, face_filter: FaceFilter) -> Callable[[Ints], Ints]:
    """Gives the places of some rows in the wanted order."""
    table = faces.table
    if face_filter.order is FaceOrder.PERSON:
        # Faces without a name come last; without this their label, -1, would put them first.
        person_rank = np.where(table.labels < 0, len(table.people), table.labels)
        return lambda rows: np.argsort(person_rank[rows], kind="stable")
    # Stable, so that equal values keep the table's order and a page of the grid does not shuffle between two runs.
    return lambda rows: np.argsort(_sort_values(faces, face_filter)[rows], kind="stable")


def _sort_values(faces: Faces, face_filter: FaceFilter) -> Floats:
    """What ascends in the wanted order; NaN, for what is not known, comes last."""
    table = faces.table
    match face_filter.order:
        case FaceOrder.WORST:
            return table.grades
        case FaceOrder.BEST:
            return -table.grades
        case FaceOrder.NEWEST:
            return np.asarray(-table.taken, dtype=np.float64)
        case FaceOrder.OLDEST:
            return np.asarray(table.taken, dtype=np.float64)
        case FaceOrder.ALIKE if face_filter.like is not None and face_filter.like in faces.table:
            # Vectors have unit length: the inner product is the cosine, and negated it ascends with the distance.
            probe = faces.embeddings.vectors[faces.table.index(face_filter.like)]
            return np.asarray(-(faces.embeddings.vectors @ probe), dtype=np.float32)
        case FaceOrder.UNSURE:
            probabilities = np.full(len(table), np.nan, dtype=np.float32)
            tested, _is_wrong, probs = _tested_rows(faces, face_filter.run_id)
            probabilities[tested] = probs
            return probabilities
    return np.arange(len(table), dtype=np.float32)


# on the page


def choose_filter(dataset: Dataset, run_id: str | None, like: str | None, suspects: frozenset[str]) -> FaceFilter:
    """The chips and choosers; kept in the address, so that a link or a reload shows the same."""
    counts = count_categories(dataset.id, dataset.revision, run_id, suspects)
    chips = [show for show in FaceCategory if counts[show] or show is FaceCategory.ALL]
    people = name_choice.list_names(dataset, st.query_params.get("person"))
    orders = [order for order in FaceOrder if _is_possible_order(order, run_id, like, dataset)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        show = st.pills(
            _("Show"),
            chips,
            # Where no face was found at all, the photos without one are all there is to see.
            default=address.query_choice(chips, "show")
            or (FaceCategory.ALL if counts[FaceCategory.ALL] else chips[-1]),
            format_func=lambda chip: f"{words.plain(_(chip))} {words.count(counts[chip])}",
            required=True,
            # Another number of chips is another widget: one that keeps its key would keep a choice that is gone.
            key=f"show_{dataset.id}_{len(chips)}",
            label_visibility="collapsed",
        )
        person = st.selectbox(
            _("Person"),
            people,
            index=_index_of(people, st.query_params.get("person")),
            format_func=words.display_name,
            placeholder=_("Everybody"),
            key=f"person_{dataset.id}",
            label_visibility="collapsed",
            width=190,
            accept_new_options=name_choice.has_unlisted(dataset),
        )
        with st.popover(_("Order and more"), icon=":material/tune:"):
            order, split = _choose_order(dataset, orders), _choose_split(dataset)
            period = _choose_period(dataset)
    chosen_person = name_choice.find_chosen(dataset, person)
    person = chosen_person.name if chosen_person else None
    address.set_query_values(
        show=show if show is not FaceCategory.ALL else None,
        person=person,
        order=order if order is not orders[0] else None,
    )
    face_filter = FaceFilter(
        show or FaceCategory.ALL, person, split, order or FaceOrder.PERSON, run_id=run_id, taken=period
    )
    return replace(
        face_filter,
        # What the filter does not use is left out of it: it is a key of the cache, and must not change with what the
        # user clicked for other reasons.
        like=like if face_filter.order is FaceOrder.ALIKE else None,
        suspects=suspects if face_filter.show is FaceCategory.SUSPECT else frozenset(),
    )


def _choose_order(dataset: Dataset, orders: list[FaceOrder]) -> FaceOrder:
    return st.selectbox(
        _("Order"),
        orders,
        format_func=_,
        index=_index_of(orders, st.query_params.get("order")) or 0,
        key=f"order_{dataset.id}_{len(orders)}",
    )


def _choose_split(dataset: Dataset) -> Split | None:
    return st.selectbox(
        _("Side of the test"),
        list(Split),
        index=None,
        format_func=lambda side: {Split.TRAIN: _("To learn from"), Split.VAL: _("To test on")}[side],
        placeholder=_("Both sides"),
        key=f"split_{dataset.id}",
    )


def _choose_period(dataset: Dataset) -> tuple[float, float] | None:
    """The days between which photos were taken; None for all, also those whose camera did not say."""
    known = data.dataset_faces(dataset.id, dataset.revision).table.taken
    known = known[~np.isnan(known)]
    if not len(known):
        return None
    # A camera's clock says no time zone, and is read as if it were UTC: read back the same way, it is the camera's day.
    first, last = (datetime.fromtimestamp(float(moment), UTC).date() for moment in (known.min(), known.max()))
    days = st.date_input(
        _("Taken between"),
        [],
        min_value=first,
        max_value=last,
        format=date_field_format(),
        key=f"taken_{dataset.id}",
    )
    # Between the first click and the second there is one day, which is no period yet.
    if not isinstance(days, tuple) or len(days) != 2:
        return None
    begin, end = (datetime.combine(day, time(), UTC).timestamp() for day in days)
    # The last day counts whole.
    return begin, end + DAY_S


def _is_possible_order(order: FaceOrder, run_id: str | None, like: str | None, dataset: Dataset) -> bool:
    table = data.dataset_faces(dataset.id, dataset.revision).table
    match order:
        case FaceOrder.UNSURE:
            return run_id is not None
        case FaceOrder.ALIKE:
            return like is not None
        case FaceOrder.NEWEST | FaceOrder.OLDEST:
            return not np.isnan(table.taken).all()
        case FaceOrder.WORST | FaceOrder.BEST:
            return not np.isnan(table.grades).all()
    return True


def _index_of(known: list[str] | list[FaceOrder], value: str | None) -> int | None:
    return next((index for index, candidate in enumerate(known) if candidate == value), None)

"""The state as the log tells it, computed from nothing but the base and the events: what the store must agree with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.corrections.model import Change, Entity, EventKind, Field, Value

Key = tuple[Entity, str, Field]
Base = Mapping[Key, Value]


@dataclass(frozen=True, slots=True)
class ReplayableEvent:
    """One event with what it sets, or which event it undoes or redoes."""

    id: int
    kind: EventKind
    changes: tuple[Change, ...] = ()
    target_id: int | None = None


def replay_log(base: Base, entries: Iterable[ReplayableEvent]) -> dict[Key, Value]:
    """Every field's value after the events, oldest first.

    Parameters
    ----------
    base : what the ingest said; fields that are not in it are False or None
    """
    entries = list(entries)
    undone = undone_after(entries)
    state = dict(base)
    for entry in entries:
        if entry.id not in undone:
            state.update({(change.entity, change.entity_id, change.field): change.value for change in entry.changes})
    return state


def undone_after(entries: Iterable[ReplayableEvent]) -> set[int]:
    """The ids of the events that do not hold after all of them."""
    undone: set[int] = set()
    for entry in entries:
        if entry.target_id is None:
            continue
        if entry.kind is EventKind.UNDO:
            undone.add(entry.target_id)
        elif entry.kind is EventKind.REDO:
            undone.discard(entry.target_id)
    return undone


def merged_person(person_id: int, merged_into: Mapping[int, int]) -> int:
    """Who somebody is after all merges. Raises ValueError where they run in a circle."""
    visited = {person_id}
    while person_id in merged_into:
        person_id = merged_into[person_id]
        if person_id in visited:
            raise ValueError("people are merged in a circle")
        visited.add(person_id)
    return person_id

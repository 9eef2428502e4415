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
    # In two passes: whether an early event holds may be said by the last one.
    undone = find_undone_events(entries)
    # Whole events are left out and the rest applied in order. Taking an event's effect back instead would need the
    # values before it, which later events may have replaced.
    state = dict(base)
    for entry in entries:
        if entry.id not in undone:
            state.update({(change.entity, change.entity_id, change.field): change.value for change in entry.changes})
    return state


def find_undone_events(entries: Iterable[ReplayableEvent]) -> set[int]:
    """The ids of the events that do not hold after all of them."""
    undone: set[int] = set()
    for entry in entries:
        # The last word on an event counts. An undo cannot itself be undone by an undo: redo names the same target, so
        # that the log needs no chains of events about events.
        if entry.target_id is None:
            continue
        if entry.kind is EventKind.UNDO:
            undone.add(entry.target_id)
        elif entry.kind is EventKind.REDO:
            undone.discard(entry.target_id)
    return undone


def follow_merges(person_id: int, merged_into: Mapping[int, int]) -> int:
    """Who somebody is after all merges. Raises ValueError where they run in a circle."""
    # Merging A into B, undoing that, merging B into A and redoing the first closes a circle; the walk would never end.
    visited = {person_id}
    while person_id in merged_into:
        person_id = merged_into[person_id]
        if person_id in visited:
            raise ValueError("people are merged in a circle")
        visited.add(person_id)
    return person_id

"""Corrections as the command line tells them: what was done, to whom, by whom, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.base import words
from core.base.json_values import Json
from core.corrections.model import Event


def events_to_json(events: Iterable[Event], names: Mapping[int, str]) -> list[dict[str, Json]]:
    """An entry for each event.

    Parameters
    ----------
    names : everybody who ever was, by id; people are told by the names that they have now
    """
    return [
        {
            "event": event.id,
            "kind": event.kind.value,
            "faces": event.n_faces,
            "person": _name(names, event.person_id),
            "from": _name(names, event.from_person_id),
            "why": event.why or None,
            "target": event.target_id,
            "holds": event.active,
            "author": event.author,
            "session": event.session,
            "when": words.utc_time(event.created),
        }
        for event in events
    ]


def _name(names: Mapping[int, str], person_id: int | None) -> str | None:
    return None if person_id is None else names.get(person_id)

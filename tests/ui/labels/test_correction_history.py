"""Every kind of event has a sentence, with the names that people have now."""

from __future__ import annotations

import pytest

from core.corrections.model import Event, EventKind
from core.ui.labels import correction_history

NAMES = {1: "ann_lee", 2: "Ben"}


def event(kind: EventKind, n_faces: int = 3, person_id: int | None = 1, from_person_id: int | None = 2) -> Event:
    return Event(
        id=9,
        dataset_id="d",
        kind=kind,
        author="Ann",
        session="s",
        created=0.0,
        revision=1,
        n_faces=n_faces,
        person_id=person_id,
        from_person_id=from_person_id,
        why="",
        target_id=None,
        active=True,
    )


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_has_a_sentence(kind: EventKind) -> None:
    said = correction_history.describe_event(event(kind), NAMES)
    assert said[0].isupper()
    assert "{" not in said
    assert not said.endswith(".")


def test_a_move_says_from_whom_to_whom() -> None:
    assert correction_history.describe_event(event(EventKind.MOVE), NAMES) == "Moved 3 faces from Ben to ann lee"
    assert correction_history.describe_event(event(EventKind.MOVE, 1, 1, None), NAMES) == "Named 1 face ann lee"


def test_a_face_that_keeps_its_name_is_confirmed() -> None:
    assert correction_history.describe_event(event(EventKind.MOVE, 1, 1, 1), NAMES) == "Confirmed 1 face of ann lee"


def test_a_merge_says_who_became_whom() -> None:
    assert correction_history.describe_event(event(EventKind.MERGE, 0), NAMES) == "Merged Ben into ann lee"
    assert correction_history.describe_event(event(EventKind.TEACH, 1), NAMES) == "Taught a face of ann lee"

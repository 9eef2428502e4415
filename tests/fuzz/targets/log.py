"""Correction logs as JSON lines: what is read holds what the replay asks of it, and a written log is read back."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from typing import Any

from core.base.errors import InputRefused
from core.corrections.model import Entity
from core.formats.correction_log import EventLine, FaceLine, Line, PersonLine, parse_log

LARGEST_KEY = (1 << 63) - 1
HEAD = {"format": "face-atlas-log", "version": 2, "dataset": "a", "model": "facenet-128"}
SOUND: tuple[dict[str, Any], ...] = (
    {"person": 1, "name": "Ann", "folder": True},
    {"person": 2, "name": "Zoë", "folder": False},
    {"face": 1, "photo": "a" * 64, "box": [1, 2, 30, 40], "drawn": False, "turn": 1},
    {"face": 2, "photo": "b" * 64, "box": [1.5, 2, 30, 40], "drawn": True},
    {"event": 1, "kind": "move", "author": "Ben", "session": "s", "created": 1.5, "why": "", "active": True,
     "undoes": None, "person": 1, "from": 2, "changes": [["face", 1, "person", 1], ["face", 1, "confirmed", True]]},
    {"event": 2, "kind": "rename", "author": "Ben", "session": "s", "created": 2.5, "why": "x", "active": True,
     "undoes": None, "person": 1, "from": None, "changes": [["person", 1, "name", "Anna"], ["person", 1, "cover", 2]]},
    {"event": 3, "kind": "undo", "author": "Ben", "session": "s", "created": 2.5, "why": "x", "active": False,
     "undoes": 2, "person": None, "from": None, "changes": [["photo", "a" * 64, "turn", 3]]},
    {"event": 4, "kind": "import", "author": "", "why": "", "active": True, "undoes": None, "person": None, "from": None,
     "changes": [["pair", [1, 2], "different", True], ["face", 2, "split", "val"]], "origin": "c" * 32},
)  # fmt: skip
ODD: tuple[Any, ...] = (None, True, -1, 0, 1 << 70, 1e308, float("nan"), float("inf"), "", "\ud800", "\x00", "a\nb", [], {}, "1",
                        0.5, [[]], {"x": 1}, "\u202eAnn", "x" * 20_000, [1, 2], [0, 0, 1, 1])  # fmt: skip
WORDS = (b"NaN", b"Infinity", b"1e999", b"\\ud800", b"\\u0000", b"null", b"[[[[", b'"origin":', b'"undoes":', b'"cover"',
         b'"merged_into"', b'"different"', b'"turn"', b"9" * 40)  # fmt: skip


def seeds() -> Iterator[bytes]:
    yield _lines(SOUND)
    for line in SOUND:
        yield _lines([line])
    yield _lines([{"version": 1, "format": "face-atlas-log"}])


def mutate(rng: random.Random, data: bytes) -> bytes:
    """Values changed inside of the JSON, so that it stays JSON."""
    lines = [dict(line) for line in rng.sample(SOUND, rng.randrange(1, len(SOUND)))]
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(lines))
        lines[at] = changed(rng, lines[at])
    return _lines(lines)


def changed(rng: random.Random, value: Any) -> Any:
    """The value with something in it replaced."""
    if isinstance(value, dict) and value and rng.random() < 0.95:
        key = rng.choice(sorted(value))
        return {**value, key: changed(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [changed(rng, each) if place == at else each for place, each in enumerate(value)]
    return rng.choice(ODD)


def _lines(values: Any) -> bytes:
    return b"\n".join(json.dumps(value).encode() for value in (HEAD, *values))


def check(data: bytes) -> None:
    """Every line that is taken can be replayed and stored: numbers are keys of rows, texts are texts."""
    try:
        for line in parse_log(data.splitlines(keepends=True)):
            require_replayable(line)
    except InputRefused as refusal:
        str(refusal).encode("utf-8", "strict")


def require_replayable(line: Line) -> None:
    if isinstance(line, FaceLine):
        assert all(map(math.isfinite, line.box.as_tuple())), line
        _require_text(line.photo_id)
    elif isinstance(line, PersonLine):
        _require_text(line.name)
    else:
        _require_event(line)


def _require_event(event: EventLine) -> None:
    for number in (event.undoes, event.person, event.from_person):
        assert number is None or type(number) is int, event
    for text in (event.author, event.why, event.origin):
        _require_text(text)
    for change in event.changes:
        _require_text(change.entity_id)
        if isinstance(change.value, str):
            _require_text(change.value)
        if change.entity is Entity.PAIR:
            first, second = map(int, change.entity_id.split(" "))
            assert first != second, "a face is never kept apart from itself"


def _require_text(text: str) -> None:
    assert isinstance(text, str)
    text.encode()
    assert "\x00" not in text, "PostgreSQL takes no text with a zero in it"

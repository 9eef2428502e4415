"""The correction log as JSON lines that can be replayed where the same photos were taken in anew.

Ids mean nothing elsewhere: a face is named by its photo's sha256 and its box, a person by the folder or the name that
they came in with. Both get a number in a line of their own before an event speaks of them. A photo is its sha256.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.base.errors import InputRefused
from core.base.json_values import Json, JsonObject, parse_json
from core.base.types import Box
from core.corrections.model import OF_PHOTO, Change, Entity, EventKind, Field, Value, event_origin, pair_id
from core.language.texts import marked
from core.store.exchange_protocols import FaceLocation, LoggedEvent, PersonOrigin

FORMAT = "face-atlas-log"
VERSION = 2
"""Version 2 says how photos are turned; a log of version 1 is read as of photos that are not."""
Places = Callable[[Sequence[str]], list[FaceLocation]]


@dataclass(frozen=True, slots=True)
class FaceLine:
    """A face that events speak of."""

    number: int
    photo_id: str
    box: Box
    drawn: bool
    turn: int = 0
    """Quarters clockwise by which the photo was turned; the box is in its pixels then."""


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person that events speak of."""

    number: int
    name: str
    of_folder: bool


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event; the ids in its changes are numbers of face and person lines, as text, and of photos the sha256."""

    kind: EventKind
    author: str
    why: str
    active: bool
    undoes: int | None
    person: int | None
    from_person: int | None
    changes: tuple[Change, ...]
    origin: str = ""
    """What the event is known by wherever this log is replayed."""


Line = FaceLine | PersonLine | EventLine


def encode_log(
    dataset: str, model_id: str, origins: Iterable[PersonOrigin], log: Iterable[LoggedEvent], places: Places
) -> Iterator[bytes]:
    """The file, line by line."""
    # People first, and each face before the first event that speaks of it: the file is read in one pass, and
    # written in one, page by page.
    yield _line({"format": FORMAT, "version": VERSION, "dataset": dataset, "model": model_id})
    for origin in origins:
        yield _line({"person": origin.person_id, "name": origin.base_name, "folder": origin.of_folder})
    numbers: dict[str, int] = {}
    for logged in log:
        new_ids = [face_id for face_id in dict.fromkeys(_faces_of(logged.changes)) if face_id not in numbers]
        # A face that is gone has no place and gets no number: what is said of it is left out below.
        for face in places(new_ids):
            numbers[face.face_id] = len(numbers)
            face_fields: dict[str, Json] = {
                "photo": face.photo_id,
                "box": face.box.as_tuple(),
                "drawn": face.drawn,
                "turn": face.turn,
            }
            yield _line({"face": numbers[face.face_id], **face_fields})
        yield _line(_event(logged, numbers))


def _line(value: JsonObject) -> bytes:
    # Names of files may hold half a surrogate, which UTF-8 cannot write; one such name is not to cost the whole export.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _faces_of(changes: Iterable[Change]) -> Iterator[str]:
    for change in changes:
        if change.entity is Entity.PAIR:
            yield from change.entity_id.split(" ")
        elif change.entity is Entity.FACE:
            yield change.entity_id
        elif change.field is Field.COVER and change.value is not None:
            yield str(change.value)


def _event(logged: LoggedEvent, numbers: dict[str, int]) -> dict[str, Json]:
    event = logged.event
    # A change that speaks of a face without a number could be applied nowhere; the event stays, as others may undo it.
    portable = [change for change in logged.changes if all(face in numbers for face in _faces_of([change]))]
    return {
        "event": event.id,
        "kind": event.kind.value,
        "author": event.author,
        "session": event.session,
        "created": event.created,
        "why": event.why,
        "active": event.active,
        "undoes": event.target_id,
        "person": event.person_id,
        "from": event.from_person_id,
        "changes": [_change(change, numbers) for change in portable],
        **({"origin": logged.origin} if logged.origin else {}),
    }


def _change(change: Change, numbers: dict[str, int]) -> list[Json]:
    entity: Json = change.entity_id
    value: Json = change.value
    if change.entity is Entity.PAIR:
        entity = [numbers[face_id] for face_id in change.entity_id.split(" ")]
    elif change.entity is Entity.FACE:
        entity = numbers[change.entity_id]
    elif change.entity is Entity.PERSON:
        entity = int(change.entity_id)
        if change.field is Field.COVER and value is not None:
            value = numbers[str(value)]
    return [change.entity.value, entity, change.field.value, value]


# reading


def parse_log(source: Iterable[bytes]) -> Iterator[Line]:
    """The lines of a file after its first, which is checked.

    Raises
    ------
    InputRefused
        It is no log, is of a later version, or a line is damaged; with the number of the line.
    """
    for number, raw in enumerate(source, start=1):
        try:
            value = parse_json(raw)
            # The first line says whether it is a log at all; a refusal of a version passes through, as it is no
            # ValueError.
            if number == 1:
                _require_log(value)
            elif value:
                yield _parsed(value)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as fault:
            if number == 1:
                raise InputRefused(marked("This is no correction log of Face Atlas.")) from fault
            raise InputRefused(
                marked("Line {line} of the correction log is damaged ({fault}). Export it again.").format(
                    line=number, fault=fault
                )
            ) from fault


def _require_log(value: Any) -> None:
    if value["format"] != FORMAT:
        raise ValueError("another format")
    if int(value["version"]) > VERSION:
        raise InputRefused(
            marked(
                "The correction log is of a later version of Face Atlas (format {version}; this one reads "
                "{read_version}). Update this installation."
            ).format(version=value["version"], read_version=VERSION)
        )


def _parsed(value: dict[str, Any]) -> Line:
    if "face" in value:
        left, top, right, bottom = (_finite(side) for side in value["box"])
        return FaceLine(
            number=int(value["face"]),
            photo_id=_text(value["photo"]),
            box=Box(left, top, right, bottom),
            drawn=bool(value["drawn"]),
            # Version 1 did not say it: its photos were not turned.
            turn=int(value.get("turn", 0)) % 4,
        )
    if "event" not in value:
        return PersonLine(int(value["person"]), _text(value["name"]), bool(value["folder"]))
    changes = tuple(_parsed_change(*entry) for entry in value["changes"])
    undoes, person, from_person = (_number_or_none(value[name]) for name in ("undoes", "person", "from"))
    return EventLine(
        kind=EventKind(value["kind"]),
        author=_text(value["author"]),
        why=_text(value["why"]),
        active=bool(value["active"]),
        undoes=undoes,
        person=person,
        from_person=from_person,
        changes=changes,
        origin=_origin(value),
    )


def _finite(side: Any) -> float:
    # Infinity is more than any number, so that a box with it is one; no face of a photo has such a side.
    if not math.isfinite(number := float(side)):
        raise ValueError(marked("a side of a box is no number"))
    return number


def _text(value: Any) -> str:
    """The text of a value. JSON can say a zero in it, which a database may not take."""
    text = str(value)
    if "\0" in text:
        raise ValueError(marked("a text holds a zero"))
    return text


def _number_or_none(value: Any) -> int | None:
    # It is looked up among the numbers of the log: a list cannot be, and True would be found as 1.
    if value is not None and type(value) is not int:
        raise ValueError(f"expected a number, got {type(value).__name__}")
    return value


def _origin(value: dict[str, Any]) -> str:
    """Of an event that its log has from another one the first, else by when and by whom it was done."""
    # An event that went from A to B and back to A has to be known at A as its own: the first origin travels with it.
    if value.get("origin"):
        return _text(value["origin"])
    if "created" in value and "session" in value:
        return event_origin(value["event"], value["created"], value["session"], value["kind"])
    # A log of a version that noted neither: the line itself, in one order of its keys, is all that tells it from
    # another.
    return event_origin(0, 0.0, json.dumps(value, sort_keys=True), "")


_VALUES: dict[Field, tuple[type, ...]] = {
    **dict.fromkeys((Field.EXCLUDED, Field.DISMISSED, Field.CONFIRMED, Field.STRANGER, Field.HIDDEN), (bool,)),
    Field.DIFFERENT: (bool,),
    **dict.fromkeys((Field.NAME, Field.NOTE), (str,)),
    **dict.fromkeys((Field.PERSON, Field.MERGED_INTO, Field.COVER), (int, type(None))),
    Field.SPLIT: (str, type(None)),
    Field.TURN: (int,),
}
_ALLOWED: dict[Field, tuple[Value, ...]] = {Field.SPLIT: (None, "train", "val"), Field.TURN: (0, 1, 2, 3)}
_SHA256 = re.compile("[0-9a-f]{64}")


def _parsed_change(entity: str, entity_id: Any, field: str, value: Value) -> Change:
    entity_kind, changed_field = Entity(entity), Field(field)
    # The exact type, as ``isinstance(True, int)`` holds: a flag would pass for the number of a person.
    if type(value) not in _VALUES[changed_field] or value not in _ALLOWED.get(changed_field, (value,)):
        raise ValueError(f"'{field}' cannot be {value!r}")
    if (changed_field in OF_PHOTO) is not (entity_kind is Entity.PHOTO):
        raise ValueError(f"'{field}' is not of a {entity}")
    if isinstance(value, str):
        value = _text(value)
    return Change(entity_kind, _parsed_id(entity_kind, entity_id), changed_field, value)


def _parsed_id(entity_kind: Entity, entity_id: Any) -> str:
    if entity_kind is Entity.PHOTO:
        if not _SHA256.fullmatch(str(entity_id)):
            raise ValueError(marked("a photo is not named by its sha256"))
        return str(entity_id)
    # ``int`` first: what looks like a number here becomes the key of a row later.
    if entity_kind is not Entity.PAIR:
        return str(int(entity_id))
    first, second = (str(int(number)) for number in entity_id)
    if first == second:
        raise ValueError(marked("a pair is of two faces"))
    return pair_id(first, second)

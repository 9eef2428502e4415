"""Values that are kept as JSON: a dataclass says what may stand there, and reads and writes itself.

References
----------
msgspec, https://jcristharif.com/msgspec/: checks a document against the annotations of a class while it converts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeVar

import msgspec

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]
JsonObject = Mapping[str, Json]
T = TypeVar("T")


def encode_record(record: Any) -> dict[str, Json]:
    """A dataclass as a JSON object: its fields by name, and so on inside of them."""
    document: dict[str, Json] = msgspec.to_builtins(record)
    return document


def decode_record(kind: type[T], document: JsonObject) -> T:
    """Read what ``encode_record`` wrote, or an earlier version did.

    What the class does not know is passed over, and a field that is missing takes its default: documents outlive the
    version that wrote them.

    Raises
    ------
    ValueError
        A field without a default is missing, or a value is of another type.
    """
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as fault:
        raise ValueError(f"{kind.__name__}: {fault}") from fault


class JsonRecord:
    """To be inherited by frozen dataclasses whose fields are plain values, enumerations, or dataclasses again."""

    __slots__ = ()

    def to_json(self) -> dict[str, Json]:
        """The fields by name; see ``encode_record``."""
        return encode_record(self)

    @classmethod
    def from_json(cls, document: JsonObject) -> Self:
        """See ``decode_record``. Raises ValueError."""
        return decode_record(cls, document)


def drop_empty(document: JsonObject) -> dict[str, Json]:
    """A document without the fields that say nothing: those that are None."""
    return {name: value for name, value in document.items() if value is not None}

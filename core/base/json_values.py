"""Values that are kept as JSON: a dataclass says what may stand there, and reads and writes itself.

References
----------
msgspec, https://jcristharif.com/msgspec/: checks a document against the annotations of a class while it converts it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, ClassVar, Final, Self, TypeVar

import msgspec
import numpy as np

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]
JsonObject = Mapping[str, Json]
T = TypeVar("T")

# The largest double. msgspec has no bound that says "finite", but nothing infinite lies below it, and NaN fails every
# bound.
_LARGEST: Final = 1.7976931348623157e308
_FAULTY_FIELD = re.compile(r"`(?:\$\.)?(\w+)")

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Number = Annotated[float, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)]
"""Neither infinite nor NaN, both of which Python's JSON lets through."""
# Doubles hold every whole number up to here: a browser, whose numbers are doubles, reads back what was written.
Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
LONGEST_TEXT: Final = 10_000
Text = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]


def encode_record(record: Any) -> dict[str, Json]:
    """A dataclass as a JSON object: its fields by name, and so on inside of them."""
    document: dict[str, Json] = msgspec.to_builtins(record, enc_hook=_plain_number)
    return document


def _plain_number(value: object) -> object:
    # A mean or a sum of an array is NumPy's own number: a field says float, and gets one that msgspec does not know.
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no JSON")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredValues:
    """To be inherited by values whose documents go to other versions and installations and come back.

    What such a document holds beside the fields goes on as it came, to the last key.
    """

    NULLABLE: ClassVar[frozenset[str]] = frozenset()
    """Fields that are written where they are None. Others are left out then: the writer did not know them."""

    # Any, as Json names itself in its own definition, and msgspec does not read such a type.
    stored: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The document that this was read from; empty for new values."""

    def to_json(self) -> dict[str, Json]:
        """The document that this was read from, changed where a field was; of new values the fields by name."""
        # The fields as they were read, to tell which were changed since: the others go back in the spelling that they
        # came in, which another version may care for.
        before: Any = self.from_json(self.stored) if self.stored else None
        document = dict(self.stored)
        for column in fields(self):
            value = getattr(self, column.name)
            if column.name == "stored" or (before is not None and value == getattr(before, column.name)):
                continue
            if value is None and column.name not in self.NULLABLE:
                document.pop(column.name, None)
            else:
                # Out to JSON and back: records and enumerations inside of a field become plain values on the way.
                document[column.name] = msgspec.json.decode(msgspec.json.encode(value, enc_hook=_plain_number))
        return document

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Read what ``to_json`` gave, here or in another version.

        Raises
        ------
        ValueError
            It is no object, or a value is missing or cannot be: which one, in words.
        """
        if not isinstance(document, Mapping):
            raise ValueError("its values are missing")
        try:
            # A document of somebody else may have a key of the name of our own field.
            values = msgspec.convert({name: value for name, value in document.items() if name != "stored"}, cls)
        except msgspec.ValidationError as fault:
            # "Expected `float`, got `str` - at `$.accuracy`", or without a place where a field is missing.
            name = _FAULTY_FIELD.search(str(fault).rpartition(" - at ")[2])
            raise ValueError(f"its '{name[1] if name else fault}' is missing or cannot be") from fault
        return replace(values, stored=document)


def parse_json(content: bytes | str) -> Any:
    """A value of JSON that somebody else wrote.

    Raises
    ------
    ValueError
        It is no JSON, is nested deeper than Python can follow, or has letters that are none.
    """
    try:
        value = json.loads(content)
        # JSON can say half of a pair of surrogates, which no file, no database and no page takes: they would fail at it
        # long after.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as fault:
        raise ValueError("its values are nested too deep") from fault
    return value


def drop_empty(document: JsonObject) -> dict[str, Json]:
    """A document without the fields that say nothing: those that are None."""
    return {name: value for name, value in document.items() if value is not None}

"""What is asked of a child that reads, and what it answers: values that both ends check while they read them.

A child may have been taken over by the file that it reads, so an answer is held to its type, to the ranges that stand
here, and, by whoever asked, to what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

import msgspec
import numpy.typing as npt
from msgspec import Meta

from core.base.settings import ImageLimits
from core.isolation.bounds import Bounds

Message = TypeVar("Message")
Asked = TypeVar("Asked")
Answered = TypeVar("Answered")
Block = bytes | bytearray | memoryview | npt.NDArray[Any]
"""Goes along with a message, as it is."""
Side = Annotated[int, Meta(ge=1)]
Note = Annotated[str, Meta(max_length=2000)]


class BrokenMessage(Exception):
    """What came is no message, or a larger one than was expected."""


def encode_message(message: Any) -> bytes:
    """A message as JSON. Raises ValueError for a text that UTF-8 has no letters for."""
    return msgspec.json.encode(message)


def decode_message(content: bytes | bytearray | msgspec.Raw, kind: type[Message]) -> Message:
    """The message. Raises BrokenMessage."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (ValueError, RecursionError) as fault:
        raise BrokenMessage(f"no {kind.__name__}") from fault


@dataclass(frozen=True)
class Task(Generic[Asked, Answered]):
    """Something that a child can do."""

    name: str
    asked: type[Asked]
    answered: type[Answered]


TaskHandlers = Mapping[str, tuple[Task[Any, Any], Callable[[Any, Sequence[memoryview]], tuple[Any, Sequence[Block]]]]]
"""Tasks by name, with what does each: from what is asked and the blocks to what is answered and blocks again."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """The child is ready."""

    ready: Literal[True]


@dataclass(frozen=True, slots=True)
class Request:
    """A task, with blocks beside it."""

    task: str
    bounds: Bounds
    arguments: msgspec.Raw
    """The task's ``asked``."""


NO_ANSWER: Final = msgspec.Raw(b"null")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task came to: an answer, a refusal in words, or the name of what went wrong."""

    answer: msgspec.Raw
    """The task's ``answered``, or ``NO_ANSWER``."""
    refused: str | None = None
    kind: str = ""
    """The name of the refusal's class."""
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class BlocksOnly:
    """Everything is in the blocks."""


# photos, whose bytes are the one block of the request


@dataclass(frozen=True, slots=True)
class PhotoOrder:
    """How a photo is to be read."""

    limits: ImageLimits
    enough_px: int | None = None
    """A longer side of this is enough; all pixels when None."""
    at_once_bytes: int = 0
    """What is weighed is decoded too where it takes no more."""
    described: bool = False
    """With its hash and date."""


@dataclass(frozen=True, slots=True)
class PictureAnswer:
    """A picture whose pixels are the one block of the answer."""

    shape: tuple[Side, Side, Literal[3]]
    width_px: Side
    height_px: Side
    notes: Annotated[tuple[Note, ...], Meta(max_length=20)]
    perceptual_hash: Annotated[int, Meta(ge=0)] = 0
    taken: float | None = None
    """Seconds since 1970 by the camera's clock, where it says so."""


@dataclass(frozen=True, slots=True)
class WeightAnswer:
    """What decoding a photo takes."""

    bytes: Annotated[int, Meta(ge=0, le=1 << 40)]
    picture: PictureAnswer | None = None


@dataclass(frozen=True, slots=True)
class TimeAnswer:
    """When a photo was taken; see ``PictureAnswer``."""

    taken: float | None


@dataclass(frozen=True, slots=True)
class OrientationAnswer:
    """How a photo is stored, by EXIF's numbers."""

    orientation: Annotated[int, Meta(ge=0, le=8)]


WEIGH_PHOTO: Final = Task("weigh photo", PhotoOrder, WeightAnswer)
DECODE_PHOTO: Final = Task("decode photo", PhotoOrder, PictureAnswer)
DATE_PHOTO: Final = Task("date photo", BlocksOnly, TimeAnswer)
ORIENT_PHOTO: Final = Task("orient photo", BlocksOnly, OrientationAnswer)
TEXTS_OF_PHOTO: Final = Task("texts of photo", BlocksOnly, BlocksOnly)
"""The texts are a block of JSON: they may be many, and long."""

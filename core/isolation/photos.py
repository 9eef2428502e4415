"""Photos decoded in a child: what meets bytes of others in ``core.imaging.decoding``, within ``ImageLimits``.

Besides what those refuse, a photo is refused that ends the child or takes too long: ``ReadingEnded``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.base.errors import ReadingEnded
from core.base.settings import ImageLimits
from core.imaging.decoding import DecodedPicture
from core.isolation.bounds import Bounds
from core.isolation.pool import Reply, shared_pool

_BANDS = 3
_MOST_NOTES, _LONGEST_NOTE = 20, 2000
MOST_TEXT_BYTES = 64 << 20
"""Of all texts in a photo's header."""


@dataclass(frozen=True, slots=True, eq=False)
class DescribedPhoto:
    """A photo with what is known of it besides its pixels."""

    picture: DecodedPicture
    perceptual_hash: int
    taken: float | None
    """Seconds since 1970 by the camera's clock, where it says so."""


@dataclass(frozen=True, slots=True, eq=False)
class WeighedPhoto:
    """What a photo takes in memory, and the photo itself where that is little."""

    decoding_bytes: int
    """As ``decoding.decoding_bytes`` gives it."""
    described: DescribedPhoto | None


def decode_photo(data: bytes, limits: ImageLimits, enough_px: int | None = None) -> DecodedPicture:
    """As ``decoding.decode_reduced``; all its pixels without ``enough_px``. Raises ImageRefused."""
    return _picture(_ask("decode photo", data, limits, enough_px=enough_px, described=False), limits)


def describe_photo(data: bytes, limits: ImageLimits, enough_px: int | None) -> DescribedPhoto:
    """The photo as ``decode_photo`` gives it, and its hash and date, in one go. Raises ImageRefused."""
    return _described(_ask("decode photo", data, limits, enough_px=enough_px, described=True), limits)


def weigh_photo(data: bytes, limits: ImageLimits, enough_px: int | None, at_once_bytes: int) -> WeighedPhoto:
    """What decoding takes, told by the header; what takes no more than ``at_once_bytes`` is described at once.

    Raises ImageRefused.
    """
    reply = _ask("weigh photo", data, limits, enough_px=enough_px, at_once_bytes=at_once_bytes)
    weight_bytes = _whole_number(reply.answer, "bytes", 1 << 40)
    return WeighedPhoto(weight_bytes, _described(reply, limits) if reply.blocks else None)


def read_time_taken(data: bytes, limits: ImageLimits) -> float | None:
    """As ``time_taken.parse_time_taken``. Raises ReadingEnded."""
    return _time_taken(_ask("date photo", data, limits).answer)


def read_stored_orientation(data: bytes, limits: ImageLimits) -> int:
    """As ``decoding.stored_orientation``. Raises ReadingEnded."""
    return max(1, _whole_number(_ask("orient photo", data, limits).answer, "orientation", 8))


def read_header_texts_in_child(data: bytes, limits: ImageLimits) -> list[str]:
    """As ``header_texts.read_header_texts``. Raises ReadingEnded."""
    reply = _ask("texts of photo", data, limits, most_bytes=MOST_TEXT_BYTES)
    try:
        texts = json.loads(reply.blocks[0].tobytes()) if reply.blocks else None
    except (ValueError, RecursionError):
        texts = None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise _nonsense()
    return texts


def _ask(task: str, data: bytes, limits: ImageLimits, most_bytes: int = 0, **arguments: Any) -> Reply:
    bounds = Bounds(limits.max_memory_bytes, limits.max_seconds)
    task_arguments = {**arguments, "limits": asdict(limits)}
    return shared_pool().read(task, task_arguments, [data], bounds, most_bytes or limits.max_pixels * _BANDS)


# checking


def _described(reply: Reply, limits: ImageLimits) -> DescribedPhoto:
    return DescribedPhoto(
        _picture(reply, limits), _whole_number(reply.answer, "hash", (1 << 64) - 1), _time_taken(reply.answer)
    )


def _picture(reply: Reply, limits: ImageLimits) -> DecodedPicture:
    shape = reply.answer.get("shape")
    if not isinstance(shape, list) or len(shape) != _BANDS or len(reply.blocks) != 1:
        raise _nonsense()
    height, width, bands = (_whole_number({"side": side}, "side", limits.max_pixels) for side in shape)
    (block,) = reply.blocks
    if bands != _BANDS or not width * height or block.size != height * width * bands:
        raise _nonsense()
    photo_size = [_whole_number(reply.answer, name, limits.max_pixels) for name in ("width_px", "height_px")]
    if photo_size[0] < width or photo_size[1] < height:
        raise _nonsense()
    notes = reply.answer.get("notes")
    if not isinstance(notes, list) or len(notes) > _MOST_NOTES or not all(_is_note(note) for note in notes):
        raise _nonsense()
    return DecodedPicture(block.reshape(height, width, bands), photo_size[0], photo_size[1], tuple(notes))


def _is_note(note: object) -> bool:
    return isinstance(note, str) and len(note) <= _LONGEST_NOTE


def _whole_number(answer: Mapping[str, Any], name: str, most: int) -> int:
    value = answer.get(name)
    if type(value) is not int or not 0 <= value <= most:
        raise _nonsense()
    return value


def _time_taken(answer: Mapping[str, Any]) -> float | None:
    value = answer.get("taken")
    if value is not None and type(value) not in (int, float):
        raise _nonsense()
    return None if value is None else float(value)


def _nonsense() -> ReadingEnded:
    return ReadingEnded("It could not be read safely: what the program that reads it said is no photo.")

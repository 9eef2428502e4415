"""Photos decoded in a child: what meets bytes of others in ``core.imaging.decoding``, within ``ImageLimits``.

Besides what those refuse, a photo is refused that ends the child or takes too long: ``ReadingEnded``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.base.errors import ReadingEnded
from core.base.settings import ImageLimits
from core.imaging.decoding import DecodedPicture
from core.isolation.bounds import Bounds
from core.isolation.messages import (
    DATE_PHOTO,
    DECODE_PHOTO,
    ORIENT_PHOTO,
    TEXTS_OF_PHOTO,
    WEIGH_PHOTO,
    Answered,
    Asked,
    BlocksOnly,
    PhotoOrder,
    PictureAnswer,
    Task,
)
from core.isolation.pool import Bytes, Reply, shared_pool
from core.language.texts import marked

_BANDS = 3
HASH_BITS = 64
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
    order = PhotoOrder(limits, enough_px)
    reply = _ask(DECODE_PHOTO, order, data, limits)
    return _picture(reply.answer, reply.blocks, limits)


def describe_photo(data: bytes, limits: ImageLimits, enough_px: int | None) -> DescribedPhoto:
    """The photo as ``decode_photo`` gives it, and its hash and date, in one go. Raises ImageRefused."""
    order = PhotoOrder(limits, enough_px, described=True)
    reply = _ask(DECODE_PHOTO, order, data, limits)
    return _described(reply.answer, reply.blocks, limits)


def weigh_photo(data: bytes, limits: ImageLimits, enough_px: int | None, at_once_bytes: int) -> WeighedPhoto:
    """What decoding takes, told by the header; what takes no more than ``at_once_bytes`` is described at once.

    Raises ImageRefused.
    """
    order = PhotoOrder(limits, enough_px, at_once_bytes, described=True)
    reply = _ask(WEIGH_PHOTO, order, data, limits)
    picture = reply.answer.picture
    return WeighedPhoto(reply.answer.bytes, _described(picture, reply.blocks, limits) if picture else None)


def read_time_taken(data: bytes, limits: ImageLimits) -> float | None:
    """As ``time_taken.parse_time_taken``. Raises ReadingEnded."""
    return _ask(DATE_PHOTO, BlocksOnly(), data, limits).answer.taken


def read_stored_orientation(data: bytes, limits: ImageLimits) -> int:
    """As ``decoding.stored_orientation``. Raises ReadingEnded."""
    # By its type an answer may be 0, which is none of EXIF's eight ways: taken as upright.
    return max(1, _ask(ORIENT_PHOTO, BlocksOnly(), data, limits).answer.orientation)


def read_header_texts_isolated(data: bytes, limits: ImageLimits) -> list[str]:
    """As ``header_texts.read_header_texts``. Raises ReadingEnded."""
    reply = _ask(TEXTS_OF_PHOTO, BlocksOnly(), data, limits, most_bytes=MOST_TEXT_BYTES)
    try:
        texts = json.loads(reply.blocks[0].tobytes()) if reply.blocks else None
    except (ValueError, RecursionError):
        texts = None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise _nonsense()
    return texts


def _ask(
    task: Task[Asked, Answered], arguments: Asked, data: bytes, limits: ImageLimits, most_bytes: int = 0
) -> Reply[Answered]:
    bounds = Bounds(limits.max_memory_bytes, limits.max_seconds)
    # A picture has no more pixels than a photo may have; an answer of more is refused before it is read.
    return shared_pool().read(task, arguments, [data], bounds, most_bytes or limits.max_pixels * _BANDS)


# checking: an answer has the right types and ranges (``messages``), but may speak of another picture than is beside it


def _described(answer: PictureAnswer, blocks: list[Bytes], limits: ImageLimits) -> DescribedPhoto:
    if answer.perceptual_hash >> HASH_BITS:
        raise _nonsense()
    return DescribedPhoto(_picture(answer, blocks, limits), answer.perceptual_hash, answer.taken)


def _picture(answer: PictureAnswer, blocks: list[Bytes], limits: ImageLimits) -> DecodedPicture:
    height, width, bands = answer.shape
    is_in_photo = width <= answer.width_px <= limits.max_pixels and height <= answer.height_px <= limits.max_pixels
    if not is_in_photo or [block.size for block in blocks] != [height * width * bands]:
        raise _nonsense()
    return DecodedPicture(blocks[0].reshape(answer.shape), answer.width_px, answer.height_px, answer.notes)


def _nonsense() -> ReadingEnded:
    return ReadingEnded(marked("It could not be read safely: what the program that reads it said is no photo."))

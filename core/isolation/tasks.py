"""What the child can do: pure functions over bytes and paths, whose answers are values and blocks of bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import cv2

from core.imaging import decoding
from core.imaging.header_texts import read_header_texts
from core.imaging.pixels import perceptual_hash
from core.imaging.time_taken import parse_time_taken
from core.isolation.messages import (
    DATE_PHOTO,
    DECODE_PHOTO,
    ORIENT_PHOTO,
    TEXTS_OF_PHOTO,
    WEIGH_PHOTO,
    Block,
    BlocksOnly,
    OrientationAnswer,
    PhotoOrder,
    PictureAnswer,
    TaskHandlers,
    TimeAnswer,
    WeightAnswer,
)

# There are as many children as processors.
cv2.setNumThreads(1)


def _weigh_photo(order: PhotoOrder, blocks: Sequence[memoryview]) -> tuple[WeightAnswer, Sequence[Block]]:
    """What decoding takes, and with it the described picture where that is little: one journey instead of two."""
    weight_bytes = decoding.decoding_bytes(bytes(blocks[0]), order.limits)
    if weight_bytes > order.at_once_bytes:
        return WeightAnswer(weight_bytes), []
    picture, pixels = _decode_photo(order, blocks)
    return WeightAnswer(weight_bytes, picture), pixels


def _decode_photo(order: PhotoOrder, blocks: Sequence[memoryview]) -> tuple[PictureAnswer, Sequence[Block]]:
    """The picture, and with ``described`` its perceptual hash and when it was taken."""
    data = bytes(blocks[0])
    picture = decoding.decode_reduced(data, order.limits, order.enough_px)
    height, width, _ = picture.pixels.shape
    answer = PictureAnswer(
        shape=(height, width, 3),
        width_px=picture.width_px,
        height_px=picture.height_px,
        notes=picture.notes,
        perceptual_hash=perceptual_hash(picture.pixels) if order.described else 0,
        taken=parse_time_taken(data) if order.described else None,
    )
    return answer, [picture.pixels]


def _date_photo(_: BlocksOnly, blocks: Sequence[memoryview]) -> tuple[TimeAnswer, Sequence[Block]]:
    return TimeAnswer(parse_time_taken(bytes(blocks[0]))), []


def _orient_photo(_: BlocksOnly, blocks: Sequence[memoryview]) -> tuple[OrientationAnswer, Sequence[Block]]:
    return OrientationAnswer(decoding.stored_orientation(bytes(blocks[0]))), []


def _texts_of_photo(_: BlocksOnly, blocks: Sequence[memoryview]) -> tuple[BlocksOnly, Sequence[Block]]:
    # Escaped to ASCII: so no text of a header can be one that UTF-8 has no bytes for.
    return BlocksOnly(), [json.dumps(read_header_texts(bytes(blocks[0]))).encode("ascii")]


_PHOTO_HANDLERS: Final[TaskHandlers] = {
    task.name: (task, work)
    for task, work in (
        (WEIGH_PHOTO, _weigh_photo),
        (DECODE_PHOTO, _decode_photo),
        (DATE_PHOTO, _date_photo),
        (ORIENT_PHOTO, _orient_photo),
        (TEXTS_OF_PHOTO, _texts_of_photo),
    )
}


def find_handlers(name: str) -> TaskHandlers:
    """The handlers among which a task is. Those of files are loaded when one is asked for: most children never are."""
    if name in _PHOTO_HANDLERS:
        return _PHOTO_HANDLERS
    from core.isolation import file_tasks

    return file_tasks.FILE_HANDLERS

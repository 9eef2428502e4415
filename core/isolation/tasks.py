"""What the child can do, by name: pure functions over bytes and paths, whose answers are JSON and blocks of bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import cv2

from core.base.settings import ImageLimits
from core.imaging import decoding
from core.imaging.header_texts import read_header_texts
from core.imaging.pixels import perceptual_hash
from core.imaging.time_taken import parse_time_taken
from core.isolation.channel import Block

Answer = tuple[dict[str, Any], Sequence[Block]]
Task = Callable[[dict[str, Any], Sequence[memoryview]], Answer]

cv2.setNumThreads(1)  # there are as many children as threads


def _weigh_photo(arguments: dict[str, Any], blocks: Sequence[memoryview]) -> Answer:
    """What decoding takes, and with it the described picture where that is little: one journey instead of two."""
    weight_bytes = decoding.decoding_bytes(bytes(blocks[0]), _limits(arguments))
    if weight_bytes > arguments["at_once_bytes"]:
        return {"bytes": weight_bytes}, []
    answer, pixels = _decode_photo({**arguments, "described": True}, blocks)
    return {**answer, "bytes": weight_bytes}, pixels


def _decode_photo(arguments: dict[str, Any], blocks: Sequence[memoryview]) -> Answer:
    """The picture, and with ``described`` its perceptual hash and when it was taken."""
    data = bytes(blocks[0])
    picture = decoding.decode_reduced(data, _limits(arguments), arguments["enough_px"])
    size = {"width_px": picture.width_px, "height_px": picture.height_px}
    answer = {"shape": picture.pixels.shape, **size, "notes": picture.notes}
    if arguments["described"]:
        answer |= {"hash": perceptual_hash(picture.pixels), "taken": parse_time_taken(data)}
    return answer, [picture.pixels]


def _date_photo(arguments: dict[str, Any], blocks: Sequence[memoryview]) -> Answer:
    return {"taken": parse_time_taken(bytes(blocks[0]))}, []


def _orient_photo(arguments: dict[str, Any], blocks: Sequence[memoryview]) -> Answer:
    return {"orientation": decoding.stored_orientation(bytes(blocks[0]))}, []


def _texts_of_photo(arguments: dict[str, Any], blocks: Sequence[memoryview]) -> Answer:
    """The texts as one block: they may be many, and long."""
    texts = read_header_texts(bytes(blocks[0]))
    return {}, [json.dumps(texts).encode("ascii")]


def _of_file(name: str) -> Task:
    """A task of ``file_tasks``, which is loaded when it is asked for."""

    def task(arguments: dict[str, Any], blocks: Sequence[memoryview]) -> Answer:
        from core.isolation import file_tasks

        answer: Answer = getattr(file_tasks, name)(arguments, blocks)
        return answer

    return task


def _limits(arguments: dict[str, Any]) -> ImageLimits:
    return ImageLimits(**arguments["limits"])


TASKS: Final[dict[str, Task]] = {
    "weigh photo": _weigh_photo,
    "decode photo": _decode_photo,
    "date photo": _date_photo,
    "orient photo": _orient_photo,
    "texts of photo": _texts_of_photo,
    "read vectors": _of_file("parse_vectors"),
    "read sidecar": _of_file("parse_sidecar"),
    "check log": _of_file("check_log"),
    "check bundle": _of_file("check_bundle"),
}

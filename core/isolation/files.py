"""Files of others that are no photos, parsed in a child within bounds: vectors, XMP, correction logs, bundles.

Vectors and XMP come from the child, as what reads them is not written in Python. Of a log and a bundle the child says
only that they can be read within its bounds: then the same is done here, in Python.

Besides what parsing refuses, a file is refused that ends the child or takes too long: ``ReadingEnded``.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.base.errors import InputRefused
from core.base.types import Box, Embeddings, Refusal
from core.formats import bundle, tables, xmp
from core.formats.bundle import Bundle
from core.formats.xmp import Region, Sidecar
from core.isolation.bounds import Bounds
from core.isolation.pool import Reply, shared_pool

SPARE_VECTORS: Final = 10_000
"""A file may hold twice as many vectors as a dataset has faces, and so many besides: faces were removed meanwhile."""
_MIB: Final = 1 << 20
_SIDECAR: Final = Bounds(256 * _MIB, 10)
_LOG: Final = Bounds(1024 * _MIB, 120)
_BUNDLE: Final = Bounds(768 * _MIB, 60)
_LONGEST_TEXT: Final = 10_000


def read_vectors_isolated(path: Path, n_faces: int) -> Embeddings:
    """As ``tables.read_vectors``, for a dataset of so many faces. Raises InputRefused."""
    most_faces = 2 * n_faces + SPARE_VECTORS
    most_bytes = most_faces * tables.MOST_DIMENSION * 4
    arguments = {"path": str(path.resolve()), "most_faces": most_faces}
    bounds = Bounds(256 * _MIB + 2 * most_bytes, 60)
    reply = shared_pool().read("read vectors", arguments, [], bounds, most_bytes)
    try:
        embeddings = _embeddings(reply, most_faces)
    except (KeyError, TypeError, ValueError) as fault:
        raise _nonsense(path.name) from fault
    tables.require_unit(embeddings.vectors)
    return embeddings


def _embeddings(reply: Reply, most_faces: int) -> Embeddings:
    ids, model_id, shape = (reply.answer[name] for name in ("face_ids", "model_id", "shape"))
    (block,) = reply.blocks
    count, dimension = shape
    if not (type(count) is int and type(dimension) is int and 0 <= count <= most_faces and dimension > 0):
        raise ValueError("a shape that cannot be one")
    if not all(_is_text(text) for text in (*ids, model_id)):
        raise ValueError("ids that are no texts")
    return Embeddings(tuple(ids), block.view(np.float32).reshape(count, dimension), model_id)


def read_sidecar_isolated(*documents: bytes) -> Sidecar:
    """As ``xmp.decode_sidecar``. Raises InputRefused."""
    reply = shared_pool().read("read sidecar", {}, documents, _SIDECAR)
    try:
        return _sidecar(reply.answer)
    except (KeyError, TypeError, ValueError) as fault:
        raise _nonsense("the sidecar") from fault


def _sidecar(answer: dict[str, Any]) -> Sidecar:
    regions, refused = list(answer["regions"]), list(answer["refused"])
    if len(regions) + len(refused) > 2 * xmp.MOST_REGIONS:
        raise ValueError("too many regions")
    photo_id, upright = answer["photo_id"], answer["upright"]
    if not isinstance(upright, bool) or not (photo_id is None or _is_text(photo_id)):
        raise ValueError("a field of another type")
    size = answer["size_wh"]
    return Sidecar(
        size_wh=None if size is None else (_number(size[0]), _number(size[1])),
        regions=tuple(_region(*region) for region in regions),
        photo_id=photo_id,
        upright=upright,
        refused=tuple(Refusal(_text(name), _text(reason)) for name, reason in refused),
    )


def _region(left: object, top: object, right: object, bottom: object, name: object) -> Region:
    area = Box(_number(left), _number(top), _number(right), _number(bottom))
    return Region(area, None if name is None else _text(name))


def require_readable_log(path: Path) -> None:
    """Raise InputRefused for a correction log that cannot be read to its end within bounds."""
    shared_pool().read("check log", {"path": str(path.resolve())}, [], _LOG)


def read_bundle_isolated(path: Path) -> tuple[Bundle, str]:
    """As ``bundle.read_bundle_file``. Raises InputRefused."""
    reply = shared_pool().read("check bundle", {"path": str(path.resolve())}, [], _BUNDLE)
    content, digest = bundle.read_bundle_file(path)
    if reply.answer.get("sha256") != digest:
        raise InputRefused(f"'{path.name}' changed while it was read. Give it again.")
    return content, digest


def _number(value: object) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):  # type: ignore[arg-type]
        raise ValueError("no number")
    return float(value)  # type: ignore[arg-type]


def _text(value: object) -> str:
    if not _is_text(value):
        raise ValueError("no text")
    return str(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT


def _nonsense(name: str) -> InputRefused:
    return InputRefused(f"'{name}' could not be read safely: what the program that reads it said makes no sense.")

"""Arrays in one file that is mapped into memory: read as fast as it is looked at, and shared by all who read it.

The file is the length of a header, the header as JSON (what is said of the arrays, their types and shapes), and the
arrays, each at a multiple of ``_ALIGNMENT`` bytes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.base.json_values import JsonObject

Array = npt.NDArray[Any]
_ALIGNMENT = 64
"""Arrays that begin elsewhere would be copied for every product."""
_TYPES = re.compile(r"[<|][biufS][0-9]+")
"""Numbers, truth values and bytes: what a file says is never taken for objects."""


@dataclass(frozen=True, slots=True, eq=False)
class ArrayFile:
    """What a file holds; the arrays are read-only."""

    head: JsonObject
    arrays: Mapping[str, Array]


def encode_arrays(head: JsonObject, arrays: Mapping[str, Array]) -> bytes:
    """The content of the file."""
    # Little-endian, whatever this machine is: a data folder may be copied to another one.
    stored = {name: np.ascontiguousarray(array, array.dtype.newbyteorder("<")) for name, array in arrays.items()}
    layout = {name: [array.dtype.str, list(array.shape)] for name, array in stored.items()}
    words = json.dumps({"head": head, "arrays": layout}).encode()
    parts = [len(words).to_bytes(8, "little") + words]
    for array in stored.values():
        parts += [b"\0" * (-len(parts[-1]) % _ALIGNMENT), array.tobytes()]
    return b"".join(parts)


def map_arrays(path: Path) -> ArrayFile:
    """The arrays of a file. Raises ValueError where it is damaged, FileNotFoundError where there is none."""
    # Windows deletes no file that is mapped, and an erasing has to.
    content = np.asarray(np.memmap(path, mode="r")) if os.name != "nt" else np.fromfile(path, dtype=np.uint8)
    end = 8 + int.from_bytes(content[:8].tobytes(), "little")
    match json.loads(content[8:end].tobytes()):
        case {"head": dict(head), "arrays": dict(layout)}:
            arrays: dict[str, Array] = {}
        case _:
            raise ValueError("it does not begin with the list of its arrays")
    for name, (type_name, shape) in layout.items():
        if not _TYPES.fullmatch(type_name):
            raise ValueError(f"'{name}' is of the type {type_name}")
        dtype = np.dtype(type_name)
        begin = end + -end % _ALIGNMENT
        end = begin + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        arrays[name] = content[begin:end].view(dtype).reshape(shape)
    if end != len(content):
        raise ValueError(f"it has {len(content)} bytes, and its header speaks of {end}")
    return ArrayFile(head, arrays)

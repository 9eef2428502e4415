"""Opening npz files of others: nothing is unpacked, and no room is made, before it is known how large it gets."""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from typing import Any

import numpy as np

from core.base import words
from core.base.errors import InputRefused
from core.language.texts import marked

_FAULTS = (
    *(ValueError, KeyError, EOFError, OSError, OverflowError, MemoryError, SyntaxError),
    *(zipfile.BadZipFile, zlib.error, tokenize.TokenError, NotImplementedError, RuntimeError),
)
"""What reading a damaged npz raises; its headers are parsed as Python literals."""
_KINDS = "biufS"
"""Types of NumPy."""
_HEADER = "header.npy"
_MOST_WITHOUT_BYTES = 1 << 20
"""Elements, or rows, of an array that takes no bytes."""


def require_bounded_npz(content: bytes, most_bytes: int) -> None:
    """Raise InputRefused unless every array of an npz is as large as it says, and all together within a limit."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            # What the table of contents promises is held against the limit before a byte is unpacked; zipfile stops a
            # member that turns out longer.
            total = sum(info.file_size for info in infos)
            if total > most_bytes:
                raise InputRefused(
                    marked("Its arrays would unpack to {size} bytes; at most {most} are taken.").format(
                        size=words.count(total), most=words.count(most_bytes)
                    )
                )
            for info in infos:
                _require_size(archive, info)
    except _FAULTS as fault:
        raise InputRefused(marked("It holds no undamaged arrays ({fault}).").format(fault=fault)) from fault


def _require_size(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    with archive.open(info) as stream:
        # Only the header is read: NumPy would make room for the shape that it names before it finds that the data is
        # missing.
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
        # ``dtype=object`` multiplies in Python's integers: a shape of 2**32 by 2**32 is zero in 64 bits. Objects would
        # be unpickled.
        if dtype.hasobject or stream.tell() + int(np.prod(shape, dtype=object)) * dtype.itemsize != info.file_size:
            raise ValueError(f"'{info.filename}' is not as large as its header says")
        _require_kind(info.filename, shape, dtype)
        # A side of 0, or elements of no bytes: two thousand million rows take no room in the file, and become as many
        # objects of Python as soon as somebody lists them.
        takes_nothing = not dtype.itemsize or 0 in shape
        if takes_nothing and int(np.prod([max(1, side) for side in shape], dtype=object)) > _MOST_WITHOUT_BYTES:
            raise ValueError(f"'{info.filename}' holds nothing, and says that it has {shape} of it")


def _require_kind(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    # Numbers, flags and ASCII are all that is written here. Of the rest a text may hold letters that are none, at which
    # Python itself fails, and complex numbers lose a half without a word.
    if dtype.kind not in _KINDS:
        raise ValueError(f"'{name}' holds values of the type {dtype}")
    # ``bytes`` of a single number is as many zeros: a header of one number of 8 bytes would fill the memory.
    if name == _HEADER and (dtype != np.uint8 or len(shape) != 1):
        raise ValueError(f"'{name}' is no text")


def read_npz_arrays(content: bytes, most_bytes: int) -> dict[str, Any]:
    """The arrays of an npz by name. Raises InputRefused."""
    require_bounded_npz(content, most_bytes)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except _FAULTS as fault:
        raise InputRefused(marked("It holds no undamaged arrays ({fault}).").format(fault=fault)) from fault

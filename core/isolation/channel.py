"""What this process and a child that reads files say to each other: a JSON object, and blocks of bytes with it.

A message is four bytes of length, the object, and the blocks. Blocks lie in memory that both share where the system
has memory without a name (Linux), else they follow in the pipe. Whoever receives trusts nothing: lengths are checked
before room is made for them, and JSON is the only thing that is parsed.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import FileIO
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Block = bytes | bytearray | memoryview | npt.NDArray[Any]
REGION_BYTES: Final = 512 << 20
"""Of shared memory; only what is written takes room. Larger messages go through the pipe."""
KEPT_REGION_BYTES: Final = 64 << 20
"""What was written beyond this is given back to the system after the message."""
MOST_HEADER_BYTES: Final = 256 << 20
_LENGTH_BYTES: Final = 4


class BrokenMessage(Exception):
    """What came is no message, or a larger one than was expected."""


@dataclass
class Channel:
    """One end of a conversation."""

    reader: FileIO
    writer: FileIO
    region: mmap.mmap | None = None
    _used_bytes: int = field(default=0, init=False)
    """Of the shared memory, since it was given back."""

    def send(self, header: Mapping[str, Any], blocks: Sequence[Block] = ()) -> None:
        """Raises OSError when the other end is gone."""
        views = [_as_bytes(block) for block in blocks]
        sizes = [view.size for view in views]
        is_shared = self.region is not None and sum(sizes) <= len(self.region)
        if self.region is not None and is_shared:
            self._used_bytes = max(self._used_bytes, sum(sizes))
            _copy_blocks(self.region, views)
        content = json.dumps({**header, "blocks": sizes, "shared": is_shared}).encode("ascii")
        _write(self.writer, len(content).to_bytes(_LENGTH_BYTES, "big") + content)
        if not is_shared:
            for view in views:
                _write(self.writer, view.data)

    def receive(self, most_block_bytes: int) -> tuple[dict[str, Any], list[memoryview]]:
        """The next message; blocks in shared memory hold until the next one is sent.

        Raises
        ------
        EOFError
            The other end is gone.
        BrokenMessage
            Not of the form, or blocks of more bytes in all.
        """
        length = int.from_bytes(_read(self.reader, _LENGTH_BYTES), "big")
        if length > MOST_HEADER_BYTES:
            raise BrokenMessage("a header of too many bytes")
        header = _parse_object(_read(self.reader, length))
        sizes, is_shared = header.pop("blocks", None), header.pop("shared", None)
        if not isinstance(sizes, list) or not all(type(size) is int and size >= 0 for size in sizes):
            raise BrokenMessage("blocks without sizes")
        # Before room is made for it: the other end may claim any size.
        if sum(sizes) > most_block_bytes:
            raise BrokenMessage("blocks of too many bytes")
        if is_shared is not True:
            return header, [memoryview(_read(self.reader, size)) for size in sizes]
        if self.region is None or sum(sizes) > len(self.region):
            raise BrokenMessage("blocks beyond the shared memory")
        self._used_bytes = max(self._used_bytes, sum(sizes))
        return header, _split_region(memoryview(self.region), sizes)

    def give_back(self) -> None:
        """Let the system have what large messages took of the shared memory."""
        if self.region is not None and self._used_bytes > KEPT_REGION_BYTES:
            self.region.madvise(mmap.MADV_REMOVE, KEPT_REGION_BYTES, len(self.region) - KEPT_REGION_BYTES)
            self._used_bytes = 0


def _as_bytes(block: Block) -> npt.NDArray[np.uint8]:
    if isinstance(block, np.ndarray):
        return np.ascontiguousarray(block).reshape(-1).view(np.uint8)
    return np.frombuffer(block, np.uint8) if len(block) else np.empty(0, np.uint8)


def _copy_blocks(region: mmap.mmap, parts: Sequence[npt.NDArray[np.uint8]]) -> None:
    target, start = np.frombuffer(region, np.uint8), 0
    for part in parts:
        np.copyto(target[start : start + part.size], part)
        start += part.size


def _split_region(view: memoryview, sizes: Sequence[int]) -> list[memoryview]:
    ends = np.cumsum([0, *sizes]).tolist()
    return [view[start:end] for start, end in pairwise(ends)]


def _parse_object(content: bytearray) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as fault:
        raise BrokenMessage("no JSON") from fault
    if not isinstance(value, dict):
        raise BrokenMessage("no JSON object")
    return value


def _read(stream: FileIO, size: int) -> bytearray:
    content = bytearray(size)
    view, start = memoryview(content), 0
    while start < size:
        count = stream.readinto(view[start:])
        if not count:
            raise EOFError
        start += count
    return content


def _write(stream: FileIO, content: bytes | memoryview) -> None:
    view = memoryview(content)
    while view:
        view = view[stream.write(view) :]


# shared memory


def new_region() -> tuple[int, mmap.mmap] | None:
    """A descriptor to hand on, and its memory; None where the system has none. Nobody can change its size."""
    if not hasattr(os, "memfd_create"):
        return None
    import fcntl

    descriptor = os.memfd_create("face-atlas", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, REGION_BYTES)
    # Sealed, because reading beyond a file that the other end has cut off would end this process.
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return descriptor, mmap.mmap(descriptor, REGION_BYTES)


def open_region(descriptor: int) -> mmap.mmap:
    """The same memory in the child."""
    region = mmap.mmap(descriptor, REGION_BYTES)
    os.close(descriptor)
    return region

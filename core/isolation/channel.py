"""What this process and a child that reads files say to each other: a JSON object, and blocks of bytes with it.

A message is four bytes of length, the object, and the blocks. Blocks lie in memory that both share where the system
has memory without a name (Linux), else they follow in the pipe. Whoever receives trusts nothing: lengths are checked
before room is made for them, and JSON is the only thing that is parsed.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import FileIO
from itertools import pairwise
from typing import Annotated, Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from core.isolation.messages import Block, BrokenMessage, Message, decode_message, encode_message

REGION_BYTES: Final = 512 << 20
"""Of shared memory; only what is written takes room. Larger messages go through the pipe."""
KEPT_REGION_BYTES: Final = 64 << 20
"""What was written beyond this is given back to the system after the message."""
MOST_HEADER_BYTES: Final = 256 << 20
_LENGTH_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class _Frame:
    """A message with what is to be known of the blocks beside it."""

    blocks: list[Annotated[int, Meta(ge=0)]]
    """Their sizes, bytes."""
    shared: bool
    """They lie in the shared memory, and do not follow in the pipe."""
    body: msgspec.Raw


@dataclass
class Channel:
    """One end of a conversation."""

    reader: FileIO
    writer: FileIO
    region: mmap.mmap | None = None
    _used_bytes: int = field(default=0, init=False)
    """Of the shared memory, since it was given back."""

    def send(self, message: Any, blocks: Sequence[Block] = ()) -> None:
        """Raises OSError when the other end is gone."""
        views = [_as_bytes(block) for block in blocks]
        sizes = [view.size for view in views]
        is_shared = self.region is not None and sum(sizes) <= len(self.region)
        if self.region is not None and is_shared:
            self._used_bytes = max(self._used_bytes, sum(sizes))
            _copy_blocks(self.region, views)
        # The blocks lie in the region before the message goes: whoever has read it may look at once.
        content = encode_message(_Frame(sizes, is_shared, msgspec.Raw(encode_message(message))))
        _write(self.writer, len(content).to_bytes(_LENGTH_BYTES, "big") + content)
        if not is_shared:
            for view in views:
                _write(self.writer, view.data)

    def receive(self, kind: type[Message], most_block_bytes: int) -> tuple[Message, list[memoryview]]:
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
        frame = decode_message(_read(self.reader, length), _Frame)
        message = decode_message(frame.body, kind)
        # Before anything of this size is made: a child that was taken over may claim any.
        if sum(frame.blocks) > most_block_bytes:
            raise BrokenMessage("blocks of too many bytes")
        if not frame.shared:
            return message, [memoryview(_read(self.reader, size)) for size in frame.blocks]
        if self.region is None or sum(frame.blocks) > len(self.region):
            raise BrokenMessage("blocks beyond the shared memory")
        self._used_bytes = max(self._used_bytes, sum(frame.blocks))
        return message, _split_region(memoryview(self.region), frame.blocks)

    def close(self) -> None:
        """Close the pipes; the shared memory goes with the last view of it."""
        self.reader.close()
        self.writer.close()

    def give_back(self) -> None:
        """Let the system have what large messages took of the shared memory."""
        if self.region is not None and self._used_bytes > KEPT_REGION_BYTES:
            # Memory without a name counts as used until it is punched out: one huge photo would weigh on all that
            # follow.
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


def _read(stream: FileIO, size: int) -> bytearray:
    content = bytearray(size)
    view, start = memoryview(content), 0
    # A pipe gives what it has, often less than was asked for.
    while start < size:
        count = stream.readinto(view[start:])
        if not count:
            raise EOFError
        start += count
    return content


def _write(stream: FileIO, content: bytes | memoryview) -> None:
    # An unbuffered write takes as much as fits into the pipe, and says how much that was.
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

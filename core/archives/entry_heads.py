"""The first bytes of a zip's entries, without unpacking them: enough to tell what they are.

References
----------
PKWARE, APPNOTE.TXT 6.3.10: local file headers (4.3.7).
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import Final, Self

_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
"""Signature, and how long the name and the extra field are that follow."""
ENCRYPTED: Final = 0x0001
_BLOCK_BYTES: Final = 4096
_CODE_TABLES_BYTES: Final = 512
"""What deflate may write before the first byte of the content (RFC 1951, 3.2.7), rounded up."""


class ZipHeads:
    """Reads beginnings of entries from the file itself; use it in a ``with`` statement."""

    def __init__(self, path: Path, head_bytes: int) -> None:
        self._file = path.open("rb", buffering=0)
        self._head_bytes = head_bytes

    def read(self, info: zipfile.ZipInfo) -> bytes | None:
        """The beginning of an entry; None where it is encrypted, damaged, or packed in another way than by deflate.

        ``info.header_offset`` is that of the file, as ``zipfile`` gives it.
        """
        if info.flag_bits & ENCRYPTED or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return None
        # Not by zipfile, which sets up a stream with locks and checks for each of perhaps a hundred thousand entries.
        packed = self._packed(info)
        if packed is None:
            return None
        if info.compress_type == zipfile.ZIP_STORED:
            return packed[: self._head_bytes]
        # A raw deflate stream, cut off where enough is known; the bound keeps a bomb from unfolding.
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, self._head_bytes)
        except zlib.error:
            return None

    def _packed(self, info: zipfile.ZipInfo) -> bytes | None:
        # One block holds header, name, extra field and head of most entries; a long name takes a second read.
        n_bytes = min(2 * self._head_bytes + _CODE_TABLES_BYTES, info.compress_size)
        self._file.seek(info.header_offset)
        block = self._file.read(_BLOCK_BYTES)
        if len(block) < _LOCAL_HEADER.size:
            return None
        signature, name_bytes, extra_bytes = _LOCAL_HEADER.unpack_from(block)
        if signature != b"PK\x03\x04":
            return None
        # The lengths of this header count: the table of contents has copies of both fields that may differ in length.
        start = _LOCAL_HEADER.size + name_bytes + extra_bytes
        if start + n_bytes > len(block):
            self._file.seek(info.header_offset + start)
            block, start = self._file.read(n_bytes), 0
        return block[start : start + n_bytes]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

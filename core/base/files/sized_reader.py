"""Files whose size is known and of which only parts are read."""

from __future__ import annotations

import io


class SizedReader(io.RawIOBase):
    """Where such a file is read next. Whoever inherits it implements ``readinto`` and moves ``_at`` on."""

    def __init__(self, size_bytes: int) -> None:
        self._size, self._at = size_bytes, 0

    def readable(self) -> bool:
        """See ``RawIOBase``."""
        return True

    def seekable(self) -> bool:
        """See ``RawIOBase``."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """See ``RawIOBase``."""
        beginning = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, beginning + offset)
        return self._at

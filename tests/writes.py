"""Counting what a process writes below a folder, as the kernel tells it (inotify): moments to kill it at."""

from __future__ import annotations

import ctypes
import os
import select
import struct
from collections.abc import Callable
from pathlib import Path

_CREATE, _MOVED, _MODIFY, _DELETE, _IS_DIR = 0x100, 0x80, 0x2, 0x200, 0x40000000
_HEAD = struct.Struct("iIII")


class WriteCounter:
    """Counts files made, changed, renamed and removed below a folder, in folders that come later too."""

    def __init__(self, folder: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._file = self._libc.inotify_init1(os.O_NONBLOCK)
        self._folders: dict[int, Path] = {}
        self.count = 0
        self._watch(folder)

    def close(self) -> None:
        os.close(self._file)

    def _watch(self, folder: Path) -> None:
        watch = self._libc.inotify_add_watch(self._file, os.fsencode(folder), _CREATE | _MOVED | _MODIFY | _DELETE)
        if watch >= 0:
            self._folders[watch] = folder
            for path in folder.iterdir():
                if path.is_dir() and not path.is_symlink():
                    self._watch(path)

    def wait_for(self, number: int, until: Callable[[], bool], patience_s: float = 0.2) -> bool:
        """Wait for so many writes, or, when nothing was written for a while, until something is true.

        Returns
        -------
        Whether there were so many.
        """
        while self.count < number:
            if select.select([self._file], [], [], patience_s)[0]:
                self._read(number)
            elif until():
                return False
        return True

    def _read(self, number: int) -> None:
        data, position = os.read(self._file, 1 << 16), 0
        while position < len(data):
            watch, mask, _, length = _HEAD.unpack_from(data, position)
            position += _HEAD.size
            name = data[position : position + length].rstrip(b"\0")
            position += length
            self.count += 1
            if mask & _CREATE and mask & _IS_DIR and watch in self._folders:
                try:
                    self._watch(self._folders[watch] / os.fsdecode(name))
                except FileNotFoundError:
                    continue  # it was there for a moment

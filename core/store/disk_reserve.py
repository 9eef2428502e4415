"""Room on the disk that is kept for deleting: SQLite writes what it deletes into its log before the space is free.

A file of zeros in the data folder holds the room. Whoever deletes something while the disk is full gives it up, and it
is made again when there is room. Deleting 10,000 faces wrote 16 MB of log (1.6 KB a face, as much as their rows).
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

RESERVE_BYTES = 16 << 20
OPENING_BYTES = 128 << 10
"""Opening the database makes its log and the log's index anew, which take 36 KiB and more."""
log = logging.getLogger("face_atlas.store")


@dataclass(frozen=True)
class Reserve:
    """The reserve of a data folder."""

    data_dir: Path

    @property
    def path(self) -> Path:
        """The file that takes the room."""
        return self.data_dir / "reserve"

    def restore(self) -> None:
        """Make the file where it is missing, as large as the disk allows, before other work fills what was freed."""
        # Without any room there is no reserve: nothing else depends on it.
        with suppress(OSError):
            size = self.path.stat().st_size if self.path.exists() else 0
            # Room to open the database is left: without it nobody could ask for anything to be deleted.
            target = min(RESERVE_BYTES, size + self.free_bytes() - OPENING_BYTES)
            if target > size:
                _allocate(self.path, target)

    @contextmanager
    def lend(self) -> Iterator[None]:
        """Room for what deletes: the file goes while the disk has less than it, and comes back when there is room."""
        # Given up as a whole: how much the deleting will write is known when it is written.
        if self.lacks(RESERVE_BYTES):
            self.path.unlink(missing_ok=True)
            log.info("the disk is full: the reserve was given up for deleting")
        try:
            yield
        finally:
            self.restore()

    def lend_for_opening(self) -> None:
        """Shrink the file a little where the disk has no room to open the database."""
        if self.lacks(OPENING_BYTES) and self.path.exists():
            with suppress(OSError):
                os.truncate(self.path, max(0, self.path.stat().st_size - OPENING_BYTES))

    def lacks(self, needed_bytes: int) -> bool:
        """Whether the disk has less room than this."""
        return self.free_bytes() < needed_bytes

    def free_bytes(self) -> int:
        """Room on the disk, without the reserve."""
        return shutil.disk_usage(self.data_dir).free


def _allocate(path: Path, size_bytes: int) -> None:
    with path.open("ab") as file:
        # The room has to be taken: a file that is only made long has none on the disk.
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size_bytes)
        else:
            file.write(bytes(size_bytes - file.tell()))

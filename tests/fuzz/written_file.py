"""A file for readers that want a path: it lies in memory where the system has such a folder, and goes with the process."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path


@cache
def folder() -> Path:
    """An empty folder of this process."""
    memory = Path("/dev/shm")
    path = Path(tempfile.mkdtemp(prefix="face-atlas-fuzz-", dir=memory if memory.is_dir() else None))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def written(name: str, content: bytes) -> Path:
    """The file of this name with this content."""
    path = folder() / name
    path.write_bytes(content)
    return path

"""What lies in a folder that others change meanwhile: what goes between two looks is passed over, and is no fault."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def read_state(file: Path | os.DirEntry[str]) -> os.stat_result | None:
    """Size and time of a file; None where it is gone, as a draft is that got its name since it was listed."""
    try:
        return file.stat()
    except FileNotFoundError:
        return None


def list_files(folder: Path) -> list[Path]:
    """All regular files below a folder, sorted: none where it is no folder. Links are not followed out of it."""
    walk = os.walk(folder, onerror=_raise_unless_gone)
    files = (Path(parent, name) for parent, _, names in walk for name in names)
    return sorted(file for file in files if file.is_file() and not file.is_symlink())


def sum_bytes(files: Iterable[Path]) -> int:
    """How much room files take, as far as they are still there."""
    return sum(state.st_size for state in map(read_state, files) if state is not None)


def _raise_unless_gone(fault: OSError) -> None:
    """Pass over a folder that went since it was listed or is not ours to read; a disk that fails is told."""
    if not isinstance(fault, FileNotFoundError | NotADirectoryError | PermissionError):
        raise fault

"""Where a command writes what was asked for: tried before the work, and there afterwards whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.base.errors import InputRefused, describe_os_error


def require_writable_file(path: Path | None) -> None:
    """Make the folder of a file that is to be written, and try to write there; None is no file, and fine.

    Raises
    ------
    InputRefused
        It is a folder, or nothing can be written there.
    """
    if path is None:
        return
    if path.is_dir():
        raise InputRefused(f"'{path}' is a folder. Give the name of a file in it, such as '{path / 'name'}'.")
    require_writable_folder(path.parent)


def require_writable_folder(folder: Path) -> None:
    """Make a folder that is to be written to, and try it. Raises InputRefused."""
    # Tried by writing, not by asking for permissions: those say nothing of a disk that is read-only or full. It is
    # found out before the work, which may take hours.
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        raise InputRefused(f"Nothing can be written into '{folder}': {describe_os_error(fault)}") from fault


@contextmanager
def open_draft(path: Path) -> Iterator[Path]:
    """A draft beside ``path``, which takes its place when it was written to the end, and never remains.

    Raises
    ------
    InputRefused
        It could not be written.
    """
    # Beside the file, so on the same disk: only there is taking its place one step. The name is cut, as 255 bytes are
    # the most that it may have; the random part keeps two commands apart that write to one path.
    draft = path.with_name(f".{path.name[:100]}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield draft
        draft.replace(path)
    except OSError as fault:
        raise InputRefused(f"'{path}' could not be written: {describe_os_error(fault)}") from fault
    finally:
        draft.unlink(missing_ok=True)


def save_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises InputRefused."""
    with open_draft(path) as draft:
        draft.write_bytes(content)


def move_file(source: Path, path: Path) -> None:
    """Move a file to where it was asked for, also onto another disk. Raises InputRefused; then it stays."""
    # Copied and then removed: renaming does not reach another disk, and a failed copy leaves the source.
    with open_draft(path) as draft:
        shutil.copyfile(source, draft)
    source.unlink()

"""Where an encrypted data folder's files lie that have to be opened in place: a folder that is in memory alone.

Zips that came through the browser, exports that wait to be fetched, indexes that are mapped. What lies there is
readable while the machine runs, to its owner alone, and gone when it is switched off.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import Final

from core.base.errors import DataFolderFault, data_folder_fault

OPENED: Final = "opened"
"""Files in clear whose encrypted ones lie on the disk."""
LINKED: Final = ("uploads", "exports", OPENED)
"""Folders of the data folder that are links into memory."""


def open_memory_folder(data_dir: Path, memory_root: Path) -> Path:
    """The folder in memory of a data folder, with links to it; made anew after a restart of the machine.

    Raises
    ------
    DataFolderFault
        The system has no such folder, or somebody else made one of that name.
    """
    if not memory_root.is_dir():
        raise DataFolderFault(
            f"An encrypted data folder needs a folder that lies in memory; there is no '{memory_root}'. Make a RAM "
            "disk and give its folder by FACE_ATLAS_MEMORY_DIR."
        )
    owner = os.getuid() if hasattr(os, "getuid") else 0
    mark = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    folder = memory_root / f"face-atlas-{owner}-{mark}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _require_own(folder, owner)
        for name in LINKED:
            (folder / name).mkdir(exist_ok=True)
            _link(data_dir / name, folder / name)
    except OSError as fault:
        raise data_folder_fault(fault) from fault
    return folder


def close_memory_folder(data_dir: Path, folder: Path) -> None:
    """Put folders of the disk in the place of the links again, with what lies in memory."""
    for name in LINKED:
        link = data_dir / name
        if not link.is_symlink():
            continue
        link.unlink()
        if name != OPENED:
            link.mkdir()
            _move_content(folder / name, link)
    shutil.rmtree(folder)


def _require_own(folder: Path, owner: int) -> None:
    # Everybody may write where it lies: a folder, or a link, that another user put there would get the photos.
    state = folder.lstat()
    if os.name != "nt" and (not stat.S_ISDIR(state.st_mode) or state.st_uid != owner or state.st_mode & 0o077):
        raise DataFolderFault(
            f"'{folder}' is not a folder of yours alone. Remove it, or give another place by FACE_ATLAS_MEMORY_DIR."
        )


def _link(link: Path, folder: Path) -> None:
    """Put a link in the place of a folder; what lies in the folder moves to memory first."""
    if link.is_symlink() and link.readlink() == folder:
        return
    if link.is_symlink():
        link.unlink()
    elif link.is_dir():
        _move_content(link, folder)
        link.rmdir()
    link.symlink_to(folder, target_is_directory=True)


def _move_content(source: Path, target: Path) -> None:
    for path in source.iterdir():
        moved = target / path.name
        # Half a copy of before a kill; the whole is still where it was.
        if moved.is_dir():
            shutil.rmtree(moved)
        shutil.move(path, moved)
